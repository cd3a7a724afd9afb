//! A server that misbehaves on purpose: each fault gives a clear error, without a panic, a loop or a log-out.

use std::error::Error as _;
use std::time::Duration;

use doorward_client::{App, Credentials};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::scripted::{Answer, Scripted, login, profile};

fn credentials() -> Credentials {
    Credentials::email_password("ada@example.com", "hunter2-hunter2")
}

#[tokio::test]
async fn answers_that_are_not_of_this_protocol() {
    let server = Scripted::start().await;
    let app = server.app();
    for (answer, expected) in [
        (
            Answer::text(200, "text/html", "<h1>Welcome</h1>"),
            "the server answered with status 200 and text/html in place of JSON",
        ),
        (
            Answer::empty(200),
            "the server answered with status 200 and without a content type",
        ),
        (
            Answer::text(200, "application/json", "{\"access_token\":\"a"),
            "the server answered with status 200 and JSON that is not what was asked for",
        ),
        (
            Answer::json(
                200,
                &json!({ "access_token": "a", "refresh_token": "b", "user_id": 5, "device_id": "d" }),
            ),
            "the server answered with status 200 and JSON that is not what was asked for",
        ),
        (
            Answer::json(200, &json!({ "access_token": "a", "user_id": "u", "device_id": "d" })),
            "the server answered with status 200 and JSON that is not what was asked for",
        ),
        (
            Answer::text(502, "text/html", "<h1>Bad Gateway</h1>"),
            "the server answered with status 502 and text/html in place of JSON",
        ),
        (
            Answer::empty(302).with("location", "https://elsewhere.example.com/"),
            "the server answered with status 302 and a redirect: give the URL that it leads to as the base URL",
        ),
        (
            Answer::json(400, &json!(["not", "an", "object"])),
            "the server answered with status 400 and JSON that says nothing",
        ),
        (
            Answer::json(400, &json!({})),
            "the server refused: no reason given (status 400)",
        ),
        (
            Answer::json(400, &json!({ "error": "why", "error_code": "", "link": "" })),
            "the server refused: why (status 400)",
        ),
        (Answer::empty(503), "the server refused: no reason given (status 503)"),
    ] {
        server.answers([answer]);
        let error = app.log_in(credentials()).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(server.asked().len(), 1, "{expected}: it is not asked again");
        assert!(!format!("{error:?}").contains("hunter2"));
        assert_eq!(app.all_users(), []);
    }
    // A login whose profile cannot be read has failed.
    server.answers([
        login("u", "1"),
        Answer::text(200, "application/json", "{\"identities\":5}"),
    ]);
    assert_eq!(app.log_in(credentials()).await.unwrap_err().status(), Some(200));
    assert_eq!(app.all_users(), []);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_hangs_up() {
    // The listener is dropped at once, so the port is closed.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let app = App::builder("notes-abcde")
        .base_url(format!("http://{free}"))
        .build()
        .unwrap();
    let error = app.log_in(credentials()).await.unwrap_err();
    assert!(error.is_connect() && !error.is_timeout());
    assert_eq!(error.to_string(), "the server cannot be reached");
    assert!(error.source().is_some());
    assert_eq!((error.status(), error.error_code()), (None, None));

    for said in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"access_token\":",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{",
        b"this is not HTTP at all\r\n\r\n",
    ] {
        let url = says_and_hangs_up(said).await;
        let app = App::builder("notes-abcde").base_url(url).build().unwrap();
        let error = app.log_in(credentials()).await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

/// Starts a server that accepts connections, reads a little, writes `said`, and closes the connection.
async fn says_and_hangs_up(said: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(said).await;
        }
    });
    url
}

#[tokio::test]
async fn an_answer_that_takes_too_long() {
    let server = Scripted::start().await;
    let app = App::builder("notes-abcde")
        .base_url(server.url())
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    server.answers([Answer::empty(201).after(Duration::from_secs(30))]);
    let error = app.log_in(credentials()).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect());
    assert_eq!(error.to_string(), "the server did not answer in time");
}

#[tokio::test]
async fn an_answer_that_does_not_end() {
    let server = Scripted::start().await;
    let app = server.app();
    server.answers([Answer::text(200, "application/json", &"x".repeat(9 << 20))]);
    let error = app.log_in(credentials()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server answered with status 200 and more than 8 MiB"
    );
}

#[tokio::test]
async fn tokens_are_not_read_but_handed_on() {
    // The server alone decides whether a token is valid, so the SDK accepts any string, with or without `exp`.
    let server = Scripted::start().await;
    let app = server.app();
    for token in [
        "",
        "not a token",
        "a.b.c",
        "e30.e30.",
        "e30.eyJleHAiOjF9.x",
        "e30.bnVsbA.x",
    ] {
        let body = json!({ "access_token": token, "refresh_token": token, "user_id": "u", "device_id": "d" });
        server.answers([Answer::json(200, &body), profile("local-userpass")]);
        let user = app.log_in(credentials()).await.unwrap();
        assert_eq!(user.access_token().as_deref(), Some(token));
        assert_eq!(user.custom_data(), None);
        let asked = server.asked();
        assert_eq!(
            asked[1].bearer.as_deref().unwrap().trim_end(),
            format!("Bearer {token}").trim_end()
        );
    }
    // A token that cannot be sent in a header is an error.
    let body = json!({ "access_token": "a\nb", "refresh_token": "r", "user_id": "u", "device_id": "d" });
    server.answers([Answer::json(200, &body)]);
    app.log_in(credentials()).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_session_survives_whatever_a_bad_server_says() {
    let server = Scripted::start().await;
    let app = server.app();
    let user = server.signed_in(&app).await;
    for answer in [
        Answer::text(502, "text/html", "<h1>Bad Gateway</h1>"),
        Answer::empty(500),
        Answer::text(200, "application/json", "{"),
        Answer::empty(302),
    ] {
        server.answers([answer]);
        user.refresh_profile().await.unwrap_err();
        assert!(user.is_logged_in());
    }
    // Logging out works on the device even if the server fails.
    server.answers([Answer::empty(500)]);
    assert_eq!(user.log_out().await.unwrap_err().status(), Some(500));
    assert!(!user.is_logged_in());
}

#[test]
fn what_cannot_be_an_app_is_refused_before_anything_is_sent() {
    let build = |id: &str, url: &str| {
        App::builder(id)
            .base_url(url)
            .build()
            .map_err(|error| error.to_string())
    };
    for url in [
        "",
        "auth.example.com",
        "ftp://auth.example.com",
        "https://",
        "https://u:p@a.example",
        "https://a.example?x",
    ] {
        assert!(
            build("notes-abcde", url).unwrap_err().contains("cannot be a base URL"),
            "{url}"
        );
    }
    for id in ["", "a b", "../x", "notes/abcde", &"a".repeat(65)] {
        assert!(
            build(id, "https://a.example")
                .unwrap_err()
                .contains("cannot be an app id"),
            "{id}"
        );
    }
    let app = build("notes-abcde", "https://a.example:8443/accounts/").unwrap();
    assert_eq!(app.base_url(), "https://a.example:8443/accounts");
    assert_eq!(
        format!("{app:?}"),
        r#"App { id: "notes-abcde", base_url: "https://a.example:8443/accounts", .. }"#
    );
}
