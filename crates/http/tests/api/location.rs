//! `GET …/location`

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn c001_core_gets_the_location_without_sending_a_header() {
    let app = TestApp::email().await;
    let reply = app.anonymous().get("/location").await;
    assert_eq!(reply.status(), 200);
    assert!(reply.json()["hostname"].is_string());
    assert!(reply.json()["ws_hostname"].is_string());
}

#[tokio::test]
async fn c002_the_web_sdk_gets_the_location_as_json() {
    let app = TestApp::email().await;
    let reply = app
        .anonymous()
        .header("accept", "application/json")
        .get("/location")
        .await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.json()["hostname"].is_string());
}

#[tokio::test]
async fn c003_c007_the_location_is_the_public_url_and_its_web_socket_twin() {
    let app = TestApp::email().await;
    let reply = app.anonymous().header("host", "127.0.0.1:9090").get("/location").await;
    assert_snapshot!(reply.text(), @r#"{"deployment_model":"GLOBAL","location":"US-VA","hostname":"https://auth.example.com","ws_hostname":"wss://auth.example.com"}"#);
}

#[tokio::test]
async fn c004_c005_the_error_names_an_unknown_app_by_its_id() {
    let app = TestApp::email().await;
    let reply = app.anonymous().of_app("nobody-zzzzz").get("/location").await;
    assert_snapshot!(reply.error(), @"404 - cannot find app using Client App ID 'nobody-zzzzz'");
    assert!(reply.json().get("error_code").is_none());
}

#[tokio::test]
async fn an_app_id_is_compared_exactly() {
    let app = TestApp::email().await;
    for id in [
        "NOTES-ABCDE",
        "notes-abcd",
        "notes-abcdef",
        "notes-abcde%20",
        "%00",
        "..%2fnotes-abcde",
        "é",
    ] {
        let encoded = if id.is_ascii() { id } else { "%C3%A9" };
        let reply = app.anonymous().of_app(encoded).get("/location").await;
        assert!(
            reply.error().starts_with("404 - cannot find app using Client App ID '"),
            "{id}: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn c006_a_base_url_with_a_trailing_slash_works() {
    let app = TestApp::email().await;
    let plain = app.anonymous().get("/location").await;
    for path in [
        "//api/client/v2.0/app/notes-abcde/location",
        "/api/client/v2.0/app/notes-abcde/location/",
        "/api//client/v2.0///app/notes-abcde/location//",
    ] {
        let reply = app.anonymous().request("GET", path).await;
        assert_eq!((reply.status().as_u16(), reply.text()), (200, plain.text()), "{path}");
    }
}

#[tokio::test]
async fn c008_a_login_may_be_the_first_request() {
    let app = TestApp::auto_confirm().await;
    let body = json!({ "email": "ada@example.com", "password": "ada-password" });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    assert_eq!(
        app.anonymous().log_in("ada@example.com", "ada-password").await.status(),
        200
    );
}
