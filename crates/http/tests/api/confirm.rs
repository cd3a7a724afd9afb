//! `POST …/confirm`

use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, concurrency, unknown_pair};

async fn confirm(app: &TestApp, token: &str, id: &str) -> Reply {
    app.anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await
}

#[tokio::test]
async fn a_mailed_link_confirms() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!(confirm(&app, &token, &id).await.empty(), 200);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}

#[tokio::test]
async fn c035_c036_c037_c038_c039_a_malformed_token_pair_is_refused_as_such_in_any_mode() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        for (token, id) in [
            ("a_token", "a_token_id"),
            ("abc", "123"),
            ("e30=", "some-token-id"),
            ("invalid-token", "invalid-token-id"),
            ("ada@example.com", "a_token"),
            ("atoken", "atokenid"),
            ("", ""),
        ] {
            assert_eq!(
                confirm(&app, token, id).await.error(),
                "400 BadRequest invalid token data"
            );
        }
    }
}

#[tokio::test]
async fn c040_a_token_pair_that_was_never_issued_is_invalid() {
    let app = TestApp::email().await;
    let (token, id) = unknown_pair();
    let reply = confirm(&app, &token, &id).await;
    assert_snapshot!(reply.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
}

#[tokio::test]
async fn c041_c218_t02_a_used_link_is_refused() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!(confirm(&app, &token, &id).await.empty(), 200);
    let before = app.dump().await;
    let replay = confirm(&app, &token, &id).await;
    assert_snapshot!(replay.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    app.advance(Duration::from_hours(1));
    let replay = confirm(&app, &token, &id).await;
    assert_snapshot!(replay.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(app.dump().await, before);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}

#[tokio::test]
async fn c042_a_link_of_31_minutes_ago_is_refused_and_the_account_stays_pending() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    app.advance(Duration::from_mins(31));
    let reply = confirm(&app, &token, &id).await;
    assert_snapshot!(reply.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
}

#[tokio::test]
async fn s19_t27_a_link_works_for_exactly_30_minutes() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    app.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(confirm(&app, &token, &id).await.empty(), 200);

    app.pending("bob").await;
    let (token, id) = app.mailed_token("bob@example.com");
    app.advance(Duration::from_mins(30));
    let reply = confirm(&app, &token, &id).await;
    assert_snapshot!(reply.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
}

#[tokio::test]
async fn c043_core_confirms_with_its_headers_and_two_keys() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    let body = format!(r#"{{"token":"{token}","tokenId":"{id}"}}"#);
    let path = "/auth/providers/local-userpass/confirm";
    assert_eq!(
        app.anonymous()
            .post_raw(path, Some(CORE_JSON), body.as_bytes())
            .await
            .empty(),
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_t07_of_200_concurrent_confirmations_one_succeeds() {
    let app = Arc::new(TestApp::email().await);
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    let race = async || {
        concurrency(200, |_| {
            let (app, token, id) = (Arc::clone(&app), token.clone(), id.clone());
            async move {
                let reply = confirm(&app, &token, &id).await;
                (!reply.status().is_success()).then(|| reply.error())
            }
        })
        .await
    };
    let errors = race().await;
    assert_eq!(errors.iter().filter(|error| error.is_none()).count(), 1);
    // A confirmed registration refuses every token. Without this second guard, the used token itself does.
    app.alter("UPDATE registrations SET confirmed_at = NULL").await;
    let later = race().await;
    assert_eq!(later.iter().filter(|error| error.is_none()).count(), 0);
    app.alter("UPDATE registrations SET confirmed_at = 1").await;
    for error in errors.into_iter().flatten() {
        assert_eq!(error, "400 UserpassTokenInvalid userpass token is expired or invalid");
    }
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}
