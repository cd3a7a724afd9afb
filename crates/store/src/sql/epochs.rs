//! What ends with an epoch.

use async_trait::async_trait;
use doorward_core::store::{EndedEpoch, EpochWrites};
use doorward_core::{StoreError, Timestamp};

use super::db::{AssertSqlSafe, query};
use super::{FOR_UPDATE, Transaction};

#[async_trait]
impl EpochWrites for Transaction {
    /// Its order of locks is that of every transaction: tokens, sessions, mails.
    async fn end_epoch(&mut self, now: Timestamp, limit: u32) -> Result<EndedEpoch, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            let tokens = query(AssertSqlSafe(format!(
                "UPDATE mail_tokens SET voided_at = $1
                 WHERE used_at IS NULL AND voided_at IS NULL AND id IN (
                     SELECT id FROM mail_tokens
                     WHERE expires_at > $1 AND used_at IS NULL AND voided_at IS NULL ORDER BY expires_at {FOR_UPDATE}
                 )"
            )))
            .bind(now.as_millis())
            .execute(&mut *connection)
            .await?;
            let sessions = query(AssertSqlSafe(format!(
                "WITH due AS MATERIALIZED (SELECT id FROM sessions ORDER BY expires_at LIMIT $1 {FOR_UPDATE})
                 DELETE FROM sessions WHERE id IN (SELECT id FROM due)"
            )))
            .bind(i64::from(limit))
            .execute(&mut *connection)
            .await?;
            // Without its claim, a worker that has the mail in hand cannot make it wait again.
            let mails = query(AssertSqlSafe(format!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM mails WHERE state = 'waiting' LIMIT $2 {FOR_UPDATE}
                 )
                 UPDATE mails SET state = 'superseded', sealed = NULL, claimed_by = NULL, finished_at = $1
                 WHERE id IN (SELECT id FROM due) AND state = 'waiting'"
            )))
            .bind(now.as_millis())
            .bind(i64::from(limit))
            .execute(&mut *connection)
            .await?;
            Ok(EndedEpoch {
                tokens: tokens.rows_affected(),
                sessions: sessions.rows_affected(),
                mails: mails.rows_affected(),
            })
        })
        .await
    }
}
