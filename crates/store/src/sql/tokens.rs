//! Mailed tokens: their public half.

use async_trait::async_trait;
use doorward_core::store::{TokenReads, TokenWrites};
use doorward_core::{AppObjectId, MailToken, Purpose, RegistrationId, StoreError, Timestamp, TokenId};

use super::db::{AssertSqlSafe, query};
use super::{Connection, FOR_UPDATE, Lease, Statements, Transaction, db, rows};

#[async_trait]
impl<L: Lease> TokenReads for Statements<L> {
    async fn find_mail_token(&mut self, app: AppObjectId, id: TokenId) -> Result<Option<MailToken>, StoreError> {
        self.run(async |connection| {
            let row = query(
                "SELECT id AS token_id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at,
                     used_at, voided_at
                 FROM mail_tokens WHERE id = $1 AND app_id = $2",
            )
            .bind(id.to_string())
            .bind(app.to_string())
            .fetch_optional(connection)
            .await?;
            row.as_ref().map(rows::mail_token).transpose()
        })
        .await
    }
}

#[async_trait]
impl TokenWrites for Transaction {
    /// The secret part of the token depends on when it was issued, and may be known already: only its expiry is
    /// translated.
    async fn issue_token(&mut self, token: &MailToken, now: Timestamp) -> Result<bool, StoreError> {
        let token = MailToken {
            expires_at: self.times(now).stored(token.expires_at),
            ..token.clone()
        };
        self.run(async |connection| {
            let registered = lock_registration(connection, &token).await?;
            if registered {
                insert(connection, &token).await?;
            }
            Ok(registered)
        })
        .await
    }

    /// Of any number of callers exactly one finds `used_at` null. The last condition holds for every token that is
    /// there; it locks the registration before the token, in the order that every transaction keeps.
    async fn consume_mail_token(
        &mut self,
        app: AppObjectId,
        purpose: Purpose,
        id: TokenId,
        methods: &str,
        now: Timestamp,
    ) -> Result<Option<RegistrationId>, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            let row = query(AssertSqlSafe(format!(
                "UPDATE mail_tokens SET used_at = $1
                 WHERE id = $2 AND app_id = $3 AND purpose = $4 AND methods = $5
                     AND used_at IS NULL AND voided_at IS NULL AND expires_at > $1
                     AND registration_id = (
                         SELECT id FROM registrations
                         WHERE id = (SELECT registration_id FROM mail_tokens WHERE id = $2) {FOR_UPDATE}
                     )
                 RETURNING registration_id"
            )))
            .bind(now.as_millis())
            .bind(id.to_string())
            .bind(app.to_string())
            .bind(purpose.as_str())
            .bind(methods)
            .fetch_optional(&mut *connection)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let registration = rows::id(&row, "registration_id")?;
            void_all(connection, registration, now).await?;
            Ok(Some(registration))
        })
        .await
    }
}

/// Locks the registration of a new token until the commit, so that of two requests at once the second sees the token of
/// the first. `false`: there is none.
pub(super) async fn lock_registration(connection: &mut Connection, token: &MailToken) -> db::Result<bool> {
    let registration = query(AssertSqlSafe(format!(
        "SELECT id FROM registrations
         WHERE id = $1 AND app_id = $2 AND reserved_until IS NULL {FOR_UPDATE}"
    )))
    .bind(token.registration.to_string())
    .bind(token.app.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(registration.is_some())
}

/// The newest token with a mail that could be spent in place of this new one.
pub(super) async fn find_equivalent(connection: &mut Connection, new: &MailToken) -> db::Result<Option<MailToken>> {
    let row = query(
        "SELECT t.id AS token_id, t.app_id, t.registration_id, t.purpose, t.methods, t.key_id, t.issued_at,
             t.expires_at, t.used_at, t.voided_at
         FROM mail_tokens t JOIN mails m ON m.token_id = t.id
         WHERE t.registration_id = $1 AND t.expires_at > $2 AND t.used_at IS NULL AND t.voided_at IS NULL
             AND t.purpose = $3 AND t.methods = $4 AND t.key_id = $5
         ORDER BY t.issued_at DESC LIMIT 1",
    )
    .bind(new.registration.to_string())
    .bind(new.issued_at.as_millis())
    .bind(new.purpose.as_str())
    .bind(new.methods.as_str())
    .bind(new.key.0.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::mail_token).transpose()
}

pub(super) async fn insert(connection: &mut Connection, token: &MailToken) -> db::Result<()> {
    query(
        "INSERT INTO mail_tokens
             (id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at, used_at, voided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(token.id.to_string())
    .bind(token.app.to_string())
    .bind(token.registration.to_string())
    .bind(token.purpose.as_str())
    .bind(token.methods.as_str())
    .bind(token.key.0.as_str())
    .bind(token.issued_at.as_millis())
    .bind(token.expires_at.as_millis())
    .bind(token.used_at.map(Timestamp::as_millis))
    .bind(token.voided_at.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}

/// Voids every usable token of a registration and ends their mails, so that the outbox holds only what is to be sent. A
/// mail with an attempt in flight is left to its worker. The caller has locked the registration.
pub(super) async fn void_all(
    connection: &mut Connection,
    registration: RegistrationId,
    now: Timestamp,
) -> db::Result<()> {
    let voided = query(
        "UPDATE mail_tokens SET voided_at = $1
         WHERE registration_id = $2 AND expires_at > $1 AND used_at IS NULL AND voided_at IS NULL",
    )
    .bind(now.as_millis())
    .bind(registration.to_string())
    .execute(&mut *connection)
    .await?;
    if voided.rows_affected() == 0 {
        return Ok(());
    }
    query(
        "UPDATE mails SET state = 'superseded', finished_at = $1
         WHERE token_id IN (SELECT id FROM mail_tokens WHERE registration_id = $2 AND expires_at > $1)
             AND state = 'waiting' AND claimed_by IS NULL",
    )
    .bind(now.as_millis())
    .bind(registration.to_string())
    .execute(connection)
    .await?;
    Ok(())
}
