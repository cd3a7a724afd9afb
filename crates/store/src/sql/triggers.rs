//! Deliveries to triggers. The column `told` of `trigger_events` holds the trigger's name.

use std::str::FromStr as _;

use async_trait::async_trait;
use doorward_core::store::{DeliveryClaims, DeliveryPromises, DeliveryReads};
use doorward_core::{
    AppObjectId, ClaimedDelivery, Identity, NewTriggerEvent, Provider, StoreError, Timestamp, UserProfile,
};
use serde::{Deserialize, Serialize};

use super::db::{AssertSqlSafe, query};
use super::identities::StoredProfile;
use super::{Connection, Lease, Row, SKIP_LOCKED, Statements, Transaction, db, rows, texts_in};

#[async_trait]
impl<L: Lease> DeliveryReads for Statements<L> {
    async fn next_delivery_due(
        &mut self,
        apps: &[AppObjectId],
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let times = self.read_times(now).await?;
        self.run(async |connection| {
            let row = query(AssertSqlSafe(format!(
                "SELECT due_at FROM trigger_queues WHERE app_id IN ({}) ORDER BY due_at LIMIT 1",
                texts_in("$1")
            )))
            .bind(app_list(apps)?)
            .fetch_optional(connection)
            .await?;
            let due = row.as_ref().map(|row| rows::time(row, "due_at")).transpose()?;
            Ok(due.map(|at| times.told(at)))
        })
        .await
    }

    async fn count_deliveries(&mut self) -> Result<u64, StoreError> {
        self.run(async |connection| {
            let row = query("SELECT COUNT(*) AS events FROM trigger_events")
                .fetch_one(connection)
                .await?;
            rows::count(&row, "events")
        })
        .await
    }
}

#[async_trait]
impl DeliveryPromises for Transaction {
    /// Locks the queue's row first and until the commit. So the numbers of a user's events are in the order of their
    /// commits, and the worker that finishes with the queue sees all of them.
    async fn queue_trigger_event(&mut self, event: &NewTriggerEvent<'_>) -> Result<(), StoreError> {
        let user = event.user;
        let due_at = self.times(event.at).stored(event.at);
        let providers: Vec<&str> = event.providers.iter().map(|provider| provider.name()).collect();
        self.run(async |connection| {
            let identities = encode_identities(&user.identities)?;
            query(
                "INSERT INTO trigger_queues (user_id, app_id, due_at, attempts) VALUES ($1, $2, $3, 0)
                 ON CONFLICT (user_id) DO UPDATE SET due_at = trigger_queues.due_at",
            )
            .bind(user.id.to_string())
            .bind(user.app.to_string())
            .bind(due_at.as_millis())
            .execute(&mut *connection)
            .await?;
            for trigger in event.triggers {
                query(
                    "INSERT INTO trigger_events (app_id, user_id, told, event, providers, identities, occurred_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(user.app.to_string())
                .bind(user.id.to_string())
                .bind(*trigger)
                .bind(event.event.name())
                .bind(providers.join(","))
                .bind(identities.as_str())
                .bind(event.at.as_millis())
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl DeliveryClaims for Transaction {
    /// Claims queues, and returns the first event of each: a later event is delivered once the first is finished.
    /// `MATERIALIZED` as in the outbox.
    async fn claim_deliveries(
        &mut self,
        worker: &str,
        apps: &[AppObjectId],
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let times = self.times(now);
        let (now, claimed_until) = (times.stored(now), times.stored(claimed_until));
        self.run(async |connection| {
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
            .bind(app_list(apps)?)
            .fetch_all(&mut *connection)
            .await?;
            let mut claimed = Vec::new();
            for queue in &queues {
                let user = rows::text(queue, "user_id")?;
                match first_event(connection, &user).await? {
                    Some(event) => claimed.push(claimed_delivery(&event, queue)?),
                    // An operator has deleted the events by hand.
                    None => delete_queue_if_empty(connection, &user).await?,
                }
            }
            // An UPDATE returns its rows in any order.
            claimed.sort_unstable_by_key(|delivery| delivery.id);
            Ok(claimed)
        })
        .await
    }

    /// Guarded by the claim: a worker that has lost it changes nothing that the next one works on.
    async fn finish_delivery(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = self.times(now).stored(now);
        self.run(async |connection| {
            let user = delivery.user.id.to_string();
            let released = query(
                "UPDATE trigger_queues SET claimed_by = NULL, due_at = $1, attempts = 0
                 WHERE user_id = $2 AND claimed_by = $3",
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
                .bind(delivery.id)
                .execute(&mut *connection)
                .await?;
            delete_queue_if_empty(connection, &user).await?;
            Ok(true)
        })
        .await
    }

    async fn postpone_delivery(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        now: Timestamp,
        until: Timestamp,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let until = self.times(now).stored(until);
        self.run(async |connection| {
            query(
                "UPDATE trigger_queues SET claimed_by = NULL, due_at = $1, attempts = $2
                 WHERE user_id = $3 AND claimed_by = $4",
            )
            .bind(until.as_millis())
            .bind(i64::from(attempts))
            .bind(delivery.user.id.to_string())
            .bind(worker)
            .execute(connection)
            .await?;
            Ok(())
        })
        .await
    }
}

async fn first_event(connection: &mut Connection, user: &str) -> db::Result<Option<Row>> {
    query(
        "SELECT id, app_id, user_id, told, event, providers, identities, occurred_at
         FROM trigger_events WHERE user_id = $1 ORDER BY id LIMIT 1",
    )
    .bind(user)
    .fetch_optional(connection)
    .await
}

async fn delete_queue_if_empty(connection: &mut Connection, user: &str) -> db::Result<()> {
    query(
        "DELETE FROM trigger_queues
         WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM trigger_events WHERE user_id = $1)",
    )
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

/// Apps as one parameter, for [`texts_in`].
fn app_list(apps: &[AppObjectId]) -> db::Result<String> {
    let apps: Vec<String> = apps.iter().map(AppObjectId::to_string).collect();
    serde_json::to_string(&apps).map_err(|error| db::Error::Encode(error.into()))
}

fn claimed_delivery(event: &Row, queue: &Row) -> db::Result<ClaimedDelivery> {
    let providers = rows::text(event, "providers")?;
    let providers = providers.split(',').map(Provider::from_str).collect::<Result<_, _>>();
    Ok(ClaimedDelivery {
        id: rows::count(event, "id")?,
        trigger: rows::text(event, "told")?,
        event: rows::id(event, "event")?,
        providers: providers.map_err(|error| rows::malformed("providers", error))?,
        user: UserProfile {
            id: rows::id(event, "user_id")?,
            app: rows::id(event, "app_id")?,
            identities: decode_identities(&rows::text(event, "identities")?)?,
        },
        at: rows::time(event, "occurred_at")?,
        attempts: rows::count(queue, "attempts")?,
    })
}

/// An identity as an event stores it: the user may change or be deleted before the delivery.
#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    provider: String,
    id: String,
    profile: Option<StoredProfile>,
    /// Before schema 6 the parts of the profile stood beside the id.
    #[serde(flatten, skip_serializing)]
    flat_profile: StoredProfile,
}

fn encode_identities(identities: &[Identity]) -> db::Result<String> {
    let stored = identities.iter().map(|identity| StoredIdentity {
        provider: identity.provider.name().to_owned(),
        id: identity.id.as_str().to_owned(),
        profile: Some((&identity.profile).into()),
        flat_profile: StoredProfile::default(),
    });
    serde_json::to_string(&stored.collect::<Vec<_>>()).map_err(|error| db::Error::Encode(error.into()))
}

fn decode_identities(text: &str) -> db::Result<Vec<Identity>> {
    const COLUMN: &str = "identities";
    let stored: Vec<StoredIdentity> = serde_json::from_str(text).map_err(|error| rows::malformed(COLUMN, error))?;
    let identity = |stored: StoredIdentity| {
        Ok(Identity {
            provider: stored
                .provider
                .parse()
                .map_err(|error| rows::malformed(COLUMN, error))?,
            id: rows::external_id(&stored.id, COLUMN)?,
            profile: stored.profile.unwrap_or(stored.flat_profile).into(),
        })
    };
    stored.into_iter().map(identity).collect()
}
