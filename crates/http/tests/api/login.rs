//! `POST …/local-userpass/login`

use std::time::Duration;

use doorward_testkit::TestApp;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{CORE_JSON, distinguishable, jwt, named};

#[tokio::test]
async fn c082_core_logs_in_with_its_body_and_headers() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let body = json!({
        "provider": "local-userpass", "username": "ada@example.com", "password": "ada-password",
        "options": { "device": {
            "appId": "notes-abcde", "platform": "Linux", "platformVersion": "", "sdk": "Dotnet", "sdkVersion": "12.5.0",
            "cpuArch": "", "deviceName": "", "deviceVersion": "", "frameworkName": "", "frameworkVersion": "",
            "coreVersion": "14.14.0", "bundleId": "",
        } },
    });
    let path = "/auth/providers/local-userpass/login";
    let client = app.anonymous().header("accept", "application/json");
    let reply = client
        .post_raw(path, Some(CORE_JSON), body.to_string().as_bytes())
        .await;
    assert_logged_in(&reply.json());
    assert_eq!(
        (reply.status().as_u16(), reply.header("content-type")),
        (200, Some("application/json"))
    );
}

#[tokio::test]
async fn c083_the_web_sdk_logs_in_without_a_provider() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let body = json!({
        "username": "ada@example.com", "password": "ada-password",
        "options": { "device": { "platform": "chrome", "platformVersion": "120", "sdkVersion": "2.0.1" } },
    });
    assert_logged_in(&app.anonymous().email_password("login", body).await.json());
}

#[tokio::test]
async fn c084_curl_logs_in_with_a_name_and_a_password() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let path = "/auth/providers/local-userpass/login";
    let body = br#"{"username":"ada@example.com","password":"ada-password"}"#;
    assert_logged_in(
        &app.anonymous()
            .post_raw(path, Some("application/json"), body)
            .await
            .json(),
    );
    // `curl -d` without a header would say that it is a form; without any content type it is taken for what it is.
    assert_logged_in(&app.anonymous().post_raw(path, None, body).await.json());
}

fn assert_logged_in(body: &Value) {
    for key in ["access_token", "refresh_token", "user_id", "device_id"] {
        assert!(body[key].is_string(), "{key} in {body}");
    }
}

#[tokio::test]
async fn c085_c109_the_keys_come_in_the_order_that_log_obfuscators_know() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    let reply = app.anonymous().log_in("ada@example.com", "ada-password").await;
    let body = reply.json();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    let (access, refresh, user, device) = (
        text("access_token"),
        text("refresh_token"),
        text("user_id"),
        text("device_id"),
    );
    let names = [
        ("[access]", &*access),
        ("[refresh]", &*refresh),
        ("[user]", &*user),
        ("[device]", &*device),
    ];
    assert_eq!(reply.status(), 200);
    assert_snapshot!(named(&reply.text(), &names), @r#"{"access_token":"[access]","refresh_token":"[refresh]","user_id":"[user]","device_id":"[device]"}"#);
}

#[tokio::test]
async fn c086_c087_ids_are_24_hexadecimal_characters_and_a_device_is_never_zero() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for id in [&ada.id, &ada.device_id] {
        assert_eq!(id.len(), 24);
        assert!(
            id.bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
            "{id}"
        );
    }
    assert_ne!(ada.device_id, "0".repeat(24));
    assert_ne!(ada.device_id, ada.id);
}

#[tokio::test]
async fn c088_c110_both_tokens_are_jwts_with_whole_numbers_for_times() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for token in [&ada.access_token, &ada.refresh_token] {
        let claims = jwt::claims(token);
        assert!(claims["exp"].is_i64() && claims["iat"].is_i64(), "{claims}");
        assert!(claims["iat"].as_i64() < claims["exp"].as_i64());
        assert!(claims.get("user_data").is_none());
    }
}

#[tokio::test]
async fn c089_two_logins_are_one_user_and_two_sessions() {
    let app = TestApp::auto_confirm().await;
    let first = app.user("ada").await;
    let second = app.anonymous().log_in(&first.email, &first.password).await.json();
    assert_eq!(second["user_id"], first.id);
    assert_ne!(second["device_id"], first.device_id);
    assert_eq!(app.anonymous().log_out(&first.refresh_token).await.empty(), 204);
    let refreshed = app.anonymous().refresh(second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status(), 201);
}

#[tokio::test]
async fn c090_c091_c092_c093_c103_wrong_is_wrong_and_says_no_more() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    for (name, password) in [
        ("ada@example.com", "boogeyman"),
        ("ada@example.com", ""),
        ("ada@example.com", "ADA-PASSWORD"),
        ("INVALID_USERNAME", "ada-password"),
        ("foo", "pass"),
        ("", ""),
        ("ada\0@example.com", "ada-password"),
    ] {
        let reply = app.anonymous().log_in(name, password).await;
        assert_eq!(reply.error(), "401 InvalidPassword unauthorized");
        assert_eq!(reply.header("www-authenticate"), None);
    }
}

#[tokio::test]
async fn c094_a_refused_login_links_to_its_log() {
    let app = TestApp::auto_confirm().await;
    let reply = app.anonymous().log_in("ada@example.com", "wrong-password").await;
    assert_eq!(reply.status(), 401);
    assert!(reply.json()["link"].as_str().unwrap().contains("logs?co_id="));
}

#[tokio::test]
async fn c096_a_pending_user_is_not_confirmed_whatever_the_password_says() {
    let app = TestApp::email().await;
    app.pending("ada").await;
    let _unused = app.mailed_token("ada@example.com");
    let right = app.anonymous().log_in("ada@example.com", "ada-password").await;
    assert_snapshot!(right.error(), @"401 AuthError unauthorized");
    let wrong = app.anonymous().log_in("ada@example.com", "wrong-password").await;
    assert_snapshot!(wrong.error(), @"401 InvalidPassword unauthorized");
}

#[tokio::test]
async fn c097_c098_a_disabled_user_cannot_log_in_and_an_enabled_one_is_the_same_user() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let user = ada.id.parse().unwrap();
    app.accounts().disable_user(user).await.unwrap();
    let right = app.anonymous().log_in(&ada.email, &ada.password).await;
    assert_snapshot!(right.error(), @"401 UserDisabled user disabled");
    let wrong = app.anonymous().log_in(&ada.email, "wrong-password").await;
    assert_snapshot!(wrong.error(), @"401 InvalidPassword unauthorized");

    app.accounts().enable_user(user).await.unwrap();
    let login = app.anonymous().log_in(&ada.email, &ada.password).await;
    assert_eq!(
        (login.status().as_u16(), &login.json()["user_id"]),
        (200, &json!(ada.id))
    );
}

#[tokio::test]
async fn c100_a_client_that_forgot_its_tokens_logs_in_as_the_same_user() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    app.advance(Duration::from_hours(24));
    assert_eq!(
        app.anonymous().log_in(&ada.email, &ada.password).await.json()["user_id"],
        ada.id
    );
}

#[tokio::test]
async fn c101_upper_and_lower_case_are_different_addresses() {
    let app = TestApp::auto_confirm().await;
    let body = json!({ "email": "Test@Example.com", "password": "test-password" });
    assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
    let reply = app.anonymous().log_in("test@example.com", "test-password").await;
    assert_snapshot!(reply.error(), @"401 InvalidPassword unauthorized");
    assert_eq!(
        app.anonymous()
            .log_in("Test@Example.com", "test-password")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn c102_one_can_log_out_and_in_again_and_again() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    for _ in 0..3 {
        let login = app.anonymous().log_in("ada@example.com", "ada-password").await;
        assert_eq!(login.status(), 200);
        let token = login.json()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(app.anonymous().log_out(&token).await.empty(), 204);
    }
}

#[tokio::test]
async fn a_device_that_was_given_an_id_keeps_it_and_a_bad_one_does_no_harm() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let body = |id: Value| json!({ "username": ada.email, "password": ada.password, "options": { "device": { "deviceId": id } } });
    let again = app
        .anonymous()
        .email_password("login", body(json!({ "$oid": ada.device_id })))
        .await;
    assert_eq!(again.json()["device_id"], ada.device_id);
    for bad in [
        json!({ "$oid": "0".repeat(24) }),
        json!({ "$oid": 1 }),
        json!("nonsense"),
        json!([]),
        Value::Null,
    ] {
        let login = app.anonymous().email_password("login", body(bad)).await;
        assert_eq!(login.status(), 200);
        assert_ne!(login.json()["device_id"], ada.device_id);
        assert_ne!(login.json()["device_id"], "0".repeat(24));
    }
}

#[tokio::test]
async fn s02_passwords_that_differ_anywhere_are_different() {
    let app = TestApp::auto_confirm().await;
    let long = "x".repeat(72);
    for (number, (password, other)) in [
        (format!("{long}a"), format!("{long}b")),
        ("before\0after".to_owned(), "before\0other".to_owned()),
        ("trailing".to_owned(), "trailing ".to_owned()),
        ("trailing".to_owned(), "trailing\0".to_owned()),
        ("caf\u{e9}-caf\u{e9}".to_owned(), "cafe\u{301}-cafe\u{301}".to_owned()),
        ("password".to_owned(), "Password".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user-{number}@example.com");
        let body = json!({ "email": email, "password": password });
        assert_eq!(app.anonymous().email_password("register", body).await.empty(), 201);
        let wrong = app.anonymous().log_in(&email, &other).await;
        assert_eq!(wrong.error(), "401 InvalidPassword unauthorized");
        assert_eq!(app.anonymous().log_in(&email, &password).await.status(), 200);
    }
}

#[tokio::test]
async fn s58_t09_unknown_and_wrong_look_alike_and_every_login_costs_one_hash() {
    let app = TestApp::email().await;
    app.registered("ada").await;
    app.pending("bob").await;
    let _unused = app.mailed_token("bob@example.com");
    let eve = app.user("eve").await;
    app.accounts().disable_user(eve.id.parse().unwrap()).await.unwrap();

    let mut answers = Vec::new();
    for (name, password) in [
        ("ada@example.com", "wrong-password"),
        ("nobody@example.com", "wrong-password"),
        ("bob@example.com", "wrong-password"),
        ("eve@example.com", "wrong-password"),
        ("not an address", "wrong-password"),
        (&*"a".repeat(300), "wrong-password"),
        ("ada@example.com", ""),
        // Longer than any password that could be set.
        ("ada@example.com", &*"a".repeat(129)),
        ("ada@example.com", &*"a".repeat(10_000)),
        ("nobody@example.com", &*"a".repeat(10_000)),
    ] {
        let before = app.hashes_computed();
        let reply = app.anonymous().log_in(name, password).await;
        assert_eq!(app.hashes_computed() - before, 1, "{name}");
        answers.push(distinguishable(&reply));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");

    // Who knows the password learns more, in the code and not in the text, and at the same cost.
    for (name, password) in [("bob@example.com", "bob-password"), ("ada@example.com", "ada-password")] {
        let before = app.hashes_computed();
        app.anonymous().log_in(name, password).await;
        assert_eq!(app.hashes_computed() - before, 1, "{name}");
    }
    let pending = app.anonymous().log_in("bob@example.com", "bob-password").await;
    assert_snapshot!(pending.error(), @"401 AuthError unauthorized");
}

#[tokio::test]
async fn t09_a_taken_address_costs_the_same_hash_as_a_free_one() {
    let app = TestApp::auto_confirm().await;
    app.registered("ada").await;
    for email in ["ada@example.com", "bob@example.com"] {
        let before = app.hashes_computed();
        app.anonymous()
            .email_password("register", json!({ "email": email, "password": "a-password" }))
            .await;
        assert_eq!(app.hashes_computed() - before, 1, "{email}");
    }
}
