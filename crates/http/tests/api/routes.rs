//! Paths and methods: what there is, what there is not, and how it may be spelled.

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::CALLS;

const B: &str = "/api/client/v2.0";

#[tokio::test]
async fn a_known_path_with_another_method_is_not_allowed() {
    let app = TestApp::email().await;
    let before = app.dump().await;
    let a = format!("{B}/app/notes-abcde");
    let mut routes: Vec<(String, &[&str])> = vec![
        (format!("{a}/location"), &["GET", "HEAD"]),
        (format!("{a}/.well-known/jwks.json"), &["GET", "HEAD"]),
        (format!("{a}/functions/call"), &["POST"]),
        (format!("{a}/auth/providers/local-userpass/login"), &["POST"]),
        (format!("{a}/auth/providers/anon-user/login"), &["POST"]),
        (format!("{B}/auth/session"), &["POST", "DELETE"]),
        (format!("{B}/auth/profile"), &["GET", "HEAD"]),
        (format!("{B}/auth/delete"), &["DELETE"]),
        ("/healthz".to_owned(), &["GET", "HEAD"]),
        ("/readyz".to_owned(), &["GET", "HEAD"]),
    ];
    routes.extend(CALLS.map(|call| (format!("{a}/auth/providers/local-userpass/{call}"), &["POST"][..])));
    for (path, methods) in routes {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if methods.contains(&method) {
                continue;
            }
            let reply = app.anonymous().request(method, &path).await;
            assert_eq!(reply.error(), "405 - method not allowed", "{method} {path}");
            let mut allowed: Vec<&str> = reply.header("allow").expect("RFC 9110 §15.5.6").split(',').collect();
            allowed.sort_unstable();
            let mut methods = methods.to_vec();
            methods.sort_unstable();
            assert_eq!(allowed, methods, "{path}");
        }
    }
    assert_eq!(app.dump().await, before);
}

#[tokio::test]
async fn what_is_not_there_is_a_json_404() {
    let app = TestApp::email().await;
    let a = format!("{B}/app/notes-abcde");
    for path in [
        "/".to_owned(),
        "/nowhere".to_owned(),
        B.to_owned(),
        format!("{B}/app"),
        a.clone(),
        format!("{a}/nowhere"),
        format!("{a}/auth/providers"),
        format!("{a}/auth/providers/local-userpass"),
        format!("{a}/auth/providers/local-userpass/confirm/nowhere"),
        format!("{a}/auth/providers/%ff/login"),
        format!("{B}/app/%ff/location"),
        format!("{B}/auth"),
        format!("{B}/auth/Profile"),
        "/api/client/v1.0/app/notes-abcde/location".to_owned(),
        "/api/admin/v3.0/groups".to_owned(),
        "/../../etc/passwd".to_owned(),
        "/%2e%2e/".to_owned(),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let error = app.anonymous().request(method, &path).await.error();
            let expected = error == "404 - 404 page not found" || error == "405 - method not allowed";
            assert!(expected, "{method} {path}: {error}");
        }
    }
}

#[tokio::test]
async fn the_error_names_an_unknown_app_by_its_id_on_every_route() {
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    let client = || app.anonymous().of_app("nobody-zzzzz");
    let body = json!({ "email": "ada@example.com", "password": "ada-password", "token": "a", "tokenId": "b" });
    for call in CALLS.into_iter().chain(["login", "login?link=true"]) {
        let reply = client().email_password(call, body.clone()).await;
        assert_eq!(
            reply.error(),
            "404 - cannot find app using Client App ID 'nobody-zzzzz'"
        );
    }
    for path in ["/location", "/.well-known/jwks.json"] {
        let reply = client().get(path).await;
        assert_eq!(
            reply.error(),
            "404 - cannot find app using Client App ID 'nobody-zzzzz'"
        );
    }
    let call = json!({ "arguments": [], "name": "sum" });
    let reply = client().bearer(&ada.access_token).post("/functions/call", call).await;
    assert_snapshot!(reply.error(), @"404 - cannot find app using Client App ID 'nobody-zzzzz'");
}

#[tokio::test]
async fn c011_methods_may_be_in_lower_case_and_slashes_repeated_or_trailing() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let client = || app.anonymous().bearer(&ada.access_token);
    for (method, path) in [
        ("get", format!("{B}/auth/profile")),
        ("Get", format!("{B}/auth/profile/")),
        ("GET", format!("/{B}//auth///profile//?x=//")),
    ] {
        let reply = client().request(method, &path).await;
        assert_eq!(
            (reply.status().as_u16(), &reply.json()["user_id"]),
            (200, &json!(ada.id)),
            "{method} {path}"
        );
    }
    let session = format!("{B}/auth//session/");
    assert_eq!(
        app.anonymous()
            .bearer(&ada.refresh_token)
            .request("post", &session)
            .await
            .status(),
        201
    );
    assert_eq!(
        app.anonymous()
            .bearer(&ada.refresh_token)
            .request("delete", &session)
            .await
            .empty(),
        204
    );
    let body = json!({ "email": "bob@example.com", "password": "bob-password" });
    let reply = app
        .anonymous()
        .post("//auth/providers//local-userpass/register/", body)
        .await;
    assert_eq!(reply.empty(), 201);
}

#[tokio::test]
async fn only_routes_and_known_methods_become_labels_of_metrics() {
    let app = TestApp::email().await;
    let client = app.anonymous();
    client.request("GET", "/secret-path-1").await;
    client.request("SECRETMETHOD", "/healthz").await;
    client
        .request("GET", &format!("{B}/app/secret-app/location?token=secret-token"))
        .await;
    let mut registry = prometheus_client::registry::Registry::default();
    app.http_metrics().register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(
        text.contains(r#"route="/api/client/v2.0/app/{app_id}/location""#),
        "{text}"
    );
    assert!(!text.to_ascii_lowercase().contains("secret"), "{text}");
}
