//! Sessions, and the login that opens one.

use async_trait::async_trait;
use doorward_core::store::{NewSession, OpenedSession, SessionReads, SessionWrites};
use doorward_core::{AppObjectId, Session, SessionId, StoreError, Timestamp, UserId, VerifiedIdentity};

use super::db::{AssertSqlSafe, query};
use super::identities::{self, Standing};
use super::{Connection, FOR_SHARE, FOR_UPDATE, Lease, Statements, Transaction, db, rows};

#[async_trait]
impl<L: Lease> SessionReads for Statements<L> {
    async fn find_session(&mut self, app: AppObjectId, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.run(async |connection| {
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
        })
        .await
    }
}

#[async_trait]
impl SessionWrites for Transaction {
    /// One statement for an e-mail login, and one more for an external identity, unless there is no user yet or the
    /// login fails.
    async fn open_session(&mut self, session: &NewSession) -> Result<OpenedSession, StoreError> {
        self.run(async |connection| {
            identities::update_profile(connection, &session.identity).await?;
            // A second round is needed when another node changes the account between two of these statements.
            for _ in 0..4 {
                if let Some(user) = insert(connection, session).await? {
                    return Ok(OpenedSession::Session(user));
                }
                match state(connection, session).await? {
                    State::Stale => return Ok(OpenedSession::Stale),
                    State::Disabled => return Ok(OpenedSession::Disabled),
                    State::NoUser => return Ok(OpenedSession::NoUser),
                    State::Usable => {}
                }
            }
            Err(std::io::Error::other("the account kept changing during a login").into())
        })
        .await
    }

    async fn end_session(&mut self, app: AppObjectId, id: SessionId) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let done = query("DELETE FROM sessions WHERE id = $1 AND app_id = $2")
                .bind(id.to_string())
                .bind(app.to_string())
                .execute(connection)
                .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn end_user_sessions(&mut self, app: AppObjectId, user: UserId) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let known = query("SELECT id FROM users WHERE id = $1 AND app_id = $2")
                .bind(user.to_string())
                .bind(app.to_string())
                .fetch_optional(&mut *connection)
                .await?;
            if known.is_none() {
                return Ok(0);
            }
            end_all_of_user(connection, user).await
        })
        .await
    }
}

/// Locks the rows in the order of their ids, so that two transactions that end the same sessions do not wait for each
/// other.
pub(super) async fn end_all_of_user(connection: &mut Connection, user: UserId) -> db::Result<u64> {
    let done = query(AssertSqlSafe(format!(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id {FOR_UPDATE})"
    )))
    .bind(user.to_string())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Locks identity and user until the commit: a change of password, disabling or deletion either waits for the commit
/// and then ends this session too, or has already happened and leaves nothing to insert.
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

/// Why nothing was inserted. It takes no lock, because two logins that go from a shared lock to a stronger one would
/// block each other.
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
            // Its row is written when its user is planned.
            VerifiedIdentity::External { .. } => State::NoUser,
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
