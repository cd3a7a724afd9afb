//! Features that do not exist yet are refused with errors that clients understand.

use std::time::Duration;

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CORE_JSON, jwt};

const CALL: &str = "/functions/call";

#[tokio::test]
async fn c113_c114_other_providers_are_refused_as_disabled_ones() {
    let app = TestApp::auto_confirm().await;
    for (provider, body) in [
        ("oauth2-facebook", json!({ "accessToken": "dummy" })),
        ("oauth2-google", json!({ "authCode": "dummy" })),
        ("oauth2-apple", json!({ "id_token": "dummy" })),
        ("custom-token", json!({ "token": "jwt-token" })),
        ("custom-function", json!({ "username": "ada@example.com" })),
        ("api-key", json!({ "key": "foo" })),
        ("anon-user", json!({})),
        (
            "local-userpas",
            json!({ "username": "ada@example.com", "password": "ada-password" }),
        ),
        (
            "LOCAL-USERPASS",
            json!({ "username": "ada@example.com", "password": "ada-password" }),
        ),
    ] {
        let reply = app
            .anonymous()
            .post(&format!("/auth/providers/{provider}/login"), body)
            .await;
        assert_eq!(reply.error(), "401 InvalidSession unauthorized");
    }
    // Anonymous logins come without a body and without a content type, too.
    let reply = app
        .anonymous()
        .post_raw("/auth/providers/anon-user/login", None, b"")
        .await;
    assert_snapshot!(reply.error(), @"401 InvalidSession unauthorized");
}

#[tokio::test]
async fn linking_is_refused_in_a_way_that_makes_no_client_loop() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.registered("bob").await;
    let before = app.dump().await;
    let body = || json!({ "username": "bob@example.com", "password": "bob-password" });
    for path in [
        "/auth/providers/local-userpass/login?link=true",
        "/auth/providers/oauth2-facebook/login?link=true",
        "/auth/providers/local-userpass/login?link=true&link=true",
        "/auth/providers/local-userpass/login?link=false&link=true",
        "/auth/providers/local-userpass/login?x=1&link=%74rue",
    ] {
        let reply = app.anonymous().bearer(&ada.access_token).post(path, body()).await;
        assert_eq!(reply.error(), "400 - linking is not supported");
        let reply = app.anonymous().post(path, body()).await;
        assert_eq!(reply.error(), "400 - linking is not supported");
    }
    assert_eq!(app.dump().await, before);
    let plain = app
        .anonymous()
        .post("/auth/providers/local-userpass/login?link=false", body())
        .await;
    assert_eq!(plain.status(), 200);
}

#[tokio::test]
async fn c197_an_unknown_function_is_not_found() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = br#"{"arguments":[{"$numberInt":"1"}],"name":"sum"}"#;
    let reply = app
        .anonymous()
        .bearer(&ada.access_token)
        .post_raw(CALL, Some(CORE_JSON), body)
        .await;
    assert_snapshot!(reply.error(), @"404 FunctionNotFound function not found: 'sum'");
}

#[tokio::test]
async fn c201_a_logged_out_user_calls_nothing() {
    let app = TestApp::auto_confirm().await;
    let body = || json!({ "arguments": [], "name": "sum" });
    let empty = app
        .anonymous()
        .header("authorization", "Bearer ")
        .post(CALL, body())
        .await;
    assert_snapshot!(empty.error(), @"401 - unauthorized");
    let none = app.anonymous().post(CALL, body()).await;
    assert_snapshot!(none.error(), @"401 - must authenticate first");
}

#[tokio::test]
async fn c202_c203_c204_a_token_that_is_not_good_enough_is_refreshed_and_then_works() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = || json!({ "arguments": [], "name": "sum" });

    let long_ago = jwt::with_claim(jwt::claims(&ada.access_token), "exp", 1_500_000_000);
    let foreign = jwt::es256(&jwt::header(&ada.access_token), &long_ago, &jwt::new_p256_key());
    let reply = app.anonymous().bearer(&foreign).post(CALL, body()).await;
    assert_snapshot!(reply.error(), @"401 - unauthorized");

    for claims in [json!([1, 2]), json!("text"), json!(null), json!(7)] {
        let no_object = jwt::es256(&jwt::header(&ada.access_token), &claims, TestApp::ES256_KEY);
        let reply = app.anonymous().bearer(&no_object).post(CALL, body()).await;
        assert_eq!(reply.error(), "401 - unauthorized");
    }

    app.advance(Duration::from_mins(30));
    let reply = app.anonymous().bearer(&ada.access_token).post(CALL, body()).await;
    assert_snapshot!(reply.error(), @"401 InvalidSession invalid session: access token expired");

    let fresh = app.anonymous().refresh(&ada.refresh_token).await.json();
    let reply = app
        .anonymous()
        .bearer(fresh["access_token"].as_str().unwrap())
        .post(CALL, body())
        .await;
    assert_snapshot!(reply.error(), @"404 FunctionNotFound function not found: 'sum'");
}

#[tokio::test]
async fn api_keys_and_push_are_not_found_so_that_no_client_logs_its_user_out() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let keys = "/api/client/v2.0/auth/api_keys";
    let key = "/api/client/v2.0/auth/api_keys/0123456789abcdef01234567";
    let push = "/api/client/v2.0/app/notes-abcde/push/providers/gcm/registration";
    for (method, path) in [
        ("GET", keys),
        ("POST", keys),
        ("GET", key),
        ("DELETE", key),
        ("PUT", key),
        ("PUT", push),
        ("DELETE", push),
    ] {
        let reply = app.anonymous().bearer(&ada.refresh_token).request(method, path).await;
        assert_eq!(reply.error(), "404 - 404 page not found");
        let reply = app.anonymous().request(method, path).await;
        assert_eq!(reply.error(), "404 - 404 page not found");
    }
    for action in ["enable", "disable"] {
        let reply = app
            .anonymous()
            .bearer(&ada.refresh_token)
            .request("PUT", &format!("{key}/{action}"))
            .await;
        assert_eq!(reply.error(), "404 - 404 page not found");
    }
}
