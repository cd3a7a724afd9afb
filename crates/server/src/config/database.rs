//! Where the server keeps accounts and keys.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use doorward_store::PostgresUrl;

use super::arg_ext::ArgExt as _;
use super::file::FileOptions;
use super::sources::{Named, Sources};
use super::values::Secret;

/// The data directory of every command, unless it is told another.
pub(crate) const DATA_DIR: &str = "doorward-data";

#[derive(Debug, Args)]
pub(super) struct DatabaseOptions {
    /// Where keys and the SQLite file are kept.
    #[arg(long, value_name = "DIR", env = "DOORWARD_DATA_DIR", default_value = DATA_DIR)]
    pub(super) data_dir: PathBuf,

    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    ///
    /// A PostgreSQL on another machine needs a choice of encryption, such as `?sslmode=verify-full`. Of several hosts,
    /// as in `postgres://USER@HOST1,HOST2/NAME`, the server uses the one that takes writes.
    #[arg(
        long,
        value_name = "URL",
        hide_env_values = true,
        env = "DOORWARD_DATABASE",
        default_text = "a SQLite file in the data directory"
    )]
    database: Option<Secret>,

    /// A file that holds the value of `--database`.
    #[arg(long, value_name = "FILE", env = "DOORWARD_DATABASE_FILE", default_text = "none")]
    database_file: Option<PathBuf>,
}

/// What every command has that works on accounts.
#[derive(Debug, Args)]
pub(crate) struct DataOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    #[command(flatten)]
    _file: FileOptions,
}

/// Where accounts are kept.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(PostgresUrl),
}

/// Where a command finds what it works on.
#[derive(Debug)]
pub(crate) struct Data {
    /// The data directory.
    pub(crate) dir: PathBuf,
    pub(crate) database: Database,
    /// Whether the operator named the database.
    pub(crate) named: bool,
}

impl DataOptions {
    /// What the options amount to.
    pub(crate) fn data(&self, sources: &Sources) -> Result<Data> {
        let options = &self.database;
        Ok(Data {
            dir: options.data_dir.clone(),
            database: options.database(sources)?,
            named: options.database.is_some() || options.database_file.is_some(),
        })
    }
}

impl DatabaseOptions {
    pub(super) fn database(&self, sources: &Sources) -> Result<Database> {
        let url = sources.value_or_file("database", self.database.as_ref(), self.database_file.as_deref())?;
        let Some(Named { name, value: url, .. }) = url else {
            return Ok(Database::Sqlite(self.data_dir.join("doorward.sqlite")));
        };
        if let Some(path) = url.0.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                bail!("{name} sqlite: needs a path, such as sqlite:/var/lib/doorward/doorward.sqlite");
            }
            return Ok(Database::Sqlite(PathBuf::from(path)));
        }
        if url.0.starts_with("postgres://") || url.0.starts_with("postgresql://") {
            let url = PostgresUrl::parse(&url.0).with_context(|| name.clone())?;
            return Ok(Database::Postgres(url));
        }
        bail!("{name} must be sqlite:PATH or postgres://USER@HOST/NAME")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::config_of;

    #[test]
    fn without_a_url_the_database_is_a_file_in_the_data_directory() {
        let config = config_of(&["--data-dir", "kept"]).unwrap();
        assert!(matches!(config.database, Database::Sqlite(path) if path == Path::new("kept/doorward.sqlite")));
    }

    #[test]
    fn a_url_says_which_database_it_is() {
        let database = |url: &str| config_of(&["--database", url]).map(|config| config.database);
        assert!(matches!(database("sqlite:a.db"), Ok(Database::Sqlite(path)) if path == Path::new("a.db")));
        assert!(matches!(database("sqlite:///a.db"), Ok(Database::Sqlite(path)) if path == Path::new("/a.db")));
        for url in [
            "postgres://ada@localhost/notes",
            "postgresql://ada@db1,db2/notes?sslmode=verify-full&target_session_attrs=read-write",
        ] {
            assert!(matches!(database(url), Ok(Database::Postgres(_))), "{url}");
        }
        let error = database("postgres://ada:hunter2@db/notes").unwrap_err();
        assert_eq!(error.to_string(), "--database");
        let cause = error.root_cause().to_string();
        assert!(cause.contains("needs `sslmode` for the server db"), "{cause}");
        for url in ["sqlite:", "mysql://ada:hunter2@db/notes", ""] {
            let error = database(url).unwrap_err().to_string();
            assert!(
                error.starts_with("--database ") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
