//! Users, and how a first login makes one.

use async_trait::async_trait;
use doorward_core::store::{UserReads, UserWrites};
use doorward_core::{
    AppObjectId, Identity, Provider, RegistrationId, StoreError, Timestamp, UserId, UserProfile, VerifiedIdentity,
};

use super::db::{AssertSqlSafe, query};
use super::identities::{Standing, StoredProfile};
use super::{FOR_UPDATE, Lease, Row, Statements, Transaction, db, rows, sessions, tokens};

#[async_trait]
impl<L: Lease> UserReads for Statements<L> {
    /// A registration has no `provider` and no `profile`: its table and its address say the same.
    async fn find_user(&mut self, app: AppObjectId, id: UserId) -> Result<Option<UserProfile>, StoreError> {
        self.run(async |connection| {
            let found = query(
                "SELECT NULL AS provider, r.id AS identity_id, r.email AS email, NULL AS profile,
                     r.created_at AS created_at
                 FROM users u JOIN registrations r ON r.user_id = u.id WHERE u.id = $1 AND u.app_id = $2
                 UNION ALL
                 SELECT i.provider, i.external_id, NULL, i.profile, i.created_at
                 FROM users u JOIN identities i ON i.user_id = u.id WHERE u.id = $1 AND u.app_id = $2
                 ORDER BY created_at, identity_id",
            )
            .bind(id.to_string())
            .bind(app.to_string())
            .fetch_all(connection)
            .await?;
            let identities = found.iter().map(identity).collect::<db::Result<Vec<_>>>()?;
            Ok((!identities.is_empty()).then_some(UserProfile { id, app, identities }))
        })
        .await
    }
}

#[async_trait]
impl UserWrites for Transaction {
    /// The first attempt decides about the id; a later one, at the same time or after a failure, gets the same answer.
    /// A plan is as old as its last attempt, so that it is not swept away during one.
    async fn plan_user(
        &mut self,
        identity: &VerifiedIdentity,
        proposed: UserId,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let Standing {
            condition,
            values: [app, id, proof],
            ..
        } = Standing::of(identity);
        self.run(async |connection| {
            let row =
                match identity {
                    VerifiedIdentity::Email(_) => {
                        query(AssertSqlSafe(format!(
                            "UPDATE registrations AS i SET planned_user_id = COALESCE(planned_user_id, $4)
                         WHERE {condition} RETURNING planned_user_id"
                        )))
                        .bind(app)
                        .bind(id)
                        .bind(proof)
                        .bind(proposed.to_string())
                        .fetch_optional(connection)
                        .await?
                    }
                    VerifiedIdentity::External { identity, .. } => query(
                        "INSERT INTO identities (app_id, external_id, provider, profile, planned_user_id, created_at)
                         VALUES ($1, $2, $3, $4, $5, $6)
                         ON CONFLICT (app_id, provider, external_id) DO UPDATE SET profile = excluded.profile,
                             created_at = CASE WHEN identities.user_id IS NULL THEN excluded.created_at
                                               ELSE identities.created_at END
                         RETURNING planned_user_id",
                    )
                    .bind(app)
                    .bind(id)
                    .bind(proof)
                    .bind(StoredProfile::encode(&identity.profile)?)
                    .bind(proposed.to_string())
                    .bind(now.as_millis())
                    .fetch_optional(connection)
                    .await?,
                };
            row.as_ref().map(|row| rows::id(row, "planned_user_id")).transpose()
        })
        .await
    }

    async fn make_user(&mut self, identity: &VerifiedIdentity, now: Timestamp) -> Result<bool, StoreError> {
        let Standing {
            table,
            condition,
            values: [app, id, proof],
        } = Standing::of(identity);
        self.run(async |connection| {
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
        })
        .await
    }

    /// Waits for a login that has locked the rows, and so finds its session. A later login finds the user disabled.
    async fn set_user_disabled(
        &mut self,
        app: AppObjectId,
        user: UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
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
        })
        .await
    }

    /// The registration takes its tokens and mails with it, and the user its sessions. Registration and identities go
    /// before the user, because logins lock them in this order.
    async fn delete_user(&mut self, app: AppObjectId, user: UserId) -> Result<bool, StoreError> {
        self.run(async |connection| {
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
        })
        .await
    }
}

fn identity(row: &Row) -> db::Result<Identity> {
    let Some(provider) = rows::optional_id::<Provider>(row, "provider")? else {
        let (id, email) = (rows::id(row, "identity_id")?, rows::email(row, "email")?);
        return Ok(Identity::of_registration(id, &email));
    };
    Ok(Identity {
        provider,
        id: rows::external_id(&rows::text(row, "identity_id")?, "identity_id")?,
        profile: StoredProfile::decode(&rows::text(row, "profile")?, "profile")?,
    })
}
