-- Recordings that are to have the name that their queue gives them: on the books from the end of the call until
-- the file has it. One text for both databases.

CREATE TABLE recording_moves (
    call_id TEXT PRIMARY KEY,
    file TEXT NOT NULL                      -- the name to be, below the recordings; calls.recording is the present one
);
