//! The smallest collector: it takes spans by OTLP over HTTP, or refuses them, or does not answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::protobuf::{Message, Value};

/// Longer than an export ever takes on a busy machine; it only bounds a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens on 127.0.0.1 until it is dropped.
pub(super) struct Collector {
    port: u16,
    state: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    mood: watch::Sender<Mood>,
    bodies: watch::Sender<Vec<Bytes>>,
}

/// How the collector answers an export.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mood {
    /// It takes the spans.
    Willing,
    /// It is overloaded.
    Refusing,
    /// It does not answer.
    Silent,
}

/// The parts of a span that the tests read. Every value is text here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// The attributes of the process that sent it.
    pub(super) resource: BTreeMap<String, String>,
}

impl Span {
    /// An attribute; empty where it is missing.
    pub(super) fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

impl Collector {
    pub(super) async fn start() -> Self {
        let state = Arc::new(Shared {
            mood: watch::channel(Mood::Willing).0,
            bodies: watch::channel(Vec::new()).0,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, state, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn becomes(&self, mood: Mood) {
        self.state.mood.send_replace(mood);
    }

    /// Waits for the first export, whether or not the collector took it.
    pub(super) async fn asked(&self) {
        let mut bodies = self.state.bodies.subscribe();
        let asked = timeout(PATIENCE, bodies.wait_for(|bodies| !bodies.is_empty())).await;
        asked.expect("something is sent in time").unwrap();
    }

    /// Waits until a span that fits has been sent.
    pub(super) async fn span(&self, is_it: impl Fn(&Span) -> bool) -> Span {
        let mut bodies = self.state.bodies.subscribe();
        let find = |bodies: &Vec<Bytes>| spans(bodies).into_iter().find(&is_it);
        let sent = timeout(PATIENCE, bodies.wait_for(|bodies| find(bodies).is_some())).await;
        let Ok(bodies) = sent else {
            panic!("no such span was sent: {:#?}", self.spans());
        };
        find(&bodies.unwrap()).unwrap()
    }

    /// The spans that were sent so far.
    pub(super) fn spans(&self) -> Vec<Span> {
        spans(&self.state.bodies.borrow())
    }

    /// The bytes of all exports so far.
    pub(super) fn received(&self) -> Vec<u8> {
        self.state.bodies.borrow().concat()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(state): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let mood = *state.mood.borrow();
    if mood != Mood::Refusing {
        state.bodies.send_modify(|bodies| bodies.push(body));
    }
    match mood {
        Mood::Willing => StatusCode::OK,
        Mood::Refusing => StatusCode::SERVICE_UNAVAILABLE,
        Mood::Silent => std::future::pending().await,
    }
}

/// The spans of some requests. The numbers of the fields are those of
/// `opentelemetry/proto/collector/trace/v1/trace_service.proto` and of the files that it imports.
fn spans(requests: &[Bytes]) -> Vec<Span> {
    let mut spans = Vec::new();
    for request in requests {
        for of_resource in Message(request).messages(1) {
            let resource = of_resource.message(1).map(|resource| attributes(resource, 1));
            for span in of_resource.messages(2).flat_map(|of_scope| of_scope.messages(2)) {
                spans.push(Span {
                    name: span.text(5),
                    attributes: attributes(span, 9),
                    resource: resource.clone().unwrap_or_default(),
                });
            }
        }
    }
    spans
}

fn attributes(message: Message<'_>, number: u64) -> BTreeMap<String, String> {
    message
        .messages(number)
        .map(|pair| (pair.text(1), pair.message(2).map(any_value).unwrap_or_default()))
        .collect()
}

/// A text or a whole number: our fields have no other types.
fn any_value(message: Message<'_>) -> String {
    match message.fields().next() {
        Some((1, Value::Bytes(text))) => String::from_utf8(text.to_vec()).unwrap(),
        Some((2 | 3, Value::Number(number))) => number.to_string(),
        other => panic!("an attribute is {other:?}"),
    }
}
