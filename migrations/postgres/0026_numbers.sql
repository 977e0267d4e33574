-- The house's own numbers (号码池), and who shows them outside. One text for both databases.

CREATE TABLE numbers (
    orgi TEXT NOT NULL,
    number TEXT NOT NULL,
    gateway_id TEXT,                        -- the only one through which it is shown; NULL: any
    area TEXT,
    daily_limit BIGINT,                     -- calls out a day that may show it; NULL: any number
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, number)
);

-- Numbers that an extension's phone shows, JSON; those of a queue stand in its settings.
ALTER TABLE extensions ADD COLUMN caller_ids TEXT NOT NULL DEFAULT '[]';

-- Calls out that are no campaign's dials: of agents, of callers who are put through, of promises.
ALTER TABLE caller_hours ADD COLUMN outside BIGINT NOT NULL DEFAULT 0;
