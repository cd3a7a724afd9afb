//! Registrations.

use doorward_core::{
    AppObjectId, EmailAddress, PasswordHash, PendingRegistration, Registration, RegistrationId, Timestamp, UserId,
};
use sqlx::query;

use super::{Connection, Row, rows, sessions, tokens};

pub(super) async fn find(
    connection: &mut Connection,
    app: AppObjectId,
    email: &EmailAddress,
) -> sqlx::Result<Option<Registration>> {
    let row = query(
        "SELECT id, app_id, email, password_hash, created_at, confirmed_at
         FROM registrations WHERE app_id = $1 AND email = $2",
    )
    .bind(app.to_string())
    .bind(email.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(registration).transpose()
}

pub(super) async fn find_by_id(
    connection: &mut Connection,
    app: AppObjectId,
    id: RegistrationId,
) -> sqlx::Result<Option<Registration>> {
    let row = query(
        "SELECT id, app_id, email, password_hash, created_at, confirmed_at
         FROM registrations WHERE id = $1 AND app_id = $2",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(registration).transpose()
}

/// The unique address decides who was first. The loser of a race must not see an error: on PostgreSQL an error would end its transaction.
pub(super) async fn insert(connection: &mut Connection, registration: &Registration) -> sqlx::Result<bool> {
    let (app, created_at, confirmed_at) = match registration {
        Registration::Pending(pending) => (pending.app, pending.created_at, None),
        Registration::Confirmed(confirmed) => (confirmed.app, confirmed.created_at, Some(confirmed.confirmed_at)),
    };
    let done = query(
        "INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (app_id, email) DO NOTHING",
    )
    .bind(registration.id().to_string())
    .bind(app.to_string())
    .bind(registration.email().as_str())
    .bind(registration.password().as_phc())
    .bind(created_at.as_millis())
    .bind(confirmed_at.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn confirm(connection: &mut Connection, id: RegistrationId, now: Timestamp) -> sqlx::Result<bool> {
    let done = query("UPDATE registrations SET confirmed_at = $1 WHERE id = $2 AND confirmed_at IS NULL")
        .bind(now.as_millis())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The registration comes first: a login with the old password either waits for this lock and finds the hash changed, or held it
/// before, and then its session is committed and among those that end.
pub(super) async fn set_password(
    connection: &mut Connection,
    id: RegistrationId,
    password: &PasswordHash,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let row = query("UPDATE registrations SET password_hash = $1 WHERE id = $2 RETURNING user_id")
        .bind(password.as_phc())
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    tokens::void_all(connection, id, now).await?;
    if let Some(user) = rows::optional_id::<UserId>(&row, "user_id")? {
        sessions::end_all_of_user(connection, user).await?;
    }
    Ok(true)
}

fn registration(row: &Row) -> sqlx::Result<Registration> {
    let pending = PendingRegistration {
        id: rows::id(row, "id")?,
        app: rows::id(row, "app_id")?,
        email: rows::email(row, "email")?,
        password: rows::password(row, "password_hash")?,
        created_at: rows::time(row, "created_at")?,
    };
    Ok(match rows::optional_time(row, "confirmed_at")? {
        None => Registration::Pending(pending),
        Some(at) => Registration::Confirmed(pending.confirm(at)),
    })
}
