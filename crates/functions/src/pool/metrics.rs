//! The metrics of function calls.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Bucket bounds in seconds: from a free worker to the longest that a call may run.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0];

/// Counters of the workers. Clones share their values.
#[derive(Clone, Debug)]
pub struct WorkerMetrics {
    /// Calls, by how they ended.
    pub calls: Family<CallLabels, Counter>,
    /// How long calls waited until they were admitted.
    pub queue_wait: Histogram,
    /// How long calls ran, including the time for their requests.
    pub run_time: Histogram,
    /// Workers that were killed during a call.
    pub kills: Counter,
    /// Workers that run a call now.
    pub busy: Gauge,
}

/// The labels of [`WorkerMetrics::calls`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CallLabels {
    /// How it ended.
    pub outcome: CallEnd,
}

/// How a call can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "these are the labels, as Prometheus writes them")]
pub enum CallEnd {
    /// It returned.
    returned,
    /// It threw, or the worker stopped it.
    threw,
    /// Its time was over, and the worker was killed.
    timed_out,
    /// The worker died or misbehaved.
    crashed,
    /// No worker could be started.
    no_worker,
    /// It was refused, because it would have waited too long.
    busy,
    /// The server stopped.
    stopped,
    /// Its caller went away.
    abandoned,
}

impl WorkerMetrics {
    /// Adds the metrics to a registry, as `function_calls_total`, `function_queue_wait_seconds`,
    /// `function_run_seconds`, `function_worker_kills_total` and `function_workers_busy`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "function_calls",
            "Calls of functions, by how they ended",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "function_queue_wait",
            "Time a call waited for its turn",
            Unit::Seconds,
            self.queue_wait.clone(),
        );
        registry.register_with_unit("function_run", "Time a call ran", Unit::Seconds, self.run_time.clone());
        registry.register(
            "function_worker_kills",
            "Workers that were ended in the middle of a call",
            self.kills.clone(),
        );
        registry.register("function_workers_busy", "Workers that run a call", self.busy.clone());
    }

    pub(crate) fn new() -> Self {
        Self {
            calls: Family::default(),
            queue_wait: Histogram::new(BUCKETS),
            run_time: Histogram::new(BUCKETS),
            kills: Counter::default(),
            busy: Gauge::default(),
        }
    }

    pub(crate) fn ended(&self, outcome: CallEnd) {
        self.calls.get_or_create(&CallLabels { outcome }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_what_the_documentation_says() {
        let mut registry = Registry::default();
        let metrics = WorkerMetrics::new();
        metrics.register(&mut registry);
        metrics.ended(CallEnd::timed_out);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "function_calls_total{outcome=\"timed_out\"} 1",
            "function_queue_wait_seconds_count 0",
            "function_run_seconds_count 0",
            "function_worker_kills_total 0",
            "function_workers_busy 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
