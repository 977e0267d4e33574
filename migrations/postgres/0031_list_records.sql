-- What a record of lists needs to be opened, and an import to be undone.

-- The run whose hits are what a task had to draw from: of what its filter selected, what was free then.
ALTER TABLE tasks ADD COLUMN drawn_run_id TEXT;
-- The mapping that the batch remembered for the file's titles before the import was given another.
ALTER TABLE imports ADD COLUMN mapping_before TEXT;     -- JSON; NULL: it was given none
-- What becomes of values in columns of choices, remembered with the mapping: field -> value -> choice.
ALTER TABLE mappings ADD COLUMN choices TEXT NOT NULL DEFAULT '{}';
-- Items that the import added to dictionaries: dictionary -> codes.
ALTER TABLE imports ADD COLUMN items_added TEXT NOT NULL DEFAULT '{}';
