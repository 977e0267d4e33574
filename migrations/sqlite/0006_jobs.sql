-- The turn of a job --------------------------------------------------------------------------

ALTER TABLE job_runs DROP COLUMN run;
-- store::work::Work as JSON: what is to be done.
ALTER TABLE job_runs ADD COLUMN payload TEXT NOT NULL DEFAULT '';
-- The queue whose workers do it.
ALTER TABLE job_runs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- 0 to 9, 9 first.
ALTER TABLE job_runs ADD COLUMN priority BIGINT NOT NULL DEFAULT 5;
ALTER TABLE job_runs ADD COLUMN run_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_runs ADD COLUMN max_attempts BIGINT NOT NULL DEFAULT 3;
-- Rises with every start: a write with an older one is refused.
ALTER TABLE job_runs ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_runs ADD COLUMN taken_at BIGINT;
ALTER TABLE job_runs ADD COLUMN locked_by TEXT;
ALTER TABLE job_runs ADD COLUMN locked_until BIGINT;
-- What it did, as a JSON object; null until it has ended well.
ALTER TABLE job_runs ADD COLUMN result TEXT NOT NULL DEFAULT 'null';

-- Jobs of before cannot be started without a payload: whoever asked for them asks again.
UPDATE imports SET state = 'failed', error_code = 'UPGRADED', error_text = 'the job was lost in an upgrade'
    WHERE state IN ('queued', 'running');
UPDATE filter_runs SET state = 'failed', error_code = 'UPGRADED', error_text = 'the job was lost in an upgrade'
    WHERE id IN (SELECT subject FROM job_runs WHERE kind = 'run_filter' AND state IN ('queued', 'running'));
UPDATE tasks SET state = 'failed', error_code = 'UPGRADED'
    WHERE id IN (SELECT subject FROM job_runs WHERE kind = 'allocate_task' AND state IN ('queued', 'running'));
UPDATE job_runs SET state = 'failed', error_code = 'UPGRADED', error_text = 'the job was lost in an upgrade',
    finished_at = updated_at WHERE state IN ('queued', 'running');

DROP INDEX job_runs_state;
CREATE INDEX job_runs_due ON job_runs (state, lane, orgi);
CREATE INDEX job_runs_turn ON job_runs (orgi, lane, taken_at);
CREATE INDEX job_runs_busy ON job_runs (orgi, state);
CREATE INDEX job_runs_moved ON job_runs (updated_at);

-- A job asked for twice under one key is one job, for a day (OUT-015).
CREATE TABLE job_keys (
    orgi TEXT NOT NULL,
    key TEXT NOT NULL,
    job_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, key)
);

-- Batches ------------------------------------------------------------------------------------

-- What an archived batch was before.
ALTER TABLE batches ADD COLUMN archived_from TEXT;

-- Rows that come by REST share one import a batch and day, so that their positions stay dense.
CREATE TABLE push_days (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    day TEXT NOT NULL,                      -- yyyy-mm-dd on the tenant's wall clock
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    PRIMARY KEY (batch_id, day)
);

-- Where a planned batch gets its files.
CREATE TABLE sources (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    batch_id TEXT NOT NULL UNIQUE REFERENCES batches (id) ON DELETE CASCADE,
    creater TEXT NOT NULL,
    spec TEXT NOT NULL,                     -- store::sources::Spec as JSON
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    next_at BIGINT,                         -- NULL: only by hand
    etag TEXT,
    last_modified TEXT,
    last_job TEXT,
    last_at BIGINT,
    last_state TEXT,                        -- imported | nothing_new | failed
    last_code TEXT,
    last_text TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sources_next ON sources (next_at);

-- Files that a source has imported, so that none is imported twice.
CREATE TABLE source_files (
    source_id TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    import_id TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (source_id, sha256)
);

-- Dictionaries, settings, products -----------------------------------------------------------

CREATE TABLE dictionaries (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    items TEXT NOT NULL,                    -- [{code, label, enabled, sort}]
    creater TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

CREATE TABLE outbound_settings (
    orgi TEXT NOT NULL,
    scope TEXT NOT NULL,                    -- tenant | department | campaign
    scope_id TEXT NOT NULL,                 -- '' for the tenant
    value TEXT NOT NULL,                    -- what differs from the wider scope, as JSON
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, scope, scope_id)
);

CREATE TABLE products (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,                     -- product | service
    category TEXT NOT NULL DEFAULT '',
    price_cents BIGINT NOT NULL,
    stock BIGINT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    image TEXT NOT NULL DEFAULT '',
    creater TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX products_orgi ON products (orgi, id);
