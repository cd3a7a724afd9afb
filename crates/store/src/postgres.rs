//! What is particular to PostgreSQL: a pool of connections, row locks, and a network that can go away.

mod lease;
#[path = "sql/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one SQL text, compiled for each database: docs/adr/0001"
)]
mod sql;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use doorward_core::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use tokio::time::timeout;

use crate::error::Failure;
use crate::{StoreMetrics, migrations};
use lease::{Reader, Turn};
use sql::store_error;

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

/// The server cancels a statement that takes longer, or waits longer for a lock, and rolls back a transaction whose
/// client has vanished. Shorter than [`ANSWER_TIMEOUT`], so that the server's own answer comes first.
const SETTINGS: &str =
    "SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'";
/// How long an answer may take before the connection is given up. It stands in for TCP keep-alive, which the driver
/// does not offer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection that was idle for longer is tested before it is used; on a busier one a statement would have failed.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How to reach a PostgreSQL database.
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
    pool: PgPool,
    clock: PostgresClock,
    metrics: StoreMetrics,
}

impl PostgresStore {
    /// Connects and brings the schema up to date. The URL holds a password: it is never shown.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|error| store_error(&error))?
            .application_name("doorward");
        probe(&connect, options.acquire_timeout).await?;
        migrate(&connect).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(|_| ()) }))
            .connect_with(connect)
            .await
            .map_err(|error| store_error(&error))?;
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
        let connection = self.pool.acquire().await.map_err(|error| store_error(&error))?;
        self.metrics.waited(arrived.elapsed());
        Turn::begin(connection, self.clock, self.metrics.clone()).await
    }

    async fn reader(&self) -> Result<Reader, StoreError> {
        self.pool
            .acquire()
            .await
            .map(|connection| Reader::new(connection, self.clock))
            .map_err(|error| store_error(&error))
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

/// Codes of failures that may pass: connection lost (08), read-only as a standby (25006), idle in a transaction for too
/// long (25P03), deadlock and the like (40), out of resources (53), lock not available (55P03), operator's
/// intervention (57).
fn may_pass(code: &str) -> bool {
    matches!(code, "25006" | "25P03" | "55P03") || ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
}

fn failure(error: &sqlx::Error) -> Failure {
    Failure::new(error, may_pass)
}

/// Connects once before there is a pool: a pool would try for a while and then not say why it failed.
async fn probe(connect: &PgConnectOptions, limit: Duration) -> Result<(), StoreError> {
    let connected = timeout(limit, PgConnection::connect_with(connect)).await;
    let connection = connected.map_err(|_| Failure::unavailable("the database did not answer in time"))?;
    connection
        .map_err(|error| store_error(&error))?
        .close()
        .await
        .map_err(|error| store_error(&error))
}

/// Brings the schema up to date on a connection of its own, without a time limit: a migration, or the wait for another
/// node's, may take long.
async fn migrate(connect: &PgConnectOptions) -> Result<(), StoreError> {
    let alone = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(connect.clone())
        .await;
    let alone = alone.map_err(|error| store_error(&error))?;
    migrations::postgres()
        .run(&alone)
        .await
        .map_err(|error| Failure::of_migration(&error, may_pass))?;
    alone.close().await;
    Ok(())
}
