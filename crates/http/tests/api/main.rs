//! The client API as transcripts: what a client sends, and the answer it gets, over the real router and a real
//! database. The numbers in names are explained in `docs/numbered-cases.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod support;

mod bad_input;
mod busy;
mod confirm;
mod cors;
mod delete;
mod error_table;
mod failures;
mod fixation;
mod flood;
mod headers;
mod isolation;
mod later;
mod limits;
mod link_base;
mod location;
mod log_out;
mod login;
mod logs;
mod mailed_tokens;
mod profile;
mod refresh;
mod register;
mod replaced;
mod resend;
mod reset;
mod reset_call;
mod reset_send;
mod retry;
mod routes;
mod stale_links;
mod token_purposes;
mod token_spelling;
mod tokens;
mod transport;
mod type_juggling;
