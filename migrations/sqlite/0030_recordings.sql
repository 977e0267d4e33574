-- Recordings without an end: on the books from their beginning, and completed after a crash.
CREATE INDEX calls_recorded_now ON calls (node) WHERE recording IS NOT NULL AND recording_ms IS NULL;
