//! Spans that reach a collector, and collectors that cause no trouble. Needs the feature `otlp`.

mod collector;
mod protobuf;

use std::time::{Duration, Instant};

use tempfile::TempDir;

use self::collector::{Collector, Mood, Span};
use crate::support::{AppDir, Call, PASSWORD, Program, unused_port};

/// The limit for a stop. An idle machine needs a fraction of it; a stop that waited for a collector would need more.
const SOON: Duration = Duration::from_secs(8);

/// How long batches wait in most of these tests, in milliseconds.
const QUICKLY: &str = "50";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_with_its_id_its_app_its_route_and_its_status() {
    let collector = Collector::start().await;
    let site = Site::new();
    let program = site.program(&collector.url(), QUICKLY);
    let server = program
        .env("OTEL_SERVICE_NAME", "accounts")
        .env(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test,service.name=not-this",
        )
        .start()
        .await;
    server.register("ada@example.com").await;
    assert_eq!(server.ask(&Call::log_in("ada@example.com", PASSWORD)).await, "200");
    let refused = server.ask(&Call::log_in("ada@example.com", "wrong horse")).await;
    assert_eq!(refused, "401 InvalidPassword");

    let link = refused.json()["link"].as_str().unwrap().to_owned();
    let span = collector
        .span(|span| span.name == "request" && link.ends_with(span.get("request")))
        .await;
    assert_eq!(span.get("app"), "notes-abcde");
    assert_eq!(
        span.get("route"),
        "/api/client/v2.0/app/{app_id}/auth/providers/{provider}/login"
    );
    assert_eq!(span.get("status"), "401");

    for (attribute, value) in [
        ("service.name", "accounts"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", &hostname::get().unwrap().to_string_lossy()),
        ("deployment.environment.name", "test"),
    ] {
        assert_eq!(
            span.resource.get(attribute).map(String::as_str),
            Some(value),
            "{attribute}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_that_wait_are_exported_at_the_stop() {
    let collector = Collector::start().await;
    let site = Site::new();
    let hour = "3600000";
    let server = site.program(&collector.url(), hour).start().await;
    server.register("ada@example.com").await;
    assert_eq!(collector.spans(), [], "a batch waits for an hour");
    let ended = server.stop().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let is_registration = |span: &Span| span.name == "request" && span.get("route").ends_with("/register");
    assert!(collector.spans().iter().any(is_registration), "{:?}", collector.spans());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_password_or_token_reaches_the_collector() {
    let collector = Collector::start().await;
    let site = Site::new();
    let server = site
        .program(&collector.url(), QUICKLY)
        .env("DOORWARD_LOG", "trace")
        .start()
        .await;
    let (email, password) = ("unmistakable-address@example.com", "unmistakable-password");
    assert_eq!(server.ask(&Call::register(email, password)).await, "201");
    assert_eq!(
        server.ask(&Call::log_in(email, "unmistakable-mistake")).await,
        "401 InvalidPassword"
    );
    let session = server.ask(&Call::log_in(email, password)).await.session();
    assert_eq!(server.ask(&Call::profile(&session)).await, "200");
    assert_eq!(server.ask(&Call::refresh(&session)).await, "201");
    assert_eq!(server.ask(&Call::get("/healthz?token=unmistakable-token")).await, "200");
    assert_eq!(server.ask(&Call::get("/unmistakable-path")).await.status, 404);
    server.stop().await;

    // The check below is not vacuous: every one of these requests is there.
    let requests = collector.spans().iter().filter(|span| span.name == "request").count();
    assert!(requests >= 7, "{:?}", collector.spans());
    let received = collector.received();
    for secret in ["unmistakable", &session.access_token, &session.refresh_token] {
        assert!(!contains(&received, secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_one_warning() {
    let site = Site::new();
    let url = format!("http://user:unmistakable@127.0.0.1:{}", unused_port());
    let server = site.program(&url, QUICKLY).start().await;
    server.register("ada@example.com").await;
    server.logs("spans cannot be exported").await;
    // More batches that no collector takes.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert_eq!(server.ask(&Call::get("/readyz")).await, "200");
    }
    let begun = Instant::now();
    let ended = server.stop().await;
    assert!(begun.elapsed() < SOON, "the stop took {:?}", begun.elapsed());
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr.matches(" WARN ").count(), 1, "{}", ended.stderr);
    assert!(!ended.stderr.contains("unmistakable"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_delays_neither_requests_nor_the_stop() {
    let collector = Collector::start().await;
    collector.becomes(Mood::Silent);
    let site = Site::new();
    let program = site.program(&collector.url(), QUICKLY);
    let server = program
        .env("OTEL_BSP_MAX_QUEUE_SIZE", "8")
        .env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
        .start()
        .await;
    server.register("ada@example.com").await;
    collector.asked().await;
    // More than the queue holds.
    for _ in 0..30 {
        assert_eq!(server.ask(&Call::get("/readyz")).await, "200");
    }
    let begun = Instant::now();
    let ended = server.stop().await;
    assert!(begun.elapsed() < SOON, "the stop took {:?}", begun.elapsed());
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stderr.matches(" WARN ").count(), 1, "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_comes_back_gets_spans_again() {
    let collector = Collector::start().await;
    collector.becomes(Mood::Refusing);
    let site = Site::new();
    let server = site.program(&collector.url(), QUICKLY).start().await;
    server.register("ada@example.com").await;
    server.logs("spans cannot be exported").await;
    collector.becomes(Mood::Willing);
    assert_eq!(server.ask(&Call::get("/readyz")).await, "200");
    server.logs("spans are exported again").await;
    collector.span(|span| span.get("route") == "/readyz").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_read_is_refused_and_not_repeated() {
    let site = Site::new();
    let ended = site.program("http://user:unmistakable@[::", QUICKLY).run().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("OTEL_EXPORTER_OTLP_"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("unmistakable"), "{}", ended.stderr);
}

/// What a server needs to run.
struct Site {
    app: AppDir,
    data: TempDir,
}

impl Site {
    fn new() -> Self {
        Self {
            app: AppDir::without_confirmation(),
            data: TempDir::new().unwrap(),
        }
    }

    /// A server that sends its spans there, in batches that wait so many milliseconds.
    fn program(&self, endpoint: &str, delay: &str) -> Program {
        Program::serve(self.app.path(), self.data.path().to_str().unwrap())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_BSP_SCHEDULE_DELAY", delay)
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
