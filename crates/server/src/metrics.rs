//! Prometheus metrics on an address of their own, so that they are never public by accident.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use doorward_core::{Store, StoreError};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// What the metrics page reads.
#[derive(Clone)]
struct Page {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    outbox: Family<OutboxLabels, Gauge>,
    /// Without labels: a figure that is not known is not shown, where a plain gauge would show an old one.
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
        "Events that are still to be told to a trigger",
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
    // A database that is away must not hide the other figures, least of all then; and no figure is better than an old one.
    page.outbox.clear();
    page.triggers.clear();
    match timeout(Duration::from_secs(1), count(Arc::clone(&page.store))).await {
        Ok(Ok((mails, triggers))) => {
            for (state, count) in mails {
                page.outbox.get_or_create(&OutboxLabels { state }).set(gauge(count));
            }
            page.triggers.get_or_create(&NoLabels {}).set(gauge(triggers));
        }
        Ok(Err(error)) => tracing::warn!(%error, "what waits in the database could not be counted for the metrics"),
        Err(_) => tracing::warn!("what waits in the database could not be counted in time for the metrics"),
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

/// Counting reads many rows, and SQLite reads on the thread of its caller: no other request is to wait for that.
async fn count(store: Arc<dyn Store>) -> anyhow::Result<(Vec<(&'static str, u64)>, u64)> {
    let runtime = Handle::current();
    let count = move || {
        runtime.block_on(async { Ok::<_, StoreError>((store.count_mail().await?, store.count_triggers().await?)) })
    };
    Ok(spawn_blocking(count).await??)
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Serves the metrics until the process ends.
pub(crate) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the metrics page has stopped");
        }
    });
}
