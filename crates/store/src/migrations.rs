//! The schema, numbered. A released file is never edited: its checksum is in every database that has run it.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Brings a SQLite file up to date.
pub(crate) fn sqlite() -> Migrator {
    migrator(&[
        (1, "accounts", include_str!("../migrations/sqlite/0001_accounts.sql")),
        (2, "functions", include_str!("../migrations/sqlite/0002_functions.sql")),
    ])
}

/// Brings a PostgreSQL database up to date. Nodes that start together take turns under an advisory lock.
pub(crate) fn postgres() -> Migrator {
    migrator(&[
        (1, "accounts", include_str!("../migrations/postgres/0001_accounts.sql")),
        (
            2,
            "functions",
            include_str!("../migrations/postgres/0002_functions.sql"),
        ),
    ])
}

fn migrator(files: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}
