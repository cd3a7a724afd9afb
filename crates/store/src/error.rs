//! Translates a driver's errors into those of the contract, without the data that drivers like to quote.

use std::fmt;

use doorward_core::StoreError;

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
    /// The database undid the transaction because of another one. The same transaction may work at once.
    Conflict,
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

    /// Sorts a driver's error. `kind_of` knows the database's own codes.
    pub(crate) fn new(error: &sqlx::Error, kind_of: fn(&str) -> Kind) -> Self {
        use sqlx::Error;
        match error {
            Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                Self {
                    kind: kind_of(&code),
                    message: format!("{} (code {code})", database.message()),
                }
            }
            // A connection that closes where a message is expected is a protocol error to the driver.
            Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed => Self::unavailable(error.to_string()),
            // Not the text: a parse error may quote the connection URL.
            Error::Configuration(_) => Self::unexpected("the database URL or its options are malformed"),
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
            Kind::Conflict => Self::Conflict(Box::new(failure)),
            Kind::Unavailable => Self::Unavailable(Box::new(failure)),
            Kind::Unexpected => Self::Unexpected(Box::new(failure)),
        }
    }
}
