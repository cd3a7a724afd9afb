//! SIGTERM: the server finishes the requests that it has accepted and takes no new ones; a second signal ends it now.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{AppDir, Call, Client, PASSWORD, Program, Server};

/// The limit for a stop. An idle machine needs a fraction of it.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn logins_in_flight_are_answered() {
    let (_app, _data, server) = start().await;
    server.register("ada@example.com").await;

    // Each over a connection of its own that the server has accepted already.
    let clients: Vec<Client> = (0..50).map(|_| Client::new(server.url())).collect();
    for client in &clients {
        assert_eq!(client.ask(&Call::get("/healthz")).await, "200");
    }
    let call = Call::log_in("ada@example.com", PASSWORD);
    let mut logins: FuturesUnordered<_> = clients.iter().map(|client| client.try_ask(&call)).collect();
    // Once some are answered, the others are waiting for their turn to be hashed.
    let mut signed_in = 0;
    while signed_in < 3 {
        let answer = logins.next().await.unwrap().unwrap();
        signed_in += usize::from(answer == "200");
    }
    server.terminate();
    let rest: Vec<_> = logins.collect().await;
    let rest: Vec<_> = rest
        .into_iter()
        .map(|answer| answer.expect("every login is answered"))
        .collect();
    // A machine that is too slow for fifty in parallel refuses some as busy; that is an answer too.
    assert!(
        rest.iter().all(|answer| *answer == "200" || *answer == "429"),
        "{rest:?}"
    );
    assert!(rest.iter().any(|answer| *answer == "200"), "{rest:?}");
    let ended = server.ended_within(SOON).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_up_the_end() {
    let (_app, _data, server) = start().await;
    let mut silent = connect(&server).await;
    let mut kept_alive = connect(&server).await;
    kept_alive
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut start = [0; 15];
    kept_alive.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");

    server.terminate();
    let ended = server.ended_within(SOON).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0, "the connection is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_are_refused_and_a_second_sigterm_ends_the_process_immediately() {
    let (_app, _data, mut server) = start().await;
    // A request whose body is still to come: the server waits for it, for half a minute.
    let mut connection = connect(&server).await;
    let head = "POST /api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/login HTTP/1.1\r\n\
                host: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server is handling it once a later request has been answered.
    assert_eq!(server.ask(&Call::get("/healthz")).await, "200");

    server.terminate();
    server.logs("stopping: requests under way are finished first").await;
    let begun = Instant::now();
    while TcpStream::connect(server.url().trim_start_matches("http://"))
        .await
        .is_ok()
    {
        assert!(begun.elapsed() < SOON, "new connections are still accepted");
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(500)).await;
    assert!(server.runs(), "the request under way is waited for");
    server.terminate();
    let ended = server.ended_within(Duration::from_secs(5)).await;
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_healthy_and_ready() {
    let (_app, _data, server) = start().await;
    for (path, expected) in [
        ("/healthz", json!({ "status": "ok" })),
        ("/readyz", json!({ "status": "ready" })),
    ] {
        let reply = server.ask(&Call::get(path)).await;
        assert_eq!((reply.status, reply.json()), (200, expected), "{path}");
    }
}

async fn start() -> (AppDir, TempDir, Server) {
    let app = AppDir::without_confirmation();
    let data = TempDir::new().unwrap();
    let server = Program::serve(app.path(), data.path().to_str().unwrap()).start().await;
    (app, data, server)
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.url().trim_start_matches("http://"))
        .await
        .unwrap()
}
