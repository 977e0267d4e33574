-- What a tenant sets for the desks of its agents (AGT-088, AGT-089). One text for both databases.

CREATE TABLE desk_settings (
    orgi TEXT PRIMARY KEY,
    value TEXT NOT NULL,                    -- engine::desk::Settings as JSON
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
