//! Checking access tokens as a backend does: tokens of the real server, and forged, damaged or expired ones.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_client::{App, Credentials, TokenVerifier, User};
use doorward_testkit::TestApp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted};

/// The time of the tests, in seconds since 1970. Their tokens expire a minute later.
const NOW: u64 = 1_800_000_000;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

struct Key {
    id: &'static str,
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

impl Key {
    fn new(id: &'static str) -> Self {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        Self {
            id,
            public: pair.public_key().as_ref().to_vec(),
            pkcs8: pkcs8.as_ref().to_vec(),
        }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.id,
            "x": encode(&self.public[1..33]), "y": encode(&self.public[33..65]),
        })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.id.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&self.pkcs8)).unwrap()
    }
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "aud": "notes-abcde", "typ": "access", "sub": "5f1d7f3b6c9d4e0012345678", "iss": "5f1d7f3b6c9d4e00aaaaaaaa",
        "baas_device_id": "5f1d7f3b6c9d4e00dddddddd", "iat": NOW - 60, "exp": NOW + 60,
    });
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(key);
        } else {
            claims[key] = value.clone();
        }
    }
    claims
}

fn set(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

async fn refused(verifier: &TokenVerifier, token: &str) -> String {
    let error = verifier.verify(token).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("eyJ"));
    error.to_string()
}

/// Registers Ada on the real server at this address, and logs her in.
async fn ada(url: &str) -> User {
    let app = App::builder(TestApp::ID).base_url(url).build().unwrap();
    app.email_password_auth()
        .register_user("ada@example.com", "correct horse")
        .await
        .unwrap();
    app.log_in(Credentials::email_password("ada@example.com", "correct horse"))
        .await
        .unwrap()
}

async fn world(keys: &[&Key]) -> (Scripted, TokenVerifier) {
    let server = Scripted::start().await;
    server.answers([Answer::json(200, &set(keys))]);
    let verifier = TokenVerifier::builder(server.url(), "notes-abcde")
        .clock(now)
        .build()
        .unwrap();
    (server, verifier)
}

#[tokio::test]
async fn a_token_of_the_real_server_says_who_calls() {
    let server = TestApp::auto_confirm().await;
    let url = server.listen().await;
    let ada = ada(&url).await;
    // The server's clock stands at the beginning of 2026.
    let then = || UNIX_EPOCH + Duration::from_hours(490_896);
    let verifier = TokenVerifier::builder(&url, TestApp::ID).clock(then).build().unwrap();
    let told = verifier.verify(&ada.access_token().unwrap()).await.unwrap();
    assert_eq!(told.user_id(), ada.id());
    assert_eq!(told.device_id(), ada.device_id());
    assert_eq!(
        told.expires_at().duration_since(told.issued_at()).unwrap(),
        Duration::from_mins(30)
    );
    assert_eq!(told.user_data(), None);
    let another = TokenVerifier::builder(&url, TestApp::ID).build().unwrap();
    assert!(
        another
            .verify(&ada.access_token().unwrap())
            .await
            .unwrap_err()
            .is_expired()
    );
}

#[tokio::test]
async fn what_is_not_an_access_token_of_this_app_is_refused() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let (server, verifier) = world(&[&key]).await;
    let good = key.sign(&claims(&json!({})));
    assert_eq!(
        verifier.verify(&good).await.unwrap().session_id(),
        "5f1d7f3b6c9d4e00aaaaaaaa"
    );
    for (changes, said) in [
        (json!({ "aud": "other-abcde" }), "the token is for another app"),
        (json!({ "typ": "refresh" }), "the token is not an access token"),
        (json!({ "exp": NOW }), "the token has expired"),
        (json!({ "exp": NOW - 3600 }), "the token has expired"),
        (json!({ "exp": null }), "this is no access token"),
        (json!({ "exp": u64::MAX }), "this is no access token"),
        (json!({ "exp": "never" }), "this is no access token"),
        (json!({ "sub": null }), "this is no access token"),
        (json!({ "aud": null }), "this is no access token"),
    ] {
        assert_eq!(refused(&verifier, &key.sign(&claims(&changes))).await, said);
    }
    // Signed by another key with the same id.
    assert_eq!(
        refused(&verifier, &other.sign(&claims(&json!({})))).await,
        "the signature of the token is wrong"
    );
    // Signed with the public key as an HS256 secret, and not signed at all.
    let header = Header {
        kid: Some("k1".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let confused = jsonwebtoken::encode(&header, &claims(&json!({})), &EncodingKey::from_secret(&key.public)).unwrap();
    assert_eq!(
        refused(&verifier, &confused).await,
        "the signature of the token is wrong"
    );
    let payload = good.split('.').nth(1).unwrap();
    let none = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"k1"}"#));
    assert_eq!(refused(&verifier, &none).await, "this is no access token");
    for cut in ["", ".", "..", "a.b.c", &good[..good.len() / 2], &good[..good.len() - 1]] {
        verifier.verify(cut).await.unwrap_err();
    }
    assert_eq!(
        server.lines(),
        ["GET /api/client/v2.0/app/notes-abcde/.well-known/jwks.json"]
    );
}

#[tokio::test]
async fn a_clock_that_is_ahead_can_be_allowed_for() {
    let key = Key::new("k1");
    let server = Scripted::start().await;
    server.answers([Answer::json(200, &set(&[&key]))]);
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.leeway(Duration::from_mins(1)).build().unwrap();
    verifier
        .verify(&key.sign(&claims(&json!({ "exp": NOW - 59 }))))
        .await
        .unwrap();
    let over = verifier
        .verify(&key.sign(&claims(&json!({ "exp": NOW - 60 }))))
        .await
        .unwrap_err();
    assert!(over.is_expired() && !over.is_transient());
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_who_wait_and_not_for_every_name_that_somebody_makes_up() {
    let key = Key::new("k1");
    let server = Scripted::start().await;
    server.answers([Answer::json(200, &set(&[&key])).after(Duration::from_millis(200))]);
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::from_hours(1)).build().unwrap();
    let token = key.sign(&claims(&json!({})));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    let forged = Key::new("forged").sign(&claims(&json!({})));
    for _ in 0..20 {
        assert_eq!(
            refused(&verifier, &forged).await,
            "no key of the app has signed the token"
        );
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn keys_rotate() {
    let (first, second) = (Key::new("k1"), Key::new("k2"));
    let (old, new) = (first.sign(&claims(&json!({}))), second.sign(&claims(&json!({}))));
    let server = Scripted::start().await;
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::ZERO).build().unwrap();
    server.answers([Answer::json(200, &set(&[&first]))]);
    verifier.verify(&old).await.unwrap();
    // The server publishes a new key beside the old one, which stays valid.
    server.answers([Answer::json(200, &set(&[&first, &second]))]);
    verifier.verify(&new).await.unwrap();
    verifier.verify(&old).await.unwrap();
    assert_eq!(server.asked().len(), 2);
    // Later it removes the old key. The verifier learns so when it fetches the keys for another token.
    server.answers([Answer::json(200, &set(&[&second])), Answer::json(200, &set(&[&second]))]);
    let forged = Key::new("forged").sign(&claims(&json!({})));
    assert_eq!(
        refused(&verifier, &forged).await,
        "no key of the app has signed the token"
    );
    verifier.verify(&new).await.unwrap();
    assert_eq!(refused(&verifier, &old).await, "no key of the app has signed the token");
}

#[tokio::test]
async fn a_server_that_is_away_is_no_reason_to_refuse_who_is_known() {
    let (known, new) = (Key::new("k1"), Key::new("k2"));
    let server = Scripted::start().await;
    server.answers([Answer::json(200, &set(&[&known]))]);
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::ZERO).build().unwrap();
    verifier.verify(&known.sign(&claims(&json!({})))).await.unwrap();
    for answer in [
        Answer::empty(500),
        Answer::text(200, "text/html", "<h1>no</h1>"),
        Answer::json(200, &json!({ "keys": 5 })),
        Answer::json(200, &json!([])),
    ] {
        server.answers([answer]);
        let error = verifier.verify(&new.sign(&claims(&json!({})))).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        verifier.verify(&known.sign(&claims(&json!({})))).await.unwrap();
    }
}

#[tokio::test]
async fn a_backend_that_starts_before_its_server_asks_again_soon_and_no_more_than_that() {
    let key = Key::new("k1");
    let token = key.sign(&claims(&json!({})));
    let server = Scripted::start().await;
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::from_hours(1)).build().unwrap();
    server.answers([Answer::empty(503), Answer::json(200, &set(&[&key]))]);
    let started = Instant::now();
    let mut refusals = 0;
    while let Err(error) = verifier.verify(&token).await {
        assert!(error.is_transient(), "{error}");
        refusals += 1;
        assert!(started.elapsed() < Duration::from_secs(30), "it never asks again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refusals > 1, "not with every token");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.asked().len(), 2);
}

/// A caller that hands in a token, and hangs up once the request for the keys has reached the server.
async fn hang_up(server: &Scripted, verifier: &TokenVerifier, token: &str) {
    let call = tokio::spawn({
        let (verifier, token) = (verifier.clone(), token.to_owned());
        async move { verifier.verify(&token).await }
    });
    while server.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn tokens_of_known_keys_do_not_wait_for_an_answer_about_others() {
    let (known, other) = (Key::new("known"), Key::new("other"));
    let (known_token, other_token) = (known.sign(&claims(&json!({}))), other.sign(&claims(&json!({}))));
    let server = Scripted::start().await;
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::ZERO).build().unwrap();
    server.answers([Answer::json(200, &set(&[&known]))]);
    verifier.verify(&known_token).await.unwrap();
    server.asked();
    server.answers([Answer::empty(500).after(Duration::from_mins(10))]);
    hang_up(&server, &verifier, &other_token).await;
    let at_once = tokio::time::timeout(Duration::from_secs(5), verifier.verify(&known_token));
    at_once.await.expect("it does not wait").unwrap();
}

#[tokio::test]
async fn who_hangs_up_while_keys_are_fetched_neither_stops_that_nor_has_them_fetched_again() {
    let key = Key::new("k1");
    let (good, forged) = (
        key.sign(&claims(&json!({}))),
        Key::new("forged").sign(&claims(&json!({}))),
    );
    let server = Scripted::start().await;
    server.answers([Answer::json(200, &set(&[&key])).after(Duration::from_millis(300))]);
    let builder = TokenVerifier::builder(server.url(), "notes-abcde").clock(now);
    let verifier = builder.refresh_interval(Duration::from_hours(1)).build().unwrap();
    hang_up(&server, &verifier, &forged).await;
    verifier.verify(&good).await.unwrap();
    assert_eq!(
        refused(&verifier, &forged).await,
        "no key of the app has signed the token"
    );
    assert!(server.asked().is_empty(), "it was asked once, by the one that hung up");
}

#[tokio::test]
async fn keys_can_be_given_and_then_nothing_is_fetched() {
    let key = Key::new("k1");
    let verifier = TokenVerifier::from_jwks("notes-abcde", &set(&[&key]).to_string()).unwrap();
    let far = claims(&json!({ "exp": 32_503_680_000_u64, "user_data": { "colour": "blue" } }));
    let told = verifier.verify(&key.sign(&far)).await.unwrap();
    assert_eq!(told.user_data(), Some(&json!({ "colour": "blue" })));
    assert_eq!(
        refused(&verifier, &Key::new("k2").sign(&far)).await,
        "no key of the app has signed the token"
    );
    assert_eq!(
        TokenVerifier::from_jwks("x", "[]").unwrap_err().to_string(),
        "this is no JSON Web Key Set"
    );
}

#[tokio::test]
async fn a_server_that_signs_with_a_secret_of_its_own_is_said_to() {
    let server = TestApp::builder().auto_confirm().hs256().start().await;
    let url = server.listen().await;
    let ada = ada(&url).await;
    let verifier = TokenVerifier::new(&url, TestApp::ID).unwrap();
    assert_eq!(
        refused(&verifier, &ada.access_token().unwrap()).await,
        "the server publishes no keys: it signs with HS256, and only it can check that"
    );
}
