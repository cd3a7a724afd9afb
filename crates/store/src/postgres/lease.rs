//! Connections while they are out of the pool. A connection whose state is unknown is mended or closed, and never goes
//! back to the pool as it is.

use std::time::Duration;

use doorward_core::{StoreError, Timestamp};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Row as _, raw_sql};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::sql::{Lease, store_error};
use super::{PostgresClock, in_time};
use crate::StoreMetrics;
use crate::error::Failure;

/// How long mending may take; a new connection is cheaper than a longer wait.
const MEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks for the time. `now()` would be that of the beginning of the transaction.
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";
/// Begins a transaction. The level is explicit, because every statement is written for it, whatever the database's
/// default is.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// Begins a transaction and asks for the time, in one round trip.
const BEGIN_WITH_CLOCK: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// A connection for reads.
pub(super) struct Reader {
    pooled: Pooled,
    clock: PostgresClock,
}

impl Reader {
    pub(super) fn new(connection: PoolConnection<Postgres>, clock: PostgresClock) -> Self {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "SELECT 1",
            clean: true,
        };
        Self { pooled, clock }
    }
}

impl Lease for Reader {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.pooled.connection()
    }

    fn clock(&self) -> Option<&'static str> {
        (self.clock == PostgresClock::Database).then_some(CLOCK)
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.pooled.clean
    }
}

/// A write transaction. Dropped without a commit it is rolled back.
pub(super) struct Turn {
    pooled: Pooled,
    sound: bool,
    began_at: Option<Timestamp>,
    metrics: StoreMetrics,
}

impl Turn {
    pub(super) async fn begin(
        connection: PoolConnection<Postgres>,
        clock: PostgresClock,
        metrics: StoreMetrics,
    ) -> Result<Self, StoreError> {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "ROLLBACK",
            clean: false,
        };
        let mut turn = Self {
            pooled,
            sound: true,
            began_at: None,
            metrics,
        };
        match clock {
            PostgresClock::Caller => turn.execute(BEGIN).await?,
            PostgresClock::Database => {
                let rows = in_time(raw_sql(BEGIN_WITH_CLOCK).fetch_all(turn.pooled.connection()?)).await;
                let now = rows.and_then(|rows| rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get("now"));
                turn.began_at = Some(Timestamp::from_millis(now.map_err(|error| store_error(&error))?));
            }
        }
        Ok(turn)
    }

    /// The database's time when the transaction began; `None` where the caller's clock decides.
    pub(super) fn began_at(&self) -> Option<Timestamp> {
        self.began_at
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

    fn clock(&self) -> Option<&'static str> {
        self.began_at.map(|_| CLOCK)
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
