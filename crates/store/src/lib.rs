//! Storage on SQLite and on PostgreSQL: the schema, every SQL statement, and how writers share a commit on SQLite.
//! Used by the server to make the one `Store` that all flows share, and by tests.
//! Never decides what an account may do, and never holds the secret half of a token.

mod error;
mod metrics;
mod migrations;
mod postgres;
mod sqlite;

pub use metrics::StoreMetrics;
pub use postgres::{PostgresClock, PostgresOptions, PostgresStore, PostgresUrl, PostgresUrlError};
pub use sqlite::{NewFileLock, SqliteOptions, SqliteStore};
