-- What queues say of single agents, and which change of a queue is in effect.

ALTER TABLE queues ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

ALTER TABLE queue_agents ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'; -- engine::queue::Member
