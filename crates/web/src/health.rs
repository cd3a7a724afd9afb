//! `/healthz` and `/readyz`, for supervisors and load balancers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use doorward_core::{Store, StoreError};

/// How long an answer of the database counts: it is asked at most once a second, however often this server is.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether this server is ready for requests: the database answers and takes writes, and no shutdown has begun.
#[derive(Clone)]
pub struct Readiness {
    store: Arc<dyn Store>,
    stopping: Arc<AtomicBool>,
    /// The last answer of the database. Who asks while another caller waits for one gets the same answer.
    last: Arc<Mutex<Option<Answer>>>,
}

#[derive(Clone, Copy)]
struct Answer {
    writable: bool,
    at: Instant,
}

impl Readiness {
    /// Checks this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            stopping: Arc::default(),
            last: Arc::default(),
        }
    }

    /// From now on the server is not ready: connections that are still open learn that the server is stopping.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.reads().await?.ping().await
    }

    async fn is_writable(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some(answer) = last.filter(|answer| answer.at.elapsed() < COUNTS_FOR) {
            return answer.writable;
        }
        let writable = matches!(timeout(PATIENCE, self.ping()).await, Ok(Ok(())));
        *last = Some(Answer {
            writable,
            at: Instant::now(),
        });
        writable
    }

    async fn refusal(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            return Some("stopping");
        }
        (!self.is_writable().await).then_some("database unavailable")
    }
}

/// Answers that the process is alive.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Answers whether the process can serve.
pub async fn readyz(State(readiness): State<Readiness>) -> Response {
    match readiness.refusal().await {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(RETRY_AFTER, COUNTS_FOR.as_secs().to_string())],
            Json(json!({ "status": "not ready", "reason": reason })),
        )
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use async_trait::async_trait;
    use doorward_core::Tx;
    use doorward_core::store::Reads;

    use super::*;

    /// Counts how often it is asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Store for Counting {
        async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err(StoreError::Unavailable("".into()))
        }

        async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
            unreachable!("readiness writes nothing")
        }
    }

    #[tokio::test]
    async fn however_often_it_is_asked_it_asks_the_database_once_a_second() {
        let store = Arc::new(Counting::default());
        let readiness = Readiness::new(Arc::<Counting>::clone(&store));
        let asked = async || assert_eq!(readyz(State(readiness.clone())).await.status(), 503);
        let (one, another) = (asked(), asked());
        tokio::join!(one, another);
        for _ in 0..1_000 {
            asked().await;
        }
        // Twenty seconds would have to pass for as many.
        assert!(store.0.load(Ordering::Relaxed) <= 20);
        // A new second, a new question.
        let before = store.0.load(Ordering::Relaxed);
        readiness.last.lock().await.as_mut().unwrap().at -= COUNTS_FOR;
        asked().await;
        assert_eq!(store.0.load(Ordering::Relaxed), before + 1);
    }
}
