//! The database behind the server: what is in it, as text, and changes that no flow makes.

use std::fmt::Write as _;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, query, query_scalar};

use super::TestApp;

impl TestApp {
    /// Changes the database behind the server's back.
    pub async fn alter(&self, sql: &'static str) {
        let file = SqliteConnectOptions::new().filename(self.files.path().join("test.sqlite"));
        let mut connection = file.connect().await.expect("the database file opens");
        query(sql).execute(&mut connection).await.expect("the statement runs");
        connection.close().await.expect("it closes");
    }

    /// Every row of every table, one to a line, in a fixed order.
    pub async fn dump(&self) -> String {
        let file = SqliteConnectOptions::new()
            .filename(self.files.path().join("test.sqlite"))
            .read_only(true);
        let mut connection = file.connect().await.expect("the database file opens");
        let tables: Vec<String> = query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .fetch_all(&mut connection)
            .await
            .expect("there is a schema");
        let mut dump = String::new();
        for table in tables {
            for row in rows(&mut connection, &table).await {
                let _ = writeln!(dump, "{table} {row}");
            }
        }
        connection.close().await.expect("it closes");
        dump
    }
}

async fn rows(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let columns = query(AssertSqlSafe(format!("PRAGMA table_info({table})")))
        .fetch_all(&mut *connection)
        .await;
    let columns = columns.expect("a table has columns");
    let quoted = columns
        .iter()
        .map(|column| format!("quote({})", column.get::<String, _>("name")));
    let row = quoted.collect::<Vec<_>>().join("||' '||");
    let select = format!("SELECT {row} FROM {table} ORDER BY 1");
    query_scalar(AssertSqlSafe(select))
        .fetch_all(connection)
        .await
        .expect("a table can be read")
}
