-- How the columns of a batch's files are mapped, and looks at a file before it is imported. One text
-- for both databases.

-- Confirmed by an uploader, for files with the same header.
CREATE TABLE mappings (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    signature TEXT NOT NULL,                -- engine::mapping::signature of the header
    mapping TEXT NOT NULL,                  -- JSON object, column letters -> field code or empty
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (batch_id, signature)
);

-- A dry run. Its file is also that of an import made from it.
CREATE TABLE previews (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    creater TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_path TEXT NOT NULL,                -- relative to the data directory
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    options TEXT NOT NULL,                  -- store::imports::Options
    state TEXT NOT NULL,                    -- queued, succeeded, failed
    outcome TEXT,                           -- store::previews::Outcome
    error_code TEXT,
    error_text TEXT,
    job_id TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX previews_batch ON previews (batch_id, id);

-- The titles of an imported file, with which its rejects are handed out.
ALTER TABLE imports ADD COLUMN titles TEXT;
