//! `POST …/confirm/send`

use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, concurrency};

async fn send(app: &TestApp, email: &str) -> Reply {
    app.anonymous()
        .email_password("confirm/send", json!({ "email": email }))
        .await
}

async fn confirm(app: &TestApp, (token, id): &(String, String)) -> Reply {
    app.anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await
}

#[tokio::test]
async fn c044_a_pending_user_gets_another_mail_and_every_link_works_until_one_is_used() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let first = app.mailed_token("ada@example.com");
    assert_eq!(send(&app, "ada@example.com").await.empty(), 200);
    assert_eq!(
        app.mailed_token("ada@example.com"),
        first,
        "a young link is mailed again"
    );
    app.advance(Duration::from_mins(10));
    assert_eq!(send(&app, "ada@example.com").await.empty(), 200);
    let second = app.mailed_token("ada@example.com");
    assert_ne!(second, first);
    assert_eq!(app.unread_mails(), 0);

    assert_eq!(confirm(&app, &first).await.empty(), 200);
    let other = confirm(&app, &second).await;
    assert_snapshot!(other.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}

#[tokio::test]
async fn c045_c046_an_unknown_address_is_refused_as_unknown_in_any_mode() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        for unknown in ["foo", "atoken", "nobody@example.com"] {
            assert_eq!(send(&app, unknown).await.error(), "404 UserNotFound user not found");
        }
    }
}

#[tokio::test]
async fn c047_a_confirmed_user_is_refused_as_confirmed_and_not_mailed_in_any_mode() {
    for app in [
        TestApp::builder().auto_confirm().unlimited().start().await,
        TestApp::builder().unlimited().start().await,
    ] {
        app.registered("ada").await;
        let before = app.dump().await;
        let reply = send(&app, "ada@example.com").await;
        assert_eq!(reply.error(), "400 UserAlreadyConfirmed already confirmed");
        assert_eq!(app.unread_mails(), 0);
        assert_eq!(app.dump().await, before);
    }
}

#[tokio::test]
async fn c050_the_only_key_is_the_address() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let _first = app.mailed_token("ada@example.com");
    let path = "/auth/providers/local-userpass/confirm/send";
    let body = br#"{"email":"ada@example.com"}"#;
    assert_eq!(app.anonymous().post_raw(path, Some(CORE_JSON), body).await.empty(), 200);
    let _second = app.mailed_token("ada@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_however_many_links_are_requested_concurrently_one_works() {
    let app = Arc::new(TestApp::builder().unlimited().start().await);
    app.pending("ada").await;
    let statuses = concurrency(20, |_| {
        let app = Arc::clone(&app);
        async move { send(&app, "ada@example.com").await.empty() }
    })
    .await;
    assert_eq!(statuses, [200; 20]);
    let mut successes = 0;
    while app.unread_mails() > 0 {
        let link = app.mailed_token("ada@example.com");
        successes += usize::from(confirm(&app, &link).await.status().is_success());
    }
    assert_eq!(successes, 1);
}
