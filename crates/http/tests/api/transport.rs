//! What only a real socket shows.

use std::time::{Duration, Instant};

use doorward_http::HttpLimits;
use doorward_testkit::TestApp;
use tokio::io::AsyncWriteExt as _;

use crate::support::raw::{Server, read};

const REGISTER: &str = "/api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/register";
const BODY: &str = r#"{"email":"ada@example.com","password":"ada-password"}"#;

async fn small_limits(body: usize) -> TestApp {
    let limits = HttpLimits {
        body,
        function_body: body,
        function_call_body: body,
        body_timeout: Duration::from_millis(200),
        ..HttpLimits::default()
    };
    TestApp::builder().auto_confirm().limits(limits).start().await
}

fn head(path: &str, rest: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{rest}\r\n")
}

#[tokio::test]
async fn c011_a_method_in_lower_case_is_served() {
    let app = TestApp::auto_confirm().await;
    let server = Server::start(&app).await;
    let location = "/api/client/v2.0/app/notes-abcde/location";
    let reply = server
        .send(format!(
            "get {location} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let length = BODY.len();
    let request = head(REGISTER, &format!("Content-Length: {length}\r\nConnection: close\r\n")).replace("POST", "post");
    assert_eq!(server.send(format!("{request}{BODY}")).await.status, 201);
}

#[tokio::test]
async fn c006_slashes_do_not_matter_on_the_wire() {
    let app = TestApp::auto_confirm().await;
    let server = Server::start(&app).await;
    for path in [
        "//api/client/v2.0/app/notes-abcde/location",
        "/api/client/v2.0//app/notes-abcde/location/",
    ] {
        let reply = server
            .send(format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_client_that_is_still_writing_sees_that_its_body_is_too_large() {
    // Larger than the buffers of a socket: the client could not have written it if the server had not read it.
    let limit = 8 << 20;
    let app = small_limits(limit).await;
    let before = app.dump().await;
    let server = Server::start(&app).await;
    let size = limit * 2;
    let request = [
        head(REGISTER, &format!("Content-Length: {size}\r\n")).into_bytes(),
        vec![b' '; size],
    ]
    .concat();
    let reply = server.send(request).await;
    assert_eq!(reply.status, 413, "{}", reply.head);
    assert!(
        reply.head.contains("content-type: application/json\r\n"),
        "{}",
        reply.head
    );
    assert!(
        reply
            .body
            .starts_with(r#"{"error":"request body too large","link":"https://auth.example.com/"#),
        "{}",
        reply.body
    );
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn a_client_that_is_still_writing_sees_every_refusal() {
    let size = 8 << 20;
    let app = small_limits(size).await;
    let server = Server::start(&app).await;
    let b = "/api/client/v2.0";
    for (status, path) in [
        (401, format!("{b}/auth/session")),
        (404, "/nowhere".to_owned()),
        (
            404,
            format!("{b}/app/nobody-zzzzz/auth/providers/local-userpass/register"),
        ),
        (405, format!("{b}/auth/profile")),
        (401, format!("{b}/app/notes-abcde/functions/call")),
        (401, format!("{b}/app/notes-abcde/auth/providers/anon-user/login")),
        (
            400,
            format!("{b}/app/notes-abcde/auth/providers/anon-user/login?link=true"),
        ),
    ] {
        let length = format!("Content-Length: {size}\r\nConnection: close\r\n");
        let request = [head(&path, &length).into_bytes(), vec![b' '; size]].concat();
        let reply = server.send(request).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        assert!(reply.body.starts_with(r#"{"error":""#), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_body_in_chunks_has_the_same_limit() {
    let app = small_limits(1_000).await;
    let server = Server::start(&app).await;
    let chunk = format!("{:x}\r\n{}\r\n", 300, " ".repeat(300));
    let request = head(REGISTER, "Transfer-Encoding: chunked\r\n");
    let reply = server.send(format!("{request}{}0\r\n\r\n", chunk.repeat(4))).await;
    assert_eq!(reply.status, 413, "{}", reply.body);
    let small = format!("{request}{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let mut connection = server.connect().await;
    connection
        .write_all(small.replacen("Host", "Connection: close\r\nHost", 1).as_bytes())
        .await
        .unwrap();
    assert_eq!(read(connection).await.status, 201);
}

#[tokio::test]
async fn beyond_twice_the_limit_the_server_stops_reading() {
    let app = small_limits(1_000).await;
    let server = Server::start(&app).await;
    let mut connection = server.connect().await;
    let request = head(REGISTER, "Content-Length: 1000000000\r\n");
    connection
        .write_all(format!("{request}{}", " ".repeat(2_001)).as_bytes())
        .await
        .unwrap();
    // A gigabyte was announced; the answer comes without waiting for it, and the connection ends.
    let started = Instant::now();
    let reply = read(connection).await;
    assert_eq!(reply.status, 413);
    assert!(reply.head.contains("connection: close"), "{}", reply.head);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let app = small_limits(1_000).await;
    let before = app.dump().await;
    let server = Server::start(&app).await;
    let mut connection = server.connect().await;
    let request = head(REGISTER, &format!("Content-Length: {}\r\n", BODY.len()));
    connection
        .write_all(format!("{request}{}", &BODY[..BODY.len() - 1]).as_bytes())
        .await
        .unwrap();
    let reply = read(connection).await;
    assert_eq!(reply.status, 408);
    assert!(
        reply.head.contains("content-type: application/json\r\n"),
        "{}",
        reply.head
    );
    assert!(
        reply.body.starts_with(r#"{"error":"request timeout","link":"#),
        "{}",
        reply.body
    );
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let app = small_limits(1_000).await;
    let before = app.dump().await;
    let server = Server::start(&app).await;
    let mut connection = server.connect().await;
    let request = head(REGISTER, &format!("Content-Length: {}\r\n", BODY.len() + 1));
    connection
        .write_all(format!("{request}{BODY}").as_bytes())
        .await
        .unwrap();
    connection.shutdown().await.unwrap();
    let reply = read(connection).await;
    assert!(reply.status == 400 || reply.status == 408, "{}", reply.status);
    assert_eq!(app.dump().await, before);
}

/// A body of `reset/call` with this size, whose answer does not depend on what it holds.
fn large_body(size: usize) -> Vec<u8> {
    let length = format!("Content-Length: {size}\r\nConnection: close\r\n");
    let head = head(&REGISTER.replace("register", "reset/call"), &length);
    [head.into_bytes(), vec![b' '; size]].concat()
}

#[tokio::test]
async fn a_large_body_waits_for_memory_and_a_usual_one_does_not() {
    let limits = HttpLimits {
        function_memory: 100_000,
        ..HttpLimits::default()
    };
    let app = TestApp::builder().auto_confirm().limits(limits).start().await;
    let server = Server::start(&app).await;
    let first = large_body(60_000);
    let (part, rest) = first.split_at(30_000);
    let mut holds = server.connect().await;
    holds.write_all(part).await.unwrap();
    // The server has read as much as it takes without a reservation, and holds one now.
    let mut waits = server.connect().await;
    tokio::time::timeout(Duration::from_secs(20), async {
        while app.api().free_function_memory() != 40_000 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    waits.write_all(&large_body(60_000)).await.unwrap();
    let usual = server.send(large_body(10_000)).await;
    assert_eq!(usual.status, 400, "{}", usual.body);
    // What was free is promised to the body that waits, which is longer.
    assert!(app.api().free_function_memory() <= 40_000);
    holds.write_all(rest).await.unwrap();
    assert_eq!(read(holds).await.status, 400);
    assert_eq!(read(waits).await.status, 400);
    assert_eq!(app.api().free_function_memory(), 100_000);
}

#[tokio::test]
async fn s12_a_large_body_that_finds_no_memory_in_time_is_told_when_to_come_back() {
    let limits = HttpLimits {
        function_memory: 50_000,
        body_timeout: Duration::from_millis(200),
        ..HttpLimits::default()
    };
    let app = TestApp::builder().auto_confirm().limits(limits).start().await;
    let server = Server::start(&app).await;
    let reply = server.send(large_body(60_000)).await;
    assert_eq!(reply.status, 429);
    assert!(reply.head.contains("retry-after: 6\r\n"), "{}", reply.head);
    assert!(reply.body.contains(r#""error":"too many requests""#), "{}", reply.body);
    // In chunks, the largest size that the route takes is reserved.
    let chunked = head(
        &REGISTER.replace("register", "reset/call"),
        "Transfer-Encoding: chunked\r\nConnection: close\r\n",
    );
    let chunk = format!("{:x}\r\n{}\r\n", 20_000, " ".repeat(20_000));
    let reply = server.send(format!("{chunked}{chunk}0\r\n\r\n")).await;
    assert_eq!(reply.status, 429, "{}", reply.body);
}

#[tokio::test]
async fn t08_a_browser_sends_no_body_without_its_type() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let before = app.dump().await;
    let server = Server::start(&app).await;
    let session = "/api/client/v2.0/auth/session";
    let request = |method: &str, path: &str, headers: &str, body: &str| {
        let token = &ada.refresh_token;
        let framing = format!("Authorization: Bearer {token}\r\nContent-Length: {}\r\n", body.len());
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{framing}{headers}\r\n{body}")
    };
    let origin = "Origin: https://eve.example\r\n";
    let location = "/api/client/v2.0/app/notes-abcde/location";
    for (method, path) in [("POST", REGISTER), ("POST", session), ("DELETE", session)] {
        let reply = server.send(request(method, path, origin, BODY)).await;
        assert_eq!(reply.status, 415, "{method} {path}: {}", reply.body);
        let chunked = format!("{origin}Transfer-Encoding: chunked\r\n");
        let chunks = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
        let chunked = request(method, path, &chunked, &chunks).replacen("Content-Length", "X-Length", 1);
        assert_eq!(server.send(chunked).await.status, 415, "{method} {path}");
    }
    assert_eq!(app.dump().await, before);
    // A refresh has neither body nor type, from wherever it comes; native SDKs send no origin.
    assert_eq!(server.send(request("POST", session, origin, "")).await.status, 201);
    assert_eq!(server.send(request("POST", session, "", "")).await.status, 201);
    assert_eq!(server.send(request("GET", location, origin, "")).await.status, 200);
    assert_eq!(
        server
            .send(request("POST", REGISTER, "", &BODY.replace("ada", "bob")))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn t18_what_is_not_http_is_refused_and_the_server_goes_on() {
    let app = TestApp::auto_confirm().await;
    let server = Server::start(&app).await;
    let location = "/api/client/v2.0/app/notes-abcde/location";
    for garbage in [
        "\r\n\r\n\0\0\0\0\r\n\r\n".to_owned(),
        format!("GET {location} HTTP/9.9\r\n\r\n"),
        format!("GET {location}\r\nHost: localhost\r\n\r\n"),
        format!("GET {location} HTTP/1.1\r\nHost localhost\r\n\r\n"),
        format!("POST {REGISTER} HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        format!("POST {REGISTER} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{BODY}"),
        format!(
            "GET {location} HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "x".repeat(1 << 20)
        ),
    ] {
        let mut connection = server.connect().await;
        // The server may have stopped reading; what matters is its answer.
        let _ = connection.write_all(garbage.as_bytes()).await;
        let _ = connection.shutdown().await;
        let mut bytes = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut bytes).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            bytes.is_empty() || text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.0 4"),
            "{text}"
        );
    }
    let reply = server
        .send(format!(
            "GET {location} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert_eq!(reply.status, 200);
}
