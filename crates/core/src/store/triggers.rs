//! Deliveries to triggers: what flows promise, and what a worker claims and finishes.

use async_trait::async_trait;

use super::StoreError;
use crate::{AppObjectId, ClaimedDelivery, NewTriggerEvent, Timestamp};

/// Reads about deliveries to triggers.
#[async_trait]
pub trait DeliveryReads {
    /// When the next delivery to a trigger of these apps becomes due, if any waits. A claimed one is due when its claim
    /// lapses.
    async fn next_delivery_due(
        &mut self,
        apps: &[AppObjectId],
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// How many deliveries to triggers wait.
    async fn count_deliveries(&mut self) -> Result<u64, StoreError>;
}

/// Deliveries that a change promises. The caller that commits them wakes the trigger worker.
#[async_trait]
pub trait DeliveryPromises {
    /// Queues an event, once for each trigger that subscribes to it. Events of one user are delivered in the order in
    /// which their transactions commit: until the end of this one no other can queue for the same user.
    async fn queue_trigger_event(&mut self, event: &NewTriggerEvent<'_>) -> Result<(), StoreError>;
}

/// What a trigger worker writes.
#[async_trait]
pub trait DeliveryClaims {
    /// Claims up to `limit` due deliveries to triggers of these apps for a worker until `claimed_until`, those
    /// that have been due for longest first, and only the first of each user: a user's next one waits until that one is
    /// finished.
    async fn claim_deliveries(
        &mut self,
        worker: &str,
        apps: &[AppObjectId],
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// Removes a delivery that was made; the user's next one, if there is any, is due now. `false`: this worker no
    /// longer holds the claim.
    async fn finish_delivery(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives a delivery back that could not be made, to be tried again at `until`. `attempts` counts the failures so
    /// far.
    async fn postpone_delivery(
        &mut self,
        worker: &str,
        delivery: &ClaimedDelivery,
        now: Timestamp,
        until: Timestamp,
        attempts: u32,
    ) -> Result<(), StoreError>;
}
