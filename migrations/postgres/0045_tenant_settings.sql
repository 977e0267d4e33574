-- What a queue is called besides (代码, VOX-039), and what each tenant sets for itself: one row a name, the value as
-- JSON. One text for both databases.

ALTER TABLE queues ADD COLUMN code TEXT NOT NULL DEFAULT '';

CREATE TABLE tenant_settings (
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (orgi, name)
);
