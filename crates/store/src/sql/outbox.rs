//! The outbox.

use async_trait::async_trait;
use doorward_core::store::{MailClaims, MailPromises, OutboxReads};
use doorward_core::{
    ClaimedMail, DeliveryOutcome, KeyId, MailContent, MailId, MailToken, SealedMail, StoreError, Timestamp, TokenId,
};

use super::db::{AssertSqlSafe, QueryBuilder, query};
use super::times::Times;
use super::{Connection, Db, Lease, Row, SKIP_LOCKED, Statements, Transaction, by_index, db, rows, tokens};

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

    async fn next_mail_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let times = self.read_times(now).await?;
        self.run(async |connection| {
            let row = query("SELECT MIN(due_at) AS due_at FROM mails WHERE state = 'waiting'")
                .fetch_one(connection)
                .await?;
            Ok(rows::optional_time(&row, "due_at")?.map(|at| times.told(at)))
        })
        .await
    }

    async fn holds_mail(&mut self, worker: &str, mail: MailId) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let row = query("SELECT id FROM mails WHERE id = $1 AND claimed_by = $2")
                .bind(mail.to_string())
                .bind(worker)
                .fetch_optional(connection)
                .await?;
            Ok(row.is_some())
        })
        .await
    }
}

#[async_trait]
impl MailPromises for Transaction {
    /// A registration that has been deleted meanwhile gets no mail: the outcome is that of a mail that was promised
    /// just before, and was deleted with the account.
    ///
    /// The secret part of the token is derived from its row when the mail is sent, so both its times are translated.
    async fn issue_mail(&mut self, mail: MailId, token: &MailToken) -> Result<(), StoreError> {
        let times = self.times(token.issued_at);
        let token = MailToken {
            issued_at: times.stored(token.issued_at),
            expires_at: times.stored(token.expires_at),
            ..token.clone()
        };
        self.run(async |connection| {
            if !tokens::lock_registration(connection, &token).await? {
                return Ok(());
            }
            match tokens::find_equivalent(connection, &token).await? {
                Some(known) if known.is_young(token.issued_at) => {
                    promise_again(connection, known.id, mail, token.issued_at).await
                }
                _ => {
                    tokens::insert(connection, &token).await?;
                    promise(connection, mail, &token).await
                }
            }
        })
        .await
    }

    async fn promise_sealed_mail(&mut self, id: MailId, mail: &SealedMail, now: Timestamp) -> Result<(), StoreError> {
        let times = self.times(now);
        self.run(async |connection| {
            query(
                "INSERT INTO mails (id, app_id, key_id, sealed, expires_at, state, created_at, due_at, tried, attempts)
                 VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $6, 0, 0)",
            )
            .bind(id.to_string())
            .bind(mail.app.to_string())
            .bind(mail.key.0.as_str())
            .bind(mail.sealed.as_slice())
            .bind(times.stored(mail.expires_at).as_millis())
            .bind(times.stored(now).as_millis())
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl MailClaims for Transaction {
    /// A retry is due at the latest when its mail expires, so what has expired and is not due is claimed. The index
    /// decides how much work this is while many mails wait, so the statement names it.
    async fn expire_mail(&mut self, now: Timestamp, limit: u32) -> Result<Vec<MailId>, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            let ended = query(AssertSqlSafe(format!(
                "WITH ended AS MATERIALIZED (
                     SELECT id FROM mails {}
                     WHERE state = 'waiting' AND expires_at <= $1 AND due_at <= $1
                     ORDER BY expires_at LIMIT $2 {SKIP_LOCKED}
                 )
                 UPDATE mails SET state = 'expired', finished_at = $1, claimed_by = NULL, sealed = NULL
                 WHERE id IN (SELECT id FROM ended) RETURNING id",
                by_index("mails_expiring")
            )))
            .bind(now.as_millis())
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await?;
            ended.iter().map(|row| rows::id(row, "id")).collect()
        })
        .await
    }

    async fn claim_mail(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        only_new: bool,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let times = self.times(now);
        let claim = Claim {
            worker,
            now: times.stored(now),
            until: times.stored(claimed_until),
        };
        self.run(async |connection| {
            let mut ids = claim.take(connection, false, limit).await?;
            let room = limit.saturating_sub(u32::try_from(ids.len()).unwrap_or(limit));
            if room > 0 && !only_new {
                ids.extend(claim.take(connection, true, room).await?);
            }
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            read_claimed(connection, ids, times).await
        })
        .await
    }

    async fn extend_mail_claims(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<MailId>, StoreError> {
        let until = self.times(now).stored(claimed_until);
        self.run(async |connection| {
            let extended = query("UPDATE mails SET due_at = $1 WHERE claimed_by = $2 RETURNING id")
                .bind(until.as_millis())
                .bind(worker)
                .fetch_all(connection)
                .await?;
            extended.iter().map(|row| rows::id(row, "id")).collect()
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
        let times = self.times(now);
        let now = times.stored(now);
        let (due_at, finished_at, failures, reason) = match outcome {
            DeliveryOutcome::Retry { at, reason } => (Some(times.stored(*at)), None, 1, Some(reason)),
            DeliveryOutcome::Failed { reason } => (None, Some(now), 1, Some(reason)),
            DeliveryOutcome::Sent | DeliveryOutcome::Expired | DeliveryOutcome::Superseded => {
                (None, Some(now), 0, None)
            }
        };
        self.run(async |connection| {
            let done = query(
                "UPDATE mails SET state = $1, claimed_by = NULL, due_at = COALESCE($2, due_at), finished_at = $3,
                     tried = 1, attempts = attempts + $4, last_error = COALESCE($5, last_error),
                     sealed = CASE WHEN $1 = 'waiting' THEN sealed END
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

async fn promise(connection: &mut Connection, mail: MailId, token: &MailToken) -> db::Result<()> {
    query(
        "INSERT INTO mails (id, token_id, expires_at, state, created_at, due_at, tried, attempts)
         VALUES ($1, $2, $3, 'waiting', $4, $4, 0, 0)",
    )
    .bind(mail.to_string())
    .bind(token.id.to_string())
    .bind(token.expires_at.as_millis())
    .bind(token.issued_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Promises the mail of a known token again, unless it still waits. The id is new, because the `Message-ID` is made of
/// it: mail systems hide a second mail with the id of one that they know. `tried` stays, so that mails which are
/// requested again and again do not delay first ones.
async fn promise_again(connection: &mut Connection, token: TokenId, mail: MailId, now: Timestamp) -> db::Result<()> {
    query(
        "UPDATE mails SET id = $1, state = 'waiting', created_at = $2, due_at = $2, attempts = 0, last_error = NULL,
             finished_at = NULL
         WHERE token_id = $3 AND state <> 'waiting'",
    )
    .bind(mail.to_string())
    .bind(now.as_millis())
    .bind(token.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// What a worker claims mails with, in times of the database.
struct Claim<'a> {
    worker: &'a str,
    now: Timestamp,
    until: Timestamp,
}

impl Claim<'_> {
    /// Claims due mails of one kind: those that were tried, or those that never were. A claim moves `due_at` to the
    /// moment when it lapses, so a mail that another worker has claimed is not due. `MATERIALIZED`, because a planner
    /// that runs the inner query twice would lock twice as many rows; and it names its index, because the work must not
    /// grow with the number of mails that wait.
    async fn take(&self, connection: &mut Connection, tried: bool, limit: u32) -> db::Result<Vec<String>> {
        let claimed = query(AssertSqlSafe(format!(
            "WITH due AS MATERIALIZED (
                 SELECT id FROM mails {} WHERE state = 'waiting' AND tried = $5 AND due_at <= $3
                 ORDER BY due_at, id LIMIT $4 {SKIP_LOCKED}
             )
             UPDATE mails SET claimed_by = $1, due_at = $2 WHERE id IN (SELECT id FROM due) RETURNING id",
            by_index("mails_claimable")
        )))
        .bind(self.worker)
        .bind(self.until.as_millis())
        .bind(self.now.as_millis())
        .bind(i64::from(limit))
        .bind(i64::from(tried))
        .fetch_all(connection)
        .await?;
        claimed.iter().map(|row| rows::text(row, "id")).collect()
    }
}

async fn read_claimed(connection: &mut Connection, ids: Vec<String>, times: Times) -> db::Result<Vec<ClaimedMail>> {
    let mut select = QueryBuilder::<Db>::new(
        "SELECT m.id AS mail_id, m.attempts, m.created_at, m.app_id AS sealed_app, m.key_id AS sealed_key, m.sealed,
             m.expires_at AS mail_expires_at, r.email, t.id AS token_id, t.app_id, t.registration_id,
             t.purpose, t.methods, t.key_id, t.issued_at, t.expires_at, t.used_at, t.voided_at
         FROM mails m LEFT JOIN mail_tokens t ON t.id = m.token_id LEFT JOIN registrations r ON r.id = t.registration_id
         WHERE m.id IN (",
    );
    let mut list = select.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    select.push(") ORDER BY m.tried, m.created_at, m.id");
    // Each size of a batch has its own text: compiled and cached, they would push out the statements worth caching.
    let found = select.build().persistent(false).fetch_all(connection).await?;
    found.iter().map(|row| claimed_mail(row, times)).collect()
}

fn claimed_mail(row: &Row, times: Times) -> db::Result<ClaimedMail> {
    let expires_at = times.told(rows::time(row, "mail_expires_at")?);
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
                expires_at,
            }),
        },
        attempts: rows::count(row, "attempts")?,
        created_at: times.told(rows::time(row, "created_at")?),
        expires_at,
    })
}

/// A relay may answer anything, and PostgreSQL refuses texts with a NUL. A mail whose outcome cannot be recorded would
/// be sent again and again.
fn storable(reason: &str) -> String {
    reason.chars().filter(|&c| c != '\0').take(REASON_CHARS).collect()
}
