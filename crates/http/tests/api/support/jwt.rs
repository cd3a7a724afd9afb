//! Tokens as an attacker handles them: read without a key, and signed with any.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The header of a token.
pub(crate) fn header(token: &str) -> Value {
    serde_json::from_str(&text(token, 0)).expect("a header is JSON")
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_str(&text(token, 1)).expect("claims are JSON")
}

/// One part of a token, decoded.
pub(crate) fn text(token: &str, part: usize) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a token has three parts");
    String::from_utf8(URL_SAFE_NO_PAD.decode(parts[part]).expect("base64url without padding")).expect("text")
}

/// Claims with one changed.
pub(crate) fn with_claim(mut claims: Value, name: &str, value: impl Into<Value>) -> Value {
    claims[name] = value.into();
    claims
}

/// A token without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    signed(header, claims, |_| Vec::new())
}

/// A token with an HMAC.
pub(crate) fn hs256(header: &Value, claims: &Value, key: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    signed(header, claims, |message| hmac::sign(&key, message).as_ref().to_vec())
}

/// A token with an ECDSA signature.
pub(crate) fn es256(header: &Value, claims: &Value, pkcs8: &[u8]) -> String {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).expect("a P-256 key");
    signed(header, claims, |message| {
        key.sign(&SystemRandom::new(), message)
            .expect("it signs")
            .as_ref()
            .to_vec()
    })
}

/// A new P-256 key in PKCS#8.
pub(crate) fn new_p256_key() -> Vec<u8> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    key.expect("a key").as_ref().to_vec()
}

fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let message = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = encode(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}
