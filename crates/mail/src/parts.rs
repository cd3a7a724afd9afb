//! The parts of the outbox worker, and its settings.

use std::sync::Arc;
use std::time::Duration;

use doorward_core::{Apps, Clock, Entropy, Links, Store, TokenKeys, Wake};

use crate::{MailFrom, MailMetrics, Transport};

/// The parts of the outbox worker.
pub struct WorkerParts {
    /// The store with the outbox.
    pub store: Arc<dyn Store>,
    /// The apps that this process serves.
    pub apps: Apps,
    /// Makes the links.
    pub links: Links,
    /// The keys from which tokens are derived.
    pub token_keys: Arc<TokenKeys>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness, for the worker's name.
    pub entropy: Arc<dyn Entropy>,
    /// Sends the mails.
    pub transport: Arc<dyn Transport>,
    /// The sender of the mails.
    pub from: MailFrom,
    /// The signal that flows give after a commit.
    pub wake: Wake,
    /// The counters for Prometheus.
    pub metrics: MailMetrics,
    /// The worker's intervals and limits.
    pub settings: WorkerSettings,
}

/// The worker's intervals and limits.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// The longest interval between two polls while no mail is due.
    pub longest_sleep: Duration,
    /// The lease of a claim. The worker prolongs it three times in that while; when a process dies, other workers may
    /// claim its mails after this time.
    pub claim_lifetime: Duration,
    /// The time limit of the first attempt. Each further attempt may take twice as long as the one before, at most ten
    /// minutes: a slow relay has often accepted the mail already, and another attempt sends the mail twice.
    pub attempt_timeout: Duration,
    /// How many attempts may be in flight. The last quarter is for mails that were never attempted, so that mails which
    /// are stuck do not delay new ones.
    pub concurrency: usize,
    /// How long a shutdown waits for attempts in flight.
    pub shutdown_grace: Duration,
}

impl WorkerSettings {
    /// For a store that only this process uses: every new mail wakes the worker, and it polls only because clocks can
    /// jump.
    pub const fn alone() -> Self {
        Self {
            longest_sleep: Duration::from_secs(15),
            claim_lifetime: Duration::from_secs(15),
            attempt_timeout: Duration::from_mins(1),
            concurrency: 64,
            shutdown_grace: Duration::from_secs(10),
        }
    }

    /// For a store that other processes share: their mails do not wake this worker.
    pub const fn shared() -> Self {
        Self {
            longest_sleep: Duration::from_secs(1),
            ..Self::alone()
        }
    }
}
