-- The user that the first login will make. It is decided before the owner's function is told of it, and stays the same at a second attempt.
ALTER TABLE registrations ADD COLUMN planned_user_id TEXT; -- null: nobody has asked yet

-- A way into an account for which the owner's function vouches. That by e-mail is the registration.
CREATE TABLE identities (
    app_id          TEXT    NOT NULL,
    provider        TEXT    NOT NULL,
    -- Byte for byte as the function returned it.
    external_id     TEXT    NOT NULL COLLATE BINARY,
    name            TEXT, -- null: the function said none
    planned_user_id TEXT    NOT NULL,
    user_id         TEXT    REFERENCES users (id) ON DELETE CASCADE, -- null: no login has been completed yet
    created_at      INTEGER NOT NULL,
    -- Two first logins at once cannot make two users.
    PRIMARY KEY (app_id, provider, external_id)
) STRICT, WITHOUT ROWID;

-- The profile, and the cascade.
CREATE INDEX identities_of_user ON identities (user_id);
-- Retention: one that never became a user's.
CREATE INDEX identities_by_age ON identities (created_at) WHERE user_id IS NULL;
CREATE INDEX identities_planned ON identities (planned_user_id) WHERE user_id IS NULL;

-- What is still to be told to a trigger's function: one row for each trigger and event. It is deleted when it has been told.
CREATE TABLE trigger_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, -- the order in which it happened, and so of delivery
    app_id      TEXT    NOT NULL,
    user_id     TEXT    NOT NULL, -- refers to nothing: the user may have been deleted
    told        TEXT    NOT NULL, -- the name of the trigger
    event       TEXT    NOT NULL CHECK (event IN ('CREATE', 'LOGIN', 'DELETE')),
    providers   TEXT    NOT NULL, -- names with commas between them
    identities  TEXT    NOT NULL, -- the user's, as they were then, in JSON
    occurred_at INTEGER NOT NULL,
    -- When a worker may take it. A claim moves this to the moment when the claim lapses.
    due_at      INTEGER NOT NULL,
    claimed_by  TEXT -- null: no worker has it
) STRICT;

-- Whether an earlier one of the same user is still to be told.
CREATE INDEX trigger_events_of_user ON trigger_events (user_id, id);
-- Claiming, and the worker's question how long it may sleep.
CREATE INDEX trigger_events_due ON trigger_events (due_at);
