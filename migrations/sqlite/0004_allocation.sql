-- Who gets leads, and in which order they are dialled --------------------------------------------

ALTER TABLE targets ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE targets ADD COLUMN hold_max BIGINT NOT NULL DEFAULT 0;   -- 0 = any number

ALTER TABLE leads ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;     -- 0 to 9, 9 first
ALTER TABLE leads ADD COLUMN contact_id TEXT;
-- Place among the campaign's leads that were never dialled: engine::draw::Rank.
ALTER TABLE leads ADD COLUMN call_rank BIGINT;
ALTER TABLE leads ADD COLUMN call_key TEXT NOT NULL DEFAULT '';

-- 2^61 + time: behind all others, see engine::draw::late.
UPDATE leads SET call_rank = CASE WHEN next_dial_at > alloc_at THEN 2305843009213693952 + next_dial_at
        ELSE position END
    WHERE campaign_id IS NOT NULL AND call_status = 'notcall' AND next_dial_at IS NOT NULL;

-- Each holds only the leads that its draw may take, in the order in which it takes them; a lead on
-- an agent's own list is in the two of their own alone.
DROP INDEX IF EXISTS leads_due;
CREATE INDEX leads_campaign ON leads (campaign_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX leads_fresh ON leads (campaign_id, call_rank, call_key, position)
    WHERE call_status = 'notcall' AND appointed = FALSE AND reserved_by IS NULL AND voided = FALSE
        AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type <> 'agent';
CREATE INDEX leads_fresh_own ON leads (campaign_id, alloc_target, call_rank, call_key, position)
    WHERE call_status = 'notcall' AND appointed = FALSE AND reserved_by IS NULL AND voided = FALSE
        AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type = 'agent';
CREATE INDEX leads_back ON leads (campaign_id, next_dial_at, position)
    WHERE (call_status <> 'notcall' OR appointed = TRUE) AND reserved_by IS NULL AND voided = FALSE
        AND next_dial_at IS NOT NULL AND alloc_type <> 'agent';
CREATE INDEX leads_back_own ON leads (campaign_id, alloc_target, next_dial_at, position)
    WHERE (call_status <> 'notcall' OR appointed = TRUE) AND reserved_by IS NULL AND voided = FALSE
        AND next_dial_at IS NOT NULL AND alloc_type = 'agent';
CREATE INDEX leads_held ON leads (campaign_id, reserved_by) WHERE reserved_by IS NOT NULL;
CREATE INDEX leads_held_by ON leads (reserved_by) WHERE reserved_by IS NOT NULL;
CREATE INDEX leads_target ON leads (alloc_type, alloc_target, position) WHERE alloc_target IS NOT NULL;
CREATE INDEX leads_contact ON leads (contact_id) WHERE contact_id IS NOT NULL;

-- Tasks: also of contacts, without a campaign or a filter ------------------------------------

CREATE TABLE tasks_next (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'start',     -- start | append | other
    campaign_id TEXT REFERENCES campaigns (id),
    title TEXT NOT NULL,
    state TEXT NOT NULL,                    -- queued | allocating | ready | failed
    filter_run_id TEXT,
    extract BIGINT NOT NULL DEFAULT 0,      -- most leads it draws
    ask TEXT NOT NULL DEFAULT 'null',       -- which contacts, and for whom, JSON
    seen TEXT NOT NULL DEFAULT '',          -- the last contact whose lead was made
    filtered BIGINT NOT NULL DEFAULT 0,
    to_agent BIGINT NOT NULL DEFAULT 0,
    to_dept BIGINT NOT NULL DEFAULT 0,
    to_ai BIGINT NOT NULL DEFAULT 0,
    to_queue BIGINT NOT NULL DEFAULT 0,
    unallocated BIGINT NOT NULL DEFAULT 0,
    recycled BIGINT NOT NULL DEFAULT 0,
    recycled_dept BIGINT NOT NULL DEFAULT 0,
    reasons TEXT NOT NULL DEFAULT '{}',     -- why drawn leads were given to nobody, JSON
    plan TEXT NOT NULL DEFAULT '[]',        -- the targets and their shares, JSON; decided once
    job_id TEXT,
    error_code TEXT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
INSERT INTO tasks_next (id, orgi, campaign_id, title, state, filter_run_id, extract, filtered,
        to_agent, to_dept, to_ai, to_queue, unallocated, recycled, recycled_dept, job_id, error_code,
        created_by, created_at, finished_at)
    SELECT id, orgi, campaign_id, title, CASE WHEN state = 'allocating' THEN 'failed' ELSE state END,
        filter_run_id, (SELECT c.extract_count FROM campaigns c WHERE c.id = t.campaign_id), filtered,
        to_agent, to_dept, to_ai, to_queue, unallocated, recycled, recycled_dept, job_id,
        CASE WHEN state = 'allocating' THEN 'UPGRADED' ELSE error_code END,
        created_by, created_at, finished_at FROM tasks t;
DROP TABLE tasks;
ALTER TABLE tasks_next RENAME TO tasks;
CREATE INDEX tasks_campaign ON tasks (campaign_id, created_at);
CREATE INDEX tasks_kind ON tasks (orgi, kind, id);

-- What is decided and not yet given: a block of a thousand leads goes with the write that gives it.
CREATE TABLE task_draws (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    block BIGINT NOT NULL,
    deals TEXT NOT NULL,                    -- store::task_draws::Deal, JSON
    PRIMARY KEY (task_id, block)
);

-- Who may give leads to whom ----------------------------------------------------------------

CREATE TABLE grants (
    orgi TEXT NOT NULL,
    role TEXT NOT NULL,
    targets TEXT NOT NULL,                  -- [engine::draw::grants::Grant] as JSON
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, role)
);

-- Contacts ----------------------------------------------------------------------------------

CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_raw TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (orgi, phone)
);
CREATE INDEX contacts_orgi ON contacts (orgi, id);
