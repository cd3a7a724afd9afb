//! The metrics of connections, and a warning a minute for each kind of refusal.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_core::Causes;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

/// How often one kind of refusal is logged: a flood must not fill the log.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);

/// The metrics of connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct ConnectionMetrics {
    pub(super) open: Gauge,
    pub(super) places: Gauge,
    peak: Arc<AtomicI64>,
    refused: Family<RefusalLabels, Counter>,
    warned: Arc<Mutex<[Option<Instant>; 4]>>,
}

/// Why a connection was closed by the server, or not accepted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    /// Every place was taken, and this connection had waited longest for its client.
    Places,
    /// The client address has its share of the places.
    Address,
    /// The client did not read its answers.
    Unread,
    /// The system could not give us the connection.
    NotAccepted,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

impl Refusal {
    fn labels(self) -> RefusalLabels {
        let reason = match self {
            Self::Places => "places",
            Self::Address => "address",
            Self::Unread => "unread",
            Self::NotAccepted => "not_accepted",
        };
        RefusalLabels { reason }
    }
}

impl ConnectionMetrics {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections", self.open.clone());
        registry.register(
            "connection_places",
            "How many connections may be open",
            self.places.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections that the server closed or did not accept, by reason",
            self.refused.clone(),
        );
    }

    /// The most connections that were open concurrently since this was last asked.
    pub fn peak(&self) -> i64 {
        self.peak.swap(self.open.get(), Ordering::Relaxed).max(self.open.get())
    }

    pub(super) fn opened(&self) {
        let open = self.open.inc() + 1;
        self.peak.fetch_max(open, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, refusal: Refusal, error: Option<&io::Error>) {
        let refused = self.refused.get_or_create(&refusal.labels()).inc() + 1;
        if !self.is_due(refusal) {
            return;
        }
        match refusal {
            Refusal::Places => tracing::warn!(
                refused,
                "every place for a connection is taken; those that wait longest for their client are closed for new ones"
            ),
            Refusal::Address => tracing::warn!(refused, "a client address has its share of the places for connections"),
            Refusal::Unread => tracing::warn!(refused, "a client does not read its answers; its connection was closed"),
            Refusal::NotAccepted => {
                let error = error.map(|error| Causes(error).to_string());
                tracing::warn!(refused, error, "a connection could not be accepted");
            }
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self, refusal: Refusal) -> u64 {
        self.refused.get_or_create(&refusal.labels()).get()
    }

    fn is_due(&self, refusal: Refusal) -> bool {
        let now = Instant::now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let last = &mut warned[refusal as usize];
        let due = last.is_none_or(|last| now.duration_since(last) >= WARNING_INTERVAL);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_kind_is_logged_once_a_minute() {
        let metrics = ConnectionMetrics::default();
        assert!(metrics.is_due(Refusal::Places));
        assert!(!metrics.is_due(Refusal::Places));
        assert!(metrics.is_due(Refusal::NotAccepted));
        tokio::time::advance(WARNING_INTERVAL).await;
        assert!(metrics.is_due(Refusal::Places));
    }
}
