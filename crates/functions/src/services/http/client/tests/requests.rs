//! What is sent, what comes back, and what fails.

use super::*;

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let server = friend(|_| http("201 Created", &["x-one: 1", "x-one: 2"], "héllo")).await;
    let client = client(&["127.0.0.1"], FakeLookup::default());
    let request = with_headers(
        post(&server.url("/path?q=1"), "text"),
        &[("X-Two", "1"), ("X-Two", "2"), ("Content-Type", "text/plain")],
    );
    let response = client.send(request).await.unwrap();
    assert_eq!((response.status.as_str(), response.status_code), ("201 Created", 201));
    assert_eq!(body(&response), "héllo");
    let ones = response.headers.iter().filter(|(name, _)| name == "x-one");
    assert_eq!(ones.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let heard = &server.requests()[0];
    assert!(heard.starts_with("POST /path?q=1 HTTP/1.1\r\n"), "{heard}");
    for part in [
        "x-two: 1\r\n",
        "x-two: 2\r\n",
        "content-type: text/plain\r\n",
        "\r\n\r\ntext",
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    assert!(!heard.contains("accept-encoding"), "{heard}");
}

#[tokio::test]
async fn an_error_of_the_server_is_an_answer() {
    let server = friend(|_| http("299 Whatever", &[], "")).await;
    let response = client(&["127.0.0.1"], FakeLookup::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(response.unwrap().status, "299");
    let server = friend(|_| http("500 Internal Server Error", &[], "no")).await;
    let response = client(&["127.0.0.1"], FakeLookup::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(body(&response.unwrap()), "no");
}

#[tokio::test]
async fn headers_that_frame_the_message_are_ours() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let request = with_headers(
        post(&server.url("/"), "text"),
        &[
            ("Host", "other.example"),
            ("Content-Length", "100"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Upgrade", "h2c"),
            ("Proxy-Connection", "x"),
        ],
    );
    client(&["127.0.0.1"], FakeLookup::default())
        .send(request)
        .await
        .unwrap();
    let heard = &server.requests()[0];
    assert!(heard.contains(&format!("host: {}\r\n", server.address)), "{heard}");
    assert!(heard.contains("content-length: 4\r\n"), "{heard}");
    for part in ["other.example", "chunked", "upgrade", "h2c", "proxy-connection"] {
        assert!(!heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_anything_is_sent() {
    let server = friend(|_| http("200 OK", &[], "")).await;
    let url = server.url("/");
    let client = client(&["127.0.0.1"], FakeLookup::default());
    for request in [
        with_headers(get(&url), &[("x-one", "1\r\nx-two: 2")]),
        with_headers(get(&url), &[("x-one", "1\nx-two: 2")]),
        with_headers(get(&url), &[("x-one: 1\r\nx-two", "2")]),
        HttpRequest {
            method: "CONNECT".to_owned(),
            ..get(&url)
        },
        HttpRequest {
            method: "GET / HTTP/1.1\r\n".to_owned(),
            ..get(&url)
        },
        HttpRequest {
            body: Some("not base64!".to_owned()),
            ..get(&url)
        },
        post(&url, &"x".repeat(101)),
        get("/relative"),
    ] {
        client.send(request).await.unwrap_err();
    }
    assert_eq!(server.connections(), 0);
    client.send(post(&url, &"x".repeat(100))).await.unwrap();
}

#[tokio::test]
async fn a_long_answer_is_an_error_whether_or_not_it_says_its_length() {
    let client = client(&["127.0.0.1"], FakeLookup::default());
    let server = friend(|_| http("200 OK", &[], &"x".repeat(1_001))).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("the body of the answer is longer than 1000 bytes")
    );
    let server = friend(|_| format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000))).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("the body of the answer is longer than 1000 bytes")
    );
    let server = friend(|_| http("200 OK", &[], &"x".repeat(1_000))).await;
    assert!(client.send(get(&server.url("/"))).await.is_ok());
}

#[tokio::test]
async fn a_compressed_answer_stays_as_it_is() {
    let server = friend(|_| http("200 OK", &["content-encoding: gzip"], "not unpacked")).await;
    let response = client(&["127.0.0.1"], FakeLookup::default())
        .send(get(&server.url("/")))
        .await;
    assert_eq!(body(&response.unwrap()), "not unpacked");
}

#[tokio::test]
async fn a_request_that_fails_says_why_without_addresses() {
    let lookup = FakeLookup::default().with("closed.example", &[&["127.0.0.1"]]);
    let client = client(&["127.0.0.1"], lookup);
    let error = client.send(get("http://closed.example:1/path?secret")).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to closed.example failed: connection refused")
    );
    let error = client.send(get("http://nowhere.example/")).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to nowhere.example failed: the name has no address")
    );
    let server = friend(|_| "nonsense\r\n\r\n".to_owned()).await;
    let error = client.send(get(&server.url("/"))).await.err();
    assert_eq!(
        error.as_deref(),
        Some("request to 127.0.0.1 failed: the answer is not valid HTTP, or it ended early")
    );
}

#[tokio::test]
async fn https_says_nothing_in_the_clear() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/path", listener.local_addr().unwrap());
    let first_byte = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read_u8(&mut stream).await.unwrap()
    });
    let error = client(&["127.0.0.1"], FakeLookup::default())
        .send(get(&url))
        .await
        .err()
        .unwrap();
    assert!(error.starts_with("request to 127.0.0.1 failed: "), "{error}");
    assert_eq!(first_byte.await.unwrap(), 0x16, "a TLS handshake begins");
}
