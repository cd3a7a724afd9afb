//! Signatures. Each key has one algorithm, and a token is checked with the algorithm of the key that its `kid` names,
//! whatever else its header says (RFC 8725 §3.1).

use std::error::Error;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::EcdsaKeyPair;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use doorward_core::KeyId;

/// Key material that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is a P-256 private key in PKCS#8 for ES256, or at least 32 bytes for HS256")]
pub struct InvalidKey;

/// A key that signs and verifies.
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    signer: Signer,
    decoding: DecodingKey,
}

enum Signer {
    Hs256(EncodingKey),
    /// `jsonwebtoken` would read the private key anew for each signature, which costs more than the signature itself.
    Es256(EcdsaKeyPair),
}

impl SigningKey {
    pub(crate) fn hs256(secret: &[u8]) -> Result<Self, InvalidKey> {
        // RFC 7518 §3.2: no shorter than the hash.
        if secret.len() < 32 {
            return Err(InvalidKey);
        }
        Ok(Self {
            algorithm: Algorithm::HS256,
            signer: Signer::Hs256(EncodingKey::from_secret(secret)),
            decoding: DecodingKey::from_secret(secret),
        })
    }

    /// The coordinates of the public point are in base64url.
    pub(crate) fn es256(pair: EcdsaKeyPair, x: &str, y: &str) -> Result<Self, InvalidKey> {
        Ok(Self {
            algorithm: Algorithm::ES256,
            signer: Signer::Es256(pair),
            decoding: DecodingKey::from_ec_components(x, y).map_err(|_| InvalidKey)?,
        })
    }

    pub(crate) fn sign(&self, id: &KeyId, claims: &impl Serialize) -> String {
        let header = Header {
            kid: Some(id.0.clone()),
            ..Header::new(self.algorithm)
        };
        // Both fail only for a key of the wrong kind or claims that are not JSON, which is settled when a key is
        // loaded.
        match &self.signer {
            Signer::Hs256(key) => {
                jsonwebtoken::encode(&header, claims, key).expect("a checked key signs our own claims")
            }
            Signer::Es256(pair) => es256(pair, &header, claims).expect("a checked key signs our own claims"),
        }
    }

    /// Checks the signature and nothing else: time, type and audience are the caller's to check, against the injected
    /// clock.
    pub(crate) fn verify<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &self.decoding, &validation)
            .ok()
            .map(|token| token.claims)
    }
}

/// A JWS in compact form (RFC 7515 §7.1).
fn es256(pair: &EcdsaKeyPair, header: &Header, claims: &impl Serialize) -> Result<String, Box<dyn Error>> {
    let mut token = base64url(&serde_json::to_vec(header)?);
    token.push('.');
    token.push_str(&base64url(&serde_json::to_vec(claims)?));
    let signature = pair.sign(&SystemRandom::new(), token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(signature.as_ref()));
    Ok(token)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
