//! `/healthz` and `/readyz`, for whatever restarts the process or sends it requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use doorward_core::Store;

use crate::Api;

/// Whether this server wants to be sent requests: the database answers and no shutdown has begun.
#[derive(Clone)]
pub struct Readiness {
    store: Arc<dyn Store>,
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    /// Asks this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            stopping: Arc::default(),
        }
    }

    /// From now on the answer is no: connections that are still open learn that the server is stopping.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn refusal(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping");
        }
        match timeout(Duration::from_secs(2), self.store.ping()).await {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some("database unavailable"),
        }
    }
}

/// The process lives.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The process can serve.
pub(crate) async fn readyz(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    match api.readiness.refusal().await {
        None => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "not ready", "reason": reason })),
        ),
    }
}
