-- Who heads a department (OUT-130). One text for both databases.

CREATE TABLE department_heads (
    department_id TEXT NOT NULL REFERENCES departments (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (department_id, user_id)
);
CREATE INDEX department_heads_user ON department_heads (user_id);
