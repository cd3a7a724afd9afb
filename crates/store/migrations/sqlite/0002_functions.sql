-- Null: a registration. Otherwise the address is only kept, until then, while a function decides whether it becomes one.
ALTER TABLE registrations ADD COLUMN reserved_until INTEGER;
-- Giving back what a crash left, and the sweep.
CREATE INDEX registrations_reserved ON registrations (reserved_until) WHERE reserved_until IS NOT NULL;

-- A mail is a token's, or a function wrote it: then it stands here, encrypted with a key that is not in the database. SQLite cannot drop
-- a NOT NULL, so the table is made anew.
CREATE TABLE mails_2 (
    id          TEXT    NOT NULL PRIMARY KEY,
    token_id    TEXT    UNIQUE REFERENCES mail_tokens (id) ON DELETE CASCADE,
    app_id      TEXT, -- this and the next three: null for a token's mail
    key_id      TEXT,
    sealed      BLOB,
    expires_at  INTEGER,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'expired', 'superseded', 'failed')),
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    claimed_by  TEXT,
    attempts    INTEGER NOT NULL,
    last_error  TEXT,
    finished_at INTEGER,
    CHECK ((token_id IS NULL) = (sealed IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO mails_2 (id, token_id, state, created_at, due_at, claimed_by, attempts, last_error, finished_at)
    SELECT id, token_id, state, created_at, due_at, claimed_by, attempts, last_error, finished_at FROM mails;
DROP TABLE mails;
ALTER TABLE mails_2 RENAME TO mails;
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'waiting';
CREATE INDEX mails_claimable ON mails ((attempts > 0), due_at, id) WHERE state = 'waiting';
CREATE INDEX mails_claimed ON mails (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX mails_finished ON mails (finished_at) WHERE finished_at IS NOT NULL;
