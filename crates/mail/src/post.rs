//! What the worker and its attempts share: the parts, the worker's name, and its claims in the database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use doorward_core::{Causes, ClaimedMail, ObjectId, StoreError, Timestamp, retry_conflicts};
use tokio::time::Instant;
use tracing::warn;

use crate::WorkerParts;

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

    /// Claims what is due.
    pub(crate) async fn claim(&self, name: &str, limit: usize, only_new: bool) -> Result<Vec<ClaimedMail>, StoreError> {
        let now = self.now();
        let claimed = retry_conflicts(&*self.parts.entropy, || async {
            let mut tx = self.parts.store.begin().await?;
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let mails = tx
                .claim_mail(name, now, now.plus(self.parts.settings.claim_lifetime), limit, only_new)
                .await?;
            tx.commit().await?;
            Ok(mails)
        });
        claimed.await.inspect_err(|_| {
            // The commit may have succeeded all the same. Under a new name, the worker does not prolong claims on mails
            // that it never received.
            self.renamed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Prolongs the claims that are held under these names.
    pub(crate) async fn renew(&self, names: &BTreeSet<Arc<str>>) {
        let until = self.now().plus(self.parts.settings.claim_lifetime);
        let renewed = retry_conflicts(&*self.parts.entropy, || async {
            let mut tx = self.parts.store.begin().await?;
            for name in names {
                tx.extend_mail_claims(name, until).await?;
            }
            tx.commit().await
        });
        if let Err(error) = renewed.await {
            warn!(error = %Causes(&error), "claims on mails cannot be prolonged");
        }
    }

    /// Converts a wall-clock time to the clock that timers use.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + at.since(self.now())
    }
}
