-- Callers who were promised a call back. The promise is written before the caller hears of it, and taken
-- in hand before the INVITE leaves: from then on it is not called again. One text for both databases.

CREATE TABLE call_backs (
    call_id TEXT PRIMARY KEY,               -- of the call that is to be; calls has its record
    orgi TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    number TEXT NOT NULL,
    called TEXT NOT NULL,                   -- the number that was called
    priority BIGINT NOT NULL,
    waits_since BIGINT NOT NULL,            -- the place in the line goes by it
    promised_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,             -- not called after this
    node TEXT NOT NULL,                     -- that keeps the promise
    state TEXT NOT NULL,                    -- waiting | called | closed
    leg TEXT,                               -- that was dialled
    called_at BIGINT,
    closed_at BIGINT,
    outcome TEXT                            -- as that of the call
);
-- Nobody is promised two call backs at once.
CREATE UNIQUE INDEX call_backs_open ON call_backs (orgi, number) WHERE state <> 'closed';
CREATE INDEX call_backs_node ON call_backs (node, state);
CREATE INDEX call_backs_orgi ON call_backs (orgi, call_id);
