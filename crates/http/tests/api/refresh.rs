//! `POST …/auth/session`

use std::time::Duration;

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, jwt};

const SESSION: &str = "/api/client/v2.0/auth/session";
const SIXTY_DAYS: u64 = 60 * 24 * 3_600;

#[tokio::test]
async fn c135_core_gets_a_new_access_token_of_the_same_user() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.advance(Duration::from_secs(1_000));
    let client = app
        .anonymous()
        .header("content-type", CORE_JSON)
        .header("accept", "application/json");
    let reply = client.refresh(&ada.refresh_token).await;
    assert_eq!(
        (reply.status().as_u16(), reply.header("content-type")),
        (201, Some("application/json"))
    );

    let body = reply.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let (old, new) = (
        jwt::claims(&ada.access_token),
        jwt::claims(body["access_token"].as_str().unwrap()),
    );
    for same in ["sub", "iss", "aud", "baas_device_id", "baas_domain_id"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    for moved in ["iat", "exp"] {
        assert_eq!(
            new[moved].as_i64().unwrap() - old[moved].as_i64().unwrap(),
            1_000,
            "{moved}"
        );
    }
    assert_ne!(new["jti"], old["jti"]);
}

#[tokio::test]
async fn c136_the_web_sdk_sends_no_content_type() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let reply = app
        .anonymous()
        .header("accept", "application/json")
        .refresh(&ada.refresh_token)
        .await;
    assert_eq!(reply.status(), 201);
    assert!(reply.json()["access_token"].is_string());
}

#[tokio::test]
async fn c138_c149_the_new_token_is_well_formed_and_has_no_user_data() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let reply = app.anonymous().refresh(&ada.refresh_token).await.json();
    let token = reply["access_token"].as_str().unwrap();
    assert!(jwt::claims(token).get("user_data").is_none());
    assert_eq!(app.anonymous().profile(token).await.status(), 200);
}

#[tokio::test]
async fn two_tokens_of_one_second_differ() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let one = app.anonymous().refresh(&ada.refresh_token).await.json();
    let other = app.anonymous().refresh(&ada.refresh_token).await.json();
    assert_ne!(one["access_token"], other["access_token"]);
}

#[tokio::test]
async fn c139_c140_c141_revoked_sessions_cannot_be_refreshed_and_a_login_helps() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.accounts().end_all_sessions(ada.id.parse().unwrap()).await.unwrap();
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");
    let refused = app.anonymous().profile(&ada.access_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");

    let login = app.anonymous().log_in(&ada.email, &ada.password).await.json();
    assert_eq!(
        app.anonymous()
            .refresh(login["refresh_token"].as_str().unwrap())
            .await
            .status(),
        201
    );
}

#[tokio::test]
async fn c142_t12_a_user_that_an_administrator_deleted_is_refused_with_a_known_text() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.accounts().delete_user(ada.id.parse().unwrap()).await.unwrap();
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: failed to find refresh token");
}

#[tokio::test]
async fn c143_s74_t12_a_disabled_user_cannot_refresh() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let user = ada.id.parse().unwrap();
    app.accounts().disable_user(user).await.unwrap();
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert!(refused.error().starts_with("401 InvalidSession "), "{}", refused.text());
    // The sessions have ended: enabling the user again does not bring them back.
    app.accounts().enable_user(user).await.unwrap();
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert!(refused.error().starts_with("401 InvalidSession "), "{}", refused.text());
}

#[tokio::test]
async fn c144_a_token_signed_with_another_key_is_refused_as_such() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let (header, claims) = (jwt::header(&ada.refresh_token), jwt::claims(&ada.refresh_token));
    let forged = jwt::hs256(&header, &claims, &[9; 32]);
    assert_snapshot!(app.anonymous().refresh(&forged).await.error(), @"401 - signature is invalid");
    // The same with the right key is a token, so it was the key.
    let genuine = jwt::hs256(&header, &claims, TestApp::REFRESH_KEY);
    assert_eq!(app.anonymous().refresh(&genuine).await.status(), 201);
}

#[tokio::test]
async fn c145_an_access_token_is_not_a_refresh_token() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let refused = app.anonymous().refresh(&ada.access_token).await;
    assert_snapshot!(refused.error(), @"401 - invalid refresh token: incorrect token type");
}

#[tokio::test]
async fn c146_the_web_sdk_forgets_its_tokens_on_a_code_that_it_knows() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_eq!(app.anonymous().log_out(&ada.refresh_token).await.empty(), 204);
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json()["error_code"], "InvalidSession");
    assert_eq!(refused.json()["error"], "invalid session: failed to find refresh token");
}

#[tokio::test]
async fn c147_t18_a_failure_of_ours_never_looks_like_a_session_that_ended() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.lose_database().await;
    let failed = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(failed.error(), @"503 InternalServerError service unavailable");
}

#[tokio::test]
async fn s69_t27_a_session_can_be_refreshed_for_exactly_60_days() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.advance(Duration::from_secs(SIXTY_DAYS - 1));
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
    app.advance(Duration::from_secs(1));
    let refused = app.anonymous().refresh(&ada.refresh_token).await;
    assert_snapshot!(refused.error(), @"401 InvalidSession invalid session: refresh token expired");
}

#[tokio::test]
async fn without_a_token_the_answer_says_what_is_missing() {
    let app = TestApp::auto_confirm().await;
    for method in ["POST", "DELETE"] {
        let none = app.anonymous().request(method, SESSION).await;
        assert_eq!(none.error(), "401 - must authenticate first");
        for header in ["Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "abc", "", "Bearer\tabc"] {
            let empty = app
                .anonymous()
                .header("authorization", header)
                .request(method, SESSION)
                .await;
            assert_eq!(
                empty.error(),
                "401 - expected Authorization header with JWT (Bearer schema)"
            );
        }
        for garbage in ["null", "a.b.c", "..", "undefined", "eyJhbGciOiJIUzI1NiJ9.bnVsbA.AAAA"] {
            let refused = app.anonymous().bearer(garbage).request(method, SESSION).await;
            assert_eq!(refused.error(), "401 - signature is invalid");
        }
    }
}

#[tokio::test]
async fn the_scheme_may_be_spelled_in_any_case() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let header = format!("{scheme} {}", ada.refresh_token);
        let reply = app
            .anonymous()
            .header("authorization", &header)
            .request("POST", SESSION)
            .await;
        assert_eq!(reply.status(), 201, "{scheme}");
    }
}

#[tokio::test]
async fn a_body_is_not_read() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = json!({ "access_token": "x", "sub": "0123456789abcdef01234567" });
    let reply = app
        .anonymous()
        .bearer(&ada.refresh_token)
        .send_json("POST", SESSION, body)
        .await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(jwt::claims(&token)["sub"], ada.id);
}
