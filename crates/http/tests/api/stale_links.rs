//! Links that were valid when they were mailed and have been voided since.

use std::time::Duration;

use doorward_core::{App, Confirmation, EmailPassword, LinkState, Purpose, TokenPair};
use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

type Link = (String, String);

async fn confirm(app: &TestApp, (token, id): &Link) -> Reply {
    app.anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await
}

async fn reset(app: &TestApp, (token, id): &Link) -> Reply {
    let body = json!({ "password": "new-password", "token": token, "tokenId": id });
    app.anonymous().email_password("reset", body).await
}

fn pair((token, id): &Link) -> TokenPair {
    TokenPair::parse(token, id).unwrap()
}

async fn reset_link(app: &TestApp, email: &str) -> Link {
    assert_eq!(
        app.anonymous()
            .email_password("reset/send", json!({ "email": email }))
            .await
            .empty(),
        200
    );
    app.mailed_token(email)
}

#[tokio::test]
async fn s31_a_stranger_who_requests_links_voids_none() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let confirmation = app.mailed_token("ada@example.com");
    let first = reset_link(&app, "ada@example.com").await;
    for _ in 0..5 {
        app.advance(Duration::from_mins(4));
        reset_link(&app, "ada@example.com").await;
        let body = json!({ "email": "ada@example.com" });
        assert_eq!(app.anonymous().email_password("confirm/send", body).await.empty(), 200);
        app.mailed_token("ada@example.com");
    }
    let page = app.accounts().link_state(Purpose::Confirm, &pair(&confirmation)).await;
    assert_eq!(page.unwrap(), LinkState::Usable);
    assert_eq!(reset(&app, &first).await.empty(), 200);
}

#[tokio::test]
async fn s31_t05_a_link_that_is_used_voids_all_others_of_both_purposes() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let confirmation = app.mailed_token("ada@example.com");
    let first = reset_link(&app, "ada@example.com").await;
    app.advance(Duration::from_mins(10));
    let second = reset_link(&app, "ada@example.com").await;
    assert_eq!(confirm(&app, &confirmation).await.empty(), 200);
    for link in [&first, &second] {
        let void = reset(&app, link).await.error();
        assert_eq!(void, "400 UserpassTokenInvalid userpass token is expired or invalid");
    }

    let first = reset_link(&app, "ada@example.com").await;
    app.advance(Duration::from_mins(10));
    let second = reset_link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, &first).await.empty(), 200);
    assert_snapshot!(reset(&app, &second).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
}

#[tokio::test]
async fn s31_t05_a_change_of_password_voids_links_of_both_purposes() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let confirmation = app.mailed_token("ada@example.com");
    let link = reset_link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, &link).await.empty(), 200);
    let stale = confirm(&app, &confirmation).await;
    assert_snapshot!(stale.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let login = app.anonymous().log_in("ada@example.com", "new-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");

    // It is no dead end: the user can request another link.
    let body = json!({ "email": "ada@example.com" });
    assert_eq!(app.anonymous().email_password("confirm/send", body).await.empty(), 200);
    assert_eq!(confirm(&app, &app.mailed_token("ada@example.com")).await.empty(), 200);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "new-password").await.status(),
        200
    );
}

#[tokio::test]
async fn s31_t05_disabling_voids_links_and_enabling_does_not_bring_them_back() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let link = reset_link(&app, &ada.email).await;
    let user = ada.id.parse().unwrap();
    app.accounts().disable_user(user).await.unwrap();
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    app.accounts().enable_user(user).await.unwrap();
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(app.anonymous().log_in(&ada.email, &ada.password).await.status(), 200);
}

#[tokio::test]
async fn s31_t05_a_link_of_a_deleted_user_is_useless_to_the_next_user_of_the_address() {
    let app = TestApp::auto_confirm().await;
    let first = app.user("ada").await;
    let link = reset_link(&app, &first.email).await;
    assert_eq!(app.anonymous().delete(&first.access_token).await.empty(), 204);
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let second = app.user("ada").await;
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(
        app.anonymous().log_in(&second.email, &second.password).await.status(),
        200
    );
}

#[tokio::test]
async fn s31_t05_a_change_of_the_apps_methods_voids_what_the_old_ones_sent() {
    let mut app = TestApp::email().await;
    app.pending("ada").await;
    let confirmation = app.mailed_token("ada@example.com");
    let link = reset_link(&app, "ada@example.com").await;

    let mut changed = App::clone(app.app());
    let accounts = changed.providers.email_password.take().unwrap();
    changed.providers.email_password = Some(EmailPassword {
        confirmation: Confirmation::Automatic,
        ..accounts
    });
    app.restart([(changed, TestApp::keys())]);

    let stale = confirm(&app, &confirmation).await;
    assert_snapshot!(stale.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 AuthError unauthorized");
    // A link that the new methods send works.
    let link = reset_link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, &link).await.empty(), 200);
}

#[tokio::test]
async fn t02_a_used_link_stays_used_over_a_restart() {
    let mut app = TestApp::email().await;
    app.pending("ada").await;
    let confirmation = app.mailed_token("ada@example.com");
    assert_eq!(confirm(&app, &confirmation).await.empty(), 200);
    let link = reset_link(&app, "ada@example.com").await;
    assert_eq!(reset(&app, &link).await.empty(), 200);
    let same = App::clone(app.app());
    app.restart([(same, TestApp::keys())]);
    let replay = confirm(&app, &confirmation).await;
    assert_snapshot!(replay.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_snapshot!(reset(&app, &link).await.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
}
