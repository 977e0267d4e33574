-- Lists of leads: what a search walks along, appointments with a reminder, leads taken out.

ALTER TABLE leads ADD COLUMN void_reason TEXT;
ALTER TABLE leads ADD COLUMN voided_by TEXT;
ALTER TABLE leads ADD COLUMN voided_at BIGINT;
ALTER TABLE leads ADD COLUMN parked_dial_at BIGINT;         -- next_dial_at of a lead that was taken out
ALTER TABLE leads ADD COLUMN reminded_at BIGINT;            -- the agent was told of the appointment

-- Partial, so that an import pays for none of them.
CREATE INDEX leads_dialled ON leads (orgi, last_dial_at, position) WHERE last_dial_at IS NOT NULL;
CREATE INDEX leads_handled ON leads (orgi, call_status, position) WHERE call_status <> 'notcall';
CREATE INDEX leads_appointed ON leads (orgi, appoint_at, position) WHERE appointed;
CREATE INDEX leads_reminders ON leads (appoint_at) WHERE appointed AND reminded_at IS NULL;
CREATE INDEX leads_voided ON leads (orgi, position) WHERE voided;
CREATE INDEX attempts_agent ON attempts (agent_id, id) WHERE agent_id IS NOT NULL;

-- What a pre-flight came to, by its job.
CREATE TABLE preflights (
    job_id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    result TEXT NOT NULL,                   -- engine::preflight::Summary as JSON
    at BIGINT NOT NULL
);
CREATE INDEX preflights_campaign ON preflights (campaign_id, at);

-- Files of leads to take away.
CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    title TEXT NOT NULL,
    format TEXT NOT NULL,                   -- xlsx | csv
    query TEXT NOT NULL,                    -- store::exports::Ask as JSON
    state TEXT NOT NULL,                    -- queued | succeeded | failed
    rows BIGINT NOT NULL DEFAULT 0,
    error_code TEXT,
    job_id TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX exports_batch ON exports (batch_id, created_at);
