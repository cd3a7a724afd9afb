//! `doorward backup`: the database and the keys, in one archive, from a running server or without one.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use axum::body::Body;
use axum::extract::{Json, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use doorward_core::{Causes, Clock, SystemClock};
use doorward_store::SqliteStore;
use doorward_tokens::KeyDirectory;
use tempfile::{NamedTempFile, TempDir};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::archive::{self, Contents, Manifest, Member};
use crate::cli::BackupOptions;
use crate::config::{self, Given};
use crate::control::{Control, ControlError, ControlState, Target};
use crate::database::Database;
use crate::files;

/// Why accounts in PostgreSQL have no archive. An archive of the keys alone would look like a backup.
const POSTGRES: &str = "the accounts are in PostgreSQL: back them up with pg_dump, or with continuous archiving, and copy \
                        the directory `keys` of the data directory";

/// `doorward backup`
pub(crate) fn backup(given: Given<BackupOptions>) -> Result<()> {
    let (BackupOptions { file, data }, sources) = given.into_parts();
    let data = data.data(&sources)?;
    if file == Path::new("-") {
        bail!("an archive is verified after it has been written, which standard output does not allow: name a file");
    }
    if file.symlink_metadata().is_ok() {
        bail!("{} is there already; name a new file", file.display());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (manifest, size) = runtime.block_on(write(&file, &data))?;
    files::say(&format!(
        "{} holds the database of {} with schema {}, and {} key files: {size} bytes, verified",
        file.display(),
        manifest.taken_at,
        manifest.schema,
        manifest.keys(),
    ))
}

/// The handler of the command in a running server: the archive, as it is made.
pub(crate) async fn take(
    State(state): State<ControlState>,
    Json(target): Json<Target>,
) -> Result<impl IntoResponse, ControlError> {
    let Database::Sqlite { path, store } = &state.database else {
        return Err(ControlError::conflict(POSTGRES));
    };
    target.check(path)?;
    let Ok(permit) = Arc::clone(&state.backups).try_acquire_owned() else {
        return Err(ControlError::conflict("another backup of this server is being taken"));
    };
    let copy = Staged::make(&state.data_dir)?;
    let taken_at = state.clock.now();
    let schema = store.copy_to(&copy.database()).await?;
    let keys = KeyDirectory::in_data_dir(&state.data_dir);
    let gather = move || Contents::gather(&copy.database(), schema, &keys, taken_at).map(|contents| (copy, contents));
    let gathered = spawn_blocking(gather).await.context("the server is shutting down")?;
    let (copy, contents) = gathered?;
    let (sender, chunks) = mpsc::channel(4);
    spawn_blocking(move || {
        let out = BufWriter::with_capacity(64 << 10, ChunkWriter(sender.clone()));
        match contents.write(out) {
            Ok(()) => tracing::info!("a backup was taken"),
            Err(error) => {
                tracing::warn!(error = %Causes(&*error), "a backup was broken off");
                // The answer has begun, so it can only be broken off.
                let _ = sender.blocking_send(Err(io::Error::other("the archive is not complete")));
            }
        }
        drop((copy, permit));
    });
    let chunks = futures_util::stream::unfold(chunks, async |mut chunks| Some((chunks.recv().await?, chunks)));
    Ok(([(CONTENT_TYPE, "application/x-tar")], Body::from_stream(chunks)))
}

/// Reads all of an archive, and says whether what it holds can be restored. It writes below `scratch`.
pub(crate) async fn verify(archive: &Path, scratch: &Path) -> Result<Manifest> {
    let path_of = |member: &Member| scratch.join(member.to_string());
    let manifest = archive::extract(archive, path_of)?;
    manifest.verify_database(&path_of(&Member::Database)).await?;
    KeyDirectory::in_data_dir(scratch).verify()?;
    Ok(manifest)
}

/// Writes an archive under another name, verifies it, and gives it its name.
async fn write(file: &Path, data: &config::Data) -> Result<(Manifest, u64)> {
    let dir = files::parent(file);
    let cannot = || format!("cannot write to {}", dir.display());
    // Made by `tempfile` with mode 0600.
    let mut made = tempfile::Builder::new()
        .prefix(".doorward-backup-")
        .tempfile_in(dir)
        .with_context(cannot)?;
    fetch(&mut made, dir, data).await?;
    made.as_file().sync_all().with_context(cannot)?;
    let scratch = files::private_temp(dir).with_context(cannot)?;
    let manifest = verify(made.path(), scratch.path()).await?;
    let size = made.as_file().metadata()?.len();
    made.persist_noclobber(file).with_context(cannot)?;
    files::sync_dir(dir).with_context(cannot)?;
    Ok((manifest, size))
}

/// From the running server if there is one, else from the files. A copy of the database is made below `dir`.
async fn fetch(out: &mut NamedTempFile, dir: &Path, data: &config::Data) -> Result<()> {
    let config::Database::Sqlite(database) = &data.database else {
        bail!(POSTGRES);
    };
    if let Some(mut server) = Control::connect(&data.dir).await? {
        return server.download("/backup", &Target::of(data), out).await;
    }
    if !database.exists() {
        bail!("there is no database at {}", database.display());
    }
    let copy = Staged::make(dir)?;
    let taken_at = SystemClock.now();
    let schema = SqliteStore::copy_closed(database, &copy.database()).await?;
    let keys = KeyDirectory::in_data_dir(&data.dir);
    Contents::gather(&copy.database(), schema, &keys, taken_at)?.write(BufWriter::new(out))
}

/// A place for the copy of the database.
struct Staged(TempDir);

impl Staged {
    fn make(dir: &Path) -> Result<Self> {
        let staged = files::private_temp(dir).map(Self);
        let staged = staged.and_then(|staged| files::create_private(&staged.database()).map(|_| staged));
        staged.with_context(|| format!("cannot write to {}", dir.display()))
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("copy.sqlite")
    }
}

/// Hands what is written to it over to the body of an answer, and waits while the client is slow.
struct ChunkWriter(mpsc::Sender<io::Result<Bytes>>);

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone away"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
