//! Where there are no Unix sockets, commands find no running server: they need the server to be stopped.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::ControlState;

/// Never made.
pub(crate) enum Control {}

/// Never made.
pub(crate) enum ControlSocket {}

/// Locks nothing: the lock of the database file is what keeps a server away.
pub(crate) struct DirLock;

impl Control {
    pub(crate) async fn connect(_: &Path) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&mut self, _: &str, _: &impl Serialize) -> Result<T> {
        bail!("there are no Unix sockets on this system")
    }

    pub(crate) async fn download(&mut self, _: &str, _: &impl Serialize, _: &mut impl Write) -> Result<()> {
        bail!("there are no Unix sockets on this system")
    }
}

impl ControlSocket {
    pub(crate) fn bind(_: &Path) -> io::Result<Option<Self>> {
        Ok(None)
    }
}

impl DirLock {
    pub(crate) fn take(_: &Path) -> io::Result<Option<Self>> {
        Ok(Some(Self))
    }
}

pub(crate) async fn serve(socket: ControlSocket, _: ControlState, _: CancellationToken) {
    match socket {}
}
