//! Prometheus metrics on an address of their own, so that they are never public by accident.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use doorward_core::{Causes, Store, StoreError};
use doorward_web::{ConnectionLimits, ConnectionMetrics, TrustedProxies, listener};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// What the metrics page reads at each request.
#[derive(Clone)]
struct Page {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    outbox: Family<OutboxLabels, Gauge>,
    /// Gauges without labels that are left out when their figure is unknown; a plain gauge would keep showing an old
    /// one.
    triggers: Family<NoLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutboxLabels {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NoLabels {}

/// A router with `GET /metrics`.
pub(crate) fn router(mut registry: Registry, store: Arc<dyn Store>) -> Router {
    let outbox = Family::default();
    registry.register("outbox_mails", "Mails in the outbox by state", outbox.clone());
    let triggers = Family::default();
    registry.register(
        "trigger_events_waiting",
        "Events that are still to be delivered to a trigger",
        triggers.clone(),
    );
    Router::new().route("/metrics", get(metrics)).with_state(Page {
        registry: Arc::new(registry),
        store,
        outbox,
        triggers,
    })
}

async fn metrics(State(page): State<Page>) -> impl IntoResponse {
    // A database that is down must not hide the other figures, which matter most then; and a missing figure is better
    // than an old one.
    page.outbox.clear();
    page.triggers.clear();
    match timeout(Duration::from_secs(1), count(Arc::clone(&page.store))).await {
        Ok(Ok((mails, triggers))) => {
            for (state, count) in mails {
                page.outbox.get_or_create(&OutboxLabels { state }).set(gauge(count));
            }
            page.triggers.get_or_create(&NoLabels {}).set(gauge(triggers));
        }
        Ok(Err(error)) => {
            tracing::warn!(error = %Causes(&*error), "waiting mails and deliveries could not be counted for the metrics");
        }
        Err(_) => tracing::warn!("waiting mails and deliveries could not be counted in time for the metrics"),
    }
    let mut text = String::new();
    let _ = encode(&mut text, &page.registry);
    (
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
}

/// Counts on a thread of its own: counting reads many rows, SQLite reads on its caller's thread, and no request may
/// wait for that.
async fn count(store: Arc<dyn Store>) -> anyhow::Result<(Vec<(&'static str, u64)>, u64)> {
    let runtime = Handle::current();
    let count = move || {
        runtime.block_on(async {
            let mut reads = store.reads().await?;
            Ok::<_, StoreError>((reads.count_mail().await?, reads.count_deliveries().await?))
        })
    };
    Ok(spawn_blocking(count).await??)
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many connections the metrics page has: a few scrapers, and never all files of the process.
const CONNECTIONS: usize = 32;

/// Serves the metrics until the process ends.
pub(crate) fn serve(listener: TcpListener, router: Router) {
    let limits = ConnectionLimits::new(CONNECTIONS, TrustedProxies::default());
    // Not registered: the metrics of connections are those of clients.
    let own = ConnectionMetrics::default();
    tokio::spawn(listener::serve(listener, router, limits, own, CancellationToken::new()));
}
