//! Registrations, and addresses that are only kept while a function decides (`reserved_until`). The two share a table, so that one
//! unique index settles every race for an address; whatever looks for a registration says `reserved_until IS NULL`.

use super::db::query;
use doorward_core::{
    AppObjectId, EmailAddress, PasswordHash, PendingRegistration, Registration, RegistrationId, Timestamp, UserId,
};

use super::{Connection, Row, db, rows, sessions, tokens};

pub(super) async fn find(
    connection: &mut Connection,
    app: AppObjectId,
    email: &EmailAddress,
) -> db::Result<Option<Registration>> {
    let row = query(
        "SELECT id, app_id, email, password_hash, created_at, confirmed_at
         FROM registrations WHERE app_id = $1 AND email = $2 AND reserved_until IS NULL",
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
) -> db::Result<Option<Registration>> {
    let row = query(
        "SELECT id, app_id, email, password_hash, created_at, confirmed_at
         FROM registrations WHERE id = $1 AND app_id = $2 AND reserved_until IS NULL",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(registration).transpose()
}

pub(super) async fn insert(connection: &mut Connection, registration: &Registration) -> db::Result<bool> {
    put(connection, registration, None).await
}

pub(super) async fn reserve(
    connection: &mut Connection,
    registration: &PendingRegistration,
    until: Timestamp,
) -> db::Result<bool> {
    put(connection, &Registration::Pending(registration.clone()), Some(until)).await
}

/// The unique address decides who was first; a lapsed reservation gives way. The loser of a race must not see an error: on PostgreSQL an
/// error would end its transaction.
async fn put(
    connection: &mut Connection,
    registration: &Registration,
    reserved_until: Option<Timestamp>,
) -> db::Result<bool> {
    let (app, created_at, confirmed_at) = match registration {
        Registration::Pending(pending) => (pending.app, pending.created_at, None),
        Registration::Confirmed(confirmed) => (confirmed.app, confirmed.created_at, Some(confirmed.confirmed_at)),
    };
    let done = query(
        "INSERT INTO registrations (id, app_id, email, password_hash, created_at, confirmed_at, reserved_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (app_id, email) DO UPDATE
             SET id = excluded.id, password_hash = excluded.password_hash, created_at = excluded.created_at,
                 confirmed_at = excluded.confirmed_at, reserved_until = excluded.reserved_until
             WHERE registrations.reserved_until <= excluded.created_at",
    )
    .bind(registration.id().to_string())
    .bind(app.to_string())
    .bind(registration.email().as_str())
    .bind(registration.password().as_phc())
    .bind(created_at.as_millis())
    .bind(confirmed_at.map(Timestamp::as_millis))
    .bind(reserved_until.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Guarded by the id: a reservation that has lapsed and given way is another's.
pub(super) async fn settle(connection: &mut Connection, registration: &Registration) -> db::Result<bool> {
    let confirmed_at = match registration {
        Registration::Pending(_) => None,
        Registration::Confirmed(confirmed) => Some(confirmed.confirmed_at),
    };
    let done = query(
        "UPDATE registrations SET reserved_until = NULL, confirmed_at = $1 WHERE id = $2 AND reserved_until IS NOT NULL",
    )
    .bind(confirmed_at.map(Timestamp::as_millis))
    .bind(registration.id().to_string())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn release(connection: &mut Connection, id: RegistrationId) -> db::Result<bool> {
    let done = query("DELETE FROM registrations WHERE id = $1 AND reserved_until IS NOT NULL")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn release_all(connection: &mut Connection) -> db::Result<u64> {
    let done = query("DELETE FROM registrations WHERE reserved_until IS NOT NULL")
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn confirm(connection: &mut Connection, id: RegistrationId, now: Timestamp) -> db::Result<bool> {
    let done = query(
        "UPDATE registrations SET confirmed_at = $1 WHERE id = $2 AND confirmed_at IS NULL AND reserved_until IS NULL",
    )
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
) -> db::Result<bool> {
    let row =
        query("UPDATE registrations SET password_hash = $1 WHERE id = $2 AND reserved_until IS NULL RETURNING user_id")
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

fn registration(row: &Row) -> db::Result<Registration> {
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
