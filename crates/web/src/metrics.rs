//! The metrics of requests.

use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Requests by route and status, and their duration by route. Cheap to clone.
#[derive(Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        // 0.5 ms to 16 s.
        let buckets = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
        }
    }
}

impl HttpMetrics {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_requests",
            "Requests by method, route and status",
            self.requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Duration of requests by route",
            self.seconds.clone(),
        );
    }

    pub(crate) fn observe(&self, method: &Method, route: Option<&str>, status: StatusCode, elapsed: Duration) {
        // Whatever a client makes up, paths and methods alike, must not become a label: a
        // label stays as long as the process.
        let known = [
            Method::GET,
            Method::POST,
            Method::DELETE,
            Method::OPTIONS,
            Method::HEAD,
            Method::PUT,
        ];
        let method = if known.contains(method) {
            method.as_str()
        } else {
            "other"
        };
        let route = route.unwrap_or("none").to_owned();
        let labels = RequestLabels {
            method: method.to_owned(),
            route: route.clone(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        self.seconds
            .get_or_create(&RouteLabels { route })
            .observe(elapsed.as_secs_f64());
    }
}
