//! What is logged, at the level that logs everything.

use std::io::Write;
use std::sync::{Arc, Mutex};

use doorward_testkit::TestApp;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that any thread of this process logs.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn t16_s28_no_password_token_body_or_address_is_ever_logged() {
    // For the whole process, because SQLite and the hash pool work on threads of their own. Other tests log into it,
    // too; the values that are searched for below are this test's alone.
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .try_init()
        .expect("no other test of this binary takes the log");

    let app = TestApp::email().await;
    let email = "unmistakable-address@example.com";
    let (password, second) = ("unmistakable-password-1", "unmistakable-password-2");
    let client = || app.anonymous();
    let register = json!({ "email": email, "password": password });
    assert_eq!(client().email_password("register", register.clone()).await.empty(), 201);
    assert_eq!(client().email_password("register", register).await.status(), 409);
    let (confirm_token, confirm_id) = app.mailed_token(email);
    let pair = json!({ "token": confirm_token, "tokenId": confirm_id });
    assert_eq!(client().email_password("confirm", pair.clone()).await.empty(), 200);
    assert_eq!(client().email_password("confirm", pair).await.status(), 400);
    assert_eq!(client().log_in(email, second).await.status(), 401);
    let login = client().log_in(email, password).await.json();
    let token = |key: &str| login[key].as_str().unwrap().to_owned();
    let (access, refresh) = (token("access_token"), token("refresh_token"));
    assert_eq!(client().profile(&access).await.status(), 200);
    assert_eq!(client().profile(&refresh).await.status(), 401);
    assert_eq!(client().refresh(&access).await.status(), 401);
    let refreshed = client().refresh(&refresh).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        client()
            .email_password("reset/send", json!({ "email": email }))
            .await
            .empty(),
        200
    );
    let (reset_token, reset_id) = app.mailed_token(email);
    let reset = json!({ "password": second, "token": reset_token, "tokenId": reset_id });
    assert_eq!(client().email_password("reset", reset).await.empty(), 200);
    let broken = format!(r#"{{"email":"{email}","password":["{password}"]}}"#);
    let path = "/auth/providers/local-userpass/register";
    assert_eq!(
        client()
            .post_raw(path, Some("application/json"), broken.as_bytes())
            .await
            .status(),
        400
    );
    let in_query = format!("/auth/providers/local-userpass/login?password={password}&token={confirm_token}");
    assert_eq!(
        client()
            .post(&in_query, json!({ "username": email, "password": 1 }))
            .await
            .status(),
        401
    );
    let hash = app
        .dump()
        .await
        .split('\'')
        .find(|text| text.starts_with("$argon2"))
        .expect("a hash")
        .to_owned();
    app.lose_database().await;
    assert_eq!(client().log_in(email, second).await.status(), 503);

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    // The log was captured: our own lines, those of the router's refusals and of the database are there.
    for line in ["a request was refused", "a request failed", "INSERT INTO registrations"] {
        assert!(log.contains(line), "{line} was not logged");
    }
    let secrets = [
        email,
        password,
        second,
        &confirm_token,
        &access,
        &refresh,
        &refreshed,
        &reset_token,
        &hash,
    ];
    for secret in secrets {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
    for token in [&access, &refresh, &refreshed] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!log.contains(signature), "{signature}");
    }
}
