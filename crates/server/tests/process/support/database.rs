//! A PostgreSQL database for one test.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use super::Door;

/// Runs a test on a fresh database behind a door; the database is dropped afterwards, whatever the outcome.
pub(crate) async fn with_database<F: Future<Output = ()>>(test: impl FnOnce(String, Door) -> F) {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = PgConnectOptions::from_str(&server_url()).expect("DOORWARD_TEST_POSTGRES is the URL of a server");
    let name = format!(
        "doorward_process_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    administer(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;

    let door = Door::to(format!("{}:{}", server.get_host(), server.get_port())).await;
    let options = server.clone().host("127.0.0.1").port(door.port()).database(&name);
    let outcome = AssertUnwindSafe(test(options.to_url_lossy().to_string(), door))
        .catch_unwind()
        .await;
    administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

fn server_url() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration but its environment"
    )]
    let url = std::env::var("DOORWARD_TEST_POSTGRES");
    url.expect(
        "these tests need a PostgreSQL server: run ./test, which starts one, or set DOORWARD_TEST_POSTGRES to the URL of one \
         where databases may be created",
    )
}

async fn administer(server: &PgConnectOptions, sql: String) {
    let mut connection = server.connect().await.expect("the PostgreSQL server for tests answers");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
