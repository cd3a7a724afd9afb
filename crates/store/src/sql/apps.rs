//! Apps.

use super::db::query;
use doorward_core::{AppId, AppObjectId, Timestamp};

use super::{Connection, db, rows};

/// `None`: the app is new, and the proposed id belongs to another app.
pub(super) async fn adopt(
    connection: &mut Connection,
    app: &AppId,
    proposed: AppObjectId,
    now: Timestamp,
) -> db::Result<Option<AppObjectId>> {
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
}

/// Reads from a table, because on SQLite `SELECT 1` would answer without touching the file.
pub(super) async fn ping(connection: &mut Connection) -> db::Result<()> {
    query("SELECT id FROM apps LIMIT 1").fetch_optional(connection).await?;
    Ok(())
}
