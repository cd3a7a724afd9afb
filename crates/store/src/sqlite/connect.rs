//! Opening the database file.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{db, failure, on_a_waiting_thread};
use crate::error::Failure;

/// How long to wait for a lock on the file. Only a backup or an operator's shell can hold one.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How many compiled statements a connection keeps: more than there are.
const STATEMENTS: usize = 200;

/// How to open the file.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    pub(super) path: PathBuf,
    pub(super) purpose: Purpose,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Migration,
    Copying,
    Reading,
    /// Never waits for a lock on the file: the writer does that, on a thread that may block.
    Writing,
}

impl Connect {
    pub(super) async fn open(&self) -> Result<Connection, Failure> {
        let connect = self.clone();
        on_a_waiting_thread(move || connect.open_now().map_err(|error| failure(&error))).await?
    }

    fn open_now(&self) -> db::Result<Connection> {
        // Each connection is used by one thread at a time, so SQLite need not lock it. The file was made before.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        #[cfg(test)]
        super::plans::watch(&connection);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // An acknowledged change survives a power cut: every commit is synced.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A log that one long read made large is cut back.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        match self.purpose {
            Purpose::Migration | Purpose::Copying => {}
            Purpose::Reading => connection.pragma_update(None, "query_only", true)?,
            Purpose::Writing => connection.busy_timeout(Duration::ZERO)?,
        }
        Ok(connection)
    }
}
