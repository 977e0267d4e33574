-- Imports that update, look further for duplicates, and can be undone. One text for both databases.

ALTER TABLE imports ADD COLUMN options TEXT NOT NULL DEFAULT '{}';       -- store::imports::Options
UPDATE imports SET options = '{"dup_policy":"' || dup_policy || '"}';
ALTER TABLE imports ADD COLUMN blacklisted BIGINT NOT NULL DEFAULT 0;    -- of the leads it wrote
ALTER TABLE imports ADD COLUMN blank BIGINT NOT NULL DEFAULT 0;          -- empty rows between others
ALTER TABLE imports ADD COLUMN undo_cursor BIGINT NOT NULL DEFAULT -1;   -- last position undone
ALTER TABLE imports ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;        -- by the undo
ALTER TABLE imports ADD COLUMN restored BIGINT NOT NULL DEFAULT 0;       -- by the undo
ALTER TABLE imports ADD COLUMN undone_by TEXT;
ALTER TABLE imports ADD COLUMN undone_at BIGINT;

-- Numbers handed out once and for all: an import's ordinal is in the ids of its leads.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) SELECT 'import', COALESCE(MAX(ordinal), 0) FROM imports;

-- A lead as it was before an import changed it.
CREATE TABLE import_journal (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,               -- the lead's
    was TEXT NOT NULL,                      -- store::journal::Was as JSON
    PRIMARY KEY (import_id, position)
);
CREATE INDEX import_journal_lead ON import_journal (position);

-- Rows that an import left out because their lead was there already.
CREATE TABLE duplicates (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    row_no BIGINT NOT NULL,                 -- as the spreadsheet shows it, from 1
    lead_id TEXT NOT NULL,                  -- the one that was first
    PRIMARY KEY (import_id, row_no)
);

-- Leads again, cheaper to write. An import's rows would each be looked up in the two tables above
-- them: they are written in the transaction that moves their import's cursor, which is check enough.
CREATE TABLE leads_next (
    id TEXT PRIMARY KEY,                    -- led_ and the position in hexadecimal
    orgi TEXT NOT NULL,
    creater TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    import_id TEXT NOT NULL,
    row_no BIGINT NOT NULL,
    position BIGINT NOT NULL,               -- import ordinal * 2^24 + row: creation order, unique
    phone TEXT NOT NULL,
    phone_raw TEXT NOT NULL,
    key_value TEXT NOT NULL,                -- primary-key field or phone: what duplicates are decided on
    phones TEXT NOT NULL DEFAULT '[]',      -- every number in dialling order, JSON array
    data TEXT NOT NULL,                     -- JSON object, field code -> text
    external_id TEXT,                       -- what another system calls it
    dnc BOOLEAN NOT NULL DEFAULT FALSE,
    alloc_status TEXT NOT NULL DEFAULT 'unallocated',
    alloc_type TEXT,
    alloc_target TEXT,
    alloc_at BIGINT,
    task_id TEXT,
    campaign_id TEXT,
    call_status TEXT NOT NULL DEFAULT 'notcall',
    outcome TEXT,                           -- of the last attempt
    disposition TEXT,
    dial_count BIGINT NOT NULL DEFAULT 0,
    fail_count BIGINT NOT NULL DEFAULT 0,
    preview_count BIGINT NOT NULL DEFAULT 0,
    appointed BOOLEAN NOT NULL DEFAULT FALSE,
    appoint_at BIGINT,
    appoint_note TEXT,
    voided BOOLEAN NOT NULL DEFAULT FALSE,
    business_status TEXT,
    last_dial_at BIGINT,
    next_dial_at BIGINT,                    -- NULL: nothing further is planned
    blocked TEXT,                           -- the gate's last verdict, when it was not "pass"
    reserved_by TEXT,                       -- node that holds the lead in its hopper
    reserved_at BIGINT,
    edited_at BIGINT,                       -- last change by hand
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO leads_next (id, orgi, creater, batch_id, import_id, row_no, position, phone, phone_raw,
        key_value, phones, data, dnc, alloc_status, alloc_type, alloc_target, alloc_at, task_id,
        campaign_id, call_status, outcome, disposition, dial_count, fail_count, preview_count,
        appointed, appoint_at, appoint_note, voided, business_status, last_dial_at, next_dial_at,
        blocked, reserved_by, reserved_at, created_at, updated_at)
    SELECT id, orgi, creater, batch_id, import_id, row_no, position, phone, phone_raw,
        key_value, '["' || phone || '"]', data, dnc, alloc_status, alloc_type, alloc_target, alloc_at,
        task_id, campaign_id, call_status, outcome, disposition, dial_count, fail_count,
        preview_count, appointed, appoint_at, appoint_note, voided, business_status, last_dial_at,
        next_dial_at, blocked, reserved_by, reserved_at, created_at, updated_at
    FROM leads ORDER BY position;
DROP TABLE leads;
ALTER TABLE leads_next RENAME TO leads;
CREATE UNIQUE INDEX leads_batch ON leads (batch_id, position);
-- Also finds a batch's lead by its key where that is the phone.
CREATE INDEX leads_phone ON leads (orgi, phone, batch_id);
CREATE INDEX leads_key ON leads (batch_id, key_value) WHERE key_value <> phone;
CREATE UNIQUE INDEX leads_external ON leads (batch_id, external_id) WHERE external_id IS NOT NULL;
-- An import touches neither of these.
CREATE INDEX leads_task ON leads (task_id, position) WHERE task_id IS NOT NULL;
CREATE INDEX leads_due ON leads (campaign_id, call_status, next_dial_at, position)
    WHERE campaign_id IS NOT NULL;
