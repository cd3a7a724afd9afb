//! Identities: where each kind stands, and the user that its first login makes.

use super::db::{AssertSqlSafe, query};
use doorward_core::{Provider, Timestamp, UserId, VerifiedIdentity};

use super::{Connection, FOR_UPDATE, db, rows};

/// Where an identity that was verified stands, and what still has to be true of its row.
pub(super) struct Standing {
    /// Every such table has `app_id`, `user_id` and `planned_user_id`.
    pub(super) table: &'static str,
    /// About a row `i`, with the parameters $1 to $3.
    pub(super) condition: &'static str,
    /// The values of $1 to $3.
    pub(super) values: [String; 3],
}

impl Standing {
    pub(super) fn of(identity: &VerifiedIdentity) -> Self {
        match identity {
            VerifiedIdentity::Email(registration) => Self {
                table: "registrations",
                condition: "i.app_id = $1 AND i.id = $2 AND i.password_hash = $3 AND i.confirmed_at IS NOT NULL",
                values: [
                    registration.app.to_string(),
                    registration.id.to_string(),
                    registration.password.as_phc().to_owned(),
                ],
            },
            VerifiedIdentity::Function { app, id, .. } => Self {
                table: "identities",
                condition: "i.app_id = $1 AND i.external_id = $2 AND i.provider = $3",
                values: [
                    app.to_string(),
                    id.as_str().to_owned(),
                    Provider::CustomFunction.name().to_owned(),
                ],
            },
        }
    }
}

/// A name is what the function said last. Only a new one is written, so that logins do not wait for each other.
pub(super) async fn rename(connection: &mut Connection, identity: &VerifiedIdentity) -> db::Result<()> {
    let VerifiedIdentity::Function { name, .. } = identity else {
        return Ok(());
    };
    let [app, id, provider] = Standing::of(identity).values;
    query(
        "UPDATE identities SET name = $4
         WHERE app_id = $1 AND external_id = $2 AND provider = $3 AND name IS DISTINCT FROM $4",
    )
    .bind(app)
    .bind(id)
    .bind(provider)
    .bind(name.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Whoever comes first decides about the id; whoever comes later, at the same time or after a failure, is told the same. What is planned is
/// as old as its last attempt, so that it is not swept away under one.
pub(super) async fn plan_user(
    connection: &mut Connection,
    identity: &VerifiedIdentity,
    proposed: UserId,
    now: Timestamp,
) -> db::Result<Option<UserId>> {
    let standing = Standing::of(identity);
    let [app, id, proof] = standing.values;
    let row = match identity {
        VerifiedIdentity::Email(_) => {
            query(AssertSqlSafe(format!(
                "UPDATE registrations AS i SET planned_user_id = COALESCE(planned_user_id, $4)
                 WHERE {} RETURNING planned_user_id",
                standing.condition
            )))
            .bind(app)
            .bind(id)
            .bind(proof)
            .bind(proposed.to_string())
            .fetch_optional(connection)
            .await?
        }
        VerifiedIdentity::Function { name, .. } => {
            query(
                "INSERT INTO identities (app_id, external_id, provider, name, planned_user_id, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (app_id, provider, external_id) DO UPDATE SET name = excluded.name,
                     created_at = CASE WHEN identities.user_id IS NULL THEN excluded.created_at ELSE identities.created_at END
                 RETURNING planned_user_id",
            )
            .bind(app)
            .bind(id)
            .bind(proof)
            .bind(name.as_deref())
            .bind(proposed.to_string())
            .bind(now.as_millis())
            .fetch_optional(connection)
            .await?
        }
    };
    row.as_ref().map(|row| rows::id(row, "planned_user_id")).transpose()
}

/// Makes the user, unless another first login has just done so.
pub(super) async fn make_user(
    connection: &mut Connection,
    identity: &VerifiedIdentity,
    now: Timestamp,
) -> db::Result<bool> {
    let Standing {
        table,
        condition,
        values: [app, id, proof],
    } = Standing::of(identity);
    let made = query(AssertSqlSafe(format!(
        "INSERT INTO users (id, app_id, created_at)
         SELECT i.planned_user_id, i.app_id, $4 FROM {table} AS i
         WHERE {condition} AND i.user_id IS NULL AND i.planned_user_id IS NOT NULL
         {FOR_UPDATE}"
    )))
    .bind(app.as_str())
    .bind(id.as_str())
    .bind(proof.as_str())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    query(AssertSqlSafe(format!(
        "UPDATE {table} AS i SET user_id = planned_user_id WHERE {condition}"
    )))
    .bind(app)
    .bind(id)
    .bind(proof)
    .execute(connection)
    .await?;
    Ok(true)
}
