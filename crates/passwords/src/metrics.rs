//! The metrics of the pool.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Bucket bounds in seconds: from one free thread to beyond the default deadline.
const WAIT_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Counters of a pool. Clones share their values.
#[derive(Clone, Debug)]
pub struct PoolMetrics {
    /// How long jobs waited for a thread.
    pub queue_wait: Histogram,
    /// Jobs refused because of the queue deadline, at submission or later.
    pub refusals: Counter,
    /// Hashes computed: one for each `hash`, `verify` and `verify_nothing` that was not refused.
    pub hashes: Counter,
}

impl PoolMetrics {
    /// Adds the metrics to a registry, as `password_queue_wait_seconds`, `password_refusals_total` and
    /// `password_hashes_total`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "password_queue_wait",
            "Time a password waited for a hashing thread",
            Unit::Seconds,
            self.queue_wait.clone(),
        );
        registry.register(
            "password_refusals",
            "Passwords refused because the hashing queue was full",
            self.refusals.clone(),
        );
        registry.register("password_hashes", "Password hashes computed", self.hashes.clone());
    }

    pub(crate) fn new() -> Self {
        Self {
            queue_wait: Histogram::new(WAIT_BUCKETS),
            refusals: Counter::default(),
            hashes: Counter::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_what_the_documentation_says() {
        let mut registry = Registry::default();
        let metrics = PoolMetrics::new();
        metrics.register(&mut registry);
        metrics.queue_wait.observe(0.02);
        metrics.refusals.inc();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "password_queue_wait_seconds_count 1",
            "password_refusals_total 1",
            "password_hashes_total 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
