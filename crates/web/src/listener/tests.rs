//! Clients that keep their connections, over real sockets.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use super::*;
use crate::TrustedProxies;

/// Twenty times what it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    metrics: ConnectionMetrics,
    /// Handlers of `/slow` wait for it.
    slow: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Server {
    fn start(limits: ConnectionLimits) -> Self {
        let listener = listen(reserve("127.0.0.1:0".parse().unwrap()).unwrap()).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            metrics: ConnectionMetrics::default(),
            slow: Arc::new(Semaphore::new(0)),
            stop: CancellationToken::new(),
        };
        let slow = Arc::clone(&server.slow);
        let router = Router::new()
            .route("/healthz", get(async || "ok"))
            .route("/large", get(async || "x".repeat(1 << 20)))
            .route("/echo", post(async |body: Bytes| body))
            .route(
                "/slow",
                get(async move || {
                    slow.acquire().await.unwrap().forget();
                    "done"
                }),
            );
        tokio::spawn(serve(
            listener,
            router,
            limits,
            server.metrics.clone(),
            server.stop.clone(),
        ));
        server
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection with these bytes on it, which the server has accepted.
    async fn sent(&self, bytes: &str) -> TcpStream {
        let open = self.metrics.open.get();
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        self.until(|metrics| metrics.open.get() > open || metrics.count(Refusal::Places) > 0)
            .await;
        stream
    }

    async fn until(&self, reached: impl Fn(&ConnectionMetrics) -> bool) {
        let poll = async {
            while !reached(&self.metrics) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, poll).await.unwrap();
    }

    async fn healthz(&self) {
        let mut stream = self.connect().await;
        let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        assert!(rest(stream).await.ends_with("\r\n\r\nok"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that was closed while it had unread bytes ends with an error.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn limits(places: usize) -> ConnectionLimits {
    ConnectionLimits::new(places, TrustedProxies::default())
}

#[tokio::test]
async fn connections_that_only_stay_open_keep_no_one_out() {
    let server = Server::start(limits(16));
    let half_head = "GET /healthz HTTP/1.1\r\nHo";
    let half_body = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    let never_read = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20);
    let mut held = Vec::new();
    for bytes in ["", half_head, half_body, &never_read] {
        for _ in 0..16 {
            held.push(server.sent(bytes).await);
        }
        server.healthz().await;
    }
    assert!(server.metrics.open.get() <= 16);
    assert!(server.metrics.count(Refusal::Places) >= 3 * 16);
}

#[tokio::test]
async fn a_request_that_is_being_answered_keeps_its_place() {
    let server = Server::start(limits(4));
    let slow = server
        .sent("GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await;
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(server.sent("GET ").await);
    }
    server.healthz().await;
    server.slow.add_permits(1);
    assert!(rest(slow).await.ends_with("\r\n\r\ndone"));
}

#[tokio::test]
async fn a_client_that_never_reads_loses_its_place() {
    let server = Server::start(ConnectionLimits {
        write_time: Duration::from_millis(100),
        ..limits(16)
    });
    // More answers than the buffers of the system hold on both sides.
    let pipelined = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let _never_read = server.sent(&pipelined).await;
    server
        .until(|metrics| metrics.count(Refusal::Unread) == 1 && metrics.open.get() == 0)
        .await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_bounded_in_size_and_time() {
    let server = Server::start(ConnectionLimits {
        header_time: Duration::from_millis(100),
        ..limits(16)
    });
    let half = server.sent("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ").await;
    rest(half).await;
    let head = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(BUFFER_BYTES)
    );
    let mut large = server.connect().await;
    let _ = large.write_all(head.as_bytes()).await;
    assert!(rest(large).await.starts_with("HTTP/1.1 431 "));
}
