//! Fills a database with hundreds of thousands of users. The store makes the schema and adopts the app; then one
//! statement per table writes the rows that as many registrations would have written. That takes seconds, where hashing
//! as many passwords would take hours.

use std::path::Path;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use doorward_core::{AppId, AppObjectId, Clock as _, OsEntropy, Store, SystemClock};
use doorward_store::{PostgresOptions, PostgresStore, PostgresUrl, SqliteOptions, SqliteStore};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, query};

use crate::requests::APP_ID;

/// The users of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Population {
    /// Users that are confirmed and have logged in before.
    pub(crate) confirmed: u32,
    /// Registrations that are not confirmed.
    pub(crate) pending: u32,
}

/// The address of a confirmed user; numbers begin at 1.
pub(crate) fn confirmed(number: u32) -> String {
    format!("user{number:07}@example.com")
}

/// The address of a pending registration; numbers begin at 1.
pub(crate) fn pending(number: u32) -> String {
    format!("pending{number:07}@example.com")
}

/// Makes a SQLite file.
pub(crate) async fn sqlite(path: &Path, population: Population, hash: &str) -> Result<()> {
    let store = SqliteStore::open(path, SqliteOptions::default()).await?;
    let app = adopt_app(&store).await?;
    store.close().await;

    let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let mut connection = options.synchronous(SqliteSynchronous::Off).connect().await?;
    let now = SystemClock.now().as_millis();
    let mut tx = connection.begin().await?;
    if population.confirmed > 0 {
        query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             INSERT INTO users (id, app_id, created_at) SELECT printf('66000000%016x', i), $2, $3 FROM n",
        )
        .bind(population.confirmed)
        .bind(&app)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at, user_id)
             SELECT printf('66000001%016x', i), $2, printf('user%07d@example.com', i), $4, $3, $3,
                    printf('66000000%016x', i) FROM n",
        )
        .bind(population.confirmed)
        .bind(&app)
        .bind(now)
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    }
    if population.pending > 0 {
        query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             INSERT INTO registrations (id, app_id, email, password_hash, created_at)
             SELECT printf('66000002%016x', i), $2, printf('pending%07d@example.com', i), $4, $3 FROM n",
        )
        .bind(population.pending)
        .bind(&app)
        .bind(now)
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    // The log is written back and removed, so that a copy of the one file is the whole database.
    query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// Fills a PostgreSQL database.
pub(crate) async fn postgres(url: &str, population: Population, hash: &str) -> Result<()> {
    let store = PostgresStore::connect(&PostgresUrl::parse(url)?, PostgresOptions::default()).await?;
    let app = adopt_app(&store).await?;
    store.close().await;

    let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
    let now = SystemClock.now().as_millis();
    let mut tx = connection.begin().await?;
    query(
        "INSERT INTO users (id, app_id, created_at)
         SELECT '66000000' || lpad(to_hex(i), 16, '0'), $2, $3 FROM generate_series(1, $1::bigint) AS n(i)",
    )
    .bind(i64::from(population.confirmed))
    .bind(&app)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    query(
        "INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at, user_id)
         SELECT '66000001' || lpad(to_hex(i), 16, '0'), $2, 'user' || lpad(i::text, 7, '0') || '@example.com', $4, $3, $3,
                '66000000' || lpad(to_hex(i), 16, '0') FROM generate_series(1, $1::bigint) AS n(i)",
    )
    .bind(i64::from(population.confirmed))
    .bind(&app)
    .bind(now)
    .bind(hash)
    .execute(&mut *tx)
    .await?;
    query(
        "INSERT INTO registrations (id, app_id, email, password_hash, created_at)
         SELECT '66000002' || lpad(to_hex(i), 16, '0'), $2, 'pending' || lpad(i::text, 7, '0') || '@example.com', $4, $3
         FROM generate_series(1, $1::bigint) AS n(i)",
    )
    .bind(i64::from(population.pending))
    .bind(&app)
    .bind(now)
    .bind(hash)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    query("VACUUM ANALYZE").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Gives the app its id; the server finds it by the client app id.
async fn adopt_app(store: &dyn Store) -> Result<String> {
    let name = AppId::parse(APP_ID).context("the app id is not one")?;
    let mut tx = store.begin().await?;
    let id = tx
        .adopt_app(
            &name,
            AppObjectId::generate(&SystemClock, &OsEntropy),
            SystemClock.now(),
        )
        .await?;
    tx.commit().await?;
    Ok(id.context("the app has no id")?.to_string())
}
