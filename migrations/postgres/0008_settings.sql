-- Jobs of which a tenant has one a day. One text for both databases.

CREATE TABLE daily_jobs (
    orgi TEXT NOT NULL,
    kind TEXT NOT NULL,
    day TEXT NOT NULL,                      -- yyyy-mm-dd on the house's wall clock
    job_id TEXT NOT NULL,
    PRIMARY KEY (orgi, kind, day)
);
