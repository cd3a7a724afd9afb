//! What every answer has in common, whatever it says.

use std::collections::HashSet;

use doorward_testkit::{Reply, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CALLS, unknown_pair};

/// One answer of every kind: empty, with a body, and errors of each layer.
async fn answers(app: &TestApp) -> Vec<Reply> {
    let ada = app.user("ada").await;
    let client = || app.anonymous();
    let body = || json!({ "email": "bob@example.com", "password": "bob-password" });
    vec![
        client().get("/location").await,
        client().get("/.well-known/jwks.json").await,
        client().email_password("register", body()).await,
        client().log_in("bob@example.com", "bob-password").await,
        client().profile(&ada.access_token).await,
        client().refresh(&ada.refresh_token).await,
        client().log_out(&ada.refresh_token).await,
        client().email_password("register", body()).await,
        client().email_password("register", json!([])).await,
        client().log_in("bob@example.com", "wrong-password").await,
        client()
            .email_password("confirm/send", json!({ "email": "nobody@example.com" }))
            .await,
        client()
            .email_password("confirm/call", json!({ "email": "nobody@example.com" }))
            .await,
        client().of_app("nobody-zzzzz").get("/location").await,
        client().request("GET", "/").await,
        client().request("GET", "/api/client/v2.0/auth/profile").await,
        client().request("PATCH", "/api/client/v2.0/auth/profile").await,
        client()
            .post_raw("/auth/providers/local-userpass/register", Some("text/plain"), b"x")
            .await,
        client().delete(&ada.access_token).await,
    ]
}

#[tokio::test]
async fn c104_c213_c214_c215_whatever_has_a_body_is_exactly_application_json() {
    let app = TestApp::auto_confirm().await;
    for reply in answers(&app).await {
        if reply.text().is_empty() {
            assert_eq!(reply.header("content-type"), None);
        } else {
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{}",
                reply.text()
            );
            assert!(reply.json().is_object());
        }
    }
}

#[tokio::test]
async fn c212_an_empty_success_has_no_content_type() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = json!({ "email": "bob@example.com", "password": "bob-password" });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    assert_eq!(
        app.anonymous()
            .email_password("reset/send", json!({ "email": ada.email }))
            .await
            .empty(),
        200
    );
    let _unused = app.mailed_token(&ada.email);
    let other_session = app.anonymous().log_in(&ada.email, &ada.password).await.json();
    let other_session = other_session["refresh_token"].as_str().unwrap();
    assert_eq!(app.anonymous().log_out(other_session).await.empty(), 204);
    assert_eq!(app.anonymous().delete(&ada.access_token).await.empty(), 204);
}

#[tokio::test]
async fn c107_c108_c216_every_error_has_a_text_and_a_link_and_a_code_or_none() {
    let app = TestApp::auto_confirm().await;
    let mut errors = 0;
    for reply in answers(&app).await {
        let body = if reply.text().is_empty() {
            json!({})
        } else {
            reply.json()
        };
        if reply.status().is_success() {
            assert!(
                body.get("error").is_none() && body.get("error_code").is_none(),
                "{body}"
            );
            continue;
        }
        errors += 1;
        reply.error();
        assert!(!body["error"].as_str().unwrap().is_empty());
        assert!(body["link"].as_str().unwrap().contains("logs?co_id="));
        let code = body.get("error_code");
        assert!(
            code.is_none_or(|code| code.as_str().is_some_and(|code| !code.is_empty())),
            "{body}"
        );
        assert_eq!(
            body.as_object().unwrap().len(),
            2 + usize::from(code.is_some()),
            "{body}"
        );
    }
    assert!(errors > 8);
}

#[tokio::test]
async fn c217_every_answer_has_an_id_of_its_own() {
    let app = TestApp::auto_confirm().await;
    let replies = answers(&app).await;
    let ids: HashSet<_> = replies
        .iter()
        .map(|reply| reply.header("x-appservices-request-id").unwrap())
        .collect();
    assert_eq!(ids.len(), replies.len());
    assert!(ids.iter().all(|id| id.len() == 24));
}

#[tokio::test]
async fn no_answer_is_cached_framed_or_starts_a_login_of_the_browser() {
    let app = TestApp::auto_confirm().await;
    for reply in answers(&app).await {
        if reply.json_or_null()["keys"].is_null() {
            assert_eq!(
                reply.header("cache-control"),
                Some("no-cache, no-store, must-revalidate")
            );
        }
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("vary"), Some("origin"));
        for never in ["www-authenticate", "set-cookie", "server", "x-powered-by", "location"] {
            assert_eq!(reply.header(never), None, "{never}");
        }
    }
}

#[tokio::test]
async fn the_link_of_an_error_names_the_app_when_it_is_known() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let known = app.app().object_id.to_string();
    let in_path = app.anonymous().log_in("nobody", "nothing").await;
    let in_token = app.anonymous().log_out(&ada.access_token).await;
    for reply in [in_path, in_token] {
        let link = reply.json()["link"].as_str().unwrap().to_owned();
        let id = reply.header("x-appservices-request-id").unwrap();
        let link = link.replace(&known, "[app]").replace(id, "[request]");
        assert_eq!(
            link,
            "https://auth.example.com/groups/000000000000000000000000/apps/[app]/logs?co_id=[request]"
        );
    }
    let unknown = app.anonymous().request("GET", "/nowhere").await;
    let link = unknown.json()["link"].as_str().unwrap().to_owned();
    let link = link.replace(unknown.header("x-appservices-request-id").unwrap(), "[request]");
    assert_snapshot!(link, @"https://auth.example.com/groups/000000000000000000000000/apps/000000000000000000000000/logs?co_id=[request]");
}

#[tokio::test]
async fn none_of_the_seven_calls_reads_a_token_or_answers_401() {
    let app = TestApp::builder().unlimited().start().await;
    let ada = app.user("ada").await;
    let (token, id) = unknown_pair();
    let body = json!({
        "email": "nobody@example.com", "password": "short", "token": token, "tokenId": id, "arguments": [],
    });
    for call in CALLS {
        let plain = app.anonymous().email_password(call, body.clone()).await.error();
        assert!(
            plain.starts_with("400 ") || plain.starts_with("404 "),
            "{call}: {plain}"
        );
        for header in [
            "Bearer null".to_owned(),
            "Bearer ".to_owned(),
            "Basic YWRhOmFkYQ==".to_owned(),
            "garbage".to_owned(),
            format!("Bearer {}", ada.access_token),
            format!("Bearer {}", ada.refresh_token),
        ] {
            let reply = app
                .anonymous()
                .header("authorization", &header)
                .email_password(call, body.clone())
                .await;
            assert_eq!(reply.error(), plain, "{call} with {header}");
        }
    }
}
