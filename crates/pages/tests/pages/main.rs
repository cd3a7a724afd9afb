//! The pages through their router, over a real database: their texts, and what must never happen on them.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod confirm;
mod mailbox;
mod reset;
mod safety;
mod setup;
mod trouble;
mod visible;
