//! Access and refresh tokens: what stands in them, who can verify them, and what is not one.

use std::collections::BTreeMap;

use doorward_core::{App, KeyId};
use doorward_testkit::{TestApp, User};
use doorward_tokens::{AccessKey, AppKeys, RefreshKey};
use insta::assert_snapshot;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{jwt, named};

const JWKS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn s66_an_access_token_says_exactly_this() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_snapshot!(jwt::text(&ada.access_token, 0), @r#"{"typ":"JWT","alg":"ES256","kid":"access"}"#);

    let claims = jwt::claims(&ada.access_token);
    let session = jwt::claims(&ada.refresh_token)["baas_id"].as_str().unwrap().to_owned();
    let id = claims["jti"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 24);
    let text = with_names(
        &app,
        &ada,
        &jwt::text(&ada.access_token, 1),
        &[("[session]", &session), ("[id]", &id)],
    );
    assert_snapshot!(text, @r#"{"aud":"notes-abcde","baas_device_id":"[device]","baas_domain_id":"[app]","exp":1767227400,"iat":1767225600,"iss":"[session]","jti":"[id]","stitch_devId":"[device]","stitch_domainId":"[app]","sub":"[user]","typ":"access"}"#);
    assert!(claims["exp"].is_i64() && claims["iat"].is_i64());
}

#[tokio::test]
async fn s66_a_refresh_token_says_exactly_this() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    assert_snapshot!(jwt::text(&ada.refresh_token, 0), @r#"{"typ":"JWT","alg":"HS256","kid":"refresh"}"#);

    let claims = jwt::claims(&ada.refresh_token);
    let text = |claim: &Value| claim.as_str().unwrap().to_owned();
    let (session, identity) = (text(&claims["baas_id"]), text(&claims["baas_identity"]["id"]));
    let names = [("[session]", &*session), ("[identity]", &*identity)];
    assert_snapshot!(with_names(&app, &ada, &jwt::text(&ada.refresh_token, 1), &names), @r#"{"baas_data":null,"baas_device_id":"[device]","baas_domain_id":"[app]","baas_id":"[session]","baas_identity":{"id":"[identity]","provider_type":"local-userpass","provider_id":"[app]"},"exp":1772409600,"iat":1767225600,"stitch_data":null,"stitch_devId":"[device]","stitch_domainId":"[app]","stitch_id":"[session]","stitch_ident":{"id":"[identity]","provider_type":"local-userpass","provider_id":"[app]"},"sub":"[user]","typ":"refresh"}"#);
    assert!(claims["exp"].is_i64() && claims["iat"].is_i64());
}

fn with_names(app: &TestApp, user: &User, text: &str, more: &[(&str, &str)]) -> String {
    let domain = app.app().object_id.to_string();
    let names = [
        ("[user]", &*user.id),
        ("[device]", &*user.device_id),
        ("[app]", &*domain),
    ];
    named(&named(text, more), &names)
}

#[tokio::test]
async fn s66_any_backend_verifies_an_access_token_offline() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let jwks = app.anonymous().get(JWKS).await;
    assert_eq!(
        (jwks.status().as_u16(), jwks.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=300"));

    let keys = jwks.json();
    let kid = jwt::header(&ada.access_token)["kid"].clone();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == kid)
        .expect("the key is published");
    let text = |name: &str| key[name].as_str().unwrap();
    assert_eq!(
        [text("kty"), text("crv"), text("alg"), text("use")],
        ["EC", "P-256", "ES256", "sig"]
    );
    assert!(key.get("d").is_none(), "the private half is published");

    let decoding = DecodingKey::from_ec_components(text("x"), text("y")).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[TestApp::ID]);
    validation.validate_exp = false; // The clock of this test stands still.
    let token = jsonwebtoken::decode::<Value>(&ada.access_token, &decoding, &validation).unwrap();
    assert_eq!(token.claims["sub"], ada.id);

    // Only the server reads a refresh token: no published key verifies it.
    assert!(jsonwebtoken::decode::<Value>(&ada.refresh_token, &decoding, &validation).is_err());
}

#[tokio::test]
async fn s66_with_hs256_nothing_is_published_and_the_key_verifies() {
    let app = TestApp::builder().auto_confirm().hs256().start().await;
    let ada = app.user("ada").await;
    assert_snapshot!(app.anonymous().get(JWKS).await.text(), @r#"{"keys":[]}"#);
    assert_snapshot!(jwt::text(&ada.access_token, 0), @r#"{"typ":"JWT","alg":"HS256","kid":"access"}"#);
    let (header, claims) = (jwt::header(&ada.access_token), jwt::claims(&ada.access_token));
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    assert_eq!(
        app.anonymous()
            .profile(&jwt::hs256(&header, &claims, TestApp::HS256_KEY))
            .await
            .status(),
        200
    );

    // Neither the refresh key nor the ES256 key signs access tokens here.
    let foreign = jwt::hs256(&header, &claims, TestApp::REFRESH_KEY);
    assert_snapshot!(app.anonymous().profile(&foreign).await.error(), @"401 - unauthorized");
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "access" });
    let foreign = jwt::es256(&header, &claims, TestApp::ES256_KEY);
    assert_snapshot!(app.anonymous().profile(&foreign).await.error(), @"401 - unauthorized");
}

#[test]
fn s66_a_symmetric_key_has_at_least_256_bits() {
    assert!(AccessKey::hs256(&[1; 31]).is_err());
    assert!(RefreshKey::new(&[1; 31]).is_err());
    assert!(AccessKey::hs256(&[1; 32]).is_ok());
    assert!(RefreshKey::new(&[1; 32]).is_ok());
}

#[tokio::test]
async fn s66_a_token_is_checked_with_the_algorithm_of_its_key_whatever_its_header_says() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let claims = jwt::claims(&ada.access_token);
    let jwk = app.anonymous().get(JWKS).await.json()["keys"][0].clone();
    let point = public_point(&jwk);
    let header = |algorithm: &str| json!({ "alg": algorithm, "typ": "JWT", "kid": "access" });
    let mut forged = vec![
        jwt::unsigned(&header("none"), &claims),
        jwt::unsigned(&header("None"), &claims),
        jwt::unsigned(&header("NONE"), &claims),
        jwt::unsigned(&header("ES256"), &claims),
        jwt::unsigned(&json!({ "typ": "JWT", "kid": "access" }), &claims),
        jwt::es256(&header("none"), &claims, TestApp::ES256_KEY),
        jwt::es256(&header("HS256"), &claims, TestApp::ES256_KEY),
        jwt::es256(&header("ES384"), &claims, TestApp::ES256_KEY),
        jwt::hs256(&header("HS256"), &claims, b""),
    ];
    // The public key, used as an HMAC secret, in every form in which an attacker could use it.
    let x_y = [jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap()].concat();
    for secret in [&point[..], &point[1..], jwk.to_string().as_bytes(), x_y.as_bytes()] {
        forged.push(jwt::hs256(&header("HS256"), &claims, secret));
        forged.push(jwt::hs256(&header("ES256"), &claims, secret));
    }
    for token in forged {
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
    }
    let genuine = jwt::es256(&header("ES256"), &claims, TestApp::ES256_KEY);
    assert_eq!(app.anonymous().profile(&genuine).await.status(), 200);
}

/// The uncompressed point of a published key.
fn public_point(jwk: &Value) -> Vec<u8> {
    use base64::Engine as _;
    let decode = |name: &str| {
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().unwrap())
            .expect("base64url")
    };
    [vec![4], decode("x"), decode("y")].concat()
}

#[tokio::test]
async fn s66_a_token_brings_no_key_of_its_own() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let claims = jwt::claims(&ada.access_token);
    let own = jwt::new_p256_key();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": "access" });
        header[name] = value;
        let forged = jwt::es256(&header, &claims, &own);
        assert_eq!(app.anonymous().profile(&forged).await.error(), "401 - unauthorized");
    }
    // Ignored means ignored: on a genuine token such a header changes nothing.
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "access", "jku": "https://attacker.example/jwks.json" });
    let genuine = jwt::es256(&header, &claims, TestApp::ES256_KEY);
    assert_eq!(app.anonymous().profile(&genuine).await.status(), 200);
}

#[tokio::test]
async fn s66_an_unknown_key_is_no_key() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    for kid in [
        json!("other"),
        json!(""),
        json!("refresh"),
        json!("Access"),
        json!("../access"),
        json!(null),
        json!(1),
    ] {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });
        let token = jwt::es256(&header, &jwt::claims(&ada.access_token), TestApp::ES256_KEY);
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
        let header =
            json!({ "alg": "HS256", "typ": "JWT", "kid": if kid == "refresh" { json!("access") } else { kid } });
        let token = jwt::hs256(&header, &jwt::claims(&ada.refresh_token), TestApp::REFRESH_KEY);
        assert_eq!(
            app.anonymous().refresh(&token).await.error(),
            "401 - signature is invalid"
        );
    }
    let without = jwt::es256(
        &json!({ "alg": "ES256" }),
        &jwt::claims(&ada.access_token),
        TestApp::ES256_KEY,
    );
    assert_snapshot!(app.anonymous().profile(&without).await.error(), @"401 - unauthorized");
}

#[tokio::test]
async fn s66_every_claim_that_is_checked_is_needed() {
    let app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let (header, claims) = (jwt::header(&ada.access_token), jwt::claims(&ada.access_token));
    let zero = "0".repeat(24);
    for (name, value) in [
        ("aud", json!("other-fghij")),
        ("aud", json!(["notes-abcde", "other-fghij"])),
        ("aud", Value::Null),
        ("typ", json!("refresh")),
        ("typ", json!("")),
        ("baas_domain_id", json!(zero)),
        ("sub", json!("not-an-id")),
        ("sub", json!(7)),
        ("exp", json!("1767227400")),
        ("exp", Value::Null),
    ] {
        let token = jwt::es256(
            &header,
            &jwt::with_claim(claims.clone(), name, value),
            TestApp::ES256_KEY,
        );
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
    }
    for name in ["aud", "typ", "baas_domain_id", "sub", "exp"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        let token = jwt::es256(&header, &claims, TestApp::ES256_KEY);
        assert_eq!(app.anonymous().profile(&token).await.error(), "401 - unauthorized");
    }
    // A user that never existed, in a token that is otherwise right, is answered as a deleted user.
    let stranger = jwt::es256(&header, &jwt::with_claim(claims, "sub", zero), TestApp::ES256_KEY);
    assert!(
        app.anonymous()
            .profile(&stranger)
            .await
            .error()
            .starts_with("401 InvalidSession ")
    );
}

#[tokio::test]
async fn s72_keys_rotate_without_a_token_failing() {
    let mut app = TestApp::auto_confirm().await;
    let ada = app.user("ada").await;
    let next = jwt::new_p256_key();

    // Published before its first use.
    serve_with(
        &mut app,
        "access",
        &[("access", TestApp::ES256_KEY), ("next", &next)],
        &["refresh", "later"],
        "refresh",
    );
    assert_eq!(published(&app).await, ["access", "next"]);
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);

    // In use, and the old one still verifies.
    serve_with(
        &mut app,
        "next",
        &[("access", TestApp::ES256_KEY), ("next", &next)],
        &["refresh", "later"],
        "later",
    );
    assert_eq!(published(&app).await, ["access", "next"]);
    assert_eq!(app.anonymous().profile(&ada.access_token).await.status(), 200);
    let refreshed = app.anonymous().refresh(&ada.refresh_token).await;
    assert_eq!(refreshed.status(), 201);
    let fresh = refreshed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(jwt::header(&fresh)["kid"], "next");
    let login = app.anonymous().log_in(&ada.email, &ada.password).await.json();
    let later = login["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(jwt::header(&later)["kid"], "later");

    // Removed, after its last token: tokens that it signed are refused.
    serve_with(&mut app, "next", &[("next", &next)], &["later"], "later");
    assert_eq!(published(&app).await, ["next"]);
    assert_snapshot!(app.anonymous().profile(&ada.access_token).await.error(), @"401 - unauthorized");
    assert_eq!(app.anonymous().profile(&fresh).await.status(), 200);
    assert_snapshot!(app.anonymous().refresh(&ada.refresh_token).await.error(), @"401 - signature is invalid");
    assert_eq!(app.anonymous().refresh(&later).await.status(), 201);
}

fn serve_with(app: &mut TestApp, active: &str, access: &[(&str, &[u8])], refresh: &[&str], active_refresh: &str) {
    let id = |name: &str| KeyId(name.to_owned());
    let access = access
        .iter()
        .map(|(name, key)| (id(name), AccessKey::es256(&id(name), key).unwrap()));
    let secret = |name: &str| if name == "refresh" { [3; 32] } else { [4; 32] };
    let refresh = refresh
        .iter()
        .map(|name| (id(name), RefreshKey::new(&secret(name)).unwrap()));
    let keys = AppKeys::new(
        id(active),
        access.collect::<BTreeMap<_, _>>(),
        id(active_refresh),
        refresh.collect::<BTreeMap<_, _>>(),
    );
    let same = App::clone(app.app());
    app.restart([(same, keys.unwrap())]);
}

async fn published(app: &TestApp) -> Vec<String> {
    let jwks = app.anonymous().get(JWKS).await.json();
    jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}
