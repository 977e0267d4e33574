-- Attempts of which no INVITE left: they were written and then too late, or our own side did not take them.
-- One text for both databases.

ALTER TABLE attempts ADD COLUMN dialled BOOLEAN NOT NULL DEFAULT TRUE;
