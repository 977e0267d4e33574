-- Agents at telephones outside (AGT-115): the line stays up between their calls. One text for both databases.

ALTER TABLE agents ADD COLUMN keep_leg BOOLEAN NOT NULL DEFAULT FALSE;
