//! The outbox worker: claims mails that are due, attempts them side by side, and records how each attempt ended.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use doorward_core::{
    App, AppObjectId, ClaimedMail, Clock, DeliveryOutcome, Entropy, Links, MailId, ObjectId, Store, StoreError,
    Timestamp, TokenKeys, Wake,
};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::attempts::Attempts;
use crate::{MailFrom, MailMetrics, Transport};

/// How long to wait after the database failed, or after a mail that is due turned out to be claimed by somebody else.
const PAUSE: Duration = Duration::from_secs(1);

/// Finds an app that this process serves.
pub type AppLookup = Arc<dyn Fn(AppObjectId) -> Option<Arc<App>> + Send + Sync>;

/// What the worker needs from outside.
pub struct WorkerParts {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// The apps of this process.
    pub apps: AppLookup,
    /// What links are made with.
    pub links: Links,
    /// What tokens are derived with.
    pub token_keys: Arc<TokenKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance: the worker's name is made of it.
    pub entropy: Arc<dyn Entropy>,
    /// What carries mails away.
    pub transport: Arc<dyn Transport>,
    /// Who they are from.
    pub from: MailFrom,
    /// The bell that flows ring after a commit.
    pub wake: Wake,
    /// What Prometheus is told.
    pub metrics: MailMetrics,
    /// How the worker paces itself.
    pub settings: WorkerSettings,
}

/// How the worker paces itself.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// How long it sleeps at most while nothing is due.
    pub longest_sleep: Duration,
    /// How long a claim holds unless it is prolonged, which it is three times in that while: a process that dies leaves its
    /// mails to others after this time.
    pub claim_lifetime: Duration,
    /// How long the first attempt may take; each further one may take twice as long as the one before, at most ten minutes. A relay
    /// that takes its time over a mail has often accepted it: to give up on it is to send the mail twice.
    pub attempt_timeout: Duration,
    /// How many attempts may be under way. The last quarter is for mails that were never tried, so that those which are stuck
    /// hold up no new one.
    pub concurrency: usize,
    /// How long attempts under way may still take at shutdown.
    pub shutdown_grace: Duration,
}

impl WorkerSettings {
    /// For a store of this process alone: every mail comes with a wake, and looking up is for clocks that jump.
    pub const fn alone() -> Self {
        Self {
            longest_sleep: Duration::from_secs(15),
            claim_lifetime: Duration::from_secs(15),
            attempt_timeout: Duration::from_mins(1),
            concurrency: 64,
            shutdown_grace: Duration::from_secs(10),
        }
    }

    /// For a store that other processes share: their mails come without a wake.
    pub const fn shared() -> Self {
        Self {
            longest_sleep: Duration::from_secs(1),
            ..Self::alone()
        }
    }
}

/// Sends what the outbox holds. Any number of workers, in any number of processes, can share one outbox.
pub struct OutboxWorker(Arc<Post>);

impl OutboxWorker {
    /// Puts the parts together.
    pub fn new(parts: WorkerParts) -> Self {
        let name = ObjectId::random(&*parts.entropy).to_string();
        Self(Arc::new(Post {
            parts,
            name,
            renamed: AtomicU32::new(0),
        }))
    }

    /// Works until told to stop; then it finishes the attempts under way, for as long as its settings grant, and claims nothing more.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut attempts = Attempts::new(Arc::clone(&self.0));
        let mut poll_at = Instant::now();
        let mut trouble = false;
        while !shutdown.is_cancelled() {
            if attempts.have_room() && poll_at <= Instant::now() {
                poll_at = self.poll(&mut attempts, &mut trouble).await;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.0.parts.wake.woken() => poll_at = Instant::now(),
                // While every place is taken, a place that falls free is what there is to wait for.
                () = sleep_until(poll_at), if attempts.have_room() => {}
                Some((_, outcome)) = attempts.next() => {
                    if let DeliveryOutcome::Retry { at, .. } = outcome {
                        poll_at = poll_at.min(self.0.instant(at));
                    }
                }
            }
        }
        let grace = self.0.parts.settings.shutdown_grace;
        // What is cut off here is in doubt anyway: its claim lapses, and it is sent again under the same Message-ID.
        let _ = tokio::time::timeout(grace, async { while attempts.next().await.is_some() {} }).await;
    }

    /// Attempts everything that is due, and says how each attempt ended. The step that tests take.
    pub async fn deliver_due(&self) -> Result<Vec<(MailId, DeliveryOutcome)>, StoreError> {
        let mut attempts = Attempts::new(Arc::clone(&self.0));
        let mut ended = Vec::new();
        let mut claimed = Ok(false);
        loop {
            if claimed.is_ok() && attempts.have_room() {
                claimed = attempts.claim().await;
            }
            match attempts.next().await {
                Some(attempt) => ended.push(attempt),
                None => return claimed.map(|_| ended),
            }
        }
    }

    /// Claims what is due, and says when to look again. Trouble with the database is told once, not at every look.
    async fn poll(&self, attempts: &mut Attempts, trouble: &mut bool) -> Instant {
        let now = self.0.now();
        let found = async {
            let all = attempts.claim().await?;
            Ok::<_, StoreError>((all, self.0.parts.store.next_mail_due().await?))
        };
        let found = found.await.inspect_err(|error| {
            if !*trouble {
                warn!(%error, "the outbox cannot be read; trying again every second");
            }
        });
        *trouble = found.is_err();
        let longest = self.0.parts.settings.longest_sleep;
        let wait = match found {
            // There may be more than there was room for: look again as soon as there is room.
            Ok((false, _)) => Duration::ZERO,
            Ok((true, None)) => longest,
            // It was due and yet was not ours to claim.
            Ok((true, Some(due))) if due <= now => PAUSE,
            Ok((true, Some(due))) => due.since(self.0.now()),
            Err(_) => PAUSE,
        };
        Instant::now() + wait.min(longest)
    }
}

impl fmt::Debug for OutboxWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutboxWorker").field(&self.0.name).finish()
    }
}

/// What the worker and its attempts share.
pub(crate) struct Post {
    pub(crate) parts: WorkerParts,
    name: String,
    renamed: AtomicU32,
}

impl Post {
    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The name to claim under.
    pub(crate) fn name(&self) -> Arc<str> {
        format!("{}.{}", self.name, self.renamed.load(Ordering::Relaxed)).into()
    }

    /// Claims what is due.
    pub(crate) async fn claim(&self, name: &str, limit: usize, only_new: bool) -> Result<Vec<ClaimedMail>, StoreError> {
        let now = self.now();
        let claimed = async {
            let mut tx = self.parts.store.begin().await?;
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let mails = tx
                .claim_mail(name, now, now.plus(self.parts.settings.claim_lifetime), limit, only_new)
                .await?;
            tx.commit().await?;
            Ok(mails)
        };
        claimed.await.inspect_err(|_| {
            // The commit may have happened all the same. Under a new name we do not prolong claims that we know nothing of.
            self.renamed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Prolongs the claims held under these names.
    pub(crate) async fn renew(&self, names: &BTreeSet<Arc<str>>) {
        let until = self.now().plus(self.parts.settings.claim_lifetime);
        let renewed = async {
            let mut tx = self.parts.store.begin().await?;
            for name in names {
                tx.extend_mail_claims(name, until).await?;
            }
            tx.commit().await
        };
        if let Err(error) = renewed.await {
            warn!(%error, "claims on mails cannot be prolonged");
        }
    }

    /// When the wall clock will show a time, on the clock that sleeps.
    fn instant(&self, at: Timestamp) -> Instant {
        Instant::now() + at.since(self.now())
    }
}
