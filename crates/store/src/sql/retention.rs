//! Deleting what nobody can use or ask about any more.

use super::db::{AssertSqlSafe, query};
use doorward_core::Timestamp;

use super::{Connection, SKIP_LOCKED, db};

/// How many rows of a table go at a time, so that nobody waits long behind it.
const BATCH: i64 = 500;

/// Table, key, what has ended. Mails go before their tokens: a token stays as long as an operator can look up what became of its mail.
const STATEMENTS: [(&str, &str, &str); 5] = [
    ("registrations", "id", "reserved_until < $1"),
    ("sessions", "id", "expires_at < $1"),
    ("mails", "id", "finished_at < $1"),
    (
        "mail_tokens",
        "id",
        "expires_at < $1 AND NOT EXISTS (SELECT 1 FROM mails WHERE mails.token_id = mail_tokens.id)",
    ),
    ("identities", "planned_user_id", "created_at < $1 AND user_id IS NULL"),
];

/// Rows that somebody else has locked are left for the next time: who waits for nobody blocks nobody. What has ended is said twice, since some
/// keys have an index for such rows only.
pub(super) async fn sweep(connection: &mut Connection, before: Timestamp) -> db::Result<u64> {
    let mut swept = 0;
    for (table, key, ended) in STATEMENTS {
        let sql = format!(
            "WITH ended AS MATERIALIZED (SELECT {key} FROM {table} WHERE {ended} LIMIT $2 {SKIP_LOCKED})
             DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM ended) AND {ended}"
        );
        let done = query(AssertSqlSafe(sql))
            .bind(before.as_millis())
            .bind(BATCH)
            .execute(&mut *connection)
            .await?;
        swept += done.rows_affected();
    }
    Ok(swept)
}
