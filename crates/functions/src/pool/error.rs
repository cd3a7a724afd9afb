//! Why a call has no outcome, and why there is no worker.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::Confinement;

/// Why a call has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// Too many other calls wait.
    #[error("the functions are busy")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Its time was over, and the worker has been killed.
    #[error("the function took too long")]
    TimedOut,
    /// The worker died or misbehaved during the call. The log says more.
    #[error("the function's worker failed")]
    Crashed,
    /// No worker could be started, so the call has not begun. The log says more.
    #[error("the function has no worker")]
    NoWorker,
    /// The server is stopping.
    #[error("the functions have been stopped")]
    Stopped,
}

/// Why there is no new worker.
#[derive(Debug, Error)]
pub enum StartError {
    /// The process could not be made.
    #[error("a worker could not be started")]
    Spawn(#[source] io::Error),
    /// It did not become ready.
    #[error("a worker ended or misbehaved before it was ready ({0})")]
    Broken(String),
    /// It took too long to become ready.
    #[error("a worker was not ready in time")]
    Late,
    /// This system lacks a layer of the sandbox, and all of them are required. Scripts do not run here.
    #[error("a worker would run without {}", .0.missing().join(" and "))]
    Unconfined(Confinement),
    /// The last starts failed, and the next one has to wait.
    #[error("workers have failed to start, and the next try is not due yet")]
    CoolingDown,
}
