-- A promise that another node keeps is asked back by whoever is asked; the node that keeps it closes it. One
-- text for both databases.

ALTER TABLE call_backs ADD COLUMN cancel_asked_at BIGINT;
