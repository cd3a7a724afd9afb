//! Files and lines that several commands write.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// What the temporary directories below a data directory begin with. A killed process leaves them behind.
const TEMPORARY: &str = ".doorward-temp-";

/// Makes a temporary directory that only its owner can read.
pub(crate) fn private_temp(dir: &Path) -> io::Result<TempDir> {
    // Made by `tempfile` with mode 0700.
    tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(dir)
}

/// Removes what killed processes have left below a data directory. The caller holds the lock of the directory.
pub(crate) fn remove_temporary(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Makes a file that only its owner can read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Makes a directory that only its owner can read, and those above it.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// The directory that a file is in.
pub(crate) fn parent(file: &Path) -> &Path {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

/// A new name in a directory is on disk when this returns.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    // Elsewhere a directory cannot be opened as a file.
    if cfg!(unix) {
        File::open(dir)?.sync_all()
    } else {
        Ok(())
    }
}

/// Prints a line to standard output.
pub(crate) fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot write to standard output")
}
