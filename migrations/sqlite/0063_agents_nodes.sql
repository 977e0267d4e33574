-- The node on whose floor the agent is: another one that starts signs nobody out there.
ALTER TABLE agent_now ADD COLUMN node TEXT;
