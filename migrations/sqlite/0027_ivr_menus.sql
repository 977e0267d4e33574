-- Voice menus, the routes that lead to them, and what callers chose in them.

CREATE TABLE ivr_menus (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    menu TEXT NOT NULL,                     -- engine::ivr::Menu as JSON
    created_at BIGINT NOT NULL
);
CREATE INDEX ivr_menus_orgi ON ivr_menus (orgi, name);

ALTER TABLE routes ADD COLUMN menu_id TEXT REFERENCES ivr_menus (id);    -- of an IVR rule

ALTER TABLE calls ADD COLUMN choices TEXT;  -- Vec<engine::ivr::Choice> as JSON, in order
