//! What the worker and its attempts share: the parts, the worker's name, and its claims in the database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use doorward_core::{
    Causes, ClaimedMail, DeliveryOutcome, MailContent, MailId, ObjectId, StoreError, Timestamp, retry_conflicts,
};
use tokio::time::Instant;
use tracing::warn;

use crate::WorkerParts;
use crate::boot_time::BootTime;
use crate::claims::Claims;

/// How many mails end in one transaction.
const BATCH: u32 = 500;

/// Mails that were just claimed.
pub(crate) struct Claimed {
    pub(crate) mails: Vec<ClaimedMail>,
    /// Until when the claims certainly hold.
    pub(crate) until: BootTime,
}

/// What the worker and its attempts share.
pub(crate) struct Post {
    pub(crate) parts: WorkerParts,
    pub(crate) name: String,
    renamed: AtomicU32,
}

impl Post {
    pub(crate) fn new(parts: WorkerParts) -> Self {
        let name = ObjectId::random(&*parts.entropy).to_string();
        Self {
            parts,
            name,
            renamed: AtomicU32::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The name under which the worker claims mails.
    pub(crate) fn name(&self) -> Arc<str> {
        format!("{}.{}", self.name, self.renamed.load(Ordering::Relaxed)).into()
    }

    /// Ends the mails whose time has passed while they waited.
    pub(crate) async fn expire(&self) -> Result<Vec<MailId>, StoreError> {
        let mut expired = Vec::new();
        loop {
            let ended = retry_conflicts(&*self.parts.entropy, || async {
                let mut tx = self.parts.store.begin().await?;
                let ended = tx.expire_mail(self.now(), BATCH).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(ended)
            });
            let ended = ended.await?;
            let all = ended.len() < BATCH as usize;
            expired.extend(ended);
            if all {
                break;
            }
        }
        if !expired.is_empty() {
            warn!(mails = expired.len(), "mails waited for too long, and were not sent");
            self.parts.metrics.count_ended(&DeliveryOutcome::Expired, expired.len());
        }
        Ok(expired)
    }

    /// Whether a mail would carry a link that is dead for another reason than its age.
    pub(crate) fn is_superseded(&self, mail: &ClaimedMail) -> bool {
        let MailContent::Link { token, .. } = &mail.content else {
            return false;
        };
        let app = self.parts.apps.find_by_object_id(token.app);
        let accounts = app.as_ref().and_then(|app| app.providers.email_password.as_ref());
        let methods_changed = accounts.is_some_and(|accounts| accounts.methods() != token.methods);
        token.used_at.is_some() || token.voided_at.is_some() || methods_changed
    }

    /// Records claimed mails as superseded, all in one transaction.
    pub(crate) async fn supersede(&self, name: &str, mails: &[MailId]) -> Result<(), StoreError> {
        if mails.is_empty() {
            return Ok(());
        }
        let superseded = retry_conflicts(&*self.parts.entropy, || async {
            let mut tx = self.parts.store.begin().await?;
            for mail in mails {
                tx.record_delivery(name, *mail, &DeliveryOutcome::Superseded, self.now())
                    .await?;
            }
            tx.commit().await
        });
        superseded.await?;
        self.parts
            .metrics
            .count_ended(&DeliveryOutcome::Superseded, mails.len());
        Ok(())
    }

    /// Claims what is due.
    pub(crate) async fn claim(&self, name: &str, limit: usize, only_new: bool) -> Result<Claimed, StoreError> {
        let now = self.now();
        let until = BootTime::now() + self.parts.settings.claim_lifetime;
        let claimed = retry_conflicts(&*self.parts.entropy, || async {
            let mut tx = self.parts.store.begin().await?;
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let mails = tx
                .claim_mail(name, now, now.plus(self.parts.settings.claim_lifetime), limit, only_new)
                .await?;
            tx.commit().await?;
            Ok(Claimed { mails, until })
        });
        claimed.await.inspect_err(|_| {
            // The commit may have succeeded all the same. Under a new name, the worker does not prolong claims on mails
            // that it never received.
            self.renamed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Prolongs the claims that are held under these names.
    pub(crate) async fn renew(&self, claims: &Claims, names: &BTreeSet<Arc<str>>) {
        let lifetime = self.parts.settings.claim_lifetime;
        let until = BootTime::now() + lifetime;
        let renewed = retry_conflicts(&*self.parts.entropy, || async {
            let mut tx = self.parts.store.begin().await?;
            let now = self.now();
            let mut held = Vec::new();
            for name in names {
                held.extend(tx.extend_mail_claims(name, now, now.plus(lifetime)).await?);
            }
            tx.commit().await?;
            Ok::<_, StoreError>(held)
        });
        match renewed.await {
            // A claim that another worker has taken over meanwhile is not among these.
            Ok(held) => claims.extend(&held, until),
            Err(error) => warn!(error = %Causes(&error), "claims on mails cannot be prolonged"),
        }
    }

    /// Converts a wall-clock time to the clock that timers use.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + at.since(self.now())
    }
}
