-- Gateways as carriers want to be spoken to: nni | uni | ims, and the rest as JSON
-- (store::gateways::Trunk).
ALTER TABLE gateways ADD COLUMN kind TEXT NOT NULL DEFAULT 'nni';
ALTER TABLE gateways ADD COLUMN remark TEXT NOT NULL DEFAULT '';
ALTER TABLE gateways ADD COLUMN trunk TEXT NOT NULL DEFAULT '{}';

-- What the house sets for all its lines: one row a name, the value as JSON.
CREATE TABLE house_settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Whose recording a file is.
CREATE INDEX calls_recording ON calls (recording) WHERE recording IS NOT NULL;
