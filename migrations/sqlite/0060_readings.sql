-- What an import's file is read with (store::imports::Reading, JSON), from its beginning to its end.
-- One text for both databases.

ALTER TABLE imports ADD COLUMN reading TEXT;
