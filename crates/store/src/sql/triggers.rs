//! What is still to be told to triggers.

use std::str::FromStr as _;

use super::db::{AssertSqlSafe, query};
use doorward_core::{
    AppObjectId, ClaimedDelivery, EmailAddress, Identity, NewTriggerEvent, Provider, RegistrationId, Timestamp,
    UserProfile,
};
use serde::{Deserialize, Serialize};

use super::{Connection, Row, SKIP_LOCKED, db, rows, texts_in};

/// An identity as it is kept: the user may change or go before its event is told.
#[derive(Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
enum KeptIdentity {
    LocalUserpass { id: String, email: String },
    CustomFunction { id: String, name: Option<String> },
}

/// The queue's row is locked first and until the commit, so the numbers of a user's events are in the order of their commits, and whoever
/// finishes with the queue sees all of them.
pub(super) async fn queue(connection: &mut Connection, event: &NewTriggerEvent<'_>) -> db::Result<()> {
    let user = event.user;
    let kept: Vec<KeptIdentity> = user.identities.iter().map(keep).collect();
    let identities = serde_json::to_string(&kept).map_err(|error| db::Error::Encode(error.into()))?;
    let providers: Vec<&str> = event.providers.iter().map(|provider| provider.name()).collect();
    query(
        "INSERT INTO trigger_queues (user_id, app_id, due_at, attempts) VALUES ($1, $2, $3, 0)
         ON CONFLICT (user_id) DO UPDATE SET due_at = trigger_queues.due_at",
    )
    .bind(user.id.to_string())
    .bind(user.app.to_string())
    .bind(event.at.as_millis())
    .execute(&mut *connection)
    .await?;
    for told in event.triggers {
        query(
            "INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(user.app.to_string())
        .bind(user.id.to_string())
        .bind(*told)
        .bind(event.event.name())
        .bind(providers.join(","))
        .bind(identities.as_str())
        .bind(event.at.as_millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A queue is claimed, and of it the first event: what came later is told when that has been. `MATERIALIZED` as in the outbox.
pub(super) async fn claim(
    connection: &mut Connection,
    worker: &str,
    apps: &[AppObjectId],
    now: Timestamp,
    claimed_until: Timestamp,
    limit: u32,
) -> db::Result<Vec<ClaimedDelivery>> {
    let queues = query(AssertSqlSafe(format!(
        "WITH due AS MATERIALIZED (
             SELECT user_id FROM trigger_queues WHERE due_at <= $3 AND app_id IN ({})
             ORDER BY due_at LIMIT $4 {SKIP_LOCKED}
         )
         UPDATE trigger_queues SET claimed_by = $1, due_at = $2 WHERE user_id IN (SELECT user_id FROM due)
         RETURNING user_id, attempts",
        texts_in("$5")
    )))
    .bind(worker)
    .bind(claimed_until.as_millis())
    .bind(now.as_millis())
    .bind(i64::from(limit))
    .bind(json(apps)?)
    .fetch_all(&mut *connection)
    .await?;
    let mut claimed = Vec::new();
    for queue in &queues {
        let user = rows::text(queue, "user_id")?;
        match first_of(connection, &user).await? {
            Some(event) => claimed.push(claimed_trigger(&event, queue)?),
            // Somebody has deleted them by hand.
            None => forget_if_empty(connection, &user).await?,
        }
    }
    // An UPDATE returns its rows in any order.
    claimed.sort_unstable_by_key(|told| told.id);
    Ok(claimed)
}

async fn first_of(connection: &mut Connection, user: &str) -> db::Result<Option<Row>> {
    query(
        "SELECT id, app_id, user_id, told, event, providers, identities, occurred_at
         FROM trigger_events WHERE user_id = $1 ORDER BY id LIMIT 1",
    )
    .bind(user)
    .fetch_optional(connection)
    .await
}

/// Guarded by the claim: whoever has lost it knows nothing of what its successor does.
pub(super) async fn finish(
    connection: &mut Connection,
    worker: &str,
    told: &ClaimedDelivery,
    now: Timestamp,
) -> db::Result<bool> {
    let user = told.user.id.to_string();
    let released = query(
        "UPDATE trigger_queues SET claimed_by = NULL, due_at = $1, attempts = 0 WHERE user_id = $2 AND claimed_by = $3",
    )
    .bind(now.as_millis())
    .bind(user.as_str())
    .bind(worker)
    .execute(&mut *connection)
    .await?;
    if released.rows_affected() == 0 {
        return Ok(false);
    }
    query("DELETE FROM trigger_events WHERE id = $1")
        .bind(told.id)
        .execute(&mut *connection)
        .await?;
    forget_if_empty(connection, &user).await?;
    Ok(true)
}

async fn forget_if_empty(connection: &mut Connection, user: &str) -> db::Result<()> {
    query(
        "DELETE FROM trigger_queues
         WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM trigger_events WHERE user_id = $1)",
    )
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn postpone(
    connection: &mut Connection,
    worker: &str,
    told: &ClaimedDelivery,
    until: Timestamp,
    attempts: u32,
) -> db::Result<()> {
    query(
        "UPDATE trigger_queues SET claimed_by = NULL, due_at = $1, attempts = $2
         WHERE user_id = $3 AND claimed_by = $4",
    )
    .bind(until.as_millis())
    .bind(i64::from(attempts))
    .bind(told.user.id.to_string())
    .bind(worker)
    .execute(connection)
    .await?;
    Ok(())
}

/// What was claimed was due; when exactly does not matter any more.
pub(super) async fn release_claims(connection: &mut Connection) -> db::Result<u64> {
    let done = query("UPDATE trigger_queues SET claimed_by = NULL, due_at = 0 WHERE claimed_by IS NOT NULL")
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn next_due(connection: &mut Connection, apps: &[AppObjectId]) -> db::Result<Option<Timestamp>> {
    let row = query(AssertSqlSafe(format!(
        "SELECT due_at FROM trigger_queues WHERE app_id IN ({}) ORDER BY due_at LIMIT 1",
        texts_in("$1")
    )))
    .bind(json(apps)?)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(|row| rows::time(row, "due_at")).transpose()
}

pub(super) async fn count(connection: &mut Connection) -> db::Result<u64> {
    let row = query("SELECT COUNT(*) AS events FROM trigger_events")
        .fetch_one(connection)
        .await?;
    rows::count(&row, "events")
}

/// A list as one parameter.
fn json(apps: &[AppObjectId]) -> db::Result<String> {
    let apps: Vec<String> = apps.iter().map(AppObjectId::to_string).collect();
    serde_json::to_string(&apps).map_err(|error| db::Error::Encode(error.into()))
}

fn claimed_trigger(row: &Row, queue: &Row) -> db::Result<ClaimedDelivery> {
    let kept: Vec<KeptIdentity> =
        serde_json::from_str(&rows::text(row, "identities")?).map_err(|error| rows::malformed("identities", error))?;
    let identities = kept.into_iter().map(identity).collect::<db::Result<Vec<_>>>()?;
    let providers = rows::text(row, "providers")?;
    let providers = providers.split(',').map(Provider::from_str).collect::<Result<_, _>>();
    Ok(ClaimedDelivery {
        id: rows::count(row, "id")?,
        trigger: rows::text(row, "told")?,
        event: rows::id(row, "event")?,
        providers: providers.map_err(|error| rows::malformed("providers", error))?,
        user: UserProfile {
            id: rows::id(row, "user_id")?,
            app: rows::id(row, "app_id")?,
            identities,
        },
        at: rows::time(row, "occurred_at")?,
        attempts: rows::count(queue, "attempts")?,
    })
}

fn keep(identity: &Identity) -> KeptIdentity {
    match identity {
        Identity::Email { id, email } => KeptIdentity::LocalUserpass {
            id: id.to_string(),
            email: email.as_str().to_owned(),
        },
        Identity::Function { id, name } => KeptIdentity::CustomFunction {
            id: id.as_str().to_owned(),
            name: name.clone(),
        },
    }
}

fn identity(kept: KeptIdentity) -> db::Result<Identity> {
    Ok(match kept {
        KeptIdentity::LocalUserpass { id, email } => Identity::Email {
            id: id
                .parse::<RegistrationId>()
                .map_err(|error| rows::malformed("identities", error))?,
            email: EmailAddress::parse(&email).map_err(|error| rows::malformed("identities", error))?,
        },
        KeptIdentity::CustomFunction { id, name } => Identity::Function {
            id: rows::external_id(&id, "identities")?,
            name,
        },
    })
}
