//! Bringing the schema up to date. The table of applied migrations is sqlx's: sqlx migrated the files of older
//! versions, and still migrates PostgreSQL.

use rusqlite::{Connection, OptionalExtension as _, params};
use sqlx::migrate::Migration;

use super::connect::Connect;
use super::{db, failure, on_a_waiting_thread};
use crate::error::Failure;
use crate::migrations;

const DONE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Applies the missing migrations. It refuses a file that a newer program has migrated, or whose migrations differ.
pub(super) async fn run(connect: Connect) -> Result<(), Failure> {
    let mut connection = connect.open().await?;
    on_a_waiting_thread(move || {
        let migrations = migrations::sqlite();
        let known: Vec<&Migration> = migrations.iter().collect();
        connection.execute_batch(DONE).map_err(unreadable)?;
        refuse_strange_past(&connection, &known)?;
        for migration in known {
            apply(&mut connection, migration)?;
        }
        Ok(())
    })
    .await?
}

fn refuse_strange_past(connection: &Connection, known: &[&Migration]) -> Result<(), Failure> {
    let newest: Option<i64> = connection
        .query_row("SELECT MAX(version) FROM _sqlx_migrations", [], |row| row.get(0))
        .map_err(unreadable)?;
    let ours = known.last().map_or(0, |migration| migration.version);
    match newest {
        Some(version) if version > ours => Err(Failure::unexpected(format!(
            "the database has schema {version}, which only a newer doorward knows"
        ))),
        _ => Ok(()),
    }
}

fn apply(connection: &mut Connection, migration: &Migration) -> Result<(), Failure> {
    let version = migration.version;
    let done: Option<(bool, Vec<u8>)> = connection
        .query_row(
            "SELECT success, checksum FROM _sqlx_migrations WHERE version = ?1",
            [version],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(unreadable)?;
    match done {
        Some((true, checksum)) if *checksum == *migration.checksum => return Ok(()),
        Some((true, _)) => {
            return Err(Failure::unexpected(format!(
                "schema {version} of the database is not the one that this doorward knows"
            )));
        }
        Some((false, _)) => {
            return Err(Failure::unexpected(format!(
                "schema {version} of the database is half done"
            )));
        }
        None => {}
    }
    let transaction = connection.transaction().map_err(unreadable)?;
    transaction.execute_batch(migration.sql.as_str()).map_err(unreadable)?;
    let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES (?1, ?2, TRUE, ?3, 0)";
    transaction
        .execute(insert, params![version, &*migration.description, &*migration.checksum])
        .map_err(unreadable)?;
    transaction.commit().map_err(unreadable)
}

fn unreadable(error: rusqlite::Error) -> Failure {
    failure(&db::Error::Sqlite(error))
}
