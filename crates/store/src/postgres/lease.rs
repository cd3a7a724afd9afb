//! Connections while they are out of the pool. A connection whose state is unknown is mended or closed, and never goes
//! back to the pool as it is.

use std::time::Duration;

use doorward_core::StoreError;
use sqlx::{PgConnection, raw_sql};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::errors::ends_connection;
use super::in_time;
use super::pool::Lent;
use super::sql::{Lease, store_error};
use crate::StoreMetrics;
use crate::error::Failure;

/// How long mending may take; a new connection is cheaper than a longer wait.
const MEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection for reads.
pub(super) struct Reader(Pooled);

impl Reader {
    pub(super) fn new(connection: Lent) -> Self {
        Self(Pooled {
            connection: Some(connection),
            mend: "SELECT 1",
            clean: true,
            lost: false,
        })
    }
}

impl Lease for Reader {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.0.connection()
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.0.clean
    }

    fn failed(&mut self, error: &sqlx::Error) {
        self.0.failed(error);
    }
}

/// A write transaction. Dropped without a commit it is rolled back.
pub(super) struct Turn {
    pooled: Pooled,
    sound: bool,
    metrics: StoreMetrics,
}

impl Turn {
    pub(super) async fn begin(connection: Lent, metrics: StoreMetrics) -> Result<Self, StoreError> {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "ROLLBACK",
            clean: false,
            lost: false,
        };
        let mut turn = Self {
            pooled,
            sound: true,
            metrics,
        };
        // Explicit, because every statement is written for this level, whatever the database's default is.
        turn.execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        Ok(turn)
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute("COMMIT").await?;
        self.pooled.clean = true;
        self.metrics.committed(1);
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection = self.pooled.connection()?;
        let executed = in_time(raw_sql(sql).execute(connection)).await;
        executed.map(|_| ()).map_err(|error| {
            self.pooled.failed(&error);
            store_error(&error)
        })
    }
}

impl Lease for Turn {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.pooled.connection()
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.sound
    }

    fn failed(&mut self, error: &sqlx::Error) {
        self.pooled.failed(error);
    }
}

/// A connection of the pool, which mends the connection unless it comes back clean, and closes it if it is lost.
struct Pooled {
    /// Only taken by drop.
    connection: Option<Lent>,
    /// The statement that brings the connection back from an unknown state.
    mend: &'static str,
    /// Whether it is known that no statement is in flight and no transaction is open.
    clean: bool,
    /// Whether an error has ended the connection.
    lost: bool,
}

impl Pooled {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = self.connection.as_mut().map(Lent::connection);
        Ok(connection.ok_or_else(|| Failure::unavailable("the connection was lost"))?)
    }

    fn failed(&mut self, error: &sqlx::Error) {
        self.lost |= ends_connection(error);
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.lost {
            connection.discard_as_lost();
        } else if !self.clean {
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(mend(connection, self.mend))),
                Err(_) => connection.discard(),
            }
        }
    }
}

/// Waits for the answer to the statement in flight, then mends the connection. One that cannot do that in time is
/// closed, and the server rolls back when it notices.
async fn mend(mut connection: Lent, sql: &'static str) {
    match timeout(MEND_TIMEOUT, raw_sql(sql).execute(connection.connection())).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) if ends_connection(&error) => connection.discard_as_lost(),
        Ok(Err(_)) | Err(_) => connection.discard(),
    }
}
