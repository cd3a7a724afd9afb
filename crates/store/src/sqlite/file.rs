//! The database file: made for its owner only, and held by one server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Failure;

/// Makes the file if it is not there and takes its lock, which lasts as long as the returned handle.
///
/// The lock is a file of its own: to close any handle of the database file itself would drop the locks that SQLite
/// holds on it.
pub(super) fn create_and_lock(path: &Path) -> Result<File, Failure> {
    let unusable = |error: io::Error| Failure::unavailable(format!("{} cannot be opened: {error}", path.display()));
    match owner_only().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(error)),
        _ => {}
    }
    // However the path is spelled, the lock of one database is one file.
    let path = path.canonicalize().map_err(unusable)?;
    let lock = owner_only()
        .write(true)
        .create(true)
        .truncate(false)
        .open(lock_path(&path))
        .map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::unavailable(format!(
            "another server has {} open",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// SQLite gives its log and its index the permissions of the database file.
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
