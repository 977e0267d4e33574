-- One SQL text for SQLite and PostgreSQL. Times are UTC milliseconds, ids TEXT, JSON as TEXT.

-- People and access -------------------------------------------------------------------------

CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,                     -- admin | supervisor | marketer | agent
    department_id TEXT REFERENCES departments (id),
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,            -- SHA-256 of the cookie or bearer token
    user_id TEXT NOT NULL REFERENCES users (id),
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE idempotency (
    orgi TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status BIGINT,                          -- NULL while the first request runs
    response TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, key)
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (orgi, at);

-- Batch work --------------------------------------------------------------------------------

-- Not "jobs": the queue library owns a table "Jobs" in SQLite, where names ignore case.
CREATE TABLE job_runs (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,                  -- id of the import, filter run, task or report
    batch_id TEXT,                          -- for the execution records of a batch (OUT-018)
    state TEXT NOT NULL,                    -- queued | running | succeeded | failed | cancelled
    stage TEXT NOT NULL DEFAULT '',
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    run BIGINT NOT NULL DEFAULT 1,          -- which queue entry may run it: an older one is stale
    attempts BIGINT NOT NULL DEFAULT 0,     -- starts so far; also the fence against a late worker
    error_code TEXT,
    error_text TEXT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX job_runs_state ON job_runs (state, created_at);
CREATE INDEX job_runs_subject ON job_runs (subject);
CREATE INDEX job_runs_batch ON job_runs (batch_id);

-- Batches and leads -------------------------------------------------------------------------

CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    creater TEXT NOT NULL,
    name TEXT NOT NULL,
    batch_type TEXT NOT NULL,               -- temporary | planned | external
    import_mode TEXT NOT NULL,              -- upload
    description TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,                    -- draft | ready | archived
    snapshot_version BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE fields (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    position BIGINT NOT NULL,
    title TEXT NOT NULL,
    spec TEXT NOT NULL,                     -- engine::field::Field as JSON
    PRIMARY KEY (batch_id, code)
);

CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    ordinal BIGINT NOT NULL,                -- rises with every import; orders leads by creation
    orgi TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    creater TEXT NOT NULL,
    title TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    dup_policy TEXT NOT NULL,               -- keep_all | skip_in_batch | update_in_batch
    state TEXT NOT NULL,                    -- queued | running | succeeded | failed
    row_cursor BIGINT NOT NULL DEFAULT 0,   -- last sheet row whose chunk is committed
    good BIGINT NOT NULL DEFAULT 0,
    invalid BIGINT NOT NULL DEFAULT 0,
    duplicate BIGINT NOT NULL DEFAULT 0,
    updated BIGINT NOT NULL DEFAULT 0,
    warnings TEXT NOT NULL DEFAULT '[]',
    error_code TEXT,
    error_text TEXT,
    job_id TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX imports_batch ON imports (batch_id, created_at);

CREATE TABLE rejects (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    row_no BIGINT NOT NULL,                 -- as the spreadsheet shows it, from 1
    column_title TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    cells TEXT NOT NULL,                    -- the row as it was, JSON array of strings
    PRIMARY KEY (import_id, row_no)
);

CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    creater TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    import_id TEXT NOT NULL REFERENCES imports (id),
    row_no BIGINT NOT NULL,
    position BIGINT NOT NULL,               -- import ordinal * 2^24 + row: creation order
    phone TEXT NOT NULL,
    phone_raw TEXT NOT NULL,
    key_value TEXT NOT NULL,                -- primary-key field or phone: what duplicates are decided on
    data TEXT NOT NULL,                     -- JSON object, field code -> text
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
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (import_id, row_no)
);
CREATE INDEX leads_batch ON leads (batch_id, position);
CREATE INDEX leads_key ON leads (batch_id, key_value);
CREATE INDEX leads_phone ON leads (orgi, phone);
CREATE INDEX leads_task ON leads (task_id, position);
CREATE INDEX leads_due ON leads (campaign_id, call_status, next_dial_at, position);

CREATE TABLE dnc (
    orgi TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, number)
);

-- Filters and campaigns ---------------------------------------------------------------------

CREATE TABLE filters (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    creater TEXT NOT NULL,
    name TEXT NOT NULL,
    filter_type TEXT NOT NULL,              -- batch | business
    batch_id TEXT NOT NULL REFERENCES batches (id),
    description TEXT NOT NULL DEFAULT '',
    conditions TEXT NOT NULL DEFAULT '[]',  -- rows of {field, op, value, connector}
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE filter_runs (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    filter_id TEXT NOT NULL REFERENCES filters (id),
    batch_id TEXT NOT NULL,
    title TEXT NOT NULL,
    conditions TEXT NOT NULL,               -- as they were when it ran
    snapshot_version BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL,                    -- queued | running | succeeded | failed
    matched BIGINT NOT NULL DEFAULT 0,
    error_code TEXT,
    error_text TEXT,
    job_id TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);

CREATE TABLE filter_hits (
    run_id TEXT NOT NULL REFERENCES filter_runs (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE campaigns (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    creater TEXT NOT NULL,
    name TEXT NOT NULL,
    campaign_type TEXT NOT NULL,            -- preview | predictive | robot
    filter_id TEXT NOT NULL REFERENCES filters (id),
    business_type TEXT NOT NULL DEFAULT 'followup',
    business_status TEXT NOT NULL DEFAULT '',
    extract_count BIGINT NOT NULL,
    default_alloc BIGINT NOT NULL,
    alloc_mode TEXT NOT NULL DEFAULT 'all', -- all | 75 | 50 | 25
    description TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL,                 -- engine::campaign::Settings as JSON
    state TEXT NOT NULL,                    -- draft | running | paused | finished | stopped
    revision BIGINT NOT NULL DEFAULT 1,     -- rises with every change: the live process watches it
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);
CREATE INDEX campaigns_state ON campaigns (state);

CREATE TABLE targets (
    campaign_id TEXT NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    target_type TEXT NOT NULL,              -- agent | department | queue | robot
    target_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,               -- 0 = unlimited
    PRIMARY KEY (campaign_id, position)
);

CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    title TEXT NOT NULL,
    state TEXT NOT NULL,                    -- queued | allocating | ready | failed
    filter_run_id TEXT,
    filtered BIGINT NOT NULL DEFAULT 0,
    to_agent BIGINT NOT NULL DEFAULT 0,
    to_dept BIGINT NOT NULL DEFAULT 0,
    to_ai BIGINT NOT NULL DEFAULT 0,
    to_queue BIGINT NOT NULL DEFAULT 0,
    unallocated BIGINT NOT NULL DEFAULT 0,
    recycled BIGINT NOT NULL DEFAULT 0,
    recycled_dept BIGINT NOT NULL DEFAULT 0,
    plan TEXT NOT NULL DEFAULT '[]',        -- what each target is to get, JSON; decided once
    hit_cursor BIGINT NOT NULL DEFAULT -1,  -- last position of the filter run that was looked at
    job_id TEXT,
    error_code TEXT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX tasks_campaign ON tasks (campaign_id, created_at);

-- The floor ---------------------------------------------------------------------------------

CREATE TABLE extensions (
    extension TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    ha1_md5 TEXT NOT NULL,                  -- RFC 7616 HA1, hex; the secret itself is not kept
    ha1_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE agents (
    id TEXT PRIMARY KEY,                    -- agent number (座席工号)
    orgi TEXT NOT NULL,
    user_id TEXT UNIQUE REFERENCES users (id),
    name TEXT NOT NULL,
    extension TEXT NOT NULL,
    wrap_up_s BIGINT,                       -- NULL: the queue decides
    auto_ready BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL
);

CREATE TABLE agent_now (
    agent_id TEXT PRIMARY KEY REFERENCES agents (id),
    extension TEXT NOT NULL,
    state TEXT NOT NULL,
    sub_state TEXT,
    reason TEXT,
    since BIGINT NOT NULL
);

CREATE TABLE agent_states (
    agent_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    extension TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    reason TEXT,
    ms BIGINT NOT NULL                      -- time spent in from_state
);
CREATE INDEX agent_states_at ON agent_states (agent_id, at);

CREATE TABLE queues (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,                 -- engine::queue::Settings as JSON
    created_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE queue_agents (
    queue_id TEXT NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    PRIMARY KEY (queue_id, agent_id)
);

CREATE TABLE gateways (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    port BIGINT NOT NULL,
    transport TEXT NOT NULL DEFAULT 'udp',
    username TEXT,
    password TEXT,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    settings TEXT NOT NULL,                 -- engine::gateway::Settings as JSON
    created_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE routes (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    position BIGINT NOT NULL,
    number TEXT NOT NULL,                   -- exact called number, or '*'
    queue_id TEXT NOT NULL REFERENCES queues (id),
    enabled BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    task_id TEXT,
    campaign_id TEXT NOT NULL,
    mode TEXT NOT NULL,                     -- preview | predictive | robot
    agent_id TEXT,
    queue_id TEXT,
    caller TEXT NOT NULL,
    number TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    verdict TEXT NOT NULL,                  -- what the gate checked, JSON
    node TEXT NOT NULL,                     -- process that dials
    state TEXT NOT NULL,                    -- open | closed
    reserved_at BIGINT NOT NULL,
    ringing_at BIGINT,
    answered_at BIGINT,
    bridged_at BIGINT,
    ended_at BIGINT,
    sip_status BIGINT,
    q850 BIGINT,
    reason TEXT,
    outcome TEXT,
    call_id TEXT NOT NULL,
    counted BOOLEAN NOT NULL DEFAULT TRUE   -- FALSE: our side refused, not an attempt on the lead
);
-- The same number is never in two live attempts of one tenant (OUT-241).
CREATE UNIQUE INDEX attempts_live ON attempts (orgi, number) WHERE state = 'open';
CREATE INDEX attempts_lead ON attempts (lead_id, reserved_at);
CREATE INDEX attempts_campaign ON attempts (campaign_id, reserved_at);
CREATE INDEX attempts_number ON attempts (orgi, number, reserved_at);

CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    direction TEXT NOT NULL,                -- outbound | inbound
    mode TEXT NOT NULL,                     -- preview | predictive | robot | inbound
    campaign_id TEXT,
    task_id TEXT,
    lead_id TEXT,
    queue_id TEXT,
    agent_id TEXT,
    extension TEXT,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    gateway_id TEXT,
    node TEXT NOT NULL,
    state TEXT NOT NULL,                    -- open | closed
    started_at BIGINT NOT NULL,
    ringing_at BIGINT,
    answered_at BIGINT,
    queued_at BIGINT,
    offered_at BIGINT,
    bridged_at BIGINT,
    ended_at BIGINT,
    hangup_side TEXT,
    sip_status BIGINT,
    q850 BIGINT,
    outcome TEXT,
    answer_class TEXT,                      -- person | machine | unknown
    abandoned BOOLEAN NOT NULL DEFAULT FALSE,
    wait_ms BIGINT,
    talk_ms BIGINT,
    disposition TEXT,
    note TEXT,
    recording TEXT,
    recording_ms BIGINT,
    recording_error TEXT,
    packets_received BIGINT,
    packets_lost BIGINT,
    jitter_ms DOUBLE PRECISION
);
CREATE INDEX calls_started ON calls (orgi, started_at);
CREATE INDEX calls_campaign ON calls (campaign_id, started_at);
CREATE INDEX calls_lead ON calls (lead_id, started_at);
CREATE INDEX calls_open ON calls (state, node);
