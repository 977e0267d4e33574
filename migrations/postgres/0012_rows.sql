-- Who handed a lead on; empty: whoever started its task (OUT-186). One text for both databases.

ALTER TABLE leads ADD COLUMN alloc_by TEXT;
