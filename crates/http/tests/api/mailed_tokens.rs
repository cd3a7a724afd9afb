//! How a mailed token pair may be spelled, and that only its own two parts belong together.

use doorward_testkit::{Reply, TestApp};
use serde_json::json;

async fn confirm(app: &TestApp, token: &str, id: &str) -> Reply {
    app.anonymous()
        .email_password("confirm", json!({ "token": token, "tokenId": id }))
        .await
}

async fn reset(app: &TestApp, token: &str, id: &str) -> Reply {
    let body = json!({ "password": "new-password", "token": token, "tokenId": id });
    app.anonymous().email_password("reset", body).await
}

#[tokio::test]
async fn s73_t19_only_one_spelling_of_a_token_pair_is_accepted() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let (token, id) = app.mailed_token("ada@example.com");
    let before = app.dump().await;
    for (token, id) in [
        (token.to_uppercase(), id.clone()),
        (token.clone(), id.to_uppercase()),
        (token[..127].to_owned(), id.clone()),
        (token[1..].to_owned(), id.clone()),
        (format!("{token}0"), id.clone()),
        (format!("{token}00"), id.clone()),
        (format!("{token} "), id.clone()),
        (format!(" {token}"), id.clone()),
        (format!("{token}\0"), id.clone()),
        (format!("{token}="), id.clone()),
        (format!("0x{token}"), id.clone()),
        (token.clone(), id[..23].to_owned()),
        (token.clone(), format!("{id}0")),
        (token.clone(), format!("{id} ")),
        (token.clone(), String::new()),
        (String::new(), id.clone()),
        (id.clone(), token.clone()),
        (token.replace('0', "\u{ff10}"), id.clone()),
    ] {
        assert_eq!(
            confirm(&app, &token, &id).await.error(),
            "400 BadRequest invalid token data"
        );
    }
    // Of the right form and still not the token pair: every character of both parts counts.
    for position in 0..token.len() {
        let reply = confirm(&app, &changed(&token, position), &id).await;
        assert_eq!(
            reply.error(),
            "400 UserpassTokenInvalid userpass token is expired or invalid"
        );
    }
    for position in 0..id.len() {
        let reply = confirm(&app, &token, &changed(&id, position)).await;
        assert_eq!(
            reply.error(),
            "400 UserpassTokenInvalid userpass token is expired or invalid"
        );
    }
    assert_eq!(app.dump().await, before);
    assert_eq!(confirm(&app, &token, &id).await.empty(), 200);
}

/// The hexadecimal text with one digit changed.
fn changed(text: &str, position: usize) -> String {
    let digit = if &text[position..=position] == "0" { "1" } else { "0" };
    format!("{}{digit}{}", &text[..position], &text[position + 1..])
}

#[tokio::test]
async fn s27_t28_no_token_pair_can_be_derived_from_another_or_from_what_is_stored() {
    let app = TestApp::email().await;
    let mut seen = std::collections::HashSet::new();
    for number in 0..20 {
        app.pending(&format!("user-{number}")).await;
        let (token, id) = app.mailed_token(&format!("user-{number}@example.com"));
        assert!(!app.dump().await.contains(&token));
        assert!(!app.dump().await.contains(&token[..32]));
        assert!(seen.insert(token) && seen.insert(id));
    }
}

#[tokio::test]
async fn t01_parts_of_two_links_are_no_link() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    app.pending("eve").await;
    let (ada_token, ada_id) = app.mailed_token("ada@example.com");
    let (eve_token, eve_id) = app.mailed_token("eve@example.com");
    for (token, id) in [(&eve_token, &ada_id), (&ada_token, &eve_id)] {
        let reply = confirm(&app, token, id).await;
        assert_eq!(
            reply.error(),
            "400 UserpassTokenInvalid userpass token is expired or invalid"
        );
    }
    for name in ["ada", "eve"] {
        let login = app
            .anonymous()
            .log_in(&format!("{name}@example.com"), &format!("{name}-password"))
            .await;
        assert_eq!(login.error(), "401 AuthError unauthorized");
    }
    assert_eq!(confirm(&app, &eve_token, &eve_id).await.empty(), 200);
    assert_eq!(confirm(&app, &ada_token, &ada_id).await.empty(), 200);
}

#[tokio::test]
async fn t01_a_client_that_names_another_user_beside_its_own_link_changes_only_its_own_account() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.registered("eve").await;
    let sent = app
        .anonymous()
        .email_password("reset/send", json!({ "email": "eve@example.com" }))
        .await;
    assert_eq!(sent.empty(), 200);
    let (token, id) = app.mailed_token("eve@example.com");
    let body = json!({
        "password": "new-password", "token": token, "tokenId": id,
        "email": "ada@example.com", "username": "ada@example.com", "user_id": ada.id,
    });
    let reply = app
        .anonymous()
        .bearer(&ada.access_token)
        .email_password("reset", body)
        .await;
    assert_eq!(reply.empty(), 200);
    assert_eq!(
        app.anonymous().log_in("eve@example.com", "new-password").await.status(),
        200
    );
    assert_eq!(app.anonymous().log_in(&ada.email, &ada.password).await.status(), 200);
    assert_eq!(app.anonymous().refresh(&ada.refresh_token).await.status(), 201);
}

#[tokio::test]
async fn s42_a_link_works_on_another_device_than_the_one_that_requested_it() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let phone = app
        .anonymous()
        .header("user-agent", "phone")
        .header("cookie", "session=phone");
    assert_eq!(
        phone
            .email_password("reset/send", json!({ "email": "ada@example.com" }))
            .await
            .empty(),
        200
    );
    let (token, id) = app.mailed_token("ada@example.com");
    assert_eq!(reset(&app, &token, &id).await.empty(), 200);
}
