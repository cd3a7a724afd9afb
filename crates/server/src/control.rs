//! `DATA_DIR/control.sock`: how commands reach the server that runs on a data directory.
//!
//! It speaks HTTP/1.1, JSON in and out; an error is `{"error": "…"}`, which the command shows. Only the user that the
//! server runs as can connect, and root: whoever can is trusted with everything, because the same user can read the
//! keys and the database.
//!
//! A command is a route in `server.rs` with a handler beside the command that it serves.

#[cfg(not(unix))]
mod absent;
#[cfg(unix)]
mod client;
mod reply;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;

#[cfg(not(unix))]
pub(crate) use absent::{Control, ControlSocket, DirLock, serve};
#[cfg(unix)]
pub(crate) use client::Control;
pub(crate) use reply::{ControlError, Target};
#[cfg(unix)]
pub(crate) use server::serve;
#[cfg(unix)]
pub(crate) use socket::{ControlSocket, DirLock};

use std::path::PathBuf;
use std::sync::Arc;

use doorward_core::Clock;
use tokio::sync::Semaphore;

use crate::database::Database;

/// What the handlers of commands work with.
#[derive(Clone)]
pub(crate) struct ControlState {
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// One permit: a backup takes room on the disk, and a second one at the same time would be of no use.
    pub(crate) backups: Arc<Semaphore>,
}
