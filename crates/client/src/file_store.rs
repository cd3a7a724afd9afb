//! Sessions in files.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use crate::{SessionStore, SessionStoreError};

/// Keeps sessions in a directory: one file for each app and server, readable by its owner only. A file is replaced as a whole, so a
/// crash leaves the old one or the new one.
///
/// Two programs should not share a directory: what one saves last counts.
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
    /// Files in this directory, which is made when it is needed, for its owner only.
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

/// The new file is whole and on the disk before it takes the old one's place.
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
        // It may hold tokens.
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

/// On Windows a file has the rights of its directory; that of a user is the user's own.
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
