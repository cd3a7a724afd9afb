//! The schema: the same on both databases, applied once, and without secrets.

use doorward_core::{KeyId, MailId, SecretToken, StoreError, TokenKeys};
use doorward_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _};

use crate::backends::{PostgresDatabase, sqlite, with_postgres};

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (999, 'the future', true, '', 0)";

pub(crate) fn token_keys() -> TokenKeys {
    TokenKeys::new(
        KeyId("key-1".to_owned()),
        [(KeyId("key-1".to_owned()), [7_u8; 32].as_slice())],
    )
    .unwrap()
}

/// Fails if a dump holds the characters that are mailed or the bytes behind them. The dump must hold the mail's id,
/// otherwise it is not the one to check.
pub(crate) fn assert_no_usable_token(dump: &[u8], secret: &SecretToken, mail: MailId) {
    let text = secret.expose();
    let bytes: Vec<u8> = (0..64)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    let holds = |needle: &[u8]| {
        dump.windows(needle.len())
            .any(|window| window.eq_ignore_ascii_case(needle))
    };
    assert!(holds(mail.to_string().as_bytes()));
    // A quarter is 128 bits: enough to find, too much to guess.
    for part in text.as_bytes().chunks(32).chain(bytes.chunks(16)) {
        assert!(!holds(part));
    }
}

/// Table, column, type, whether it may be null.
type Column = (String, String, String, bool);

async fn sqlite_columns(path: &std::path::Path) -> Vec<Column> {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let sql = "SELECT t.name AS tab, c.name AS col, c.type AS typ, c.\"notnull\" AS required
               FROM sqlite_master t JOIN pragma_table_info(t.name) c
               WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'
               ORDER BY 1, 2";
    let rows = connection.fetch_all(sql).await.unwrap();
    let column = |row: &sqlx::sqlite::SqliteRow| {
        let kind: String = row.get("typ");
        let kind = match kind.as_str() {
            "INTEGER" => "bigint".to_owned(),
            "BLOB" => "bytea".to_owned(),
            other => other.to_lowercase(),
        };
        (row.get("tab"), row.get("col"), kind, row.get::<i64, _>("required") == 0)
    };
    rows.iter().map(column).collect()
}

async fn postgres_columns(database: &PostgresDatabase) -> Vec<Column> {
    let mut connection = database.options().connect().await.unwrap();
    let sql = "SELECT table_name::text AS tab, column_name::text AS col, data_type::text AS typ,
                   is_nullable = 'YES' AS nullable
               FROM information_schema.columns
               WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'
               ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"";
    let rows = connection.fetch_all(sql).await.unwrap();
    rows.iter()
        .map(|row| (row.get("tab"), row.get("col"), row.get("typ"), row.get("nullable")))
        .collect()
}

#[tokio::test]
async fn both_databases_end_up_with_the_same_tables_and_columns() {
    let (dir, _store) = sqlite().await;
    let ours = sqlite_columns(&dir.path().join("doorward.db")).await;
    assert!(ours.len() > 30, "{ours:?}");
    with_postgres(async |database| {
        database.connect().await.close().await;
        assert_eq!(postgres_columns(&database).await, ours);
    })
    .await;
}

#[tokio::test]
async fn migrating_sqlite_twice_changes_nothing() {
    let (dir, store) = sqlite().await;
    store.close().await;
    let path = dir.path().join("doorward.db");
    let before = std::fs::read(&path).unwrap();
    SqliteStore::open(&path, SqliteOptions::default())
        .await
        .unwrap()
        .close()
        .await;
    assert!(std::fs::read(&path).unwrap() == before);
}

#[tokio::test]
async fn migrating_postgres_twice_changes_nothing() {
    with_postgres(async |database| {
        // The log position moves with every change; the migration table keeps when and how long.
        let sql = "SELECT string_agg(m::text, ';') FROM _sqlx_migrations m";
        let mut seen = Vec::new();
        for _ in 0..2 {
            database.connect().await.close().await;
            let mut connection = database.options().connect().await.unwrap();
            seen.push(connection.fetch_one(sql).await.unwrap().get::<String, _>(0));
            let columns = postgres_columns(&database).await;
            seen.push(format!("{columns:?}"));
        }
        assert_eq!(seen[..2], seen[2..]);
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let (dir, store) = sqlite().await;
    store.close().await;
    let path = dir.path().join("doorward.db");
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    connection.execute(NEWER).await.unwrap();
    drop(connection);
    assert_newer(SqliteStore::open(&path, SqliteOptions::default()).await.unwrap_err());
    with_postgres(async |database| {
        database.connect().await.close().await;
        database
            .options()
            .connect()
            .await
            .unwrap()
            .execute(AssertSqlSafe(NEWER))
            .await
            .unwrap();
        assert_newer(
            PostgresStore::connect(&database.url(), PostgresOptions::default())
                .await
                .unwrap_err(),
        );
    })
    .await;
}

fn assert_newer(error: StoreError) {
    let StoreError::Unexpected(cause) = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        cause.to_string(),
        "the database has schema 999, which only a newer doorward knows"
    );
}
