//! The SQL, written once. `sqlite.rs` and `postgres.rs` each compile this directory for their own `Db`.
//!
//! Each file implements one subject's traits of `doorward_core::store`, the reads for every [`Statements`], the writes
//! for a [`Transaction`].
//!
//! A transaction that changes an account locks its rows in this order, so that no two transactions wait for each other:
//! registration or identity, then user, then tokens, sessions and mails, and last the queue of the user's events.

mod apps;
mod claims;
mod epochs;
mod identities;
mod limits;
mod outbox;
mod registrations;
mod retention;
mod rows;
mod sessions;
mod statements;
mod times;
mod tokens;
mod triggers;
mod users;

use doorward_core::StoreError;

pub(super) use statements::{Lease, Statements, Transaction};

use super::db::{Connection, Db, Row};
use super::{FOR_SHARE, FOR_UPDATE, SKIP_LOCKED, by_index, check_writable, db, texts_in};

/// Translates a driver's error into an error of the contract.
pub(super) fn store_error(error: &db::Error) -> StoreError {
    super::failure(error).into()
}
