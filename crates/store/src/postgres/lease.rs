//! Connections while they are out of the pool. A connection whose state is unknown is mended or closed, and never goes
//! back to the pool as it is.

use std::time::Duration;

use doorward_core::{StoreError, Timestamp};
use sqlx::{PgConnection, Row as _, raw_sql};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::errors::ends_connection;
use super::pool::Lent;
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
    pub(super) fn new(connection: Lent, clock: PostgresClock) -> Self {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "SELECT 1",
            clean: true,
            lost: false,
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

    fn failed(&mut self, error: &sqlx::Error) {
        self.pooled.failed(error);
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
        connection: Lent,
        clock: PostgresClock,
        metrics: StoreMetrics,
    ) -> Result<Self, StoreError> {
        let pooled = Pooled {
            connection: Some(connection),
            mend: "ROLLBACK",
            clean: false,
            lost: false,
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

    fn clock(&self) -> Option<&'static str> {
        self.began_at.map(|_| CLOCK)
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
