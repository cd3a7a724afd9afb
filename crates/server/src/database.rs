//! The database that the operator chose.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use doorward_core::Store;
use doorward_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use prometheus_client::registry::Registry;

use crate::config;

/// An open database. Clones share it.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite { path: PathBuf, store: Arc<SqliteStore> },
    Postgres(Arc<PostgresStore>),
}

impl Database {
    /// Opens it, brings its schema up to date, and registers its metrics.
    pub(crate) async fn open(database: &config::Database, registry: &mut Registry) -> Result<Self> {
        match database {
            config::Database::Sqlite(path) => {
                let store = SqliteStore::open(path, SqliteOptions::default()).await;
                let store = store.with_context(|| format!("cannot open the database {}", path.display()))?;
                store.metrics().register(registry);
                let opened = Self::Sqlite {
                    path: path.clone(),
                    store: Arc::new(store),
                };
                opened.take_over().await?;
                Ok(opened)
            }
            config::Database::Postgres(url) => {
                let store = PostgresStore::connect(url, PostgresOptions::default()).await;
                let store = store.context("cannot open the PostgreSQL database")?;
                store.metrics().register(registry);
                Ok(Self::Postgres(Arc::new(store)))
            }
        }
    }

    /// The database as the flows see it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite { store, .. } => Arc::<SqliteStore>::clone(store),
            Self::Postgres(store) => Arc::<PostgresStore>::clone(store),
        }
    }

    /// Whether other servers may use the same database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Finishes statements in flight and closes the database.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { store, .. } => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }

    /// Makes mails and deliveries that a killed process had claimed due again, and frees the addresses that it reserved
    /// while a function decided. SQLite only: there, no other process can hold a claim.
    async fn take_over(&self) -> Result<()> {
        let mut tx = self.store().begin().await?;
        let released = tx.release_mail_claims().await?;
        tx.release_delivery_claims().await?;
        tx.release_all_reservations().await?;
        tx.commit().await?;
        if released > 0 {
            tracing::info!(
                released,
                "mails that were in flight when the last process ended are tried again"
            );
        }
        Ok(())
    }
}
