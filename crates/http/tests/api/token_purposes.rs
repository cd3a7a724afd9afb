//! Four kinds of token, and each is refused wherever another kind belongs.

use doorward_testkit::{Reply, TestApp, User};
use insta::assert_snapshot;
use serde_json::json;

/// A pending registration's link, a confirmed user's link, and both tokens of a session.
struct Tokens {
    confirm: (String, String),
    reset: (String, String),
    user: User,
}

async fn tokens(app: &TestApp) -> Tokens {
    let user = app.user("ada").await;
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": user.email }))
        .await;
    assert_eq!(sent.empty(), 200);
    let reset = app.mailed_token(&user.email);
    app.pending("bob").await;
    Tokens {
        confirm: app.mailed_token("bob@example.com"),
        reset,
        user,
    }
}

async fn confirm(app: &TestApp, (token, id): &(String, String)) -> Reply {
    app.anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await
}

async fn reset(app: &TestApp, (token, id): &(String, String)) -> Reply {
    let body = json!({ "password": "new-password", "token": token, "tokenId": id });
    app.anonymous().email_password("reset", body).await
}

#[tokio::test]
async fn s32_t04_a_link_works_for_its_purpose_only_and_is_not_spent_by_the_other() {
    let app = TestApp::email().await;
    let tokens = tokens(&app).await;
    let before = app.dump().await;
    let wrong = confirm(&app, &tokens.reset).await;
    assert_snapshot!(wrong.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    let wrong = reset(&app, &tokens.confirm).await;
    assert_snapshot!(wrong.error(), @"400 UserpassTokenInvalid userpass token is expired or invalid");
    assert_eq!(app.dump().await, before);
    assert_eq!(confirm(&app, &tokens.confirm).await.empty(), 200);
    assert_eq!(reset(&app, &tokens.reset).await.empty(), 200);
}

#[tokio::test]
async fn s32_t04_a_mailed_token_is_no_bearer_token() {
    let app = TestApp::email().await;
    let tokens = tokens(&app).await;
    for mailed in [&tokens.confirm.0, &tokens.confirm.1, &tokens.reset.0, &tokens.reset.1] {
        assert_eq!(app.anonymous().profile(mailed).await.error(), "401 - unauthorized");
        assert_eq!(app.anonymous().delete(mailed).await.error(), "401 - unauthorized");
        assert_eq!(
            app.anonymous().refresh(mailed).await.error(),
            "401 - signature is invalid"
        );
        assert_eq!(
            app.anonymous().log_out(mailed).await.error(),
            "401 - signature is invalid"
        );
    }
}

#[tokio::test]
async fn s32_t04_a_bearer_token_is_no_mailed_token() {
    let app = TestApp::email().await;
    let tokens = tokens(&app).await;
    for bearer in [&tokens.user.access_token, &tokens.user.refresh_token] {
        for id in [&tokens.confirm.1, &tokens.reset.1] {
            let pair = (bearer.clone(), id.clone());
            assert_eq!(confirm(&app, &pair).await.error(), "400 BadRequest invalid token data");
            assert_eq!(reset(&app, &pair).await.error(), "400 BadRequest invalid token data");
        }
    }
}

#[tokio::test]
async fn s67_a_refresh_token_is_no_access_token_and_the_reverse() {
    let app = TestApp::email().await;
    let tokens = tokens(&app).await;
    let (access, refresh) = (&tokens.user.access_token, &tokens.user.refresh_token);
    assert_snapshot!(app.anonymous().profile(refresh).await.error(), @"401 - unauthorized");
    assert_snapshot!(app.anonymous().delete(refresh).await.error(), @"401 - unauthorized");
    let call = json!({ "arguments": [], "name": "sum" });
    let called = app.anonymous().bearer(refresh).post("/functions/call", call).await;
    assert_snapshot!(called.error(), @"401 - unauthorized");
    let refused = app.anonymous().refresh(access).await;
    assert_snapshot!(refused.error(), @"401 - invalid refresh token: incorrect token type");
    let refused = app.anonymous().log_out(access).await;
    assert_snapshot!(refused.error(), @"401 - invalid refresh token: incorrect token type");
    assert_eq!(app.anonymous().profile(access).await.status(), 200);
    assert_eq!(app.anonymous().refresh(refresh).await.status(), 201);
}

#[tokio::test]
async fn s67_the_claimed_type_does_not_help_a_token_that_another_key_signed() {
    use crate::support::jwt;
    let app = TestApp::email().await;
    let ada = app.user("ada").await;
    // A refresh token that says it is an access token, signed with the refresh key under either key's name.
    let claims = jwt::with_claim(jwt::claims(&ada.refresh_token), "typ", "access");
    for kid in ["refresh", "access"] {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": kid });
        let token = jwt::hs256(&header, &claims, TestApp::REFRESH_KEY);
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
    }
    // An access token that says it is a refresh token, signed with the access key.
    let claims = jwt::with_claim(jwt::claims(&ada.access_token), "typ", "refresh");
    for kid in ["refresh", "access"] {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });
        let token = jwt::es256(&header, &claims, TestApp::ES256_KEY);
        assert_eq!(
            app.anonymous().refresh(&token).await.error(),
            "401 - signature is invalid"
        );
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
    }
}
