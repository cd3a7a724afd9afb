//! When something of ours breaks: the answer says nothing of it, no client is let in, and the server goes on.

use std::sync::Arc;

use async_trait::async_trait;
use doorward_core::store::Reads;
use doorward_core::{
    Accounts, Apps, Parts, PasswordPool, PoolConfig, Settings, Store, StoreError, SystemClock, TokenKeys, Tx, Wake,
};
use doorward_http::{Api, ApiParts};
use doorward_testkit::{SeededEntropy, TestApp};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{CALLS, unknown_pair};

#[tokio::test]
async fn t18_without_a_database_every_call_is_a_503_and_no_client_is_let_in() {
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    app.lose_database().await;
    let (token, id) = unknown_pair();
    let body = json!({
        "email": "ada@example.com", "password": "ada-password", "token": token, "tokenId": id, "arguments": [],
    });
    for call in CALLS {
        let reply = app.anonymous().email_password(call, body.clone()).await;
        assert_eq!(reply.error(), "503 InternalServerError service unavailable");
        assert_eq!(reply.header("retry-after"), Some("3"));
    }
    for reply in [
        app.anonymous().log_in(&ada.email, &ada.password).await,
        app.anonymous().log_in("nobody@example.com", "wrong-password").await,
        app.anonymous().profile(&ada.access_token).await,
        app.anonymous().refresh(&ada.refresh_token).await,
        app.anonymous().log_out(&ada.refresh_token).await,
        app.anonymous().delete(&ada.access_token).await,
    ] {
        assert_eq!(reply.error(), "503 InternalServerError service unavailable");
    }
    // Calls that need no database still work, and calls that are refused without reading it are refused as before.
    assert_eq!(app.anonymous().get("/location").await.status(), 200);
    assert_eq!(app.anonymous().request("GET", "/healthz").await.status(), 200);
    let ready = app.anonymous().request("GET", "/readyz").await;
    assert_eq!((ready.status().as_u16(), ready.header("retry-after")), (503, Some("1")));
    assert_snapshot!(app.anonymous().profile("garbage").await.error(), @"401 - unauthorized");
    let short = app
        .anonymous()
        .email_password("register", json!({ "email": "a@b.c", "password": "x" }))
        .await;
    assert_snapshot!(short.error(), @"400 BadRequest password must be between 6 and 128 characters");
}

#[tokio::test]
async fn s86_a_transaction_that_conflicts_is_tried_again_and_nothing_doubles() {
    let app = TestApp::email().await;
    let client = app.anonymous();
    let ada = json!({ "email": "ada@example.com", "password": "ada-password" });

    app.set_conflicts(5);
    assert_eq!(client.email_password("register", ada).await.status(), 201);
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!(app.hashes_computed(), 1);
    app.set_conflicts(5);
    let pair = json!({ "token": token, "tokenId": id });
    assert_eq!(client.email_password("confirm", pair).await.status(), 200);
    app.set_conflicts(5);
    let session = client.log_in("ada@example.com", "ada-password").await;
    assert_eq!(session.status(), 200);

    // Tried once and five times more; then the client is told when to come back, and nothing has happened.
    app.set_conflicts(6);
    let refused = client
        .email_password("reset/send", json!({ "email": "ada@example.com" }))
        .await;
    assert_eq!(refused.error(), "503 InternalServerError service unavailable");
    assert_eq!(refused.header("retry-after"), Some("3"));
    assert_eq!(
        client
            .email_password("reset/send", json!({ "email": "ada@example.com" }))
            .await
            .status(),
        200
    );
    app.mailed_token("ada@example.com");
    assert_eq!(app.unread_mails(), 0);
}

#[tokio::test]
async fn s87_t18_a_panic_is_a_500_that_says_nothing_and_the_server_goes_on() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let broken = app.served_by(Api::new(ApiParts {
        accounts: panicking_accounts(app.api().accounts.apps()),
        ..ApiParts::clone(app.api())
    }));
    for _ in 0..3 {
        let reply = broken.log_in(&ada.email, &ada.password).await;
        assert_eq!(reply.error(), "500 InternalServerError internal server error");
        assert!(!reply.text().contains("database-password"));
        assert_eq!(broken.get("/location").await.status(), 200);
    }
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
}

fn panicking_accounts(apps: &Apps) -> Accounts {
    let key = doorward_core::KeyId("test".to_owned());
    let parts = Parts {
        apps: apps.clone(),
        store: Arc::new(PanickingStore),
        passwords: PasswordPool::start(PoolConfig {
            threads: 1,
            ..PoolConfig::default()
        })
        .expect("the pool starts"),
        token_keys: Arc::new(TokenKeys::new(key.clone(), [(key, [1; 64].as_slice())]).expect("a key")),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SeededEntropy::new(2)),
        outbox: Wake::default(),
        triggers: Wake::default(),
    };
    Accounts::new(parts, Settings::default())
}

/// A bug in storage, in every call of it.
struct PanickingStore;

#[async_trait]
impl Store for PanickingStore {
    async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
        panic!("database-password")
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        panic!("database-password")
    }
}
