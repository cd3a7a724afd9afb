//! Requests that no client should send: each has its answer, and none leaves a trace.

use doorward_http::HttpLimits;
use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CALLS, large_bodies};

async fn post(app: &TestApp, call: &str, content_type: Option<&str>, body: &[u8]) -> Reply {
    app.anonymous()
        .post_raw(&format!("/auth/providers/local-userpass/{call}"), content_type, body)
        .await
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_invalid_json() {
    let app = large_bodies(TestApp::builder()).start().await;
    let before = app.dump().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [&[u8]; 18] = [
        b"",
        b" ",
        b"null",
        b"true",
        b"1",
        b"\"text\"",
        b"[]",
        br#"["ada@example.com","ada-password"]"#,
        b"{",
        b"}",
        b"{}{}",
        b"{'email':'ada@example.com'}",
        b"{\"email\":\"ada@example.com\",}",
        b"\xef\xbb\xbf{\"email\":\"ada@example.com\",\"password\":\"ada-password\"}",
        b"{\"email\":\"\xff\xfe\",\"password\":\"ada-password\"}",
        b"{\"email\":\"\\ud800\",\"username\":\"ada@example.com\",\"password\":\"\\ud800\"}",
        b"{\0",
        deep.as_bytes(),
    ];
    for call in CALLS.into_iter().chain(["login"]) {
        for body in bodies {
            let error = post(&app, call, Some("application/json"), body).await.error();
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
            assert_eq!(error, "400 BadRequest invalid json", "{call}: {shown}");
        }
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn t08_a_body_of_any_depth_is_only_a_body() {
    let app = large_bodies(TestApp::builder().auto_confirm()).start().await;
    app.registered("ada").await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (call, body) in [
        ("register", format!(r#"{{"email":{deep},"password":"bob-password"}}"#)),
        ("confirm", format!(r#"{{"token":{deep},"tokenId":{deep}}}"#)),
        (
            "reset",
            format!(r#"{{"password":"new-password","token":{deep},"tokenId":""}}"#),
        ),
        (
            "reset/call",
            format!(r#"{{"email":"ada@example.com","password":"new-password","arguments":{deep}}}"#),
        ),
        (
            "login",
            format!(r#"{{"username":"ada@example.com","password":"ada-password","options":{deep}}}"#),
        ),
    ] {
        let error = post(&app, call, Some("application/json"), body.as_bytes())
            .await
            .error();
        assert_eq!(error, "400 BadRequest invalid json", "{call}");
    }
    // An unknown key is skipped, however deep it goes.
    let body = format!(r#"{{"email":"bob@example.com","password":"bob-password","more":{deep}}}"#);
    assert_eq!(
        post(&app, "register", Some("application/json"), body.as_bytes())
            .await
            .empty(),
        201
    );
}

#[tokio::test]
async fn a_missing_or_repeated_key_is_invalid_json() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let before = app.dump().await;
    for (call, body) in [
        ("register", r#"{"email":"bob@example.com"}"#),
        ("register", r#"{"password":"bob-password"}"#),
        ("register", r#"{"Email":"bob@example.com","password":"bob-password"}"#),
        (
            "register",
            r#"{"email":"bob@example.com","password":"bob-password","email":"eve@example.com"}"#,
        ),
        (
            "register",
            r#"{"email":"bob@example.com","password":"bob-password","password":"eve-password"}"#,
        ),
        (
            "register",
            r#"{"email":"bob@example.com","password":"bob-password","\u0065mail":"eve@example.com"}"#,
        ),
        ("confirm", r#"{"token":"abc"}"#),
        ("confirm", r#"{"tokenId":"abc"}"#),
        ("confirm", r#"{"token":"abc","tokenid":"abc"}"#),
        ("confirm", r#"{"token":"abc","tokenId":"abc","token":"abc"}"#),
        ("confirm/send", "{}"),
        ("confirm/call", "{}"),
        ("reset/send", "{}"),
        ("reset/send", r#"{"email":"ada@example.com","email":"ada@example.com"}"#),
        ("reset", r#"{"token":"abc","tokenId":"abc"}"#),
        ("reset", r#"{"password":"new-password","token":"abc"}"#),
        ("reset/call", r#"{"email":"ada@example.com"}"#),
        ("reset/call", r#"{"password":"new-password"}"#),
        (
            "login",
            r#"{"username":"ada@example.com","username":"ada@example.com","password":"ada-password"}"#,
        ),
    ] {
        let error = post(&app, call, Some("application/json"), body.as_bytes())
            .await
            .error();
        assert_eq!(error, "400 BadRequest invalid json", "{call}: {body}");
    }
    for body in [
        "{}",
        r#"{"username":"ada@example.com"}"#,
        r#"{"email":"ada@example.com","password":"ada-password"}"#,
    ] {
        let error = post(&app, "login", Some("application/json"), body.as_bytes())
            .await
            .error();
        assert_eq!(error, "401 InvalidPassword unauthorized", "{body}");
    }
    assert_eq!(app.dump().await, before);
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn json_is_recognised_however_it_is_spelled_and_nothing_else_is() {
    let app = TestApp::auto_confirm().await;
    let body = |number: usize| format!(r#"{{"email":"user-{number}@example.com","password":"a-password"}}"#);
    let spellings = [
        None,
        Some("application/json"),
        Some("application/json;charset=utf-8"),
        Some("application/json; charset=utf-8"),
        Some("Application/JSON ; Charset=UTF-8"),
    ];
    for (number, spelling) in spellings.into_iter().enumerate() {
        assert_eq!(
            post(&app, "register", spelling, body(number).as_bytes()).await.empty(),
            201,
            "{spelling:?}"
        );
    }
    let before = app.dump().await;
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonp",
        "application/problem+json",
        "application",
        "",
        "*/*",
        "application/xml;application/json",
    ] {
        let reply = post(&app, "register", Some(other), body(9).as_bytes()).await;
        assert_eq!(reply.error(), "415 - unsupported content type");
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn t08_a_form_is_no_body() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let form = Some("application/x-www-form-urlencoded");
    let reply = post(&app, "login", form, b"username=ada%40example.com&password=ada-password").await;
    assert_snapshot!(reply.error(), @"415 - unsupported content type");
}

#[tokio::test]
async fn a_body_may_have_16_kibibytes_and_that_of_a_function_call_4_mebibytes() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let limits = HttpLimits::default();
    let padded = |body: &str, size: usize| format!("{body}{}", " ".repeat(size - body.len())).into_bytes();

    let body = r#"{"email":"bob@example.com","password":"bob-password"}"#;
    let reply = post(
        &app,
        "register",
        Some("application/json"),
        &padded(body, limits.body + 1),
    )
    .await;
    assert_snapshot!(reply.error(), @"413 - request body too large");
    assert_eq!(
        app.anonymous().log_in("bob@example.com", "bob-password").await.status(),
        401
    );
    let reply = post(&app, "register", Some("application/json"), &padded(body, limits.body)).await;
    assert_eq!(reply.empty(), 201);
    assert_eq!(limits.body, 16 << 10);

    let call = r#"{"arguments":[],"name":"sum"}"#;
    let client = || app.anonymous().bearer(&ada.access_token);
    let size = limits.function_call_body;
    let reply = client()
        .post_raw("/functions/call", Some("application/json"), &padded(call, size))
        .await;
    assert_snapshot!(reply.error(), @"404 FunctionNotFound function not found: 'sum'");
    let reply = client()
        .post_raw("/functions/call", Some("application/json"), &padded(call, size + 1))
        .await;
    assert_snapshot!(reply.error(), @"413 - request body too large");
    assert_eq!(size, 4 << 20);
}

#[tokio::test]
async fn every_account_route_takes_16_kibibytes_unless_a_function_takes_the_body() {
    let app = TestApp::auto_confirm().await;
    let before = app.dump().await;
    for call in CALLS.into_iter().chain(["login", "/login/"]) {
        let largest = if call == "reset/call" { 1 << 20 } else { 16 << 10 };
        let body = |size: usize| format!("{{}}{}", " ".repeat(size - 2)).into_bytes();
        let fits = post(&app, call, Some("application/json"), &body(largest)).await;
        assert!([400, 401].contains(&fits.status().as_u16()), "{call}: {}", fits.text());
        let larger = post(&app, call, Some("application/json"), &body(largest + 1)).await;
        assert_eq!(larger.error(), "413 - request body too large", "{call}");
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn an_address_is_1_to_254_bytes_in_every_call_and_mode() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        let before = app.dump().await;
        for call in ["register", "confirm/send", "confirm/call", "reset/send", "reset/call"] {
            for email in [
                "",
                &"a".repeat(255),
                "ada@example.com\n",
                "ada\0@example.com",
                "\u{1b}[0m",
            ] {
                let body = json!({ "email": email, "password": "ada-password", "arguments": [] });
                let reply = app.anonymous().email_password(call, body).await;
                assert_eq!(reply.error(), "400 BadRequest email invalid");
            }
        }
        assert_eq!(app.dump().await, before);
    }
}
