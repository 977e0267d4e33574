-- The gateway that an extension's calls out go through where the route says so (VOX-019, VOX-106). One text for
-- both databases.

ALTER TABLE extensions ADD COLUMN gateway_id TEXT;
