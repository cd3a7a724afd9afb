//! What an operator can see of storage.

use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Histograms of one store. Clones share them.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    wait: Histogram,
    transactions_per_commit: Histogram,
}

impl StoreMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "store_wait",
            "How long write transactions wait for their turn (SQLite) or a connection (PostgreSQL)",
            Unit::Seconds,
            self.wait.clone(),
        );
        registry.register(
            "store_transactions_per_commit",
            "How many write transactions share a commit; the count is the number of commits",
            self.transactions_per_commit.clone(),
        );
    }

    pub(crate) fn waited(&self, time: Duration) {
        self.wait.observe(time.as_secs_f64());
    }

    pub(crate) fn committed(&self, transactions: u32) {
        self.transactions_per_commit.observe(f64::from(transactions));
    }
}

impl Default for StoreMetrics {
    fn default() -> Self {
        let wait = [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
        let transactions = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
        Self {
            wait: Histogram::new(wait),
            transactions_per_commit: Histogram::new(transactions),
        }
    }
}
