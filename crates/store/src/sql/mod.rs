//! The SQL, written once. `sqlite.rs` and `postgres.rs` each compile this directory for their own `Db`.
//!
//! Whoever changes an account locks its rows in this order, so that no two transactions wait for each other:
//! registration or identity, user, then tokens, sessions and mails.

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

use super::{Db, FOR_SHARE, FOR_UPDATE, SKIP_LOCKED};
use crate::error::Failure;

type Connection = <Db as sqlx::Database>::Connection;
type Row = <Db as sqlx::Database>::Row;

/// What went wrong, in the words of the contract.
pub(super) fn store_error(error: &sqlx::Error) -> StoreError {
    failure(error).into()
}

pub(super) fn failure(error: &sqlx::Error) -> Failure {
    Failure::new(error, super::may_pass)
}
