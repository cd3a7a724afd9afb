//! `/healthz` and `/readyz`, for supervisors and load balancers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use doorward_core::{Store, StoreError};

/// Whether this server is ready for requests: the database answers and no shutdown has begun.
#[derive(Clone)]
pub struct Readiness {
    store: Arc<dyn Store>,
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    /// Checks this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            stopping: Arc::default(),
        }
    }

    /// From now on the server is not ready: connections that are still open learn that the server is stopping.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.reads().await?.ping().await
    }

    async fn refusal(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping");
        }
        match timeout(Duration::from_secs(2), self.ping()).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some("database unavailable"),
        }
    }
}

/// Answers that the process is alive.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Answers whether the process can serve.
pub async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, Json<Value>) {
    match readiness.refusal().await {
        None => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "not ready", "reason": reason })),
        ),
    }
}
