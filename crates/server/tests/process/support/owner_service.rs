//! A web service of the app's owner, which functions call: a test decides what it answers, and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Listens on 127.0.0.1 until it is dropped.
pub(crate) struct OwnerService {
    url: String,
    state: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    answers: Mutex<VecDeque<(u16, String)>>,
    asked: watch::Sender<Vec<Asked>>,
    gate: Semaphore,
}

/// A request that the service received.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }
}

impl OwnerService {
    /// A service that answers immediately, with the bodies given to [`OwnerService::will_answer`].
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Shared {
            answers: Mutex::default(),
            asked: watch::channel(Vec::new()).0,
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Queues an answer.
    pub(crate) fn will_answer(&self, body: &str) {
        self.will_answer_with(200, body);
    }

    pub(crate) fn will_answer_with(&self, status: u16, body: &str) {
        self.state.answers.lock().unwrap().push_back((status, body.to_owned()));
    }

    /// From now on requests wait for their answer until [`OwnerService::let_go`].
    pub(crate) fn hold(&self) {
        self.state.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn let_go(&self) {
        self.state.gate.add_permits(1_000);
    }

    /// Waits for at least so many requests, and returns all so far.
    pub(crate) async fn asked(&self, times: usize) -> Vec<Asked> {
        let mut asked = self.state.asked.subscribe();
        let waited = asked.wait_for(|asked| asked.len() >= times);
        let waited = tokio::time::timeout(std::time::Duration::from_mins(1), waited).await;
        waited.expect("it is asked in time").unwrap().clone()
    }
}

impl Drop for OwnerService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(state): State<Arc<Shared>>, request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let asked = Asked {
        headers: headers.collect(),
        body: String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap(),
    };
    // The first request takes the first answer, even if its client disconnects before `let_go`.
    let (status, body) = state
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or((404, String::new()));
    state.asked.send_modify(|all| all.push(asked));
    let _permit = state.gate.acquire().await.unwrap();
    (axum::http::StatusCode::from_u16(status).unwrap(), body)
}
