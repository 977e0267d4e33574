-- How the keys of an extension's phone are pressed over HTTP (CTI-079 to CTI-081). One text for both databases.

ALTER TABLE extensions ADD COLUMN control_url TEXT;
ALTER TABLE extensions ADD COLUMN control_username TEXT;
ALTER TABLE extensions ADD COLUMN control_password TEXT;
