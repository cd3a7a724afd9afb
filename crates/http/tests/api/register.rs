//! `POST …/register`

use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, concurrency};

async fn register(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous()
        .email_password("register", json!({ "email": email, "password": password }))
        .await
}

#[tokio::test]
async fn c012_c033_with_automatic_confirmation_a_login_works_immediately() {
    let app = TestApp::auto_confirm().await;
    assert_eq!(register(&app, "ada@example.com", "correct horse").await.empty(), 201);
    assert_eq!(
        app.anonymous()
            .log_in("ada@example.com", "correct horse")
            .await
            .status(),
        200
    );
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn with_confirmation_by_mail_one_mail_is_sent_and_a_login_must_wait() {
    let app = TestApp::email().await;
    assert_eq!(register(&app, "ada@example.com", "correct horse").await.empty(), 201);
    let login = app.anonymous().log_in("ada@example.com", "correct horse").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!((token.len(), id.len()), (128, 24));
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn c013_core_registers_with_its_headers_and_two_keys() {
    let app = TestApp::auto_confirm().await;
    let client = app.anonymous().header("accept", "application/json");
    let body = br#"{"email":"ada@example.com","password":"ada-password"}"#;
    let reply = client
        .post_raw("/auth/providers/local-userpass/register", Some(CORE_JSON), body)
        .await;
    assert_eq!(reply.empty(), 201);
}

#[tokio::test]
async fn c014_the_web_sdk_registers_with_its_headers() {
    let app = TestApp::auto_confirm().await;
    let client = app.anonymous().header("accept", "application/json");
    let body = json!({ "email": "ada@example.com", "password": "ada-password" });
    assert_eq!(client.email_password("register", body).await.empty(), 201);
}

#[tokio::test]
async fn c015_a_signed_in_user_registers_another_address() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = json!({ "email": "bob@example.com", "password": "bob-password" });
    let reply = app
        .anonymous()
        .bearer(&ada.access_token)
        .email_password("register", body)
        .await;
    assert_eq!(reply.empty(), 201);
    assert_eq!(
        app.anonymous().log_in("bob@example.com", "bob-password").await.status(),
        200
    );
}

#[tokio::test]
async fn c016_an_expired_access_token_is_not_read() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.advance(Duration::from_hours(1));
    let body = json!({ "email": "bob@example.com", "password": "bob-password" });
    let reply = app
        .anonymous()
        .bearer(&ada.access_token)
        .email_password("register", body)
        .await;
    assert_eq!(reply.empty(), 201);
}

#[tokio::test]
async fn c017_a_confirmed_address_cannot_be_registered_again() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        app.registered("ada").await;
        let reply = register(&app, "ada@example.com", "another-password").await;
        assert_eq!(reply.error(), "409 AccountNameInUse name already in use");
        assert_eq!(
            app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
            200
        );
        let login = app.anonymous().log_in("ada@example.com", "another-password").await;
        assert_eq!(login.error(), "401 InvalidPassword unauthorized");
        assert_eq!(app.unread_mails(), 0);
    }
}

#[tokio::test]
async fn c018_the_refusal_links_to_this_server() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let reply = register(&app, "ada@example.com", "another-password").await;
    let link = reply.json()["link"].as_str().unwrap().to_owned();
    assert!(link.contains(TestApp::PUBLIC_URL), "{link}");
}

#[tokio::test]
async fn c019_a_pending_address_cannot_be_registered_again_and_nothing_changes() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let link = app.mailed_token("ada@example.com");
    let before = app.dump().await;

    let reply = register(&app, "ada@example.com", "another-password").await;
    assert_snapshot!(reply.error(), @"409 AccountNameInUse name already in use");
    assert_eq!(app.unread_mails(), 0);
    assert_eq!(app.dump().await, before);

    let (token, id) = link;
    let confirmed = app
        .anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await;
    assert_eq!(confirmed.empty(), 200);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
    let login = app.anonymous().log_in("ada@example.com", "another-password").await;
    assert_snapshot!(login.error(), @"401 InvalidPassword unauthorized");
}

#[tokio::test]
async fn c020_c021_c022_a_short_password_is_refused_and_no_user_is_created() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        let before = app.dump().await;
        for password in ["", "pwd", "pass", "12345"] {
            let reply = register(&app, "ada@example.com", password).await;
            assert_eq!(
                reply.error(),
                "400 BadRequest password must be between 6 and 128 characters"
            );
        }
        assert_eq!(app.dump().await, before);
        assert_eq!(app.unread_mails(), 0);
        let login = app.anonymous().log_in("ada@example.com", "pass").await;
        assert_eq!(login.error(), "401 InvalidPassword unauthorized");
        app.registered("ada").await;
    }
}

#[tokio::test]
async fn c022_a_short_password_with_a_name_that_is_no_address_is_refused_alike() {
    let app = TestApp::auto_confirm().await;
    let reply = register(&app, "my-very-own-username", "pass").await;
    assert_snapshot!(reply.error(), @"400 BadRequest password must be between 6 and 128 characters");
}

#[tokio::test]
async fn c023_six_characters_are_enough() {
    let app = TestApp::auto_confirm().await;
    assert_eq!(register(&app, "ada@example.com", "123456").await.empty(), 201);
}

#[tokio::test]
async fn c024_s01_128_characters_are_taken_and_129_are_not_however_many_bytes() {
    let app = TestApp::auto_confirm().await;
    for (email, character) in [("a@example.com", "a"), ("b@example.com", "ß"), ("c@example.com", "😀")] {
        let reply = register(&app, email, &character.repeat(129)).await;
        assert_eq!(
            reply.error(),
            "400 BadRequest password must be between 6 and 128 characters"
        );
        assert_eq!(register(&app, email, &character.repeat(128)).await.empty(), 201);
        assert_eq!(
            app.anonymous().log_in(email, &character.repeat(128)).await.status(),
            200
        );
        let longer = app.anonymous().log_in(email, &character.repeat(129)).await;
        assert_eq!(longer.error(), "401 InvalidPassword unauthorized");
    }
}

#[tokio::test]
async fn c025_a_bad_address_with_a_short_password_is_a_bad_request() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        let reply = register(&app, "invalid-email", "1234").await;
        assert!(reply.error().starts_with("400 BadRequest "), "{}", reply.text());
    }
}

#[tokio::test]
async fn c026_an_empty_address_is_invalid() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        let reply = register(&app, "", "ada-password").await;
        assert_eq!(reply.error(), "400 BadRequest email invalid");
    }
}

#[tokio::test]
async fn c027_with_automatic_confirmation_any_name_will_do() {
    let app = TestApp::auto_confirm().await;
    for name in [
        "my-very-own-username",
        "asdavaskljj",
        "two words",
        "ünïcode",
        &"a".repeat(254),
    ] {
        assert_eq!(register(&app, name, "ada-password").await.empty(), 201);
        assert_eq!(app.anonymous().log_in(name, "ada-password").await.status(), 200);
    }
}

#[tokio::test]
async fn s50_with_confirmation_by_mail_only_a_mailbox_will_do() {
    let app = TestApp::email().await;
    let before = app.dump().await;
    let long_local = format!("{}@example.com", "a".repeat(65));
    for bad in [
        "ada",
        "@example.com",
        "ada@",
        "a b@example.com",
        "a@b@c.d",
        "Ada <ada@example.com>",
        &long_local,
    ] {
        assert_eq!(
            register(&app, bad, "ada-password").await.error(),
            "400 BadRequest email invalid"
        );
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn s51_t15_control_characters_and_endless_addresses_are_invalid_in_every_mode() {
    for app in [TestApp::auto_confirm().await, TestApp::email().await] {
        let before = app.dump().await;
        let endless = format!("a@{}.com", "b".repeat(249));
        for bad in [
            "ada@example.com\r\nBcc: eve@example.com",
            "ada\0@example.com",
            "ada@example.com\n",
            "\u{85}",
            &endless,
        ] {
            assert_eq!(
                register(&app, bad, "ada-password").await.error(),
                "400 BadRequest email invalid"
            );
        }
        assert_eq!(app.dump().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_t07_of_200_concurrent_registrations_one_wins_and_one_mail_is_sent() {
    let app = Arc::new(TestApp::email().await);
    let statuses = concurrency(200, |number| {
        let app = Arc::clone(&app);
        async move {
            register(&app, "ada@example.com", &format!("password-{number}"))
                .await
                .status()
                .as_u16()
        }
    })
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 199);

    let winner = statuses.iter().position(|status| *status == 201).unwrap();
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!(app.unread_mails(), 0);
    let confirmed = app
        .anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await;
    assert_eq!(confirmed.empty(), 200);
    assert_eq!(
        app.anonymous()
            .log_in("ada@example.com", &format!("password-{winner}"))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn s17_a_pending_account_can_do_nothing() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let _unused = app.mailed_token("ada@example.com");
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    assert!(login.json().get("access_token").is_none());
    let retry = app
        .anonymous()
        .email_password("confirm/call", json!({ "email": "ada@example.com" }))
        .await;
    assert_snapshot!(retry.error(), @"400 - please use confirm via email");
    let call = json!({ "email": "ada@example.com", "password": "new-password", "arguments": [] });
    let reset = app.anonymous().email_password("reset/call", call).await;
    assert_snapshot!(reset.error(), @"400 - please use reset password via email");
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
}

#[tokio::test]
async fn s17_nothing_but_the_mailed_link_lets_a_pending_account_in() {
    let app = TestApp::builder().unlimited().start().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    let before = app.dump().await;
    let log_in = async |password: &str| app.anonymous().log_in("ada@example.com", password).await;
    let refused = log_in("ada-password").await;
    assert_snapshot!(refused.error(), @"401 AuthError unauthorized");
    // Only who knows the password learns that it is right.
    let wrong = log_in("another-password").await;
    assert_snapshot!(wrong.error(), @"401 InvalidPassword unauthorized");
    assert_eq!(app.dump().await, before, "a refused login makes no user and no session");

    // Registering again, another link and the time that passes change nothing about it.
    let again = register(&app, "ada@example.com", "ada-password").await;
    assert_snapshot!(again.error(), @"409 AccountNameInUse name already in use");
    let refused = log_in("ada-password").await;
    assert_snapshot!(refused.error(), @"401 AuthError unauthorized");
    let body = json!({ "password": "new-password", "token": token, "tokenId": id });
    let refused = app.anonymous().email_password("reset", body).await;
    assert_snapshot!(refused.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    app.advance(Duration::from_hours(24));
    let refused = log_in("ada-password").await;
    assert_snapshot!(refused.error(), @"401 AuthError unauthorized");

    // A reset by mail proves the mailbox and sets the password; it does not confirm.
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": "ada@example.com" }))
        .await;
    assert_eq!(sent.empty(), 200);
    let (token, id) = app.mailed_token("ada@example.com");
    let body = json!({ "password": "new-password", "token": token, "tokenId": id });
    assert_eq!(app.anonymous().email_password("reset", body).await.empty(), 200);
    let refused = log_in("new-password").await;
    assert_snapshot!(refused.error(), @"401 AuthError unauthorized");

    let sent = app
        .anonymous()
        .email_password("confirm/send", json!({ "email": "ada@example.com" }))
        .await;
    assert_eq!(sent.empty(), 200);
    let (token, id) = app.mailed_token("ada@example.com");
    let body = json!({ "token": token, "tokenId": id });
    assert_eq!(app.anonymous().email_password("confirm", body).await.empty(), 200);
    assert_eq!(log_in("new-password").await.status(), 200);
}

#[tokio::test]
async fn s25_no_client_can_register_as_confirmed_or_with_an_id_of_its_own() {
    let app = TestApp::email().await;
    let id = "0123456789abcdef01234567";
    let body = json!({
        "email": "ada@example.com", "password": "ada-password", "_id": id, "id": id, "user_id": id,
        "confirmed": true, "confirmed_at": 0, "verified": true, "status": "confirmed", "state": "confirmed",
        "role": "admin", "type": "server", "provider": "anon-user", "options": { "autoConfirm": true },
    });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    assert!(!app.dump().await.contains(id));

    let (token, token_id) = app.mailed_token("ada@example.com");
    let body = json!({ "token": token, "tokenId": token_id, "user_id": id, "role": "admin", "type": "server" });
    assert_eq!(app.anonymous().email_password("confirm", body).await.empty(), 200);
    let body = json!({ "username": "ada@example.com", "password": "ada-password", "user_id": id, "type": "server" });
    let login = app.anonymous().email_password("login", body).await;
    assert_ne!(login.json()["user_id"], id);
    let profile = app
        .anonymous()
        .profile(login.json()["access_token"].as_str().unwrap())
        .await;
    assert_eq!(profile.json()["type"], "normal");
}

#[tokio::test]
async fn c218_a_replayed_registration_is_a_duplicate_and_harms_nothing() {
    let app = TestApp::auto_confirm().await;
    assert_eq!(register(&app, "ada@example.com", "ada-password").await.empty(), 201);
    let before = app.dump().await;
    let replay = register(&app, "ada@example.com", "ada-password").await;
    assert_snapshot!(replay.error(), @"409 AccountNameInUse name already in use");
    assert_eq!(app.dump().await, before);
}
