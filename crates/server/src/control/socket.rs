//! The socket file, and who may make it.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The name of the socket below the data directory.
pub(super) const NAME: &str = "control.sock";

/// A lock on a data directory, which ends with the process that holds it.
///
/// It is a lock on the directory itself, and no file: a killed process leaves nothing behind that a later one would
/// have to judge.
#[derive(Debug)]
pub(crate) struct DirLock {
    _dir: File,
}

impl DirLock {
    /// Takes the lock. `None`: another process holds it.
    pub(crate) fn take(data_dir: &Path) -> io::Result<Option<Self>> {
        let dir = File::open(data_dir)?;
        match dir.try_lock() {
            Ok(()) => Ok(Some(Self { _dir: dir })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The socket of this process. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    _lock: DirLock,
}

impl ControlSocket {
    /// Makes the socket, in place of one that a killed process has left. `None`: another server that runs on the same
    /// directory has the socket.
    pub(crate) fn bind(data_dir: &Path) -> io::Result<Option<Self>> {
        let Some(lock) = DirLock::take(data_dir)? else {
            return Ok(None);
        };
        let path = data_dir.join(NAME);
        // Made in a directory that only we can enter: at no moment can another user connect. The path of a socket can
        // have about 100 bytes, so the names are short.
        let private = tempfile::Builder::new()
            .prefix(".c")
            .rand_bytes(4)
            .tempdir_in(data_dir)?;
        let made = private.path().join("s");
        let listener = UnixListener::bind(&made)?;
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        fs::rename(&made, &path)?;
        Ok(Some(Self {
            listener,
            path,
            _lock: lock,
        }))
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the control socket could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_for_its_owner_and_goes_with_its_process() {
        let dir = tempfile::tempdir().unwrap();
        let socket = ControlSocket::bind(dir.path()).unwrap().unwrap();
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(ControlSocket::bind(dir.path()).unwrap().is_none(), "one server has it");
        assert!(dir.path().join(NAME).exists(), "the second leaves it alone");
        drop(socket);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        // A listener that is dropped leaves its file, as a killed process does.
        drop(UnixListener::bind(dir.path().join(NAME)).unwrap());
        let socket = ControlSocket::bind(dir.path()).unwrap().unwrap();
        tokio::net::UnixStream::connect(dir.path().join(NAME)).await.unwrap();
        drop(socket);
    }
}
