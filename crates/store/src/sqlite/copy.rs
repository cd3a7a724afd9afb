//! A consistent copy of a database file that may be in use.

use std::path::Path;

use doorward_core::StoreError;
use rusqlite::{Connection, InterruptHandle, OpenFlags};

use super::connect::{Connect, Purpose};
use super::{SqliteStore, db, failure, file, on_a_waiting_thread};
use crate::error::Failure;
use crate::migrations;

impl SqliteStore {
    /// Writes a copy of the database, as it is at one moment, into an empty file that is there already.
    ///
    /// Writers go on meanwhile: the copy is made within one read transaction on a connection of its own. It takes
    /// about 2 s for each GB, and until it is done, SQLite's log grows by what is written. The copy ends with its
    /// caller. It returns the version of the schema.
    pub async fn copy_to(&self, target: &Path) -> Result<i64, StoreError> {
        Ok(copy(&self.0.path, target).await?)
    }

    /// Copies, as [`Self::copy_to`] does, a file that no server has open, without bringing its schema up to date. It
    /// refuses a file that is not there, and holds the file's lock meanwhile.
    pub async fn copy_closed(source: &Path, target: &Path) -> Result<i64, StoreError> {
        let _lock = file::lock_existing(source)?;
        Ok(copy(source, target).await?)
    }

    /// Reads all of a database file that is not in use: whether it is whole, and the version of its schema. The error
    /// says what is wrong.
    pub async fn verify(path: &Path) -> Result<i64, StoreError> {
        let path = path.to_owned();
        Ok(on_a_waiting_thread(move || verify_now(&path)).await??)
    }

    /// The newest version of the schema that this program knows.
    pub fn newest_schema() -> i64 {
        migrations::sqlite()
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default()
    }
}

async fn copy(source: &Path, target: &Path) -> Result<i64, Failure> {
    let Some(target) = target.to_str().map(str::to_owned) else {
        return Err(Failure::unexpected("the path of the copy is not UTF-8"));
    };
    let connect = Connect {
        path: source.to_owned(),
        purpose: Purpose::Copying,
    };
    let connection = connect.open().await?;
    let _stop = StopOnDrop(connection.get_interrupt_handle());
    // SQLite's backup interface would start anew at every commit of another connection.
    on_a_waiting_thread(move || {
        let schema = schema_of(&connection)?;
        connection.execute("VACUUM INTO ?1", [target]).map_err(sorted)?;
        Ok(schema)
    })
    .await?
}

/// Ends a statement whose caller has gone away. A process waits for its threads before it ends.
struct StopOnDrop(InterruptHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

fn verify_now(path: &Path) -> Result<i64, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sorted)?;
    let first = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
    let verdict = first("PRAGMA integrity_check(1)").map_err(sorted)?;
    if verdict != "ok" {
        return Err(Failure::unexpected(format!("the database is damaged: {verdict}")));
    }
    match first("PRAGMA foreign_key_check") {
        Err(rusqlite::Error::QueryReturnedNoRows) => {}
        Ok(table) => {
            let message = format!("the database is damaged: a row of {table} refers to one that is missing");
            return Err(Failure::unexpected(message));
        }
        Err(error) => return Err(sorted(error)),
    }
    schema_of(&connection)
}

fn schema_of(connection: &Connection) -> Result<i64, Failure> {
    let version = connection.query_row("SELECT MAX(version) FROM _sqlx_migrations", [], |row| row.get(0));
    version.map_err(sorted)
}

fn sorted(error: rusqlite::Error) -> Failure {
    failure(&db::Error::Sqlite(error))
}
