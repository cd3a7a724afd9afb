-- A request for another link leaves the earlier ones usable, so several tokens of a purpose can work. The index finds
-- the tokens of a registration that have not expired, and serve the cascade.
DROP INDEX mail_tokens_live;
DROP INDEX mail_tokens_of_registration;
CREATE INDEX mail_tokens_of_registration ON mail_tokens (registration_id, expires_at);

-- Every mail knows when it expires, and whether an attempt to send it has been made: a mail can be promised again. The
-- text of a function is deleted with the last attempt. SQLite cannot drop a CHECK, so the table is made anew.
CREATE TABLE mails_7 (
    id          TEXT    NOT NULL PRIMARY KEY,
    token_id    TEXT    UNIQUE REFERENCES mail_tokens (id) ON DELETE CASCADE, -- null: a function wrote it
    app_id      TEXT, -- this and the next two: null for a token's mail
    key_id      TEXT,
    sealed      BLOB,
    expires_at  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'expired', 'superseded', 'failed')),
    created_at  INTEGER NOT NULL,
    -- When a worker may take it. A claim moves this to the moment when the claim lapses: a worker that died needs no
    -- cleaning up.
    due_at      INTEGER NOT NULL,
    claimed_by  TEXT, -- null: no worker has it
    tried       INTEGER NOT NULL CHECK (tried IN (0, 1)), -- 1: an attempt has been made
    attempts    INTEGER NOT NULL, -- failed ones since it was promised
    last_error  TEXT, -- null: no attempt has failed
    finished_at INTEGER, -- null while it waits
    CHECK ((sealed IS NOT NULL) = (token_id IS NULL AND state = 'waiting'))
) STRICT, WITHOUT ROWID;
INSERT INTO mails_7 (id, token_id, app_id, key_id, sealed, expires_at, state, created_at, due_at, claimed_by, tried,
        attempts, last_error, finished_at)
    SELECT m.id, m.token_id, m.app_id, m.key_id, CASE WHEN m.state = 'waiting' THEN m.sealed END,
        COALESCE(m.expires_at, t.expires_at), m.state, m.created_at, m.due_at, m.claimed_by,
        CASE WHEN m.attempts > 0 OR m.state <> 'waiting' THEN 1 ELSE 0 END, m.attempts, m.last_error, m.finished_at
    FROM mails m LEFT JOIN mail_tokens t ON t.id = m.token_id;
DROP TABLE mails;
ALTER TABLE mails_7 RENAME TO mails;
-- The worker's question how long it may sleep.
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'waiting';
-- Claiming: mails that were never tried come first, however many others wait.
CREATE INDEX mails_claimable ON mails (tried, due_at, id) WHERE state = 'waiting';
-- Ending what has waited for too long.
CREATE INDEX mails_expiring ON mails (expires_at) WHERE state = 'waiting';
-- Prolonging a worker's claims, and taking all back at start-up.
CREATE INDEX mails_claimed ON mails (claimed_by) WHERE claimed_by IS NOT NULL;
-- Retention: a finished mail is kept for a while, so that an operator can look up what became of it.
CREATE INDEX mails_finished ON mails (finished_at) WHERE finished_at IS NOT NULL;
-- The metrics: how many mails are in each state.
CREATE INDEX mails_by_state ON mails (state);
