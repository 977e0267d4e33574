-- A large batch is deleted by a job: what it was before, should the job be given up.
ALTER TABLE batches ADD COLUMN deleting_from TEXT;
