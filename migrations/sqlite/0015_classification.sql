-- Who or what answered, and how both legs of a call sounded. One text for both databases.

-- What listening to the answer came to: human | machine | fax | network | unsure; NULL: nobody
-- listened. How long it took, why, and when the person's greeting was over.
ALTER TABLE calls ADD COLUMN verdict TEXT;
ALTER TABLE calls ADD COLUMN verdict_ms BIGINT;
ALTER TABLE calls ADD COLUMN verdict_why TEXT;
ALTER TABLE calls ADD COLUMN greeted_at BIGINT;

-- The customer's leg, beside what there is already.
ALTER TABLE calls ADD COLUMN packets_sent BIGINT;
ALTER TABLE calls ADD COLUMN round_trip_ms DOUBLE PRECISION;
ALTER TABLE calls ADD COLUMN reported_lost BIGINT;
ALTER TABLE calls ADD COLUMN reported_jitter_ms DOUBLE PRECISION;
ALTER TABLE calls ADD COLUMN mos DOUBLE PRECISION;
-- The agent's leg, where it was up for this call alone.
ALTER TABLE calls ADD COLUMN agent_packets_received BIGINT;
ALTER TABLE calls ADD COLUMN agent_packets_sent BIGINT;
ALTER TABLE calls ADD COLUMN agent_packets_lost BIGINT;
ALTER TABLE calls ADD COLUMN agent_jitter_ms DOUBLE PRECISION;
ALTER TABLE calls ADD COLUMN agent_round_trip_ms DOUBLE PRECISION;
ALTER TABLE calls ADD COLUMN agent_mos DOUBLE PRECISION;
