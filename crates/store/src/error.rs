//! Translates a driver's errors into those of the contract, without the data that drivers like to quote.

use std::fmt;

use doorward_core::StoreError;
use sqlx::migrate::MigrateError;

/// Why the database did not do what it was asked. Each writer that shared a commit gets a copy.
///
/// It keeps the code and the message and drops the rest: the details of a PostgreSQL error quote whole rows, hashes and
/// addresses included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The same call may work later.
    Unavailable,
    /// It will not.
    Unexpected,
}

impl Failure {
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unavailable,
            message: message.into(),
        }
    }

    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unexpected,
            message: message.into(),
        }
    }

    /// Sorts a driver's error. `may_pass` knows the database's own codes.
    pub(crate) fn new(error: &sqlx::Error, may_pass: fn(&str) -> bool) -> Self {
        use sqlx::Error;
        match error {
            Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let message = format!("{} (code {code})", database.message());
                if may_pass(&code) {
                    Self::unavailable(message)
                } else {
                    Self::unexpected(message)
                }
            }
            Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
                Self::unavailable(error.to_string())
            }
            // Not the text: a parse error may quote the connection URL.
            Error::Configuration(_) => Self::unexpected("the database URL or its options are malformed"),
            other => Self::unexpected(other.to_string()),
        }
    }

    pub(crate) fn of_migration(error: &MigrateError, may_pass: fn(&str) -> bool) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Self::new(error, may_pass),
            MigrateError::VersionMissing(version) => Self::unexpected(format!(
                "the database has schema {version}, which only a newer doorward knows"
            )),
            other => Self::unexpected(other.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Unavailable => Self::Unavailable(Box::new(failure)),
            Kind::Unexpected => Self::Unexpected(Box::new(failure)),
        }
    }
}
