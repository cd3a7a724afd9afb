//! What is particular to PostgreSQL: a pool of connections, row locks, and a network that can go away.

mod errors;
mod lease;
mod pool;
#[path = "sql/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one SQL text, compiled for each database: docs/adr/0001"
)]
mod sql;
mod url;

use std::fmt;
use std::time::{Duration, Instant};

use doorward_core::StoreError;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use crate::{StoreMetrics, migrations};
use errors::{failure, failure_to_migrate};
use lease::{Reader, Turn};
use pool::{Connector, Pool, check_writable};
pub use url::{PostgresUrl, PostgresUrlError};

/// The names of sqlx that the SQL is written with.
mod db {
    pub(super) use sqlx::postgres::PgRow as Row;
    pub(super) use sqlx::{
        AssertSqlSafe, Error, PgConnection as Connection, Postgres as Db, QueryBuilder, Result, Row as ReadRow, query,
    };
}

type Database = PostgresStore;

/// Other transactions may share the rows, and wait before they change or delete them.
const FOR_SHARE: &str = "FOR SHARE";
const FOR_UPDATE: &str = "FOR UPDATE";
/// Workers skip rows that another worker is claiming.
const SKIP_LOCKED: &str = "FOR UPDATE SKIP LOCKED";

/// Nothing: the planner chooses an index by its statistics.
fn by_index(_: &str) -> String {
    String::new()
}

/// The texts in a JSON array, as rows.
fn texts_in(parameter: &str) -> String {
    format!("SELECT json_array_elements_text({parameter}::json)")
}

/// How long an answer may take before the connection is given up. It stands in for TCP keep-alive, which the driver
/// does not offer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How many connections there are, and how long a call waits for one.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The most connections that this process opens.
    pub max_connections: u32,
    /// How long a call may wait for a connection, opening one included, before the answer is that the database is
    /// unavailable.
    pub acquire_timeout: Duration,
    /// Which clock decides what is due and what has lapsed.
    pub clock: PostgresClock,
}

/// Which clock decides what is due and what has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostgresClock {
    /// The clock of the database, so that nodes whose own clocks differ agree.
    Database,
    /// The clock of the caller, for tests that move it.
    Caller,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(2),
            clock: PostgresClock::Database,
        }
    }
}

/// A PostgreSQL database, shared with other servers. Clones share the connections.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Pool,
    clock: PostgresClock,
    metrics: StoreMetrics,
}

impl PostgresStore {
    /// Connects to the host that takes writes, and brings the schema up to date.
    pub async fn connect(url: &PostgresUrl, options: PostgresOptions) -> Result<Self, StoreError> {
        let connector = Connector::new(url, &options);
        // Before there is a pool, which would try for a while.
        Box::pin(migrate(connector.connect().await?)).await?;
        let pool = Pool::new(connector, &options)?;
        // The first request need not wait for a connection.
        drop(pool.get().await?);
        Ok(Self {
            pool,
            clock: options.clock,
            metrics: StoreMetrics::default(),
        })
    }

    /// What it measures.
    pub fn metrics(&self) -> &StoreMetrics {
        &self.metrics
    }

    /// Waits for the calls in flight and closes the connections. It refuses every later call.
    pub async fn close(&self) {
        if timeout(ANSWER_TIMEOUT, self.pool.close()).await.is_err() {
            tracing::warn!("the database connections did not close in time");
        }
    }

    async fn turn(&self) -> Result<Turn, StoreError> {
        let arrived = Instant::now();
        let connection = self.pool.get().await?;
        self.metrics.waited(arrived.elapsed());
        Turn::begin(connection, self.clock, self.metrics.clone()).await
    }

    async fn reader(&self) -> Result<Reader, StoreError> {
        let connection = self.pool.get().await?;
        Ok(Reader::new(connection, self.clock))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore(..)")
    }
}

/// Bounds how long a caller waits for a database that has gone away without closing the connection.
async fn in_time<T>(statement: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(ANSWER_TIMEOUT, statement).await.unwrap_or_else(|_| {
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database did not answer in time").into())
    })
}

/// Brings the schema up to date on a connection of its own, without a time limit: a migration, or the wait for another
/// node's, may take long.
async fn migrate(mut alone: PgConnection) -> Result<(), StoreError> {
    // `run` would do, but the future of `run` on a connection cannot be sent to a thread (rust-lang/rust#100013).
    let migrated = migrations::postgres().run_direct(None, &mut alone, false).await;
    migrated.map_err(|error| failure_to_migrate(&error))?;
    // The server notices a connection that cannot say good-bye, too.
    _ = alone.close().await;
    Ok(())
}
