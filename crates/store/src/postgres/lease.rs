//! Connections while they are out of the pool. A connection whose state is unknown is mended or closed, and never goes
//! back to the pool as it is.

use std::time::Duration;

use doorward_core::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, raw_sql};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::in_time;
use super::sql::{Lease, store_error};
use crate::StoreMetrics;
use crate::error::Failure;

/// How long mending may take; a new connection is cheaper than a longer wait.
const MEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection for reads.
pub(super) struct Reader(Pooled);

impl Reader {
    pub(super) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(Pooled {
            connection: Some(connection),
            mend: "SELECT 1",
            clean: true,
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
}

/// A write transaction. Dropped without a commit it is rolled back.
pub(super) struct Turn {
    pooled: Pooled,
    sound: bool,
    metrics: StoreMetrics,
}

impl Turn {
    pub(super) async fn begin(connection: PoolConnection<Postgres>, metrics: StoreMetrics) -> Result<Self, StoreError> {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "ROLLBACK",
            clean: false,
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
        in_time(raw_sql(sql).execute(connection))
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}

impl Lease for Turn {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.pooled.connection()
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.sound
    }
}

/// A connection of the pool, which mends the connection unless it comes back clean.
struct Pooled {
    /// Only taken by drop.
    connection: Option<PoolConnection<Postgres>>,
    /// The statement that brings the connection back from an unknown state.
    mend: &'static str,
    /// Whether it is known that no statement is in flight and no transaction is open.
    clean: bool,
}

impl Pooled {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = self.connection.as_deref_mut();
        Ok(connection.ok_or_else(|| Failure::unavailable("the connection was lost"))?)
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let (Some(connection), false, Ok(runtime)) = (self.connection.take(), self.clean, Handle::try_current()) {
            runtime.spawn(mend(connection, self.mend));
        }
    }
}

/// Waits for the answer to the statement in flight, then mends the connection. One that cannot do that in time is
/// closed, and the server rolls back when it notices.
async fn mend(mut connection: PoolConnection<Postgres>, sql: &'static str) {
    let mended = timeout(MEND_TIMEOUT, raw_sql(sql).execute(&mut *connection)).await;
    if !matches!(mended, Ok(Ok(_))) {
        drop(connection.detach());
    }
}
