//! The mail crate from outside: what mails say, how they travel, and what the worker does when things go wrong.

mod compose;
mod smtp_security;
mod smtp_trouble;
mod support;
mod worker;
