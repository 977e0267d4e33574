-- What callers are asked after a conversation (满意度调查), and what they answered. One text for both
-- databases.

CREATE TABLE surveys (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    name TEXT NOT NULL,
    survey TEXT NOT NULL,                   -- engine::survey::Survey as JSON
    created_at BIGINT NOT NULL,
    UNIQUE (orgi, name)
);

ALTER TABLE calls ADD COLUMN survey TEXT;       -- standard, or the id of a survey
ALTER TABLE calls ADD COLUMN survey_key TEXT;   -- NULL: no answer that the survey knows
UPDATE calls SET survey = 'standard', survey_key = CAST(score AS TEXT) WHERE score IS NOT NULL;
