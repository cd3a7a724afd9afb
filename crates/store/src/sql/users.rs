//! Users.

use doorward_core::{AppObjectId, RegistrationId, Timestamp, UserId, UserProfile};
use sqlx::{AssertSqlSafe, query};

use super::{Connection, FOR_UPDATE, rows, sessions, tokens};

pub(super) async fn find(
    connection: &mut Connection,
    app: AppObjectId,
    id: UserId,
) -> sqlx::Result<Option<UserProfile>> {
    let row = query(
        "SELECT u.id, u.app_id, r.id AS registration_id, r.email
         FROM users u JOIN registrations r ON r.user_id = u.id
         WHERE u.id = $1 AND u.app_id = $2",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(UserProfile {
        id: rows::id(&row, "id")?,
        app: rows::id(&row, "app_id")?,
        identity: rows::id(&row, "registration_id")?,
        email: rows::email(&row, "email")?,
    }))
}

/// A login that holds the rows has committed its session when this goes on, and one that comes later finds the user disabled.
pub(super) async fn set_disabled(
    connection: &mut Connection,
    app: AppObjectId,
    user: UserId,
    disabled: bool,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let registration = query(AssertSqlSafe(format!(
        "SELECT id FROM registrations WHERE user_id = $1 AND app_id = $2 {FOR_UPDATE}"
    )))
    .bind(user.to_string())
    .bind(app.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let done = query("UPDATE users SET disabled_at = $1 WHERE id = $2 AND app_id = $3")
        .bind(disabled.then_some(now.as_millis()))
        .bind(user.to_string())
        .bind(app.to_string())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    if disabled {
        if let Some(row) = registration {
            tokens::void_all(connection, rows::id::<RegistrationId>(&row, "id")?, now).await?;
        }
        sessions::end_all_of_user(connection, user).await?;
    }
    Ok(true)
}

/// The registration takes its tokens and mails with it, the user its sessions.
pub(super) async fn delete(connection: &mut Connection, app: AppObjectId, user: UserId) -> sqlx::Result<bool> {
    query("DELETE FROM registrations WHERE user_id = $1 AND app_id = $2")
        .bind(user.to_string())
        .bind(app.to_string())
        .execute(&mut *connection)
        .await?;
    let done = query("DELETE FROM users WHERE id = $1 AND app_id = $2")
        .bind(user.to_string())
        .bind(app.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
