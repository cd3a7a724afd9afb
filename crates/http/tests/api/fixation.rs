//! Flows that one person starts and another one finishes: an attacker sends a victim a link of the attacker's own, or
//! starts a flow of the victim's and waits for the victim to finish it.

use doorward_core::App;
use doorward_testkit::{Client, Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

type Pair = (String, String);

const REFUSED: &str = "400 UserpassTokenInvalid userpass token is expired or invalid";
const OTHER: &str = "other-fghij";
const EVE: &str = "eve@example.com";
const VICTIM: &str = "victim@example.com";

async fn confirm(client: Client<'_>, (token, id): &Pair) -> Reply {
    // A page that follows the link for a signed-in victim may add who that is. It has no effect.
    let body = json!({ "token": token, "tokenId": id, "email": VICTIM, "username": VICTIM });
    client.email_password("confirm", body).await
}

async fn reset(client: Client<'_>, password: &str, (token, id): &Pair) -> Reply {
    let body = json!({ "password": password, "token": token, "tokenId": id, "email": VICTIM, "username": VICTIM });
    client.email_password("reset", body).await
}

/// The link of a reset that anyone may ask for.
async fn reset_link(app: &TestApp, email: &str) -> Pair {
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": email }))
        .await;
    assert_eq!(sent.empty(), 200);
    app.mailed_token(email)
}

/// Fails if the answer signs its receiver in to anything.
fn assert_no_session(reply: &Reply) {
    assert_eq!(reply.empty(), 200);
    assert!(reply.header("set-cookie").is_none());
    assert!(reply.header("authorization").is_none());
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> String {
    let reply = app.anonymous().log_in(email, password).await;
    if reply.status().is_success() {
        "in".to_owned()
    } else {
        reply.error()
    }
}

#[tokio::test]
async fn t03_a_victim_that_finishes_the_confirmation_of_an_attacker_gains_and_loses_nothing() {
    let app = TestApp::email().await;
    let victim = app.user("victim").await;
    app.pending("eve").await;
    let link = app.mailed_token(EVE);
    assert_no_session(&confirm(app.anonymous().bearer(&victim.access_token), &link).await);
    // What is confirmed is the address that the link was made for, whoever follows it.
    assert_eq!(log_in(&app, EVE, "eve-password").await, "in");
    assert_eq!(
        log_in(&app, VICTIM, "eve-password").await,
        "401 InvalidPassword unauthorized"
    );
    assert_eq!(log_in(&app, VICTIM, &victim.password).await, "in");
    assert_eq!(app.anonymous().refresh(&victim.refresh_token).await.status(), 201);
}

#[tokio::test]
async fn t03_a_victim_that_finishes_the_reset_of_an_attacker_sets_the_attackers_password_alone() {
    let app = TestApp::email().await;
    let victim = app.user("victim").await;
    let eve = app.user("eve").await;
    let link = reset_link(&app, EVE).await;
    let done = reset(app.anonymous().bearer(&victim.access_token), "typed-by-victim", &link).await;
    assert_no_session(&done);
    assert_eq!(log_in(&app, EVE, "typed-by-victim").await, "in");
    assert_eq!(app.anonymous().refresh(&eve.refresh_token).await.status(), 401);
    assert_eq!(log_in(&app, VICTIM, &victim.password).await, "in");
    assert_eq!(
        log_in(&app, VICTIM, "typed-by-victim").await,
        "401 InvalidPassword unauthorized"
    );
    assert_eq!(app.anonymous().refresh(&victim.refresh_token).await.status(), 201);
}

#[tokio::test]
async fn t03_an_attacker_that_starts_the_reset_of_a_victim_gets_nothing_when_the_victim_finishes_it() {
    let app = TestApp::email().await;
    let victim = app.user("victim").await;
    let eve = app.user("eve").await;
    // The attacker names itself beside the victim, and starts the flow with a session of its own.
    let body =
        json!({ "email": VICTIM, "username": EVE, "password": "chosen-by-eve", "tokenId": "0123456789abcdef01234567" });
    let started = app
        .anonymous()
        .bearer(&eve.access_token)
        .email_password("reset/send", body)
        .await;
    assert_no_session(&started);
    assert_eq!(log_in(&app, VICTIM, &victim.password).await, "in");
    let link = app.mailed_token(VICTIM);
    assert_ne!(link.1, "0123456789abcdef01234567", "a client chooses no token");
    assert_no_session(&reset(app.anonymous(), "owners-password", &link).await);
    assert_eq!(log_in(&app, VICTIM, "owners-password").await, "in");
    for password in ["chosen-by-eve", &eve.password, &victim.password] {
        let refused = log_in(&app, VICTIM, password).await;
        assert_eq!(refused, "401 InvalidPassword unauthorized", "{password}");
    }
    let profile = app.anonymous().profile(&eve.access_token).await;
    assert_eq!(
        profile.json()["data"]["email"],
        EVE,
        "the attacker's session stays its own"
    );
}

#[tokio::test]
async fn t03_pairs_of_two_people_do_not_mix_whoever_started_which_flow() {
    let app = TestApp::email().await;
    for name in ["eve", "victim"] {
        app.pending(name).await;
    }
    let confirmations = [app.mailed_token(EVE), app.mailed_token(VICTIM)];
    let mixed = |[eve, victim]: &[Pair; 2]| [(eve.0.clone(), victim.1.clone()), (victim.0.clone(), eve.1.clone())];
    let before = app.dump().await;
    for pair in mixed(&confirmations) {
        let refused = confirm(app.anonymous(), &pair).await;
        assert_eq!(refused.error(), REFUSED);
    }
    assert_eq!(app.dump().await, before);
    for pair in &confirmations {
        assert_eq!(confirm(app.anonymous(), pair).await.empty(), 200);
    }

    let resets = [reset_link(&app, EVE).await, reset_link(&app, VICTIM).await];
    let before = app.dump().await;
    for pair in mixed(&resets) {
        let refused = reset(app.anonymous(), "chosen-by-eve", &pair).await;
        assert_eq!(refused.error(), REFUSED);
    }
    assert_eq!(app.dump().await, before);
    for (pair, password) in resets.iter().zip(["eves-new-password", "owners-password"]) {
        assert_eq!(reset(app.anonymous(), password, pair).await.empty(), 200);
    }
    assert_eq!(log_in(&app, VICTIM, "owners-password").await, "in");
    assert_eq!(log_in(&app, EVE, "eves-new-password").await, "in");
}

#[tokio::test]
async fn t03_a_flow_that_was_started_in_one_app_cannot_be_finished_in_another() {
    let mut app = TestApp::email().await;
    let other = app.another_app(OTHER).await;
    let first = App::clone(app.app());
    // The same keys, so that nothing but the app tells the tokens apart.
    app.restart([(first, TestApp::keys()), (other, TestApp::keys())]);
    let of_other = || app.anonymous().of_app(OTHER);
    let body = || json!({ "email": VICTIM, "password": "other-password" });

    // Both apps have the address, and the attacker has started the flow in one of them.
    app.pending("victim").await;
    let here = app.mailed_token(VICTIM);
    assert_eq!(of_other().email_password("register", body()).await.empty(), 201);
    let there = app.mailed_token(VICTIM);
    let before = app.dump().await;
    assert_eq!(confirm(of_other(), &here).await.error(), REFUSED);
    assert_eq!(confirm(app.anonymous(), &there).await.error(), REFUSED);
    assert_eq!(app.dump().await, before);
    assert_eq!(confirm(app.anonymous(), &here).await.empty(), 200);
    assert_eq!(log_in(&app, VICTIM, "victim-password").await, "in");
    let pending = of_other().log_in(VICTIM, "other-password").await;
    assert_snapshot!(pending.error(), @"401 AuthError unauthorized");
    assert_eq!(confirm(of_other(), &there).await.empty(), 200);

    let here = reset_link(&app, VICTIM).await;
    let sent = of_other()
        .email_password("reset/send", json!({ "email": VICTIM }))
        .await;
    assert_eq!(sent.empty(), 200);
    let there = app.mailed_token(VICTIM);
    let before = app.dump().await;
    assert_eq!(reset(of_other(), "new-password", &here).await.error(), REFUSED);
    assert_eq!(reset(app.anonymous(), "new-password", &there).await.error(), REFUSED);
    assert_eq!(app.dump().await, before);
    assert_eq!(reset(app.anonymous(), "new-password", &here).await.empty(), 200);
    assert_eq!(of_other().log_in(VICTIM, "other-password").await.status(), 200);
    assert_eq!(reset(of_other(), "newer-password", &there).await.empty(), 200);
    assert_eq!(log_in(&app, VICTIM, "new-password").await, "in");
}
