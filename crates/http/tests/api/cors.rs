//! Browsers: preflights, and answers that a page may read.

use doorward_testkit::{Reply, TestApp};
use serde_json::json;

const ORIGIN: &str = "https://notes.example.com";

async fn preflight(app: &TestApp, origin: &str, path: &str) -> Reply {
    let client = app
        .anonymous()
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    client.request("OPTIONS", path).await
}

#[tokio::test]
async fn c209_a_preflight_needs_no_token_on_any_route() {
    let app = TestApp::email().await;
    for path in [
        "/api/client/v2.0/app/notes-abcde/location",
        "/api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/register",
        "/api/client/v2.0/app/notes-abcde/auth/providers/local-userpass/login",
        "/api/client/v2.0/app/notes-abcde/functions/call",
        "/api/client/v2.0/auth/session",
        "/api/client/v2.0/auth/profile",
        "/api/client/v2.0/auth/delete",
        "/api/client/v2.0/auth/api_keys",
    ] {
        let reply = preflight(&app, ORIGIN, path).await;
        assert_eq!(reply.empty(), 200, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN), "{path}");
        let listed = |name: &str| {
            let mut values: Vec<_> = reply
                .header(name)
                .unwrap()
                .split(',')
                .map(str::to_ascii_lowercase)
                .collect();
            values.sort();
            values.join(" ")
        };
        assert_eq!(
            listed("access-control-allow-methods"),
            "delete get options patch post put"
        );
        assert_eq!(
            listed("access-control-allow-headers"),
            "accept authorization content-type"
        );
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(reply.header("vary").unwrap().to_ascii_lowercase().contains("origin"));
    }
}

#[tokio::test]
async fn c210_a_page_may_read_errors_too() {
    let app = TestApp::email().await;
    let client = || app.anonymous().header("origin", ORIGIN);
    app.registered("ada").await;
    let taken = json!({ "email": "ada@example.com", "password": "ada-password" });
    for (status, reply) in [
        (200, client().get("/location").await),
        (400, client().email_password("register", json!({})).await),
        (401, client().log_in("ada@example.com", "wrong-password").await),
        (401, client().request("GET", "/api/client/v2.0/auth/profile").await),
        (404, client().get("/nowhere").await),
        (404, client().of_app("nobody-zzzzz").get("/location").await),
        (405, client().request("PUT", "/api/client/v2.0/auth/profile").await),
        (409, client().email_password("register", taken).await),
    ] {
        assert_eq!(reply.status(), status, "{}", reply.text());
        assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN), "{status}");
        assert_eq!(reply.header("vary"), Some("origin"), "{status}");
        assert_eq!(
            reply.header("access-control-expose-headers"),
            Some("x-appservices-request-id")
        );
        assert!(status == 200 || reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn c211_another_origin_is_refused_when_the_app_lists_its_own() {
    let app = TestApp::builder().auto_confirm().allow_origin(ORIGIN).start().await;
    let ada = app.user("ada").await;
    let before = app.dump().await;
    for origin in [
        "https://evil.example.com",
        "http://notes.example.com",
        "https://notes.example.com:8443",
        "https://notes.example.com.evil.example",
        "https://NOTES.example.com.",
        "null",
    ] {
        let client = || app.anonymous().header("origin", origin);
        let body = json!({ "email": "eve@example.com", "password": "eve-password" });
        for reply in [
            client().get("/location").await,
            client().email_password("register", body).await,
            client().log_in(&ada.email, &ada.password).await,
            client().profile(&ada.access_token).await,
            client().refresh(&ada.refresh_token).await,
            client().log_out(&ada.refresh_token).await,
            client().delete(&ada.access_token).await,
        ] {
            assert_eq!(reply.error(), "403 DomainNotAllowed origin not allowed");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
        let reply = preflight(&app, origin, "/api/client/v2.0/auth/profile").await;
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn c211_the_listed_origin_and_clients_without_one_are_served() {
    let app = TestApp::builder().auto_confirm().allow_origin(ORIGIN).start().await;
    let ada = app.user("ada").await;
    let reply = app
        .anonymous()
        .header("origin", ORIGIN)
        .profile(&ada.access_token)
        .await;
    assert_eq!(
        (reply.status().as_u16(), reply.header("access-control-allow-origin")),
        (200, Some(ORIGIN))
    );
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    let preflight = preflight(&app, ORIGIN, "/api/client/v2.0/auth/profile").await;
    assert_eq!(preflight.header("access-control-allow-origin"), Some(ORIGIN));
}
