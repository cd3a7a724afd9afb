//! Sessions in plain files.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use crate::{SessionStore, SessionStoreError};

/// Keeps sessions in a directory: one file for each app and server, which only its owner can read. Saving replaces the
/// whole file, so a crash leaves either the old file or the new one.
///
/// Two programs should not share a directory, because each would overwrite what the other has saved.
///
/// ```no_run
/// # fn main() -> Result<(), doorward_client::Error> {
/// use doorward_client::{App, FileStore};
///
/// let app = App::builder("notes-abcde")
///     .base_url("https://auth.example.com")
///     .session_store(FileStore::new("/home/ada/.local/share/notes"))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileStore {
    directory: PathBuf,
}

impl FileStore {
    /// Keeps files in this directory. It is created when the first session is saved, and only its owner can enter it.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}.json"))
    }
}

impl SessionStore for FileStore {
    fn load(&self, key: &str) -> Result<Option<Zeroizing<String>>, SessionStoreError> {
        let path = self.path(key);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SessionStoreError::new(
                format!("{} cannot be read", path.display()),
                error,
            )),
        }
    }

    fn save(&self, key: &str, text: &str) -> Result<(), SessionStoreError> {
        let path = self.path(key);
        replace(&self.directory, &path, text)
            .map_err(|error| SessionStoreError::new(format!("{} cannot be written", path.display()), error))
    }
}

/// Replaces a file. The new file is complete and on the disk before it takes the place of the old one.
fn replace(directory: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    make_directory(directory)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let written = owner_only().open(&new).and_then(|mut file: File| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| std::fs::rename(&new, path));
    if replaced.is_err() {
        // What was written of the new file may hold tokens.
        let _ = std::fs::remove_file(&new);
    }
    replaced
}

fn make_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Options for a file that only its owner can read. On Windows the rights of the directory apply: other users cannot
/// read what lies in a user's own directory.
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
