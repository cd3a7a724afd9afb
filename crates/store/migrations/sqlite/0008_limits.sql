-- Buckets of permits: failed logins, mails, function calls. A full bucket that has nothing to remember has no row.
CREATE TABLE limit_buckets (
    id        TEXT    NOT NULL PRIMARY KEY, -- an HMAC: it does not tell whose bucket it is
    full_at   INTEGER NOT NULL, -- each permit moves it one interval later
    spent     INTEGER NOT NULL, -- permits in a row that did not come back
    forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The sweep.
CREATE INDEX limit_buckets_forgotten ON limit_buckets (forget_at);

-- Networks from which somebody has logged in to an account: each has a bucket of its own for it.
CREATE TABLE known_networks (
    id      TEXT    NOT NULL PRIMARY KEY, -- an HMAC, as the next one
    account TEXT    NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest of an account.
CREATE INDEX known_networks_of_account ON known_networks (account, seen_at);
-- The sweep.
CREATE INDEX known_networks_by_age ON known_networks (seen_at);
