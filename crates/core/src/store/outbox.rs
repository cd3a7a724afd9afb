//! The outbox: what flows promise, and what a worker claims and records.

use async_trait::async_trait;

use super::StoreError;
use crate::{ClaimedMail, DeliveryOutcome, MailId, MailToken, SealedMail, Timestamp};

/// Reads about the outbox.
#[async_trait]
pub trait OutboxReads {
    /// How many outbox rows are in each state, for the metrics: `(state, count)`, every state present.
    async fn count_mail(&mut self) -> Result<Vec<(&'static str, u64)>, StoreError>;

    /// When the next waiting mail becomes due, if any waits. A claimed one is due when its claim lapses.
    async fn next_mail_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Whether a worker still holds its claim on a mail: no other worker has taken it over, and the mail still waits.
    async fn holds_mail(&mut self, worker: &str, mail: MailId) -> Result<bool, StoreError>;
}

/// Mails that a change promises. The caller that commits them wakes the outbox worker.
#[async_trait]
pub trait MailPromises {
    /// Stores a token that was made just now, with an outbox row that is due now.
    ///
    /// While the newest usable token of the same registration, purpose, methods and key is young
    /// ([`MailToken::is_young`]), none is stored. The mail of that one is due again under the new id if its last
    /// attempt has ended; if it still waits, nothing happens. So requests that are repeated add no rows.
    ///
    /// If the registration is gone, nothing is stored.
    async fn issue_mail(&mut self, mail: MailId, token: &MailToken) -> Result<(), StoreError>;

    /// Stores an outbox row with a mail that a function wrote. It is due now.
    async fn promise_sealed_mail(&mut self, id: MailId, mail: &SealedMail, now: Timestamp) -> Result<(), StoreError>;
}

/// What an outbox worker writes.
#[async_trait]
pub trait MailClaims {
    /// Ends up to `limit` mails whose time has passed while they waited, and returns them. An attempt in flight is not
    /// disturbed. A worker calls it before it claims, until there are fewer than `limit`.
    async fn expire_mail(&mut self, now: Timestamp, limit: u32) -> Result<Vec<MailId>, StoreError>;

    /// Claims up to `limit` due mails for a worker until `claimed_until`: those never tried first, then oldest due
    /// first; or, with `only_new`, only those never tried. Mails claimed by other workers are left alone until the
    /// claim has lapsed; on PostgreSQL rows that another worker is claiming right now are skipped.
    async fn claim_mail(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
        limit: u32,
        only_new: bool,
    ) -> Result<Vec<ClaimedMail>, StoreError>;

    /// Prolongs every claim that a worker still holds, and returns their mails.
    async fn extend_mail_claims(
        &mut self,
        worker: &str,
        now: Timestamp,
        claimed_until: Timestamp,
    ) -> Result<Vec<MailId>, StoreError>;

    /// Records how an attempt ended. The text of a function's mail is deleted unless the mail still waits. `false`:
    /// this worker no longer holds the claim, or the mail is gone, and nothing was recorded.
    async fn record_delivery(
        &mut self,
        worker: &str,
        mail: MailId,
        outcome: &DeliveryOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
