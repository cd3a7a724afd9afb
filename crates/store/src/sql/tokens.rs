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
    async fn issue_token(&mut self, token: &MailToken) -> Result<bool, StoreError> {
        self.run(async |connection| issue(connection, token).await).await
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
            .fetch_optional(connection)
            .await?;
            row.as_ref().map(|row| rows::id(row, "registration_id")).transpose()
        })
        .await
    }
}

/// Stores a token and voids older ones. The registration is locked first: of two transactions that issue a token at
/// once the second waits, and then voids the token of the first.
pub(super) async fn issue(connection: &mut Connection, token: &MailToken) -> db::Result<bool> {
    let registration = query(AssertSqlSafe(format!(
        "SELECT id FROM registrations
         WHERE id = $1 AND app_id = $2 AND reserved_until IS NULL {FOR_UPDATE}"
    )))
    .bind(token.registration.to_string())
    .bind(token.app.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    if registration.is_none() {
        return Ok(false);
    }
    query(
        "UPDATE mail_tokens SET voided_at = $1
         WHERE registration_id = $2 AND purpose = $3 AND used_at IS NULL AND voided_at IS NULL",
    )
    .bind(token.issued_at.as_millis())
    .bind(token.registration.to_string())
    .bind(token.purpose.as_str())
    .execute(&mut *connection)
    .await?;
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
    Ok(true)
}

/// Voids every token of a registration. The caller has locked the registration.
pub(super) async fn void_all(
    connection: &mut Connection,
    registration: RegistrationId,
    now: Timestamp,
) -> db::Result<()> {
    query(
        "UPDATE mail_tokens SET voided_at = $1
         WHERE registration_id = $2 AND used_at IS NULL AND voided_at IS NULL",
    )
    .bind(now.as_millis())
    .bind(registration.to_string())
    .execute(connection)
    .await?;
    Ok(())
}
