-- Which of the outbound settings a campaign sets itself; it follows the wider levels in the others. A
-- campaign that is there already goes on as it was.
ALTER TABLE campaigns ADD COLUMN own_settings TEXT NOT NULL DEFAULT
    '["ring_timeout","max_attempts","attempts_per_day","retry_no_answer","retry_busy","retry_unavailable","retry_declined","retry_fault","auto_dial","wrapup_required","pacing","amd"]';
