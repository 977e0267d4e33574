-- What queues say of single agents, which change of a queue is in effect, what routes do, and what
-- callers leave.

ALTER TABLE queues ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

ALTER TABLE queue_agents ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'; -- engine::queue::Member

ALTER TABLE routes RENAME TO old_routes;
CREATE TABLE routes (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    number TEXT NOT NULL,                   -- a number, '*' or a regular expression
    rule TEXT NOT NULL,                     -- engine::route::Kind as JSON
    queue_id TEXT REFERENCES queues (id),   -- of a queue rule
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);
INSERT INTO routes (id, orgi, name, position, number, rule, queue_id, enabled, created_at)
    SELECT id, orgi, id, CASE WHEN number = '*' THEN position + 1000 ELSE position END, number,
        '{"type":"queue","queue":"' || queue_id || '"}', queue_id, enabled, 0
    FROM old_routes;
DROP TABLE old_routes;

CREATE TABLE route_versions (
    route_id TEXT NOT NULL REFERENCES routes (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,                 -- store::routes::Document as JSON
    saved_by TEXT,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (route_id, version)
);

ALTER TABLE calls ADD COLUMN exit_key TEXT;         -- led out of a queue
ALTER TABLE calls ADD COLUMN exit_to TEXT;          -- queue | extension | voicemail | number | callback | hangup
ALTER TABLE calls ADD COLUMN score BIGINT;          -- 1 satisfied, 2 fair, 3 dissatisfied

CREATE TABLE voicemails (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    call_id TEXT NOT NULL,
    mailbox TEXT NOT NULL,                  -- a queue or an extension
    queue_id TEXT,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    left_at BIGINT NOT NULL,
    ms BIGINT NOT NULL,
    file TEXT NOT NULL,                     -- under the voicemails directory
    state TEXT NOT NULL DEFAULT 'unread',   -- unread | read | called_back
    handled_by TEXT,
    handled_at BIGINT
);
CREATE INDEX voicemails_mailbox ON voicemails (orgi, mailbox, id);
