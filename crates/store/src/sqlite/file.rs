//! The database file: made for its owner only, and held by one server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use doorward_core::StoreError;

use crate::error::Failure;

/// Makes the file if it is not there and takes its lock, which lasts as long as the returned handle.
///
/// The lock is a file of its own: to close any handle of the database file itself would drop the locks that SQLite
/// holds on it.
pub(super) fn create_and_lock(path: &Path) -> Result<File, Failure> {
    match owner_only().write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(path, &error)),
        _ => {}
    }
    lock_existing(path)
}

/// Takes the lock of a file that must be there.
pub(super) fn lock_existing(path: &Path) -> Result<File, Failure> {
    // However the path is spelled, the lock of one database is one file.
    lock(&path.canonicalize().map_err(|error| unusable(path, &error))?)
}

/// The lock of a database file that is still to be made: while it is held, no server opens a file of this name.
#[derive(Debug)]
pub struct NewFileLock {
    _lock: File,
}

impl NewFileLock {
    /// Takes the lock. The directory must be there; the file must not.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let dir = dir.unwrap_or(Path::new(".")).canonicalize();
        let name = path.file_name().unwrap_or_default();
        let held = lock(&dir.map_err(|error| unusable(path, &error))?.join(name))?;
        if path.symlink_metadata().is_ok() {
            return Err(Failure::unexpected(format!("{} is there already", path.display())).into());
        }
        Ok(Self { _lock: held })
    }
}

fn lock(path: &Path) -> Result<File, Failure> {
    let lock = owner_only()
        .write(true)
        .create(true)
        .truncate(false)
        .open(lock_path(path))
        .map_err(|error| unusable(path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::unavailable(format!(
            "another server has {} open",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::unavailable(format!("{} cannot be opened: {error}", path.display()))
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
