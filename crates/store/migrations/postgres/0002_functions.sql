-- Null: a registration. Otherwise the address is only kept, until then, while a function decides whether it becomes one.
ALTER TABLE registrations ADD COLUMN reserved_until BIGINT;
-- Giving back what a crash left, and the sweep.
CREATE INDEX registrations_reserved ON registrations (reserved_until) WHERE reserved_until IS NOT NULL;

-- A mail is a token's, or a function wrote it: then it stands here, encrypted with a key that is not in the database.
ALTER TABLE mails
    ALTER COLUMN token_id DROP NOT NULL,
    ADD COLUMN app_id     TEXT, -- this and the next three: null for a token's mail
    ADD COLUMN key_id     TEXT,
    ADD COLUMN sealed     BYTEA,
    ADD COLUMN expires_at BIGINT,
    ADD CHECK ((token_id IS NULL) = (sealed IS NOT NULL));
