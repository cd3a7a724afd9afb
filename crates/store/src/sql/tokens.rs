//! Mailed tokens: the public half.

use super::db::{AssertSqlSafe, query};
use doorward_core::{AppObjectId, MailId, MailToken, Purpose, RegistrationId, Timestamp, TokenId};

use super::{Connection, FOR_UPDATE, db, rows};

pub(super) async fn find(connection: &mut Connection, app: AppObjectId, id: TokenId) -> db::Result<Option<MailToken>> {
    let row = query(
        "SELECT id AS token_id, app_id, registration_id, purpose, methods, key_id, issued_at, expires_at, used_at, voided_at
         FROM mail_tokens WHERE id = $1 AND app_id = $2",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::mail_token).transpose()
}

/// The registration comes first: of two tokens issued at once the second waits, and then voids the first.
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

/// A registration that has been deleted meanwhile gets no mail: it is as if it had been promised just before, and deleted with the
/// account.
pub(super) async fn issue_mail(connection: &mut Connection, mail: MailId, token: &MailToken) -> db::Result<()> {
    if !issue(&mut *connection, token).await? {
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
}

/// Of any number of callers exactly one finds `used_at` null. The last condition takes the registration's lock before the token's,
/// as everybody does; it holds for every token that is there.
pub(super) async fn consume(
    connection: &mut Connection,
    app: AppObjectId,
    purpose: Purpose,
    id: TokenId,
    methods: &str,
    now: Timestamp,
) -> db::Result<Option<RegistrationId>> {
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
}

/// Voids every token of a registration. The caller holds the registration's lock.
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
