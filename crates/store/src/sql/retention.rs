//! Deleting what can no longer be used or asked about.

use async_trait::async_trait;
use doorward_core::store::Retention;
use doorward_core::{StoreError, Timestamp};

use super::db::{AssertSqlSafe, query};
use super::{SKIP_LOCKED, Transaction};

/// How many rows of a table go at a time, so that no other writer waits long behind a sweep.
const BATCH: i64 = 500;

/// Table, key, and the condition of what has ended. Mails go before their tokens: a token stays as long as an operator
/// can look up what became of its mail.
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

#[async_trait]
impl Retention for Transaction {
    /// Rows that another transaction has locked are left for the next sweep, so a sweep never waits for a lock. Each
    /// statement has its condition twice, because some keys have an index for rows of that condition only.
    async fn sweep(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(async |connection| {
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
        })
        .await
    }
}
