//! Connections while they are out of the pool. One whose state is unknown is mended or thrown away, never given back as it is.

use std::time::Duration;

use doorward_core::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, raw_sql};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::in_time;
use super::sql::store_error;
use crate::StoreMetrics;
use crate::error::Failure;

/// How long mending may take; a new connection is cheaper than a longer wait.
const MEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection for one read.
pub(super) struct Reader(Lease);

impl Reader {
    pub(super) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(Lease {
            connection: Some(connection),
            mend: "SELECT 1",
            sound: true,
        })
    }

    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.0.sound = false;
        self.0.connection()
    }

    pub(super) fn settle<T>(&mut self, answer: sqlx::Result<T>) -> Result<T, StoreError> {
        self.0.sound = answer.is_ok();
        answer.map_err(|error| store_error(&error))
    }
}

/// A write transaction. Dropped without a commit it is rolled back.
pub(super) struct Turn {
    lease: Lease,
    metrics: StoreMetrics,
}

impl Turn {
    pub(super) async fn begin(connection: PoolConnection<Postgres>, metrics: StoreMetrics) -> Result<Self, StoreError> {
        let lease = Lease {
            connection: Some(connection),
            mend: "ROLLBACK",
            sound: false,
        };
        let mut turn = Self { lease, metrics };
        // Said aloud: every statement is written for this level, whatever the database's default is.
        turn.execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        Ok(turn)
    }

    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.lease.connection()
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute("COMMIT").await?;
        self.lease.sound = true;
        self.metrics.committed(1);
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection = self.lease.connection()?;
        in_time(raw_sql(sql).execute(connection))
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}

struct Lease {
    /// Only taken by drop.
    connection: Option<PoolConnection<Postgres>>,
    /// What brings it back from an unknown state.
    mend: &'static str,
    /// Whether its state is known: nothing is under way and no transaction is open.
    sound: bool,
}

impl Lease {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = self.connection.as_deref_mut();
        Ok(connection.ok_or_else(|| Failure::unavailable("the connection was lost"))?)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(connection), false, Ok(runtime)) = (self.connection.take(), self.sound, Handle::try_current()) {
            runtime.spawn(mend(connection, self.mend));
        }
    }
}

/// Waits for the answer to what was under way, then rolls back. A connection that cannot do that in time is closed, and the server
/// rolls back when it notices.
async fn mend(mut connection: PoolConnection<Postgres>, sql: &'static str) {
    let mended = timeout(MEND_TIMEOUT, raw_sql(sql).execute(&mut *connection)).await;
    if !matches!(mended, Ok(Ok(_))) {
        drop(connection.detach());
    }
}
