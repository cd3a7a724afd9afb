//! What commands and the server say to each other.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use doorward_core::{Causes, StoreError};
use serde::{Deserialize, Serialize};

use crate::config;

/// Which database a command is about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The SQLite file that the operator named. `None`: the server's own, whichever it is.
    database: Option<PathBuf>,
}

impl Target {
    /// The database that the options of a command name, if they do.
    pub(crate) fn of(data: &config::Data) -> Self {
        let database = match &data.database {
            // One that is not there is not the server's.
            config::Database::Sqlite(path) if data.named => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
            _ => None,
        };
        Self { database }
    }

    /// Refuses a command that is about another file than the one that this server has open.
    pub(crate) fn check(&self, open: &Path) -> Result<(), ControlError> {
        match &self.database {
            Some(named) if open.canonicalize().ok().as_ref() != Some(named) => Err(ControlError::conflict(format!(
                "the server that runs on this data directory has another database open: {}",
                open.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// Why a command was refused, in a text that its caller shows to the operator.
#[derive(Debug)]
pub(crate) struct ControlError {
    status: StatusCode,
    text: String,
}

impl ControlError {
    /// The command does not fit the state of the server.
    pub(crate) fn conflict(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            text: text.into(),
        }
    }
}

impl From<anyhow::Error> for ControlError {
    fn from(error: anyhow::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            text: format!("{error:#}"),
        }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            text: Causes(&error).to_string(),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { error: self.text })).into_response()
    }
}

/// The body of a refusal.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: String,
}
