-- What lost persons heard, and what campaigns have learned. One text for both databases.

-- When waiting ended without an agent: the person is lost. A person who hung up before that has none.
ALTER TABLE calls ADD COLUMN gave_up_at BIGINT;
-- The recorded message of a lost person, and how much of it was heard: played | cut_short | failed.
ALTER TABLE calls ADD COLUMN message TEXT;
ALTER TABLE calls ADD COLUMN message_heard TEXT;
-- Of earlier calls nobody knows who hung up first: each counts as lost.
UPDATE calls SET gave_up_at = COALESCE(ended_at, started_at) WHERE abandoned AND direction = 'outbound';

-- What the pacer of a campaign has learned.
CREATE TABLE learned (
    campaign_id TEXT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    learned TEXT NOT NULL,                  -- engine::floor::Learned
    at BIGINT NOT NULL
);
