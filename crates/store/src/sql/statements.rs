//! A connection that the database lent, and the one way to run statements on it.

use async_trait::async_trait;
use doorward_core::store::Reads;
use doorward_core::{Store, StoreError, Tx};

use super::super::{Database, Turn, in_time};
use super::{Connection, db, store_error};
use crate::error::Failure;

/// A connection on loan: a reader, or a writer's turn. It goes back when it is dropped.
pub(crate) trait Lease: Send {
    /// The connection.
    fn connection(&mut self) -> Result<&mut Connection, StoreError>;

    /// The statement that asks the database for its time, as `now`; `None` where the caller's clock decides.
    fn clock(&self) -> Option<&'static str> {
        None
    }

    /// Whether every statement so far has answered. It is false while one runs, and so stays false if the caller goes
    /// away meanwhile. The lease does not hand an unsound connection to its next user as it is.
    fn sound(&mut self) -> &mut bool;

    /// Learns why a statement failed, for a database whose connections can be lost.
    fn failed(&mut self, _: &db::Error) {}
}

/// Everything that can be asked of a lease.
pub(crate) struct Statements<L> {
    lease: L,
}

/// A write transaction.
pub(crate) type Transaction = Statements<Turn>;

impl<L: Lease> Statements<L> {
    pub(crate) fn new(lease: L) -> Self {
        Self { lease }
    }

    pub(super) fn lease(&self) -> &L {
        &self.lease
    }

    /// Runs the statements of one method, in order. Once they failed or were abandoned, the lease is of no more use:
    /// half of a change must not be committed, and PostgreSQL would even answer such a commit with success.
    pub(super) async fn run<T>(
        &mut self,
        statements: impl AsyncFnOnce(&mut Connection) -> db::Result<T>,
    ) -> Result<T, StoreError> {
        self.refuse_if_unsound()?;
        *self.lease.sound() = false;
        let answer = in_time(statements(self.lease.connection()?)).await;
        *self.lease.sound() = answer.is_ok();
        answer.map_err(|error| {
            self.lease.failed(&error);
            store_error(&error)
        })
    }

    fn refuse_if_unsound(&mut self) -> Result<(), StoreError> {
        if *self.lease.sound() {
            return Ok(());
        }
        Err(Failure::unavailable("an earlier statement on this connection has failed").into())
    }
}

#[async_trait]
impl Store for Database {
    async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
        Ok(Box::new(Statements::new(self.reader().await?)))
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        Ok(Box::new(Transaction::new(self.turn().await?)))
    }
}

#[async_trait]
impl Tx for Transaction {
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.refuse_if_unsound()?;
        self.lease.commit().await
    }
}
