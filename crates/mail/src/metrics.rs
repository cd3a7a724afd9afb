//! The metrics of the outbox.

use std::time::Duration;

use doorward_core::DeliveryOutcome;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Counters of the outbox worker. Clones share them.
#[derive(Debug, Clone)]
pub struct MailMetrics {
    attempts: Family<Outcome, Counter>,
    delay: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl MailMetrics {
    /// Registers the counters.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "mail_attempts",
            "Attempts to hand a mail over, by outcome",
            self.attempts.clone(),
        );
        registry.register(
            "mail_handover_delay_seconds",
            "Time from the promise of a mail to the relay having taken it",
            self.delay.clone(),
        );
    }

    /// Counts mails that ended without an attempt.
    pub(crate) fn count_ended(&self, outcome: &DeliveryOutcome, mails: usize) {
        let outcome = Outcome {
            outcome: outcome.state(),
        };
        self.attempts.get_or_create(&outcome).inc_by(mails as u64);
    }

    pub(crate) fn count(&self, outcome: &DeliveryOutcome, age: Duration) {
        // An attempt that will be repeated is counted by its failure, not by the state `waiting` of its mail.
        let name = if matches!(outcome, DeliveryOutcome::Retry { .. }) {
            "retry"
        } else {
            outcome.state()
        };
        self.attempts.get_or_create(&Outcome { outcome: name }).inc();
        if *outcome == DeliveryOutcome::Sent {
            self.delay.observe(age.as_secs_f64());
        }
    }
}

impl Default for MailMetrics {
    fn default() -> Self {
        // From a working relay (a hundredth of a second) to the longest life of a token.
        let buckets = [
            0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_800.0, 21_600.0, 86_400.0,
        ];
        Self {
            attempts: Family::default(),
            delay: Histogram::new(buckets),
        }
    }
}
