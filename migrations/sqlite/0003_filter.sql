-- Filters: over one batch or over a business type, resolved at run time, hits in blocks.

ALTER TABLE batches ADD COLUMN business_type TEXT NOT NULL DEFAULT ''; -- followup | marketing | ''

-- A business filter has no batch: the column becomes one that may be empty.
ALTER TABLE filters RENAME COLUMN batch_id TO only_batch_id;
ALTER TABLE filters ADD COLUMN batch_id TEXT REFERENCES batches (id);
UPDATE filters SET batch_id = only_batch_id;
ALTER TABLE filters DROP COLUMN only_batch_id;
ALTER TABLE filters ADD COLUMN business_type TEXT;          -- of a business filter
ALTER TABLE filters ADD COLUMN zone TEXT NOT NULL DEFAULT 'Asia/Shanghai'; -- whose today is meant
ALTER TABLE filters ADD COLUMN known TEXT NOT NULL DEFAULT '[]'; -- the fields it asked when saved
CREATE INDEX filters_batch ON filters (batch_id);

-- A filter that was never saved runs too.
ALTER TABLE filter_runs RENAME COLUMN filter_id TO only_filter_id;
ALTER TABLE filter_runs ADD COLUMN filter_id TEXT REFERENCES filters (id);
UPDATE filter_runs SET filter_id = only_filter_id;
ALTER TABLE filter_runs DROP COLUMN only_filter_id;
ALTER TABLE filter_runs RENAME COLUMN batch_id TO only_batch_id;
ALTER TABLE filter_runs ADD COLUMN batch_id TEXT;
UPDATE filter_runs SET batch_id = only_batch_id;
ALTER TABLE filter_runs DROP COLUMN only_batch_id;
ALTER TABLE filter_runs ADD COLUMN business_type TEXT;
ALTER TABLE filter_runs ADD COLUMN zone TEXT NOT NULL DEFAULT 'Asia/Shanghai';
ALTER TABLE filter_runs ADD COLUMN known TEXT NOT NULL DEFAULT '[]';
ALTER TABLE filter_runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'hits'; -- hits | count
ALTER TABLE filter_runs ADD COLUMN asked_by TEXT;
ALTER TABLE filter_runs ADD COLUMN resolved TEXT;           -- conditions with their dates fixed
ALTER TABLE filter_runs ADD COLUMN versions TEXT NOT NULL DEFAULT '{}'; -- batch -> snapshot version
CREATE INDEX filter_runs_filter ON filter_runs (filter_id, id);
CREATE INDEX filter_runs_unsaved ON filter_runs (created_at) WHERE filter_id IS NULL;

-- Hits were rows. A draw that was under way counted them by place: it has to be started again.
UPDATE tasks SET state = 'failed', error_code = 'UPGRADED' WHERE state = 'allocating';
DROP TABLE filter_hits;
CREATE TABLE filter_hits (
    run_id TEXT NOT NULL REFERENCES filter_runs (id) ON DELETE CASCADE,
    batch_id TEXT NOT NULL,                 -- a block lies in one import, so in one batch
    block BIGINT NOT NULL,                  -- position >> 16
    count BIGINT NOT NULL,
    positions BLOB NOT NULL,                -- the low 16 bits, as a Roaring bitmap
    PRIMARY KEY (run_id, block)
);

-- A stretch of a batch's positions; rises when the imported data of a lead in it changes.
CREATE TABLE segments (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    block BIGINT NOT NULL,                  -- position >> 16
    version BIGINT NOT NULL,
    PRIMARY KEY (batch_id, block)
);
INSERT INTO segments (batch_id, block, version)
    SELECT batch_id, position >> 16, 1 FROM leads GROUP BY batch_id, position >> 16;

-- What a draw may take (OUT-110).
CREATE INDEX leads_free ON leads (position)
    WHERE alloc_status IN ('unallocated', 'recycled') AND NOT voided AND NOT dnc
        AND reserved_by IS NULL;
-- What differs from a lead as it was imported: conditions on a lead's history read only these.
CREATE INDEX leads_touched ON leads (batch_id, position)
    WHERE alloc_status <> 'unallocated' OR dial_count > 0 OR dnc OR voided;
