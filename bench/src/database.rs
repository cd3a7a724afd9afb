//! The database systems to measure on, and fresh databases on them: empty, or filled with users.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::seed::{self, Population};

/// The kind of database system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database system.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    place: Place,
    hash: String,
    made: Cell<u32>,
    /// The filled databases, by population. Filling one is slow, copying it is quick.
    filled: RefCell<HashMap<Population, Name>>,
}

/// Where databases are made.
enum Place {
    Directory(PathBuf),
    Server(String),
}

/// Names are unique across runs, because two may share a PostgreSQL.
type Name = String;

impl Database {
    /// Files in a directory. `hash` is the password hash of all users.
    pub(crate) fn sqlite(directory: &Path, hash: &str) -> Self {
        Self::new(Kind::Sqlite, Place::Directory(directory.to_owned()), hash)
    }

    /// Databases on a server.
    pub(crate) fn postgres(url: &str, hash: &str) -> Self {
        Self::new(Kind::Postgres, Place::Server(url.to_owned()), hash)
    }

    /// The URL of an empty database.
    pub(crate) async fn empty(&self) -> Result<String> {
        let name = self.next_name();
        self.create(&name, None).await?;
        self.url(&name)
    }

    /// The URL of a new database with this population, for one caller alone.
    pub(crate) async fn populated(&self, population: Population) -> Result<String> {
        let filled = self.fill(population).await?;
        let name = self.next_name();
        self.create(&name, Some(&filled)).await?;
        self.url(&name)
    }

    /// The URL of a database with this population, shared by all callers.
    pub(crate) async fn shared(&self, population: Population) -> Result<String> {
        let filled = self.fill(population).await?;
        self.url(&filled)
    }

    /// The name and version of the database system.
    pub(crate) async fn version(&self) -> Result<String> {
        let Place::Server(url) = &self.place else {
            return Ok("SQLite, bundled".to_owned());
        };
        let mut connection = PgConnection::connect(url)
            .await
            .context("PostgreSQL cannot be reached")?;
        let (version,): (String,) = sqlx::query_as("SHOW server_version").fetch_one(&mut connection).await?;
        let (fsync,): (String,) = sqlx::query_as("SHOW fsync").fetch_one(&mut connection).await?;
        Ok(format!("PostgreSQL {version}, fsync {fsync}"))
    }

    /// Drops the databases that this run made on a server.
    pub(crate) async fn remove_all(&self) {
        let Place::Server(url) = &self.place else { return };
        let Ok(mut connection) = PgConnection::connect(url).await else {
            return;
        };
        for number in 1..=self.made.get() {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(number));
            // A database that cannot be dropped does no harm: the owner of the server can see it and drop it.
            let _ = sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await;
        }
    }

    fn new(kind: Kind, place: Place, hash: &str) -> Self {
        Self {
            kind,
            place,
            hash: hash.to_owned(),
            made: Cell::new(0),
            filled: RefCell::default(),
        }
    }

    fn next_name(&self) -> Name {
        self.made.set(self.made.get() + 1);
        name(self.made.get())
    }

    async fn fill(&self, population: Population) -> Result<Name> {
        if let Some(name) = self.filled.borrow().get(&population) {
            return Ok(name.clone());
        }
        let name = self.next_name();
        self.create(&name, None).await?;
        match &self.place {
            Place::Directory(directory) => seed::sqlite(&file(directory, &name), population, &self.hash).await,
            Place::Server(_) => seed::postgres(&self.url(&name)?, population, &self.hash).await,
        }
        .context("a database cannot be filled")?;
        self.filled.borrow_mut().insert(population, name.clone());
        Ok(name)
    }

    async fn create(&self, name: &str, like: Option<&str>) -> Result<()> {
        match &self.place {
            Place::Directory(directory) => {
                if let Some(like) = like {
                    std::fs::copy(file(directory, like), file(directory, name))?;
                }
            }
            Place::Server(url) => {
                let mut connection = PgConnection::connect(url)
                    .await
                    .context("PostgreSQL cannot be reached")?;
                let template = like.map(|like| format!(" TEMPLATE {like}")).unwrap_or_default();
                let create = format!("CREATE DATABASE {name}{template}");
                sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    fn url(&self, name: &str) -> Result<String> {
        match &self.place {
            Place::Directory(directory) => Ok(format!("sqlite:{}", file(directory, name).display())),
            Place::Server(url) => {
                // The database is the last segment of the path; what follows a `?` goes on to the new URL.
                let (base, query) = url
                    .split_once('?')
                    .map_or((url.as_str(), None), |(base, query)| (base, Some(query)));
                let (server, _) = base.rsplit_once('/').context("the PostgreSQL URL names no database")?;
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                Ok(format!("{server}/{name}{query}"))
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

fn name(number: u32) -> Name {
    format!("doorward_bench_{}_{number}", std::process::id())
}

fn file(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.sqlite"))
}
