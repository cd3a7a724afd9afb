//! What is particular to SQLite: one file, one server, and writers that take turns on one connection.

mod connect;
mod copy;
mod db;
mod file;
mod migrate;
#[cfg(test)]
mod plans;
mod readers;
#[path = "sql/mod.rs"]
mod sql;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_core::{Causes, StoreError};

use crate::StoreMetrics;
use crate::error::Failure;
use connect::{Connect, Purpose};
pub use file::NewFileLock;
use readers::{Reader, Readers};
use writer::{Turn, Writer};

type Database = SqliteStore;

// There is one writer, so no row needs a lock.
const FOR_SHARE: &str = "";
const FOR_UPDATE: &str = "";
const SKIP_LOCKED: &str = "";

/// Names the index that a query must use. The planner keeps no statistics, and with another index a query over the
/// outbox would read all of it.
fn by_index(name: &str) -> String {
    format!("INDEXED BY {name}")
}

/// The texts in a JSON array, as rows.
fn texts_in(parameter: &str) -> String {
    format!("SELECT value FROM json_each({parameter})")
}

/// How to open a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How many reads run in parallel.
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
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    metrics: StoreMetrics,
    lock: File,
}

impl SqliteStore {
    /// Opens the file, or makes it, readable by its owner only, and brings its schema up to date.
    /// It refuses a file that another server has open.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let lock = file::create_and_lock(path)?;
        let metrics = StoreMetrics::default();
        let connect = |purpose| Connect {
            path: path.to_owned(),
            purpose,
        };
        migrate::run(connect(Purpose::Migration)).await?;
        let readers = Readers::new(connect(Purpose::Reading), options.readers);
        let writer = Writer::new(connect(Purpose::Writing), metrics.clone());
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            writer,
            readers,
            metrics,
            lock,
        })))
    }

    /// The metrics of the store.
    pub fn metrics(&self) -> &StoreMetrics {
        &self.0.metrics
    }

    /// Finishes the commit in flight, closes the file and lets another server open it. It refuses every later call.
    pub async fn close(&self) {
        self.0.readers.close();
        // Last, because the last connection to close folds the log into the file.
        self.0.writer.close().await;
        if let Err(error) = self.0.lock.unlock() {
            tracing::warn!(error = %Causes(&error), "the lock of the database file could not be released");
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

/// Sets no limit: a local file answers or fails, and statements do not wait for anything.
async fn in_time<T>(statement: impl Future<Output = db::Result<T>>) -> db::Result<T> {
    statement.await
}

/// Nothing to check: only this process has the file, and the first write shows whether its disk takes it.
async fn check_writable(_: &mut db::Connection) -> db::Result<()> {
    Ok(())
}

/// Sorts a driver's error, without the data that the driver might quote.
fn failure(error: &db::Error) -> Failure {
    let db::Error::Sqlite(error) = error else {
        return Failure::unexpected(error.to_string());
    };
    let rusqlite::Error::SqliteFailure(code, text) = error else {
        return Failure::unexpected(error.to_string());
    };
    let text = text.clone().unwrap_or_else(|| code.to_string());
    let message = format!("{text} (code {})", code.extended_code);
    if may_pass(code.extended_code) {
        Failure::unavailable(message)
    } else {
        Failure::unexpected(message)
    }
}

/// Codes of failures that may pass: busy, locked, no memory, interrupted, I/O error, full, cannot open, locking
/// protocol.
fn may_pass(code: i32) -> bool {
    // The low byte is the error; the other bytes refine it.
    matches!(code & 0xff, 5 | 6 | 7 | 9 | 10 | 13 | 14 | 15)
}

/// Does work that waits for the disk on a thread that may block.
async fn on_a_waiting_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Failure::unavailable("the server is shutting down"))
}
