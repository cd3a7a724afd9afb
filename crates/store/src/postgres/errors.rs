//! What PostgreSQL's error codes mean: whether the same call may work later, and whether the connection is of any
//! more use.

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::error::{Failure, Kind};

/// The answer of a server that takes no writes, as an error of the driver: it closes the connection.
pub(super) fn read_only() -> sqlx::Error {
    let kind = std::io::ErrorKind::ReadOnlyFilesystem;
    std::io::Error::new(
        kind,
        "the database takes no writes: it is a standby, or was made read-only",
    )
    .into()
}

/// Sorts a driver's error, without the data that the driver might quote.
pub(super) fn failure(error: &sqlx::Error) -> Failure {
    let mut failure = Failure::new(error, kind_of);
    if code_of(error).is_some_and(|code| STATEMENTS_MIXED_UP.contains(&&*code)) {
        failure.message.push_str(
            "; a proxy between Doorward and PostgreSQL seems to share a connection between transactions: set it to \
             session pooling (pgbouncer: pool_mode = session)",
        );
    }
    failure
}

/// Sorts the error of an attempt to connect. A server that refuses the password, or lacks the database, may be one that
/// is being restored or replaced: the next attempt may reach another.
pub(super) fn failure_to_connect(error: &sqlx::Error) -> Failure {
    let failure = failure(error);
    match error {
        sqlx::Error::Configuration(_) => failure,
        _ => Failure::unavailable(failure.message),
    }
}

/// Sorts the error of a migration.
pub(super) fn failure_to_migrate(error: &MigrateError) -> Failure {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failure(error),
        MigrateError::VersionMissing(version) => Failure::unexpected(format!(
            "the database has schema {version}, which only a newer doorward knows"
        )),
        other => Failure::unexpected(other.to_string()),
    }
}

/// Whether the connection must not be used again after this error: it is broken, its server takes no writes or is
/// going away, or it no longer has the prepared statements that it should have.
pub(super) fn ends_connection(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else {
        // An error that was made on our side, such as a row that cannot be decoded, says nothing about the connection.
        return matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed
        );
    };
    let code = database.code().unwrap_or_default();
    let severity = database
        .try_downcast_ref::<PgDatabaseError>()
        .map(PgDatabaseError::severity);
    matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
        || code.starts_with("08")
        || STATEMENTS_MIXED_UP.contains(&&*code)
        || matches!(&*code, READ_ONLY | STALE_PLAN)
}

/// The transaction is read-only, as on a standby.
const READ_ONLY: &str = "25006";
/// A prepared statement was planned before a migration changed its table. A new connection prepares it anew.
const STALE_PLAN: &str = "0A000";
/// A prepared statement exists already, or not any more.
const STATEMENTS_MIXED_UP: [&str; 2] = ["42P05", "26000"];

/// 40003 (it is not known whether the statement completed) is no conflict: the transaction may have been committed.
/// May pass: connection lost (08), read-only as a standby (25006), idle in a transaction or a transaction for too long
/// (25P03, 25P04), the other rollbacks (40), out of resources (53), an object in use (55), operator's intervention
/// (57), errors of the server's system (58), and internal errors of the server or of a proxy before it (XX).
fn kind_of(code: &str) -> Kind {
    const CLASSES: [&str; 8] = ["08", "40", "53", "55", "57", "58", "72", "XX"];
    match code {
        "40001" | "40P01" => Kind::Conflict,
        READ_ONLY | STALE_PLAN | "25P03" | "25P04" => Kind::Unavailable,
        code if STATEMENTS_MIXED_UP.contains(&code) => Kind::Unavailable,
        code if CLASSES.iter().any(|class| code.starts_with(class)) => Kind::Unavailable,
        _ => Kind::Unexpected,
    }
}

fn code_of(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_our_mistake_does_not_pass() {
        for code in ["40001", "40P01"] {
            assert_eq!(kind_of(code), Kind::Conflict, "{code}");
        }
        for code in [
            "08006", "08P01", "0A000", "25006", "25P03", "26000", "40003", "42P05", "53300", "55P03", "57014", "57P01",
            "57P02", "57P03", "58030", "XX000",
        ] {
            assert_eq!(kind_of(code), Kind::Unavailable, "{code}");
        }
        for code in ["22001", "23505", "42601", "42703", "42P01", ""] {
            assert_eq!(kind_of(code), Kind::Unexpected, "{code}");
        }
    }

    #[test]
    fn a_connection_that_broke_off_is_not_used_again_and_may_come_back() {
        // What the driver makes of a connection that is closed at its request for TLS.
        let closed = sqlx::Error::Protocol("unexpected response from SSLRequest: 0x00".to_owned());
        let reset = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        for error in [closed, reset, read_only()] {
            assert!(ends_connection(&error), "{error}");
            assert_eq!(failure(&error).kind, Kind::Unavailable, "{error}");
        }
        assert!(!ends_connection(&sqlx::Error::RowNotFound));
        assert_eq!(failure(&sqlx::Error::RowNotFound).kind, Kind::Unexpected);
    }
}
