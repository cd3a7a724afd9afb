//! The mail crate from outside: the texts of mails, their way to a relay, and the worker when attempts fail.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod claims;
mod compose;
mod flood;
mod function_mail;
mod running;
mod smtp_security;
mod smtp_trouble;
mod support;
mod worker;
