-- What agents write to each other (座席消息, AGT-156, AGT-157); kept for 90 days. One text for both databases.

CREATE TABLE agent_messages (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    from_agent TEXT,                        -- NULL: somebody who is no agent
    from_name TEXT NOT NULL,
    to_kind TEXT NOT NULL,                  -- agent | queue | all
    to_id TEXT,                             -- the agent, the queue
    text TEXT NOT NULL,
    sent_at BIGINT NOT NULL
);
CREATE INDEX agent_messages_orgi ON agent_messages (orgi, id);
CREATE INDEX agent_messages_old ON agent_messages (sent_at);
