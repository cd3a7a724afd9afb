//! `POST …/reset/call`: without reset functions it is always refused, and the refusal says why.

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::CORE_JSON;

async fn call(app: &TestApp, email: &str) -> Reply {
    let body = json!({ "email": email, "password": "new-password", "arguments": [] });
    app.anonymous().email_password("reset/call", body).await
}

#[tokio::test]
async fn resets_go_by_mail_and_nothing_changes() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        app.registered("ada").await;
        let before = app.dump().await;
        assert_eq!(
            call(&app, "ada@example.com").await.error(),
            "400 - please use reset password via email"
        );
        assert_eq!(app.dump().await, before);
        assert_eq!(app.unread_mails(), 0);
        assert_eq!(
            app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
            200
        );
    }
}

#[tokio::test]
async fn c076_an_unknown_address_is_refused_as_unknown() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        for unknown in ["nobody@example.com", "foo"] {
            assert_eq!(call(&app, unknown).await.error(), "404 UserNotFound user not found");
        }
    }
}

#[tokio::test]
async fn c079_no_token_is_needed_or_read() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let body = || json!({ "email": "ada@example.com", "password": "new-password", "arguments": [] });
    let without = app.anonymous().email_password("reset/call", body()).await;
    assert_snapshot!(without.error(), @"400 - please use reset password via email");
    let with = app
        .anonymous()
        .bearer("null")
        .email_password("reset/call", body())
        .await;
    assert_snapshot!(with.error(), @"400 - please use reset password via email");
}

#[tokio::test]
async fn c080_extended_json_arguments_are_taken() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let path = "/auth/providers/local-userpass/reset/call";
    for arguments in [
        r#"["say-the-magic-word",{"$numberInt":"42"}]"#,
        r#"[{"$numberLong":"9007199254740993"}]"#,
        "[null]",
    ] {
        let body = format!(r#"{{"email":"ada@example.com","password":"new-password","arguments":{arguments}}}"#);
        let reply = app.anonymous().post_raw(path, Some(CORE_JSON), body.as_bytes()).await;
        assert_eq!(reply.error(), "400 - please use reset password via email");
    }
}

#[tokio::test]
async fn c081_a_body_that_is_no_json_is_refused_as_such() {
    let app = TestApp::email().await;
    let path = "/auth/providers/local-userpass/reset/call";
    for broken in [
        r#"{"email":"ada@example.com","password":"#,
        "undefined",
        r"{'email':'ada@example.com'}",
    ] {
        let reply = app.anonymous().post_raw(path, Some(CORE_JSON), broken.as_bytes()).await;
        assert_eq!(reply.error(), "400 BadRequest invalid json");
    }
}
