//! Every key of every body with every wrong type.

use doorward_testkit::TestApp;
use serde_json::{Map, Value, json};

use crate::support::{large_bodies, unknown_pair};

const INVALID_JSON: &str = "400 BadRequest invalid json";
const INVALID_TOKEN: &str = "400 BadRequest invalid token data";
const WRONG_PASSWORD: &str = "401 InvalidPassword unauthorized";

/// A call, a body, and the answer to a wrong type of each of its keys.
type Case = (&'static str, Value, Vec<(&'static str, &'static str)>);

/// Every call, with a body that is right.
fn calls() -> Vec<Case> {
    let (token, id) = unknown_pair();
    let email = json!({ "email": "bob@example.com" });
    vec![
        (
            "register",
            json!({ "email": "bob@example.com", "password": "bob-password" }),
            vec![("email", INVALID_JSON), ("password", INVALID_JSON)],
        ),
        (
            "confirm",
            json!({ "token": token, "tokenId": id }),
            vec![("token", INVALID_TOKEN), ("tokenId", INVALID_TOKEN)],
        ),
        ("confirm/send", email.clone(), vec![("email", INVALID_JSON)]),
        ("confirm/call", email.clone(), vec![("email", INVALID_JSON)]),
        ("reset/send", email, vec![("email", INVALID_JSON)]),
        (
            "reset",
            json!({ "password": "new-password", "token": token, "tokenId": id }),
            vec![
                ("password", INVALID_JSON),
                ("token", INVALID_TOKEN),
                ("tokenId", INVALID_TOKEN),
            ],
        ),
        (
            "reset/call",
            json!({ "email": "bob@example.com", "password": "new-password", "arguments": [] }),
            vec![("email", INVALID_JSON), ("password", INVALID_JSON)],
        ),
        (
            "login",
            json!({ "username": "ada@example.com", "password": "ada-password" }),
            vec![("username", WRONG_PASSWORD), ("password", WRONG_PASSWORD)],
        ),
    ]
}

fn wrong_types() -> Vec<Value> {
    let big: Map<String, Value> = (0..100).map(|number| (number.to_string(), json!(number))).collect();
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!([]),
        json!(["ada@example.com"]),
        json!(["ada@example.com", "eve@example.com"]),
        json!([["ada@example.com"]]),
        json!({}),
        json!({ "$ne": null }),
        json!({ "$gt": "" }),
        json!({ "$regex": ".*" }),
        json!({ "$oid": "0123456789abcdef01234567" }),
        json!({ "toString": "ada@example.com" }),
        json!({ "__proto__": { "length": 128 } }),
        Value::Object(big),
    ]
}

#[tokio::test]
async fn t08_every_wrong_type_has_its_answer_and_leaves_no_trace() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let before = app.dump().await;
    for (call, body, keys) in calls() {
        for (key, expected) in keys {
            for wrong in wrong_types() {
                let mut body = body.clone();
                body[key] = wrong;
                let error = app.anonymous().email_password(call, body.clone()).await.error();
                assert_eq!(error, expected, "{call} {body}");
            }
        }
    }
    assert_eq!(app.dump().await, before);
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn t08_arguments_are_a_list_or_left_out() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let body =
        |arguments: Value| json!({ "email": "ada@example.com", "password": "new-password", "arguments": arguments });
    for wrong in wrong_types().into_iter().filter(|value| !value.is_array()) {
        let error = app
            .anonymous()
            .email_password("reset/call", body(wrong.clone()))
            .await
            .error();
        assert_eq!(error, INVALID_JSON, "{wrong}");
    }
    let left_out = json!({ "email": "ada@example.com", "password": "new-password" });
    let error = app.anonymous().email_password("reset/call", left_out).await.error();
    assert_eq!(error, "400 - please use reset password via email");
}

#[tokio::test]
async fn t08_unknown_keys_are_ignored_whatever_their_type() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    for options in wrong_types()
        .into_iter()
        .chain([json!({ "device": 7 }), json!({ "device": { "deviceId": [] } })])
    {
        let body = json!({
            "username": "ada@example.com", "password": "ada-password", "provider": options, "options": options, "x": options,
        });
        let login = app.anonymous().email_password("login", body).await;
        assert_eq!(login.status(), 200, "{options}: {}", login.text());
    }
}

#[tokio::test]
async fn t08_strings_of_any_length_and_content_are_only_strings() {
    let app = large_bodies(TestApp::builder().unlimited()).start().await;
    app.registered("ada").await;
    let before = app.dump().await;
    let endless = "a".repeat(500_000);
    for text in [
        &*endless,
        "\0",
        "\u{feff}",
        "%00",
        "../../etc/passwd",
        "'; DROP TABLE users; --",
        "${jndi:ldap://x}",
        "𝓪\u{301}",
    ] {
        let confirm = app
            .anonymous()
            .email_password("confirm", json!({ "token": text, "tokenId": text }))
            .await;
        assert_eq!(confirm.error(), INVALID_TOKEN);
        let login = app.anonymous().log_in(text, text).await;
        assert_eq!(login.error(), WRONG_PASSWORD);
        let send = app
            .anonymous()
            .email_password("reset/send", json!({ "email": text }))
            .await
            .error();
        assert!(
            ["400 BadRequest email invalid", "404 UserNotFound user not found"].contains(&&*send),
            "{send}"
        );
    }
    assert_eq!(app.dump().await, before);
}
