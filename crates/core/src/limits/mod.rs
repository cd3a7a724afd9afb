//! Limits on what strangers can cause: failed logins, mails, function calls, registrations.
//!
//! Each limit is a [`Bucket`] of permits that refills. A permit is taken before the work that it stands for: a guess is
//! counted before its password is hashed, and a right password gives its permit back. What counts for an account or a
//! recipient is a row in the database, which all nodes share ([`crate::store::LimitWrites`]). What counts for a network
//! is in the memory of each node ([`Networks`]). Only clients are limited, not administrators and not this server.

mod account;
mod bucket;
mod in_flight;
mod key;
mod limit;
mod network;
mod networks;
mod refusals;
mod sweep;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{Failure, TokenKeys};

pub use bucket::Bucket;
pub use key::LimitKey;
pub use limit::{Limit, LimitTable};
pub use network::Network;
pub use refusals::LimitMetrics;
pub use sweep::LimitSweeper;

pub(crate) use account::{AccountPermit, Registered};
pub(crate) use networks::NetworkPermit;

use in_flight::InFlight;
use key::KeyMaker;
use networks::Networks;
use refusals::Refusals;

/// What an operator can choose about limits.
#[derive(Debug, Clone)]
pub struct LimitSettings {
    /// Whether there are any.
    pub on: bool,
    /// The bucket of each limit.
    pub table: LimitTable,
    /// Whether a client with a loopback or private address has buckets as a network. Not where no proxy is trusted:
    /// then such a client is a developer, a container, or a proxy that the operator did not name, behind which all
    /// clients would share one bucket.
    pub private_networks: bool,
    /// How long the refusal of a network waits at most, so that a client that repeats itself without a pause costs
    /// next to nothing.
    pub refusal_delay: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            on: true,
            table: LimitTable::default(),
            private_networks: false,
            refusal_delay: Duration::from_secs(1),
        }
    }
}

/// The state of the limits on this node.
pub(crate) struct Limits {
    settings: LimitSettings,
    keys: KeyMaker,
    networks: Networks,
    in_flight: InFlight,
    refusals: Refusals,
    /// Whether there are more buckets in the database than there should be.
    crowded: AtomicBool,
}

impl Limits {
    pub(crate) fn new(settings: LimitSettings, keys: &TokenKeys) -> Self {
        Self {
            settings,
            keys: KeyMaker::new(keys),
            networks: Networks::default(),
            in_flight: InFlight::default(),
            refusals: Refusals::default(),
            crowded: AtomicBool::new(false),
        }
    }

    pub(crate) fn metrics(&self) -> &LimitMetrics {
        self.refusals.metrics()
    }

    fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }

    /// Counts a refusal, and turns it into the failure of the flow.
    fn refuse(&self, limit: Limit, retry_after: Duration) -> Failure {
        self.refusals.count(limit);
        Failure::Limited { retry_after }
    }
}
