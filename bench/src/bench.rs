//! What all scenarios share: the server's binary, the databases, a work directory.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use doorward_core::{Entropy as _, OsEntropy};
use doorward_passwords::{PasswordPool, PoolConfig};
use tempfile::TempDir;

use crate::database::{Database, Kind};
use crate::options::{Options, Scale, Scenario};
use crate::requests::PASSWORD;
use crate::server::{Launch, Server};

/// One run of the driver.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) scale: Scale,
    pub(crate) databases: Vec<Database>,
    /// The server's own pool, for the raw hash ceiling.
    pub(crate) pool: PasswordPool,
    /// The hash of [`PASSWORD`].
    pub(crate) hash: String,
    work: TempDir,
    dirs: Cell<u32>,
}

impl Bench {
    pub(crate) async fn new(options: Options) -> Result<Self> {
        ensure!(
            options.server.is_file(),
            "there is no server at {}",
            options.server.display()
        );
        let work = tempfile::Builder::new()
            .prefix("doorward-bench.")
            .tempdir_in(&options.work_dir);
        let work = work.with_context(|| format!("cannot work in {}", options.work_dir.display()))?;
        let pool = PasswordPool::start(PoolConfig::default())?;
        let mut salt = [0; 16];
        OsEntropy.fill(&mut salt);
        let hash = pool.hash(PASSWORD.as_bytes(), salt).await?;
        let wanted = |kind| options.on.is_empty() || options.on.contains(&kind);
        let mut databases = Vec::new();
        if wanted(Kind::Sqlite) {
            databases.push(Database::sqlite(work.path(), &hash));
        }
        match &options.postgres {
            Some(url) if wanted(Kind::Postgres) => databases.push(Database::postgres(url, &hash)),
            None if options.on.contains(&Kind::Postgres) => anyhow::bail!("--on postgres needs --postgres URL"),
            _ => {}
        }
        let scale = if options.smoke { Scale::SMOKE } else { Scale::FULL };
        Ok(Self {
            options,
            scale,
            databases,
            pool,
            hash,
            work,
            dirs: Cell::new(0),
        })
    }

    /// Whether this scenario was chosen.
    pub(crate) fn wants(&self, scenario: Scenario) -> bool {
        self.options.only.is_empty() || self.options.only.contains(&scenario)
    }

    /// A name for a data directory that does not exist yet.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dirs.set(self.dirs.get() + 1);
        self.work.path().join(format!("data-{}", self.dirs.get()))
    }

    /// Where this run keeps its files.
    pub(crate) fn work_dir(&self) -> &Path {
        self.work.path()
    }

    /// Starts a server on a database, with a data directory of its own, and waits until it answers.
    pub(crate) async fn serve(&self, database_url: &str) -> Result<Server> {
        self.launch(database_url).start().await
    }

    /// A server on a database, with a data directory of its own, whose settings the caller may change before its start.
    pub(crate) fn launch(&self, database_url: &str) -> Launch {
        Launch {
            binary: self.options.server.clone(),
            data_dir: self.data_dir(),
            database_url: database_url.to_owned(),
            relay: None,
            options: Vec::new(),
            files: None,
        }
    }

    /// Drops the databases that this run made on a PostgreSQL server; files go with the work directory.
    pub(crate) async fn remove_databases(&self) {
        for database in &self.databases {
            database.remove_all().await;
        }
    }
}
