//! Users.

use super::db::{AssertSqlSafe, query};
use doorward_core::{AppObjectId, Identity, Provider, RegistrationId, Timestamp, UserId, UserProfile};

use super::{Connection, FOR_UPDATE, Row, db, rows, sessions, tokens};

pub(super) async fn find(connection: &mut Connection, app: AppObjectId, id: UserId) -> db::Result<Option<UserProfile>> {
    let found = query(
        "SELECT 'local-userpass' AS provider, r.id AS identity_id, r.email AS email, NULL AS name, r.created_at AS created_at
         FROM users u JOIN registrations r ON r.user_id = u.id WHERE u.id = $1 AND u.app_id = $2
         UNION ALL
         SELECT i.provider, i.external_id, NULL, i.name, i.created_at
         FROM users u JOIN identities i ON i.user_id = u.id WHERE u.id = $1 AND u.app_id = $2
         ORDER BY created_at, identity_id",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_all(connection)
    .await?;
    let identities = found.iter().map(identity).collect::<db::Result<Vec<_>>>()?;
    Ok((!identities.is_empty()).then_some(UserProfile { id, app, identities }))
}

fn identity(row: &Row) -> db::Result<Identity> {
    Ok(match rows::id(row, "provider")? {
        Provider::EmailPassword => Identity::Email {
            id: rows::id(row, "identity_id")?,
            email: rows::email(row, "email")?,
        },
        Provider::CustomFunction => Identity::Function {
            id: rows::external_id(&rows::text(row, "identity_id")?, "identity_id")?,
            name: rows::optional_text(row, "name")?,
        },
    })
}

/// A login that holds the rows has committed its session when this goes on, and one that comes later finds the user disabled.
pub(super) async fn set_disabled(
    connection: &mut Connection,
    app: AppObjectId,
    user: UserId,
    disabled: bool,
    now: Timestamp,
) -> db::Result<bool> {
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

/// The registration takes its tokens and mails with it, the user its sessions. Ways in go before the user, as logins lock them.
pub(super) async fn delete(connection: &mut Connection, app: AppObjectId, user: UserId) -> db::Result<bool> {
    query("DELETE FROM registrations WHERE user_id = $1 AND app_id = $2")
        .bind(user.to_string())
        .bind(app.to_string())
        .execute(&mut *connection)
        .await?;
    query("DELETE FROM identities WHERE user_id = $1 AND app_id = $2")
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
