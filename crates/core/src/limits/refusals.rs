//! What is counted and logged of refusals. No address is in either.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Limit;

/// How often a limit is logged, however many requests it refuses.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Counters of refused requests, by limit. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LimitMetrics(Family<LimitLabel, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

impl LimitMetrics {
    /// Adds the counters to a registry, as `limit_refusals_total`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("limit_refusals", "Requests refused by a limit", self.0.clone());
    }

    /// How many requests a limit has refused.
    pub fn refused(&self, limit: Limit) -> u64 {
        self.of(limit).get()
    }

    fn of(&self, limit: Limit) -> Counter {
        self.0.get_or_create_owned(&LimitLabel { limit: limit.as_str() })
    }
}

/// Counts refusals, and logs each kind once a minute.
#[derive(Default)]
pub(super) struct Refusals {
    metrics: LimitMetrics,
    logged: Mutex<[Logged; Limit::ALL.len()]>,
}

#[derive(Clone, Copy, Default)]
struct Logged {
    last: Option<Instant>,
    since: u64,
}

impl Refusals {
    pub(super) fn metrics(&self) -> &LimitMetrics {
        &self.metrics
    }

    pub(super) fn count(&self, limit: Limit) {
        self.metrics.of(limit).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let of_limit = &mut logged[limit as usize];
        of_limit.since += 1;
        if of_limit.last.is_some_and(|last| last.elapsed() < LOG_EVERY) {
            return;
        }
        let refused = std::mem::take(&mut of_limit.since);
        of_limit.last = Some(Instant::now());
        drop(logged);
        tracing::warn!(limit = limit.as_str(), refused, "requests were refused by a limit");
    }
}
