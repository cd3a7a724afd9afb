//! What is particular to SQLite: one file, one server, and writers that take turns on one connection.

mod file;
mod readers;
#[path = "sql/mod.rs"]
mod sql;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::StoreError;
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::Failure;
use crate::{StoreMetrics, migrations};
use readers::{Reader, Readers};
use sql::store_error;
use writer::{Turn, Writer};

type Db = Sqlite;
type Database = SqliteStore;

// There is one writer, so there is nobody to lock rows against.
const FOR_SHARE: &str = "";
const FOR_UPDATE: &str = "";
const SKIP_LOCKED: &str = "";

/// How to open a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How many reads run at once.
    pub readers: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4 }
    }
}

/// A SQLite file, held by this process alone. Clones share it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    writer: Writer,
    readers: Readers,
    metrics: StoreMetrics,
    lock: File,
}

impl SqliteStore {
    /// Opens the file, or makes it, readable by its owner only, and brings its schema up to date.
    /// A file that another server holds is refused.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let lock = file::create_and_lock(path)?;
        let metrics = StoreMetrics::default();
        let connect = connect_options(path);
        migrate(&connect).await?;
        let readers = Readers::new(connect.clone().pragma("query_only", "ON"), options.readers);
        let writer = Writer::new(connect, metrics.clone());
        Ok(Self(Arc::new(Inner {
            writer,
            readers,
            metrics,
            lock,
        })))
    }

    /// What it measures.
    pub fn metrics(&self) -> &StoreMetrics {
        &self.0.metrics
    }

    /// Finishes the commit that is under way, closes the file and lets another server open it. Every later call is refused.
    pub async fn close(&self) {
        self.0.readers.close().await;
        // Last, because the last connection to close folds the log into the file.
        self.0.writer.close().await;
        if let Err(error) = self.0.lock.unlock() {
            tracing::warn!(%error, "the lock of the database file could not be released");
        }
    }

    async fn turn(&self) -> Result<Turn, StoreError> {
        self.0.writer.begin().await
    }

    async fn reader(&self) -> Result<Reader, StoreError> {
        self.0.readers.get().await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore(..)")
    }
}

/// A local file answers or fails; there is nothing to wait for that a time limit could end.
async fn in_time<T>(statement: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    statement.await
}

/// Codes of failures that may pass: busy, locked, no memory, interrupted, I/O error, full, cannot open, locking protocol.
fn may_pass(code: &str) -> bool {
    // The low byte is the error; the rest refines it.
    let primary = code.parse::<u32>().unwrap_or_default() & 0xff;
    matches!(primary, 5 | 6 | 7 | 9 | 10 | 13 | 14 | 15)
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged change survives a power cut: every commit is synced.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Only a backup or a curious operator can be in the way.
        .busy_timeout(Duration::from_secs(5))
        // A log that one long read made large is cut back.
        .pragma("journal_size_limit", "67108864")
}

async fn migrate(connect: &SqliteConnectOptions) -> Result<(), StoreError> {
    let alone = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(connect.clone())
        .await;
    let alone = alone.map_err(|error| store_error(&error))?;
    migrations::sqlite()
        .run(&alone)
        .await
        .map_err(|error| Failure::of_migration(&error, may_pass))?;
    alone.close().await;
    Ok(())
}
