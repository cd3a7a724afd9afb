-- Times are milliseconds since 1970; ids are 24 lower-case hexadecimal characters.
-- STRICT: a value of the wrong type is an error here as it is on PostgreSQL.
-- WITHOUT ROWID: rows are small and always looked up by their id, so the id is the tree.

-- The name of an app in the compiled clients, and the id under which its data is kept.
CREATE TABLE apps (
    id         TEXT    NOT NULL PRIMARY KEY,
    client_id  TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No table refers to `apps`: rows of apps are never deleted, and on PostgreSQL every insert would lock the one row of its app.

-- Made at the first login. Sessions and the owner's data belong to it.
CREATE TABLE users (
    id          TEXT    NOT NULL PRIMARY KEY,
    app_id      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER -- null: it may log in
) STRICT, WITHOUT ROWID;

CREATE TABLE registrations (
    id            TEXT    NOT NULL PRIMARY KEY,
    app_id        TEXT    NOT NULL,
    -- Byte for byte as typed. BINARY is the default; it is spelled out because the comparison is a promise.
    email         TEXT    NOT NULL COLLATE BINARY,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    confirmed_at  INTEGER, -- null: pending
    -- Null until the first login. Unique: two first logins at once cannot make two users.
    user_id       TEXT    UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (app_id, email)
) STRICT, WITHOUT ROWID;

-- One row per login that has not ended; ending it deletes the row.
CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    app_id     TEXT    NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ending all sessions of a user, and the cascade.
CREATE INDEX sessions_of_user ON sessions (user_id);
-- Retention: a session that has expired can be swept at any time; nobody asks for it again.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The public half of a mailed token. The secret half is derived from this row and a key that is not in the database.
CREATE TABLE mail_tokens (
    id              TEXT    NOT NULL PRIMARY KEY,
    app_id          TEXT    NOT NULL,
    registration_id TEXT    NOT NULL REFERENCES registrations (id) ON DELETE CASCADE,
    purpose         TEXT    NOT NULL CHECK (purpose IN ('confirm', 'reset')),
    methods         TEXT    NOT NULL,
    key_id          TEXT    NOT NULL,
    issued_at       INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER, -- null: not spent
    voided_at       INTEGER -- null: not replaced by a newer token, a change of password or the like
) STRICT, WITHOUT ROWID;

-- At most one token of a purpose works. The rule is kept by the flows; this makes it a fact.
CREATE UNIQUE INDEX mail_tokens_live ON mail_tokens (registration_id, purpose) WHERE used_at IS NULL AND voided_at IS NULL;
-- The cascade.
CREATE INDEX mail_tokens_of_registration ON mail_tokens (registration_id);
-- Retention: an expired token is kept for a while, so that an old link can say what became of it.
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at);

-- The outbox: what to send is derived from the token and its registration at the moment of sending.
CREATE TABLE mails (
    id          TEXT    NOT NULL PRIMARY KEY,
    token_id    TEXT    NOT NULL UNIQUE REFERENCES mail_tokens (id) ON DELETE CASCADE,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'expired', 'superseded', 'failed')),
    created_at  INTEGER NOT NULL,
    -- When a worker may take it. A claim moves this to the moment when the claim lapses: a worker that died needs no cleaning up.
    due_at      INTEGER NOT NULL,
    claimed_by  TEXT, -- null: no worker has it
    attempts    INTEGER NOT NULL, -- failed ones
    last_error  TEXT, -- null: no attempt has failed
    finished_at INTEGER -- null while it waits
) STRICT, WITHOUT ROWID;

-- The worker's question how long it may sleep.
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'waiting';
-- Claiming: mails that were never tried come first, however many others wait.
CREATE INDEX mails_claimable ON mails ((attempts > 0), due_at, id) WHERE state = 'waiting';
-- Prolonging a worker's claims, and taking all back at start-up.
CREATE INDEX mails_claimed ON mails (claimed_by) WHERE claimed_by IS NOT NULL;
-- Retention: a finished mail is kept for a while, so that an operator can look up what became of it.
CREATE INDEX mails_finished ON mails (finished_at) WHERE finished_at IS NOT NULL;
