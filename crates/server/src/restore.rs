//! `doorward restore`: an archive of `doorward backup` becomes a data directory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use doorward_core::{SystemClock, open_new_epoch};
use doorward_store::{NewFileLock, SqliteOptions, SqliteStore};
use doorward_tokens::KeyDirectory;

use crate::archive::{self, Manifest};
use crate::cli::RestoreOptions;
use crate::config::{self, Given};
use crate::control::DirLock;
use crate::files;
use crate::new_epoch::Ended;

/// `doorward restore`
pub(crate) fn restore(given: Given<RestoreOptions>) -> Result<()> {
    let (RestoreOptions { file, data }, sources) = given.into_parts();
    let data = data.data(&sources)?;
    let config::Database::Sqlite(path) = &data.database else {
        bail!(
            "an archive holds a SQLite database. Restore PostgreSQL with its own tools, and then run \
             `doorward new-epoch`"
        );
    };
    // Before anything is written.
    archive::check(&file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (manifest, ended) = runtime.block_on(unpack(&file, &data.dir, path))?;
    files::say(&format!(
        "restored the database of {} to {}, and {} key files to {}",
        manifest.taken_at,
        path.display(),
        manifest.keys(),
        data.dir.join("keys").display(),
    ))?;
    files::say(&ended.to_string())
}

/// Makes everything under other names, and renames it when it is complete.
async fn unpack(archive: &Path, data_dir: &Path, database: &Path) -> Result<(Manifest, Ended)> {
    let cannot = || format!("cannot write to {}", data_dir.display());
    files::create_private_dir(data_dir).with_context(cannot)?;
    let Some(_lock) = DirLock::take(data_dir).with_context(cannot)? else {
        bail!("a server runs on {}; stop it first", data_dir.display());
    };
    let keys = KeyDirectory::in_data_dir(data_dir);
    refuse_what_is_there(keys.path(), database)?;
    let _database_lock = NewFileLock::take(database)?;

    // A rename does not lead from one file system to another, so each is made beside its place.
    let for_keys = files::private_temp(data_dir).with_context(cannot)?;
    let for_database = files::private_temp(files::parent(database));
    let for_database =
        for_database.with_context(|| format!("cannot write to {}", files::parent(database).display()))?;
    let made = for_database.path().join("made.sqlite");
    let made_keys = KeyDirectory::in_data_dir(for_keys.path());
    let manifest = archive::extract(archive, |member| match member.path_of_keys() {
        None => made.clone(),
        Some(path) => made_keys.path().join(path),
    })?;
    manifest.verify_database(&made).await?;
    made_keys.verify()?;
    let ended = end_epoch(&made).await?;

    // The database last: without it nothing has been restored, and a server that starts now waits for its lock in vain.
    if made_keys.path().exists() {
        fs::rename(made_keys.path(), keys.path()).with_context(cannot)?;
        files::sync_dir(keys.path()).with_context(cannot)?;
    }
    files::sync_dir(data_dir).with_context(cannot)?;
    fs::rename(&made, database).with_context(|| format!("cannot write {}", database.display()))?;
    files::sync_dir(files::parent(database))?;
    Ok((manifest, ended))
}

/// Brings the schema up to date too. A server that finds the file under its name finds it in the new epoch.
async fn end_epoch(database: &Path) -> Result<Ended> {
    let store = SqliteStore::open(database, SqliteOptions::default()).await?;
    let ended = open_new_epoch(&store, &SystemClock).await;
    store.close().await;
    fs::File::open(database)?.sync_all()?;
    if beside(database, "-wal").exists() {
        bail!("the restored database could not be closed");
    }
    Ok(ended?.into())
}

/// A log that lies beside a database belongs to it: SQLite would apply that of another database to the restored one.
fn refuse_what_is_there(keys: &Path, database: &Path) -> Result<()> {
    let logs = ["-wal", "-shm", "-journal"].map(|suffix| beside(database, suffix));
    let places = [database.to_owned(), keys.to_owned()];
    match places.iter().chain(&logs).find(|path| path.symlink_metadata().is_ok()) {
        Some(found) => bail!(
            "{} is there already; move it away, or restore into an empty directory",
            found.display()
        ),
        None => Ok(()),
    }
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
