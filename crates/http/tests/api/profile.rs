//! `GET …/auth/profile`

use std::time::Duration;

use doorward_core::App;
use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, jwt, named};

const PROFILE: &str = "/api/client/v2.0/auth/profile";

#[tokio::test]
async fn c157_c158_c160_a_profile_has_one_identity_and_the_address_as_registered() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let reply = app
        .anonymous()
        .header("content-type", CORE_JSON)
        .profile(&ada.access_token)
        .await;
    assert_eq!(
        (reply.status().as_u16(), reply.header("content-type")),
        (200, Some("application/json"))
    );

    let identity = reply.json()["identities"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(identity.len(), 24);
    assert_ne!(identity, ada.id);
    let domain = app.app().object_id.to_string();
    let names = [("[user]", &*ada.id), ("[identity]", &*identity), ("[app]", &*domain)];
    assert_snapshot!(named(&reply.text(), &names), @r#"{"user_id":"[user]","domain_id":"[app]","identities":[{"id":"[identity]","provider_type":"local-userpass","provider_id":"[app]","provider_data":{"email":"ada@example.com"}}],"data":{"email":"ada@example.com"},"type":"normal"}"#);
    assert_eq!(jwt::claims(&ada.refresh_token)["baas_identity"]["id"], identity);
}

#[tokio::test]
async fn c162_c163_t27_an_expired_token_is_refreshed_once_and_then_works() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.advance(Duration::from_secs(1_799));
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    app.advance(Duration::from_secs(1));
    let expired = app.anonymous().profile(&ada.access_token).await;
    assert_snapshot!(expired.error(), @"401 InvalidSession invalid session: access token expired");
    let fresh = app.anonymous().refresh(&ada.refresh_token).await.json();
    assert_eq!(
        app.anonymous()
            .profile(fresh["access_token"].as_str().unwrap())
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn c165_stored_tokens_go_on_working_over_a_restart() {
    let mut app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let before = app.anonymous().profile(&ada.access_token).await.text();
    let same = App::clone(app.app());
    app.restart([(same, TestApp::keys())]);
    assert_eq!(app.anonymous().profile(&ada.access_token).await.text(), before);
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
}

/// A thief has copied an access token. What ends the session also ends what the thief can do with it.
#[tokio::test]
async fn c140_s70_t12_a_stolen_access_token_opens_nothing_once_its_session_has_ended() {
    let app = TestApp::email().await;
    for name in ["logged-out", "reset", "disabled", "revoked"] {
        let ada = app.user(name).await;
        let other_device = app.anonymous().log_in(&ada.email, &ada.password).await.json();
        let other_device = other_device["access_token"].as_str().unwrap();
        assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
        match name {
            "logged-out" => assert_eq!(app.anonymous().log_out(&ada.refresh_token).await.empty(), 204),
            "reset" => {
                let body = json!({ "email": ada.email });
                app.anonymous().email_password("reset/send", body).await;
                let (token, id) = app.mailed_token(&ada.email);
                let body = json!({ "token": token, "tokenId": id, "password": "a new password" });
                assert_eq!(app.anonymous().email_password("reset", body).await.empty(), 200);
            }
            "disabled" => app.accounts().disable_user(ada.id.parse().unwrap()).await.unwrap(),
            _ => assert_eq!(
                app.accounts().end_all_sessions(ada.id.parse().unwrap()).await.unwrap(),
                2
            ),
        }
        let stolen = || app.anonymous().bearer(&ada.access_token);
        let call = json!({ "name": "any", "arguments": [] });
        for refused in [
            stolen().profile(&ada.access_token).await,
            stolen().post("/functions/call", call).await,
            stolen().delete(&ada.access_token).await,
        ] {
            assert_eq!(
                refused.error(),
                "401 InvalidSession invalid session: failed to find refresh token",
                "{name}"
            );
        }
        let others = app.anonymous().profile(other_device).await.status();
        assert_eq!(
            others == 200,
            name == "logged-out",
            "{name}: the other device got {others}"
        );
    }
}

#[tokio::test]
async fn without_a_token_the_answer_says_what_is_missing() {
    let app = TestApp::auto_confirm().await;
    let none = app.anonymous().request("GET", PROFILE).await;
    assert_snapshot!(none.error(), @"401 - must authenticate first");
    for header in ["Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "abc"] {
        let empty = app
            .anonymous()
            .header("authorization", header)
            .request("GET", PROFILE)
            .await;
        assert_eq!(
            empty.error(),
            "401 - expected Authorization header with JWT (Bearer schema)"
        );
    }
    let garbage = app.anonymous().bearer("null").request("GET", PROFILE).await;
    assert_snapshot!(garbage.error(), @"401 - unauthorized");
}

#[tokio::test]
async fn t16_a_token_in_the_address_is_no_token() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for name in ["access_token", "token", "baas_at", "stitch_at"] {
        let reply = app
            .anonymous()
            .request("GET", &format!("{PROFILE}?{name}={}", ada.access_token))
            .await;
        assert_eq!(reply.error(), "401 - must authenticate first");
    }
}
