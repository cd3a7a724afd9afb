-- The metrics: how many mails are in each state.
CREATE INDEX mails_by_state ON mails (state);
