//! How a flow fails: it refuses, for a reason that the caller can do something about, or the
//! server cannot do it now.

use std::time::Duration;

use doorward_passwords::PoolError;

use crate::StoreError;

/// When it is worth trying again while the database or the functions are unavailable: a fail-over takes a few seconds.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(2);

/// Why a flow did not succeed. `R` is the flow's own family of refusals: every one of its variants can
/// happen to a caller of that flow, and no other.
#[derive(Debug, thiserror::Error)]
pub enum FlowError<R> {
    /// The request cannot be granted.
    #[error(transparent)]
    Refused(R),
    /// The server cannot do it now.
    #[error(transparent)]
    Failed(Failure),
}

/// Why the server cannot carry out a flow now. Every flow can fail like this.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// More passwords wait to be hashed, or functions to be run, than can be in time.
    #[error("too much is waiting for the processor")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// There were too many of these from the client's network, or for this account or recipient.
    #[error("there were too many of these from the client's network, or for this account or recipient")]
    Limited {
        /// When there is another permit.
        retry_after: Duration,
    },
    /// Storage failed.
    #[error("storage failed")]
    Store(#[source] StoreError),
    /// No worker can run a function.
    #[error("functions cannot be run")]
    FunctionsUnavailable,
    /// Hashing failed.
    #[error("hashing failed")]
    Hashing(#[source] PoolError),
}

impl Failure {
    /// When it is worth trying again, if it is.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } | Self::Limited { retry_after } => Some(*retry_after),
            Self::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)) | Self::FunctionsUnavailable => {
                Some(UNAVAILABLE_FOR)
            }
            Self::Store(StoreError::Unexpected(_)) | Self::Hashing(_) => None,
        }
    }
}

/// A family of refusals. It is what lets `?` turn a refusal into the [`FlowError`] of its flow.
pub trait Refusal: std::error::Error {}

impl<R: Refusal> From<R> for FlowError<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<Failure> for FlowError<R> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<R> From<StoreError> for FlowError<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl<R> FlowError<R> {
    /// The error of a flow whose family contains this one's.
    pub(crate) fn widen<W: From<R>>(self) -> FlowError<W> {
        match self {
            Self::Refused(refusal) => FlowError::Refused(refusal.into()),
            Self::Failed(failure) => FlowError::Failed(failure),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy { retry_after } => Self::Busy { retry_after },
            other => Self::Hashing(other),
        }
    }
}
