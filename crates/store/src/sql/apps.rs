//! Apps.

use async_trait::async_trait;
use doorward_core::store::{AppReads, AppWrites};
use doorward_core::{AppId, AppObjectId, StoreError, Timestamp};

use super::db::query;
use super::{Lease, Statements, Transaction, check_writable, rows};

#[async_trait]
impl<L: Lease> AppReads for Statements<L> {
    /// Reads from a table, because on SQLite `SELECT 1` would answer without touching the file.
    async fn ping(&mut self) -> Result<(), StoreError> {
        self.run(async |connection| {
            query("SELECT id FROM apps LIMIT 1")
                .fetch_optional(&mut *connection)
                .await?;
            check_writable(connection).await
        })
        .await
    }
}

#[async_trait]
impl AppWrites for Transaction {
    async fn adopt_app(
        &mut self,
        app: &AppId,
        proposed: AppObjectId,
        now: Timestamp,
    ) -> Result<Option<AppObjectId>, StoreError> {
        self.run(async |connection| {
            query("INSERT INTO apps (id, client_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(proposed.to_string())
                .bind(app.as_str())
                .bind(now.as_millis())
                .execute(&mut *connection)
                .await?;
            let row = query("SELECT id FROM apps WHERE client_id = $1")
                .bind(app.as_str())
                .fetch_optional(connection)
                .await?;
            row.as_ref().map(|row| rows::id(row, "id")).transpose()
        })
        .await
    }
}
