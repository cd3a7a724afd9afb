//! Deleting what can no longer be used or asked about.

use async_trait::async_trait;
use doorward_core::store::Retention;
use doorward_core::{StoreError, Timestamp};

use super::db::{AssertSqlSafe, query};
use super::{SKIP_LOCKED, Transaction};

/// How many rows of a table are looked at, so that no other writer waits long behind a sweep.
const BATCH: i64 = 500;

/// Table, key, and the condition of what has ended, which an index finds.
const STATEMENTS: [(&str, &str, &str); 4] = [
    ("registrations", "id", "reserved_until < $1"),
    ("sessions", "id", "expires_at < $1"),
    ("mails", "id", "finished_at < $1"),
    ("identities", "planned_user_id", "created_at < $1 AND user_id IS NULL"),
];

/// Mails go before their tokens: a token stays as long as an operator can look up what became of its mail. No index
/// finds the tokens without a mail, so this looks at the oldest ones only. Should all of those have a mail that ended
/// late, the next ones wait until these mails go.
fn tokens() -> String {
    format!(
        "WITH ended AS MATERIALIZED (
             SELECT id FROM mail_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 {SKIP_LOCKED}
         )
         DELETE FROM mail_tokens WHERE id IN (
             SELECT id FROM ended WHERE NOT EXISTS (SELECT 1 FROM mails WHERE mails.token_id = ended.id)
         )"
    )
}

#[async_trait]
impl Retention for Transaction {
    /// Rows that another transaction has locked are left for the next sweep, so a sweep never waits for a lock. Each
    /// statement has its condition twice, because some keys have an index for rows of that condition only.
    async fn sweep(&mut self, now: Timestamp, before: Timestamp) -> Result<u64, StoreError> {
        let before = self.times(now).stored(before);
        let statements = STATEMENTS.map(|(table, key, ended)| {
            format!(
                "WITH ended AS MATERIALIZED (SELECT {key} FROM {table} WHERE {ended} LIMIT $2 {SKIP_LOCKED})
                 DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM ended) AND {ended}"
            )
        });
        self.run(async |connection| {
            let mut swept = 0;
            for sql in statements.into_iter().chain([tokens()]) {
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
