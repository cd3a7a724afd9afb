//! The mail crate from outside: what mails say, how they travel, and what the worker does when things go wrong.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod compose;
mod function_mail;
mod running;
mod smtp_security;
mod smtp_trouble;
mod support;
mod worker;
