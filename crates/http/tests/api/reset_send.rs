//! `POST …/reset/send`

use std::sync::Arc;

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::concurrency;

async fn send(app: &TestApp, email: &str) -> Reply {
    app.anonymous()
        .email_password("reset/send", json!({ "email": email }))
        .await
}

#[tokio::test]
async fn c059_a_registered_user_is_mailed_a_link() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        app.registered("ada").await;
        assert_eq!(send(&app, "ada@example.com").await.empty(), 200);
        let (token, id) = app.mailed_token("ada@example.com");
        assert_eq!((token.len(), id.len()), (128, 24));
        assert_eq!(app.unread_mails(), 0);
    }
}

#[tokio::test]
async fn c060_c061_an_unknown_address_is_refused_as_unknown_and_not_mailed() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        for unknown in ["nobody@example.com", "atoken", "foo"] {
            assert_eq!(send(&app, unknown).await.error(), "404 UserNotFound user not found");
        }
        assert_eq!(app.unread_mails(), 0);
    }
}

#[tokio::test]
async fn c063_a_name_that_no_mail_can_reach_cannot_be_processed() {
    let app = TestApp::builder().auto_confirm().unlimited().start().await;
    let body = json!({ "email": "my-very-own-username", "password": "ada-password" });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    let before = app.dump().await;
    assert_snapshot!(send(&app, "my-very-own-username").await.error(), @"400 - error processing request");
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn s36_a_request_changes_nothing_but_the_link() {
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    for _ in 0..3 {
        assert_eq!(send(&app, &ada.email).await.empty(), 200);
        let _unused = app.mailed_token(&ada.email);
    }
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    assert_eq!(app.anonymous().log_in(&ada.email, &ada.password).await.status(), 200);
}

#[tokio::test]
async fn s47_s48_s49_t08_an_address_is_compared_byte_for_byte_and_mail_goes_to_the_stored_one() {
    let app = TestApp::builder().auto_confirm().unlimited().start().await;
    let look_alikes = [
        "KILIAN@example.com",
        "Kilian@example.com",
        "kilian@EXAMPLE.com",
        "\u{212a}ilian@example.com",
        "kılian@example.com",
        "kilian\u{ff20}example.com",
        "kilian@example.com ",
        " kilian@example.com",
        "kilian\u{200b}@example.com",
        "kilian\u{ad}@example.com",
        "kilian@example.com.",
        "\"kilian\"@example.com",
        "kilian+x@example.com",
    ];
    app.registered("kilian").await;
    for other in look_alikes {
        assert_eq!(send(&app, other).await.error(), "404 UserNotFound user not found");
        let login = app.anonymous().log_in(other, "kilian-password").await;
        assert_eq!(login.error(), "401 InvalidPassword unauthorized");
    }
    assert_eq!(app.unread_mails(), 0);

    // They are other accounts, so registering one takes nothing from the first.
    let body = json!({ "email": "KILIAN@example.com", "password": "other-password" });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    assert_eq!(send(&app, "KILIAN@example.com").await.empty(), 200);
    assert_eq!(app.next_mail().to, "KILIAN@example.com");
    assert_eq!(send(&app, "kilian@example.com").await.empty(), 200);
    assert_eq!(app.next_mail().to, "kilian@example.com");
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn s49_t08_no_body_adds_a_recipient() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let path = "/auth/providers/local-userpass/reset/send";
    for body in [
        r#"{"email":["ada@example.com","eve@example.com"]}"#,
        r#"{"email":"ada@example.com","email":"eve@example.com"}"#,
        r#"{"email":{"$in":["ada@example.com"]}}"#,
        r#"{"email":["ada@example.com"]}"#,
    ] {
        let reply = app
            .anonymous()
            .post_raw(path, Some("application/json"), body.as_bytes())
            .await;
        assert_eq!(reply.error(), "400 BadRequest invalid json");
    }
    for list in [
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "<ada@example.com>",
    ] {
        assert_eq!(send(&app, list).await.error(), "404 UserNotFound user not found");
    }
    assert_eq!(app.unread_mails(), 0);
    let body = json!({ "email": "ada@example.com", "to": "eve@example.com", "cc": ["eve@example.com"] });
    assert_eq!(app.anonymous().email_password("reset/send", body).await.empty(), 200);
    assert_eq!(app.next_mail().to, "ada@example.com");
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_however_many_links_are_requested_concurrently_one_works() {
    let app = Arc::new(TestApp::builder().auto_confirm().unlimited().start().await);
    app.registered("ada").await;
    let statuses = concurrency(20, |_| {
        let app = Arc::clone(&app);
        async move { send(&app, "ada@example.com").await.empty() }
    })
    .await;
    assert_eq!(statuses, [200; 20]);
    let mut successes = 0;
    while app.unread_mails() > 0 {
        let (token, id) = app.mailed_token("ada@example.com");
        let body = json!({ "password": "new-password", "token": token, "tokenId": id });
        successes += usize::from(
            app.anonymous()
                .email_password("reset", body)
                .await
                .status()
                .is_success(),
        );
    }
    assert_eq!(successes, 1);
}
