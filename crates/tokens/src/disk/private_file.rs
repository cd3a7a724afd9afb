//! Files that only their owner can read.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Whether a file may be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Overwrite {
    Yes,
    Never,
}

/// Writes a file that only its owner can read: all of it or nothing, and on disk before this returns. A token must
/// never be made with a key that a crash could lose.
pub(super) fn write(path: &Path, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
    let dir = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(dir)?;
    owner_only(dir, 0o700)?;
    // Made by `tempfile` with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    keep_owner(path, file.as_file())?;
    match overwrite {
        Overwrite::Yes => file.persist(path).map_err(|error| error.error)?,
        Overwrite::Never => file.persist_noclobber(path).map_err(|error| error.error)?,
    };
    fs::File::open(dir)?.sync_all()
}

/// Warns the operator when other users can read the file.
#[cfg(unix)]
pub(super) fn warn_if_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)
        .map(|metadata| metadata.permissions().mode())
        .unwrap_or_default();
    if mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(%path, mode = format!("{:o}", mode & 0o777), "other users can read this key file; chmod 600 it");
    }
}

#[cfg(not(unix))]
pub(super) fn warn_if_others_can_read(_: &Path) {}

/// An operator who rotates keys as root must not lock out the server's own user.
#[cfg(unix)]
fn keep_owner(old: &Path, new: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let Ok(old) = fs::metadata(old) else { return Ok(()) };
    let made = new.metadata()?;
    if (old.uid(), old.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owner_only(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn owner_only(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_the_owner_can_read_keys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/mail.json");
        write(&path, b"{}", Overwrite::Never).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_is_replaced_only_on_purpose() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.json");
        write(&path, b"1", Overwrite::Never).unwrap();
        assert!(write(&path, b"2", Overwrite::Never).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"1");
        write(&path, b"3", Overwrite::Yes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
