//! What is still to be told to triggers.

use std::str::FromStr as _;

use super::db::{AssertSqlSafe, query};
use doorward_core::{
    ClaimedTrigger, EmailAddress, Identity, NewTriggerEvent, Provider, RegistrationId, Timestamp, UserProfile,
};
use serde::{Deserialize, Serialize};

use super::{Connection, Row, SKIP_LOCKED, db, rows};

/// An identity as it is kept: the user may change or go before its event is told.
#[derive(Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case")]
enum KeptIdentity {
    LocalUserpass { id: String, email: String },
    CustomFunction { id: String, name: Option<String> },
}

/// Whoever changes the user holds its lock when this runs, so the numbers of its events are in the order of their commits.
pub(super) async fn queue(connection: &mut Connection, event: &NewTriggerEvent<'_>) -> db::Result<()> {
    let user = event.user;
    let kept: Vec<KeptIdentity> = user.identities.iter().map(keep).collect();
    let identities = serde_json::to_string(&kept).map_err(|error| db::Error::Encode(error.into()))?;
    let providers: Vec<&str> = event.providers.iter().map(|provider| provider.name()).collect();
    for told in event.triggers {
        query(
            "INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
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

/// Of each user only the first: what came later is told when that has been. `MATERIALIZED` as in the outbox.
pub(super) async fn claim(
    connection: &mut Connection,
    worker: &str,
    now: Timestamp,
    claimed_until: Timestamp,
    limit: u32,
) -> db::Result<Vec<ClaimedTrigger>> {
    let found = query(AssertSqlSafe(format!(
        "WITH due AS MATERIALIZED (
             SELECT id FROM trigger_events e
             WHERE due_at <= $3 AND NOT EXISTS (SELECT 1 FROM trigger_events f WHERE f.user_id = e.user_id AND f.id < e.id)
             ORDER BY id LIMIT $4 {SKIP_LOCKED}
         )
         UPDATE trigger_events SET claimed_by = $1, due_at = $2 WHERE id IN (SELECT id FROM due)
         RETURNING id, app_id, user_id, told, event, providers, identities, occurred_at"
    )))
    .bind(worker)
    .bind(claimed_until.as_millis())
    .bind(now.as_millis())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let mut claimed = found.iter().map(claimed_trigger).collect::<db::Result<Vec<_>>>()?;
    // An UPDATE returns its rows in any order.
    claimed.sort_unstable_by_key(|told| told.id);
    Ok(claimed)
}

/// Guarded by the claim: whoever has lost it knows nothing of what its successor does.
pub(super) async fn finish(connection: &mut Connection, worker: &str, id: i64) -> db::Result<bool> {
    let done = query("DELETE FROM trigger_events WHERE id = $1 AND claimed_by = $2")
        .bind(id)
        .bind(worker)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn postpone(connection: &mut Connection, worker: &str, id: i64, until: Timestamp) -> db::Result<()> {
    query("UPDATE trigger_events SET claimed_by = NULL, due_at = $1 WHERE id = $2 AND claimed_by = $3")
        .bind(until.as_millis())
        .bind(id)
        .bind(worker)
        .execute(connection)
        .await?;
    Ok(())
}

/// What was claimed was due; when exactly does not matter any more.
pub(super) async fn release_claims(connection: &mut Connection) -> db::Result<u64> {
    let done = query("UPDATE trigger_events SET claimed_by = NULL, due_at = occurred_at WHERE claimed_by IS NOT NULL")
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn next_due(connection: &mut Connection) -> db::Result<Option<Timestamp>> {
    let row = query(
        "SELECT MIN(due_at) AS due_at FROM trigger_events e
         WHERE NOT EXISTS (SELECT 1 FROM trigger_events f WHERE f.user_id = e.user_id AND f.id < e.id)",
    )
    .fetch_one(connection)
    .await?;
    rows::optional_time(&row, "due_at")
}

pub(super) async fn count(connection: &mut Connection) -> db::Result<u64> {
    let row = query("SELECT COUNT(*) AS events FROM trigger_events")
        .fetch_one(connection)
        .await?;
    rows::count(&row, "events")
}

fn claimed_trigger(row: &Row) -> db::Result<ClaimedTrigger> {
    let kept: Vec<KeptIdentity> =
        serde_json::from_str(&rows::text(row, "identities")?).map_err(|error| rows::malformed("identities", error))?;
    let identities = kept.into_iter().map(identity).collect::<db::Result<Vec<_>>>()?;
    let providers = rows::text(row, "providers")?;
    let providers = providers.split(',').map(Provider::from_str).collect::<Result<_, _>>();
    Ok(ClaimedTrigger {
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
