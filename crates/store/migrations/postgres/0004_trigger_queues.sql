-- Whose events are still to be told to triggers: one row for each such user. It is claimed as a whole, so that a user's events are told in
-- their order, and whoever adds to it or takes from it locks it.
CREATE TABLE trigger_queues (
    user_id    TEXT    NOT NULL PRIMARY KEY, -- refers to nothing: the user may have been deleted
    app_id     TEXT    NOT NULL,
    -- When a worker may tell the first event. A claim moves this to the moment when the claim lapses.
    due_at     BIGINT  NOT NULL,
    attempts   BIGINT  NOT NULL, -- how often a web service has given no answer to the first event
    claimed_by TEXT -- null: no worker has it
);

INSERT INTO trigger_queues (user_id, app_id, due_at, attempts)
    SELECT user_id, MIN(app_id), MIN(due_at), 0 FROM trigger_events GROUP BY user_id;

-- Claiming, and the worker's question how long it may sleep.
CREATE INDEX trigger_queues_due ON trigger_queues (due_at);

DROP INDEX trigger_events_due;
ALTER TABLE trigger_events DROP COLUMN due_at;
ALTER TABLE trigger_events DROP COLUMN claimed_by;
