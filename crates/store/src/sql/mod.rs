//! The SQL, written once. `sqlite.rs` and `postgres.rs` each compile this directory for their own `Db`.
//!
//! Whoever changes an account locks its rows in this order, so that no two transactions wait for each other:
//! registration or identity, user, then tokens, sessions and mails, and the queue of the user's events last.

mod apps;
mod identities;
mod outbox;
mod reads;
mod registrations;
mod retention;
mod rows;
mod sessions;
mod tokens;
mod triggers;
mod tx;
mod users;

use doorward_core::StoreError;

pub(super) use tx::Transaction;

use super::db::{Connection, Db, Row};
use super::{FOR_SHARE, FOR_UPDATE, SKIP_LOCKED, db, texts_in};

/// What went wrong, in the words of the contract.
pub(super) fn store_error(error: &db::Error) -> StoreError {
    super::failure(error).into()
}
