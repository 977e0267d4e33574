-- What the gate at the INVITE asks: DNC lists, holidays, consents, persons, caller numbers; and a
-- result in three layers. One text for both databases.

-- DNC lists. The list "house" of a tenant holds for everything that it dials.
CREATE TABLE dnc_lists (
    orgi TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,                    -- house | campaigns
    source TEXT NOT NULL DEFAULT '',        -- where it comes from, such as a register's name
    version BIGINT NOT NULL DEFAULT 1,      -- rises with every change of its entries
    created_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, id)
);
CREATE TABLE dnc_campaigns (
    orgi TEXT NOT NULL,
    list_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    PRIMARY KEY (orgi, list_id, campaign_id)
);

CREATE TABLE dnc_next (
    orgi TEXT NOT NULL,
    list_id TEXT NOT NULL,
    number TEXT NOT NULL,                   -- or the beginning of numbers
    is_prefix BOOLEAN NOT NULL DEFAULT FALSE,
    reason TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    version BIGINT NOT NULL,                -- of the list, when it was added
    created_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,                      -- NULL: never
    PRIMARY KEY (orgi, list_id, number, is_prefix)
);
INSERT INTO dnc_lists (orgi, id, name, scope, created_at, updated_at)
    SELECT orgi, 'house', 'house', 'house', MIN(created_at), MAX(created_at) FROM dnc GROUP BY orgi;
INSERT INTO dnc_next (orgi, list_id, number, reason, version, created_by, created_at)
    SELECT orgi, 'house', number, reason, 1, created_by, created_at FROM dnc;
DROP TABLE dnc;
ALTER TABLE dnc_next RENAME TO dnc;
CREATE INDEX dnc_number ON dnc (orgi, number);
CREATE INDEX dnc_prefix ON dnc (orgi, list_id, number) WHERE is_prefix;

-- Entries that were taken off a list.
CREATE TABLE dnc_removed (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    list_id TEXT NOT NULL,
    number TEXT NOT NULL,
    is_prefix BOOLEAN NOT NULL,
    entry TEXT NOT NULL,                    -- as it was, JSON
    reason TEXT NOT NULL,
    removed_by TEXT NOT NULL,
    removed_at BIGINT NOT NULL
);
CREATE INDEX dnc_removed_number ON dnc_removed (orgi, number);

-- Days on which the house calls nobody.
CREATE TABLE holidays (
    orgi TEXT NOT NULL,
    day TEXT NOT NULL,                      -- YYYY-MM-DD, on the called party's calendar
    name TEXT NOT NULL,
    PRIMARY KEY (orgi, day)
);

-- Evidence that everybody in an import agreed to be called: engine::gate::Consent, JSON.
ALTER TABLE imports ADD COLUMN consent TEXT;

-- What the gate's last verdict stood on, beside leads.blocked.
ALTER TABLE leads ADD COLUMN blocked_basis TEXT;

ALTER TABLE attempts ADD COLUMN person TEXT;        -- who was called, over all batches
ALTER TABLE attempts ADD COLUMN transport TEXT;     -- what the network did
ALTER TABLE attempts ADD COLUMN answer_class TEXT;  -- who answered: person | machine | unknown
ALTER TABLE attempts ADD COLUMN abandoned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN transport TEXT;
CREATE INDEX attempts_person ON attempts (orgi, person, reserved_at) WHERE person IS NOT NULL;

-- What each caller number did in an hour.
CREATE TABLE caller_hours (
    orgi TEXT NOT NULL,
    caller TEXT NOT NULL,
    hour BIGINT NOT NULL,                   -- UTC milliseconds of its beginning
    dials BIGINT NOT NULL DEFAULT 0,
    answered BIGINT NOT NULL DEFAULT 0,
    short BIGINT NOT NULL DEFAULT 0,        -- answered, and over within seconds
    blocked BIGINT NOT NULL DEFAULT 0,      -- refused as unwanted traffic: 603 with that reason, 607, 608
    last_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, caller, hour)
);
CREATE INDEX caller_hours_hour ON caller_hours (orgi, hour);
