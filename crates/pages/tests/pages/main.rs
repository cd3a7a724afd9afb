//! The pages through their router, over a real database: what people read, and what must never happen.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod confirm;
mod mailbox;
mod reset;
mod safety;
mod setup;
mod trouble;
mod visible;
