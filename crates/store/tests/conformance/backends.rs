//! A fresh database for every test.

use std::panic::resume_unwind;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use doorward_store::{PostgresClock, PostgresOptions, PostgresStore, PostgresUrl, SqliteOptions, SqliteStore};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use tempfile::TempDir;

use crate::fixtures::AnyStore;

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(AnyStore) -> F) {
    let (_dir, store) = sqlite().await;
    test(Arc::new(store.clone())).await;
    store.close().await;
}

pub(crate) async fn sqlite() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("doorward.db"), SqliteOptions::default())
        .await
        .unwrap();
    (dir, store)
}

pub(crate) async fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(AnyStore) -> F) {
    with_postgres(async |database| {
        let store = database.connect().await;
        test(Arc::new(store.clone())).await;
        store.close().await;
    })
    .await;
}

/// A database that is dropped after the test, whatever its outcome.
pub(crate) struct PostgresDatabase {
    name: String,
    server: PgConnectOptions,
}

pub(crate) async fn with_postgres<F: Future<Output = ()>>(test: impl FnOnce(Arc<PostgresDatabase>) -> F) {
    use futures_util::FutureExt as _;

    let database = Arc::new(PostgresDatabase::create().await);
    let outcome = std::panic::AssertUnwindSafe(test(Arc::clone(&database)))
        .catch_unwind()
        .await;
    database.remove().await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

impl PostgresDatabase {
    async fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        #[expect(
            clippy::disallowed_methods,
            reason = "a test has no configuration but its environment"
        )]
        let url = std::env::var("DOORWARD_TEST_POSTGRES");
        let url = url.expect(
            "these tests need a PostgreSQL server: run ./test, which starts one, or set DOORWARD_TEST_POSTGRES to the \
             URL of one where databases may be created",
        );
        let server = PgConnectOptions::from_str(&url).unwrap();
        let name = format!(
            "doorward_test_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let database = Self { name, server };
        // From template0, which no session can connect to: a session on the template would make this fail.
        database
            .administer(&format!("CREATE DATABASE {} TEMPLATE template0", database.name))
            .await;
        database
    }

    async fn remove(&self) {
        self.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .await;
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    pub(crate) fn url(&self) -> PostgresUrl {
        PostgresUrl::parse(self.options().to_url_lossy().as_str()).unwrap()
    }

    /// A node that trusts the times that a test passes.
    pub(crate) async fn connect(&self) -> PostgresStore {
        self.connect_by(PostgresClock::Caller).await
    }

    pub(crate) async fn connect_by(&self, clock: PostgresClock) -> PostgresStore {
        let options = PostgresOptions {
            clock,
            ..PostgresOptions::default()
        };
        PostgresStore::connect(&self.url(), options).await.unwrap()
    }

    /// Runs a statement on a connection to another database of the cluster.
    pub(crate) async fn administer(&self, sql: &str) {
        let mut connection = self.server.connect().await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Ends every connection to the database, as a restart of the server does.
    pub(crate) async fn terminate_connections(&self) {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        self.administer(&sql).await;
    }

    /// The process ids of the stores' connections.
    pub(crate) async fn connections(&self) -> Vec<i32> {
        let mut connection = self.options().connect().await.unwrap();
        let sql = "SELECT pid FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'doorward' ORDER BY pid";
        let rows = connection.fetch_all(sql).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// From now on the database answers inserts of registrations with this code.
    pub(crate) async fn fail_registrations(&self, code: &str) {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'injected' USING ERRCODE = '{code}';
            END $$;
            CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON registrations FOR EACH ROW EXECUTE FUNCTION fail();"
        );
        let mut connection = self.options().connect().await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}
