//! Sessions.

use super::db::{AssertSqlSafe, query};
use doorward_core::store::{NewSession, Opened};
use doorward_core::{AppObjectId, Session, SessionId, Timestamp, UserId, VerifiedIdentity};

use super::identities::{self, Standing};
use super::{Connection, FOR_SHARE, FOR_UPDATE, db, rows};

pub(super) async fn find(connection: &mut Connection, app: AppObjectId, id: SessionId) -> db::Result<Option<Session>> {
    let row = query(
        "SELECT s.id, s.app_id, s.user_id, s.device_id, s.created_at, s.expires_at, u.disabled_at
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.app_id = $2",
    )
    .bind(id.to_string())
    .bind(app.to_string())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Session {
        id: rows::id(&row, "id")?,
        app: rows::id(&row, "app_id")?,
        user: rows::id(&row, "user_id")?,
        device: rows::id(&row, "device_id")?,
        created_at: rows::time(&row, "created_at")?,
        expires_at: rows::time(&row, "expires_at")?,
        user_disabled: rows::optional_time(&row, "disabled_at")?.is_some(),
    }))
}

/// One statement, unless there is no user yet or the login fails.
pub(super) async fn open(connection: &mut Connection, new: &NewSession) -> db::Result<Opened> {
    identities::rename(connection, &new.identity).await?;
    // A second round is needed when another node changes the account between two statements of ours.
    for _ in 0..4 {
        if let Some(user) = insert(connection, new).await? {
            return Ok(Opened::Session(user));
        }
        match state(connection, new).await? {
            State::Stale => return Ok(Opened::Stale),
            State::Disabled => return Ok(Opened::Disabled),
            State::NoUser => return Ok(Opened::NoUser),
            State::Usable => {}
        }
    }
    Err(std::io::Error::other("the account kept changing during a login").into())
}

pub(super) async fn end(connection: &mut Connection, app: AppObjectId, id: SessionId) -> db::Result<bool> {
    let done = query("DELETE FROM sessions WHERE id = $1 AND app_id = $2")
        .bind(id.to_string())
        .bind(app.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end_all(connection: &mut Connection, app: AppObjectId, user: UserId) -> db::Result<u64> {
    let known = query("SELECT id FROM users WHERE id = $1 AND app_id = $2")
        .bind(user.to_string())
        .bind(app.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_none() {
        Ok(0)
    } else {
        end_all_of_user(connection, user).await
    }
}

/// Rows are locked in the order of their ids, so that two that end the same sessions do not wait for each other.
pub(super) async fn end_all_of_user(connection: &mut Connection, user: UserId) -> db::Result<u64> {
    let done = query(AssertSqlSafe(format!(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id {FOR_UPDATE})"
    )))
    .bind(user.to_string())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Identity and user are locked until the commit: a change of password, disabling or deletion waits for it and then ends this session
/// too, or has already happened and leaves nothing to insert.
async fn insert(connection: &mut Connection, new: &NewSession) -> db::Result<Option<UserId>> {
    let Standing {
        table,
        condition,
        values: [app, id, proof],
    } = Standing::of(&new.identity);
    let row = query(AssertSqlSafe(format!(
        "INSERT INTO sessions (id, app_id, user_id, device_id, created_at, expires_at)
         SELECT $4, i.app_id, u.id, $5, $6, $7
         FROM {table} i JOIN users u ON u.id = i.user_id
         WHERE {condition} AND u.disabled_at IS NULL
         {FOR_SHARE}
         RETURNING user_id"
    )))
    .bind(app)
    .bind(id)
    .bind(proof)
    .bind(new.id.to_string())
    .bind(new.device.to_string())
    .bind(new.created_at.as_millis())
    .bind(new.expires_at.as_millis())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(|row| rows::id(row, "user_id")).transpose()
}

enum State {
    Stale,
    NoUser,
    Disabled,
    Usable,
}

/// Why nothing was inserted. It takes no lock: to go from a shared lock to a stronger one is how two logins would block each other.
async fn state(connection: &mut Connection, new: &NewSession) -> db::Result<State> {
    let Standing {
        table,
        condition,
        values: [app, id, proof],
    } = Standing::of(&new.identity);
    let row = query(AssertSqlSafe(format!(
        "SELECT i.user_id, u.disabled_at FROM {table} i LEFT JOIN users u ON u.id = i.user_id WHERE {condition}"
    )))
    .bind(app)
    .bind(id)
    .bind(proof)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(match &new.identity {
            VerifiedIdentity::Email(_) => State::Stale,
            // Whom a function vouches for needs no row beforehand.
            VerifiedIdentity::Function { .. } => State::NoUser,
        });
    };
    let user: Option<UserId> = rows::optional_id(&row, "user_id")?;
    let disabled: Option<Timestamp> = rows::optional_time(&row, "disabled_at")?;
    Ok(match (user, disabled) {
        (None, _) => State::NoUser,
        (Some(_), Some(_)) => State::Disabled,
        (Some(_), None) => State::Usable,
    })
}
