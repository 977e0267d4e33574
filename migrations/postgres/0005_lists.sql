-- Lists of leads: what a search walks along, appointments with a reminder, leads taken out.

ALTER TABLE leads ADD COLUMN void_reason TEXT;
ALTER TABLE leads ADD COLUMN voided_by TEXT;
ALTER TABLE leads ADD COLUMN voided_at BIGINT;
ALTER TABLE leads ADD COLUMN parked_dial_at BIGINT;         -- next_dial_at of a lead that was taken out
ALTER TABLE leads ADD COLUMN reminded_at BIGINT;            -- the agent was told of the appointment

-- Partial, so that an import pays for none of them.
CREATE INDEX leads_owner ON leads (orgi, alloc_type, alloc_target, position)
    WHERE alloc_target IS NOT NULL;
CREATE INDEX leads_dialled ON leads (orgi, last_dial_at, position) WHERE last_dial_at IS NOT NULL;
CREATE INDEX leads_handled ON leads (orgi, call_status, position) WHERE call_status <> 'notcall';
CREATE INDEX leads_appointed ON leads (orgi, appoint_at, position) WHERE appointed;
CREATE INDEX leads_reminders ON leads (appoint_at) WHERE appointed AND reminded_at IS NULL;
CREATE INDEX leads_voided ON leads (orgi, position) WHERE voided;
CREATE INDEX attempts_agent ON attempts (agent_id, id) WHERE agent_id IS NOT NULL;
