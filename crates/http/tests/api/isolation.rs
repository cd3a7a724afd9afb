//! Two apps on one server and one database know nothing of each other; an app without accounts has none.

use std::collections::BTreeMap;

use doorward_core::{App, KeyId, Providers};
use doorward_testkit::{TestApp, User};
use doorward_tokens::{AccessKey, AppKeys, RefreshKey};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CALLS, jwt, unknown_pair};

const OTHER: &str = "other-fghij";
const OTHER_REFRESH_KEY: [u8; 32] = [7; 32];

/// The usual app and another one, under keys of its own with the same names.
async fn two_apps() -> (TestApp, Vec<u8>) {
    let mut app = TestApp::auto_confirm().await;
    let other = app.another_app(OTHER).await;
    let (access, refresh) = (KeyId("access".to_owned()), KeyId("refresh".to_owned()));
    let pkcs8 = jwt::new_p256_key();
    let keys = AppKeys::new(
        access.clone(),
        BTreeMap::from([(access.clone(), AccessKey::es256(&access, &pkcs8).unwrap())]),
        refresh.clone(),
        BTreeMap::from([(refresh, RefreshKey::new(&OTHER_REFRESH_KEY).unwrap())]),
    );
    let first = (App::clone(app.app()), TestApp::keys());
    app.restart([first, (other, keys.unwrap())]);
    (app, pkcs8)
}

async fn user_of_other(app: &TestApp, name: &str) -> User {
    let (email, password) = (format!("{name}@example.com"), format!("{name}-other-password"));
    let client = app.anonymous().of_app(OTHER);
    let body = json!({ "email": email, "password": password });
    assert_eq!(client.email_password("register", body).await.empty(), 201);
    let login = client.log_in(&email, &password).await;
    assert_eq!(login.status(), 200, "{}", login.text());
    User::from_login(email, password, &login)
}

#[tokio::test]
async fn s82_t20_one_address_is_two_accounts_in_two_apps() {
    let (app, _) = two_apps().await;
    let ada = app.user("ada").await;
    let unknown = app.anonymous().of_app(OTHER).log_in(&ada.email, &ada.password).await;
    assert_snapshot!(unknown.error(), @"401 InvalidPassword unauthorized");
    let other_ada = user_of_other(&app, "ada").await;
    assert_ne!(other_ada.id, ada.id);
    let wrong = app.anonymous().log_in(&ada.email, &other_ada.password).await;
    assert_snapshot!(wrong.error(), @"401 InvalidPassword unauthorized");

    // Deleting one leaves the other alone.
    assert_eq!(app.anonymous().delete(&ada.access_token).await.empty(), 204);
    assert_eq!(app.anonymous().profile(&other_ada.access_token).await.status(), 200);
    assert_eq!(app.anonymous().refresh(&other_ada.refresh_token).await.status(), 201);
}

#[tokio::test]
async fn s82_t20_a_mailed_link_works_in_its_app_only() {
    let (app, _) = two_apps().await;
    app.registered("ada").await;
    user_of_other(&app, "ada").await;
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": "ada@example.com" }))
        .await;
    assert_eq!(sent.empty(), 200);
    let (token, id) = app.mailed_token("ada@example.com");
    let body = || json!({ "password": "new-password", "token": token, "tokenId": id });
    let elsewhere = app.anonymous().of_app(OTHER).email_password("reset", body()).await;
    assert_snapshot!(elsewhere.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(app.anonymous().email_password("reset", body()).await.empty(), 200);
    let untouched = app
        .anonymous()
        .of_app(OTHER)
        .log_in("ada@example.com", "ada-other-password")
        .await;
    assert_eq!(untouched.status(), 200);
}

#[tokio::test]
async fn s67_s82_t20_a_token_of_one_app_is_refused_by_the_other() {
    let (app, other_key) = two_apps().await;
    let ada = app.user("ada").await;
    let eve = user_of_other(&app, "eve").await;

    let call = json!({ "arguments": [], "name": "sum" });
    let mixed = app
        .anonymous()
        .of_app(OTHER)
        .bearer(&ada.access_token)
        .post("/functions/call", call)
        .await;
    assert_snapshot!(mixed.error(), @"401 UserAppDomainMismatch the token belongs to another app");

    // The owner of one app holds its keys, and still makes no token for the other.
    let other_domain = jwt::claims(&eve.access_token)["baas_domain_id"].clone();
    let access = jwt::claims(&ada.access_token);
    for claims in [
        access.clone(),
        jwt::with_claim(access.clone(), "aud", OTHER),
        jwt::with_claim(access.clone(), "baas_domain_id", other_domain.clone()),
    ] {
        let forged = jwt::es256(&jwt::header(&ada.access_token), &claims, &other_key);
        assert_eq!(app.anonymous().profile(&forged).await.error(), "401 - unauthorized");
    }
    let refresh = jwt::claims(&ada.refresh_token);
    let forged = jwt::hs256(&jwt::header(&ada.refresh_token), &refresh, &OTHER_REFRESH_KEY);
    assert_snapshot!(app.anonymous().refresh(&forged).await.error(), @"401 - signature is invalid");

    // Rightly signed for the other app, but about a user and a session of this one.
    let about_ada = jwt::with_claim(jwt::claims(&eve.access_token), "sub", &*ada.id);
    let forged = jwt::es256(&jwt::header(&eve.access_token), &about_ada, &other_key);
    assert!(
        app.anonymous()
            .profile(&forged)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
    assert!(
        app.anonymous()
            .delete(&forged)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
    let session = jwt::with_claim(jwt::claims(&eve.refresh_token), "baas_id", refresh["baas_id"].clone());
    let forged = jwt::hs256(&jwt::header(&eve.refresh_token), &session, &OTHER_REFRESH_KEY);
    assert!(
        app.anonymous()
            .refresh(&forged)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
    assert!(
        app.anonymous()
            .log_out(&forged)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );

    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
}

#[tokio::test]
async fn s82_t20_each_app_publishes_its_own_keys() {
    let (app, _) = two_apps().await;
    let path = "/.well-known/jwks.json";
    let own = app.anonymous().get(path).await.json();
    let other = app.anonymous().of_app(OTHER).get(path).await.json();
    assert_eq!(
        (
            own["keys"].as_array().unwrap().len(),
            other["keys"].as_array().unwrap().len()
        ),
        (1, 1)
    );
    assert_ne!(own["keys"][0]["x"], other["keys"][0]["x"]);
}

#[tokio::test]
async fn t21_an_app_that_switched_accounts_off_has_none_and_says_so_without_a_401() {
    let app = TestApp::builder().disabled().start().await;
    let before = app.dump().await;
    let (token, id) = unknown_pair();
    let body = json!({
        "email": "ada@example.com", "password": "ada-password", "token": token, "tokenId": id, "arguments": [],
    });
    for call in CALLS {
        let reply = app.anonymous().email_password(call, body.clone()).await;
        assert_eq!(
            reply.error(),
            "404 AuthProviderNotFound authentication via 'local-userpass' is unsupported"
        );
    }
    let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(login.error(), @"401 InvalidSession unauthorized");
    assert_eq!(app.dump().await, before);
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn t21_links_that_were_mailed_before_are_dead_once_accounts_are_switched_off() {
    let mut app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    let off = App {
        providers: Providers::default(),
        ..App::clone(app.app())
    };
    app.restart([(off, TestApp::keys())]);
    let reply = app
        .anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await;
    assert_snapshot!(reply.error(), @"404 AuthProviderNotFound authentication via 'local-userpass' is unsupported");
}
