//! The outbox.

use async_trait::async_trait;
use doorward_core::store::{MailClaims, MailPromises, OutboxReads};
use doorward_core::{
    ClaimedMail, DeliveryOutcome, KeyId, MailContent, MailId, MailToken, SealedMail, StoreError, Timestamp,
};

use super::db::{AssertSqlSafe, QueryBuilder, query};
use super::{Connection, Db, Lease, Row, SKIP_LOCKED, Statements, Transaction, db, rows, tokens};

/// How many characters of a reason are stored: enough for a relay's reply.
const REASON_CHARS: usize = 500;

#[async_trait]
impl<L: Lease> OutboxReads for Statements<L> {
    async fn count_mail(&mut self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        self.run(async |connection| {
            let found = query("SELECT state, COUNT(*) AS mails FROM mails GROUP BY state")
                .fetch_all(connection)
                .await?;
            let mut counts = DeliveryOutcome::STATES.map(|state| (state, 0)).to_vec();
            for row in &found {
                let state = rows::text(row, "state")?;
                if let Some(entry) = counts.iter_mut().find(|(known, _)| *known == state) {
                    entry.1 = rows::count(row, "mails")?;
                }
            }
            Ok(counts)
        })
        .await
    }

    async fn next_mail_due(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.run(async |connection| {
            let row = query("SELECT MIN(due_at) AS due_at FROM mails WHERE state = 'waiting'")
                .fetch_one(connection)
                .await?;
            rows::optional_time(&row, "due_at")
        })
        .await
    }
}

#[async_trait]
impl MailPromises for Transaction {
    /// A registration that has been deleted meanwhile gets no mail: the outcome is that of a mail that was promised
    /// just before, and was deleted with the account.
    async fn issue_mail(&mut self, mail: MailId, token: &MailToken) -> Result<(), StoreError> {
        self.run(async |connection| {
            if !tokens::issue(connection, token).await? {
                return Ok(());
            }
            query(
                "INSERT INTO mails (id, token_id, state, created_at, due_at, attempts)
                 VALUES ($1, $2, 'waiting', $3, $3, 0)",
            )
            .bind(mail.to_string())
            .bind(token.id.to_string())
            .bind(token.issued_at.as_millis())
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }

    async fn promise_sealed_mail(&mut self, id: MailId, mail: &SealedMail, now: Timestamp) -> Result<(), StoreError> {
        self.run(async |connection| {
            query(
                "INSERT INTO mails (id, app_id, key_id, sealed, expires_at, state, created_at, due_at, attempts)
                 VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $6, 0)",
            )
            .bind(id.to_string())
            .bind(mail.app.to_string())
            .bind(mail.key.0.as_str())
            .bind(mail.sealed.as_slice())
            .bind(mail.expires_at.as_millis())
            .bind(now.as_millis())
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MailClaims for Transaction {
    /// A claim moves `due_at` to the moment when it lapses, so a mail that another worker has claimed is not due.
    /// `MATERIALIZED`, because a planner that runs the inner query twice would lock twice as many rows.
    async fn claim_mail(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        only_new: bool,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        self.run(async |connection| {
            let claimed = query(AssertSqlSafe(format!(
                "WITH due AS MATERIALIZED (
                     SELECT id FROM mails WHERE state = 'waiting' AND due_at <= $3 AND ($5 = 0 OR attempts = 0)
                     ORDER BY attempts > 0, due_at, id LIMIT $4 {SKIP_LOCKED}
                 )
                 UPDATE mails SET claimed_by = $1, due_at = $2 WHERE id IN (SELECT id FROM due) RETURNING id"
            )))
            .bind(worker)
            .bind(claimed_until.as_millis())
            .bind(now.as_millis())
            .bind(i64::from(limit))
            .bind(i64::from(only_new))
            .fetch_all(&mut *connection)
            .await?;
            if claimed.is_empty() {
                return Ok(Vec::new());
            }
            let ids = claimed
                .iter()
                .map(|row| rows::text(row, "id"))
                .collect::<db::Result<Vec<_>>>()?;
            read_claimed(connection, ids).await
        })
        .await
    }

    async fn extend_mail_claims(&mut self, worker: &str, claimed_until: Timestamp) -> Result<(), StoreError> {
        self.run(async |connection| {
            query("UPDATE mails SET due_at = $1 WHERE claimed_by = $2")
                .bind(claimed_until.as_millis())
                .bind(worker)
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
    }

    /// Guarded by the claim: a worker that has lost it does not overwrite what the next one records.
    async fn record_delivery(
        &mut self,
        worker: &str,
        mail: MailId,
        outcome: &DeliveryOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (due_at, finished_at, failures, reason) = match outcome {
            DeliveryOutcome::Retry { at, reason } => (Some(*at), None, 1, Some(reason)),
            DeliveryOutcome::Failed { reason } => (None, Some(now), 1, Some(reason)),
            DeliveryOutcome::Sent | DeliveryOutcome::Expired | DeliveryOutcome::Superseded => {
                (None, Some(now), 0, None)
            }
        };
        self.run(async |connection| {
            let done = query(
                "UPDATE mails SET state = $1, claimed_by = NULL, due_at = COALESCE($2, due_at), finished_at = $3,
                     attempts = attempts + $4, last_error = COALESCE($5, last_error)
                 WHERE id = $6 AND claimed_by = $7",
            )
            .bind(outcome.state())
            .bind(due_at.map(Timestamp::as_millis))
            .bind(finished_at.map(Timestamp::as_millis))
            .bind(i64::from(failures))
            .bind(reason.map(|reason| storable(reason)))
            .bind(mail.to_string())
            .bind(worker)
            .execute(connection)
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }
}

async fn read_claimed(connection: &mut Connection, ids: Vec<String>) -> db::Result<Vec<ClaimedMail>> {
    let mut select = QueryBuilder::<Db>::new(
        "SELECT m.id AS mail_id, m.attempts, m.created_at, m.app_id AS sealed_app, m.key_id AS sealed_key, m.sealed,
             m.expires_at AS sealed_expires_at, r.email, t.id AS token_id, t.app_id, t.registration_id,
             t.purpose, t.methods, t.key_id, t.issued_at, t.expires_at, t.used_at, t.voided_at
         FROM mails m LEFT JOIN mail_tokens t ON t.id = m.token_id LEFT JOIN registrations r ON r.id = t.registration_id
         WHERE m.id IN (",
    );
    let mut list = select.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    select.push(") ORDER BY m.created_at, m.id");
    // Each size of a batch has its own text: compiled and cached, they would push out the statements worth caching.
    let found = select.build().persistent(false).fetch_all(connection).await?;
    found.iter().map(claimed_mail).collect()
}

fn claimed_mail(row: &Row) -> db::Result<ClaimedMail> {
    Ok(ClaimedMail {
        id: rows::id(row, "mail_id")?,
        content: match rows::optional_bytes(row, "sealed")? {
            None => MailContent::Link {
                token: rows::mail_token(row)?,
                to: rows::email(row, "email")?,
            },
            Some(sealed) => MailContent::Sealed(SealedMail {
                app: rows::id(row, "sealed_app")?,
                key: KeyId(rows::text(row, "sealed_key")?),
                sealed,
                expires_at: rows::time(row, "sealed_expires_at")?,
            }),
        },
        attempts: rows::count(row, "attempts")?,
        created_at: rows::time(row, "created_at")?,
    })
}

/// A relay may answer anything, and PostgreSQL refuses texts with a NUL. A mail whose outcome cannot be recorded would
/// be sent again and again.
fn storable(reason: &str) -> String {
    reason.chars().filter(|&c| c != '\0').take(REASON_CHARS).collect()
}
