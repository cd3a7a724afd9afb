//! The schema, as numbered files. A released file is never edited: each database that ran it holds its checksum.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Every file, for the directory of one database.
macro_rules! files {
    ($database:literal) => {
        &[
            (1, "accounts", file!($database, "0001_accounts")),
            (2, "functions", file!($database, "0002_functions")),
            (
                3,
                "identities and triggers",
                file!($database, "0003_identities_and_triggers"),
            ),
            (4, "trigger queues", file!($database, "0004_trigger_queues")),
            (5, "mails by state", file!($database, "0005_mails_by_state")),
            (
                6,
                "profiles of identities",
                file!($database, "0006_profiles_of_identities"),
            ),
            (7, "links that last", file!($database, "0007_links_that_last")),
            (8, "limits", file!($database, "0008_limits")),
        ]
    };
}

macro_rules! file {
    ($database:literal, $name:literal) => {
        include_str!(concat!("../migrations/", $database, "/", $name, ".sql"))
    };
}

/// The schema of a SQLite file.
pub(crate) fn sqlite() -> Migrator {
    migrator(files!("sqlite"))
}

/// The schema of a PostgreSQL database. Nodes that start together take turns under an advisory lock.
pub(crate) fn postgres() -> Migrator {
    migrator(files!("postgres"))
}

fn migrator(files: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}
