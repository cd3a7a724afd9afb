-- A request for another link leaves the earlier ones usable, so several tokens of a purpose can work. The index finds
-- the tokens of a registration that have not expired, and serve the cascade.
DROP INDEX mail_tokens_live;
DROP INDEX mail_tokens_of_registration;
CREATE INDEX mail_tokens_of_registration ON mail_tokens (registration_id, expires_at);

-- Every mail knows when it expires, and whether an attempt to send it has been made: a mail can be promised again. The
-- text of a function is deleted with the last attempt.
ALTER TABLE mails ADD COLUMN tried BIGINT NOT NULL DEFAULT 0 CHECK (tried IN (0, 1)), DROP CONSTRAINT mails_check;
UPDATE mails SET tried = 1 WHERE attempts > 0 OR state <> 'waiting';
UPDATE mails SET sealed = NULL WHERE state <> 'waiting';
UPDATE mails SET expires_at = t.expires_at FROM mail_tokens t WHERE t.id = mails.token_id;
ALTER TABLE mails
    ALTER COLUMN tried DROP DEFAULT,
    ALTER COLUMN expires_at SET NOT NULL,
    ADD CHECK ((sealed IS NOT NULL) = (token_id IS NULL AND state = 'waiting'));

-- Claiming: mails that were never tried come first, however many others wait.
DROP INDEX mails_claimable;
CREATE INDEX mails_claimable ON mails (tried, due_at, id) WHERE state = 'waiting';
-- Ending what has waited for too long.
CREATE INDEX mails_expiring ON mails (expires_at) WHERE state = 'waiting';
