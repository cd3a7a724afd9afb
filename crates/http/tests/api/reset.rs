//! `POST …/reset`

use std::sync::Arc;
use std::time::Duration;

use doorward_testkit::{Reply, TestApp, User};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, concurrency, unknown_pair};

async fn reset(app: &TestApp, password: &str, (token, id): &(String, String)) -> Reply {
    let body = json!({ "password": password, "token": token, "tokenId": id });
    app.anonymous().email_password("reset", body).await
}

async fn link(app: &TestApp, email: &str) -> (String, String) {
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": email }))
        .await;
    assert_eq!(sent.empty(), 200);
    app.mailed_token(email)
}

fn pair(token: &str, id: &str) -> (String, String) {
    (token.to_owned(), id.to_owned())
}

#[tokio::test]
async fn a_mailed_link_sets_a_new_password_and_the_old_one_is_wrong() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let link = link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, "new-password", &link).await.empty(), 200);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "new-password").await.status(),
        200
    );
    let old = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(old.error(), @"401 InvalidPassword unauthorized");
}

#[tokio::test]
async fn c065_c066_c067_a_malformed_token_pair_is_refused_as_such_in_any_mode() {
    for app in [TestApp::email().await, TestApp::auto_confirm().await] {
        for (token, id) in [
            ("token_sample", "token_id_sample"),
            ("atoken", "tokenId"),
            ("invalid-token", "invalid-token-id"),
            ("", ""),
        ] {
            let reply = reset(&app, "new-password", &pair(token, id)).await;
            assert_eq!(reply.error(), "400 BadRequest invalid token data");
            assert!(reply.json()["link"].as_str().unwrap().contains(TestApp::PUBLIC_URL));
        }
    }
}

#[tokio::test]
async fn c068_a_token_pair_that_was_never_issued_is_invalid() {
    let app = TestApp::email().await;
    let reply = reset(&app, "new-password", &unknown_pair()).await;
    assert_snapshot!(reply.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let id = reply.header("x-appservices-request-id").unwrap();
    let text = reply
        .text()
        .replace(id, "[request]")
        .replace(&app.app().object_id.to_string(), "[app]");
    assert_snapshot!(text, @r#"{"error":"userpass token is expired or invalid","error_code":"UserpassTokenInvalid","link":"https://auth.example.com/groups/000000000000000000000000/apps/[app]/logs?co_id=[request]"}"#);
}

#[tokio::test]
async fn c069_t02_a_used_link_is_refused_and_the_password_stays() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let link = link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, "new-password", &link).await.empty(), 200);
    for _ in 0..2 {
        let replay = reset(&app, "third-password", &link).await;
        assert_eq!(
            replay.error(),
            "400 UserpassTokenInvalid userpass token is expired or invalid"
        );
        app.advance(Duration::from_hours(1));
    }
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "new-password").await.status(),
        200
    );
}

#[tokio::test]
async fn c070_s05_s33_a_refused_password_does_not_spend_the_link() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let link = link(&app, "ada@example.com").await;
    let before = app.dump().await;
    for bad in ["", "123", "12345", &"a".repeat(129)] {
        let reply = reset(&app, bad, &link).await;
        assert_eq!(
            reply.error(),
            "400 BadRequest password must be between 6 and 128 characters"
        );
    }
    assert_eq!(app.dump().await, before);
    assert_eq!(reset(&app, "new-password", &link).await.empty(), 200);
    let again = reset(&app, "third-password", &link).await;
    assert_snapshot!(again.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
}

#[tokio::test]
async fn c071_the_keys_may_come_in_any_order() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let path = "/auth/providers/local-userpass/reset";
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let (token, id) = link(&app, "ada@example.com").await;
        let keys = [
            r#""password":"new-password""#.to_owned(),
            format!(r#""token":"{token}""#),
            format!(r#""tokenId":"{id}""#),
        ];
        let body = format!("{{{}}}", order.map(|at| keys[at].as_str()).join(","));
        assert_eq!(
            app.anonymous()
                .post_raw(path, Some(CORE_JSON), body.as_bytes())
                .await
                .empty(),
            200
        );
    }
}

#[tokio::test]
async fn s19_t27_a_link_works_for_exactly_30_minutes() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    let in_time = link(&app, "ada@example.com").await;
    app.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(reset(&app, "new-password", &in_time).await.empty(), 200);

    let too_late = link(&app, "ada@example.com").await;
    app.advance(Duration::from_mins(30));
    let reply = reset(&app, "third-password", &too_late).await;
    assert_snapshot!(reply.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "new-password").await.status(),
        200
    );
}

#[tokio::test]
async fn s34_t12_a_reset_ends_every_session_and_opens_none() {
    let app = TestApp::email().await;
    let phone = app.user("ada").await;
    let tablet = app.anonymous().log_in(&phone.email, &phone.password).await;
    let tablet = tablet.json()["refresh_token"].as_str().unwrap().to_owned();
    let bob = app.user("bob").await;

    let link = link(&app, &phone.email).await;
    let reply = reset(&app, "new-password", &link).await;
    assert_eq!(reply.empty(), 200);
    for (name, _) in reply.headers() {
        assert!(!name.as_str().contains("cookie") && name != "authorization", "{name}");
    }
    for session in [&phone.refresh_token, &tablet] {
        let refused = app.anonymous().refresh(session).await;
        assert_eq!(
            refused.error(),
            "401 InvalidSession invalid session: failed to find refresh token"
        );
    }
    assert_eq!(app.anonymous().refresh(&bob.refresh_token).await.status(), 201);
    let login = app.anonymous().log_in(&phone.email, "new-password").await;
    assert_eq!(login.json()["user_id"], phone.id);
}

#[tokio::test]
async fn a_reset_does_not_confirm_a_pending_account() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let _confirmation = app.mailed_token("ada@example.com");
    let link = link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, "new-password", &link).await.empty(), 200);
    let login = app.anonymous().log_in("ada@example.com", "new-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    let old = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(old.error(), @"401 InvalidPassword unauthorized");
}

#[tokio::test]
async fn t10_a_client_that_registered_anothers_address_loses_everything_when_its_owner_resets() {
    let app = TestApp::auto_confirm().await;
    let attacker = app.user("victim").await;
    let link = link(&app, "victim@example.com").await;
    assert_eq!(reset(&app, "owners-password", &link).await.empty(), 200);

    let refused = app.anonymous().refresh(&attacker.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");
    let login = app.anonymous().log_in("victim@example.com", &attacker.password).await;
    assert_snapshot!(login.error(), @"401 InvalidPassword unauthorized");
    assert_eq!(
        app.anonymous()
            .log_in("victim@example.com", "owners-password")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn t10_a_victim_that_confirms_the_registration_of_an_attacker_takes_it_over_by_a_reset() {
    let app = TestApp::email().await;
    let (victim, attackers) = ("victim@example.com", "attackers-password");
    let body = |password: &str| json!({ "email": victim, "password": password });
    let registered = app.anonymous().email_password("register", body(attackers)).await;
    assert_eq!(registered.empty(), 201);
    // The attacker holds nothing before the mailbox is proven, and the owner cannot register the address.
    let login = app.anonymous().log_in(victim, attackers).await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    let owner = app
        .anonymous()
        .email_password("register", body("owners-password"))
        .await;
    assert_snapshot!(owner.error(), @"409 AccountNameInUse name already in use");

    // The owner takes the mail for an answer to that and confirms. As in App Services, what is confirmed is the
    // registration as it was made, so the attacker's password works: the mailed text must say who asked.
    let (token, id) = app.mailed_token(victim);
    let confirmed = app
        .anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await;
    assert_eq!(confirmed.empty(), 200);
    let login = app.anonymous().log_in(victim, attackers).await;
    assert_eq!(login.status(), 200);
    let session = User::from_login(victim.to_owned(), attackers.to_owned(), &login);

    // The owner's own password is unknown, which leads to a reset. It ends all that the attacker had.
    let refused = app.anonymous().log_in(victim, "owners-password").await;
    assert_snapshot!(refused.error(), @"401 InvalidPassword unauthorized");
    let started_by_attacker = link(&app, victim).await;
    let started_by_owner = link(&app, victim).await;
    assert_eq!(reset(&app, "owners-password", &started_by_owner).await.empty(), 200);
    let refused = app.anonymous().refresh(&session.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");
    let refused = app.anonymous().log_in(victim, attackers).await;
    assert_snapshot!(refused.error(), @"401 InvalidPassword unauthorized");
    for (token, id) in [&started_by_attacker, &(token, id)] {
        let body = json!({ "password": attackers, "token": token, "tokenId": id });
        let refused = app.anonymous().email_password("reset", body).await;
        assert_eq!(
            refused.error(),
            "400 UserpassTokenInvalid userpass token is expired or invalid"
        );
    }
    assert_eq!(app.anonymous().log_in(victim, "owners-password").await.status(), 200);
}

#[tokio::test]
async fn t10_a_reset_before_the_confirmation_leaves_the_attacker_nothing_at_any_time() {
    let app = TestApp::email().await;
    app.pending("victim").await;
    let (victim, attackers) = ("victim@example.com", "victim-password");
    let first = app.mailed_token(victim);
    let link = link(&app, victim).await;
    assert_eq!(reset(&app, "owners-password", &link).await.empty(), 200);
    // The reset has voided the link that the attacker's registration sent.
    let body = |(token, id): &(String, String)| json!({ "token": token, "tokenId": id });
    let refused = app.anonymous().email_password("confirm", body(&first)).await;
    assert_snapshot!(refused.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let sent = app
        .anonymous()
        .email_password("confirm/send", json!({ "email": victim }))
        .await;
    assert_eq!(sent.empty(), 200);
    let second = app.mailed_token(victim);
    assert_eq!(
        app.anonymous().email_password("confirm", body(&second)).await.empty(),
        200
    );
    let refused = app.anonymous().log_in(victim, attackers).await;
    assert_snapshot!(refused.error(), @"401 InvalidPassword unauthorized");
    assert_eq!(app.anonymous().log_in(victim, "owners-password").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_t07_of_200_concurrent_resets_one_succeeds_and_its_password_is_the_password() {
    let app = Arc::new(TestApp::builder().unlimited().start().await);
    app.registered("ada").await;
    let link = link(&app, "ada@example.com").await;
    let errors = concurrency(200, |number| {
        let (app, link) = (Arc::clone(&app), link.clone());
        async move {
            let reply = reset(&app, &format!("password-{number}"), &link).await;
            (!reply.status().is_success()).then(|| reply.error())
        }
    })
    .await;
    let winners: Vec<usize> = (0..200).filter(|number| errors[*number].is_none()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    for error in errors.iter().flatten() {
        assert_eq!(error, "400 UserpassTokenInvalid userpass token is expired or invalid");
    }
    for number in (0..200).step_by(20).chain(winners.iter().copied()) {
        let login = app
            .anonymous()
            .log_in("ada@example.com", &format!("password-{number}"))
            .await;
        assert_eq!(
            login.status().is_success(),
            winners.contains(&number),
            "{number}: {}",
            login.text()
        );
    }
}
