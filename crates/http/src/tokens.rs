//! Signing and checking the two kinds of token. Each app has keys of its own; each key has one algorithm, and a token is checked
//! with the algorithm of the key that its `kid` names, whatever else its header says (RFC 8725 §3.1).

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use doorward_core::{App, KeyId, ObjectId, Session, Timestamp};
use doorward_wire::{ACCESS, AccessClaims, Identity, Jwk, JwkSet, REFRESH, RefreshClaims, TypeClaim};

use crate::RequestError;

/// How long an access token works, in seconds. It is part of the protocol: clients and backends count on 30 minutes.
pub(crate) const ACCESS_TOKEN_SECONDS: i64 = 1_800;

/// The keys of one app.
pub struct AppKeys {
    active_access: KeyId,
    access: BTreeMap<KeyId, AccessKey>,
    active_refresh: KeyId,
    refresh: BTreeMap<KeyId, RefreshKey>,
}

/// A key for access tokens.
pub struct AccessKey {
    key: Key,
    public: Option<Jwk>,
}

/// A key for refresh tokens. Nobody but the server reads those, so it is symmetric and never published.
pub struct RefreshKey(Key);

struct Key {
    algorithm: Algorithm,
    signer: Signer,
    decoding: DecodingKey,
}

enum Signer {
    Hs256(EncodingKey),
    /// `jsonwebtoken` would read the private key anew for each signature, which costs more than the signature itself.
    Es256(EcdsaKeyPair),
}

/// Key material that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is a P-256 private key in PKCS#8 for ES256, or at least 32 bytes for HS256")]
pub struct InvalidKey;

impl Key {
    fn hs256(secret: &[u8]) -> Result<Self, InvalidKey> {
        // RFC 7518 §3.2: no shorter than the hash.
        if secret.len() < 32 {
            return Err(InvalidKey);
        }
        let signer = Signer::Hs256(EncodingKey::from_secret(secret));
        Ok(Self {
            algorithm: Algorithm::HS256,
            signer,
            decoding: DecodingKey::from_secret(secret),
        })
    }

    fn sign(&self, id: &KeyId, claims: &impl Serialize) -> String {
        let header = Header {
            kid: Some(id.0.clone()),
            ..Header::new(self.algorithm)
        };
        // Both fail only for a key of the wrong kind or claims that are not JSON, which is settled when a key is loaded.
        match &self.signer {
            Signer::Hs256(key) => {
                jsonwebtoken::encode(&header, claims, key).expect("a checked key signs our own claims")
            }
            Signer::Es256(pair) => es256(pair, &header, claims).expect("a checked key signs our own claims"),
        }
    }

    /// Checks the signature and nothing else: time, type and audience are the caller's, against the injected clock.
    fn verify<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &self.decoding, &validation)
            .ok()
            .map(|token| token.claims)
    }
}

impl AccessKey {
    /// A key for ES256 from PKCS#8.
    pub fn es256(id: &KeyId, pkcs8: &[u8]) -> Result<Self, InvalidKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| InvalidKey)?;
        // An uncompressed point: 0x04, then 32 bytes of x and 32 bytes of y (SEC 1 §2.3.3).
        let point: &[u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey)?;
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        let key = Key {
            algorithm: Algorithm::ES256,
            decoding: DecodingKey::from_ec_components(&x, &y).map_err(|_| InvalidKey)?,
            signer: Signer::Es256(pair),
        };
        let text = str::to_owned;
        let public = Jwk {
            kty: text("EC"),
            crv: text("P-256"),
            alg: text("ES256"),
            usage: text("sig"),
            kid: id.0.clone(),
            x,
            y,
        };
        Ok(Self {
            key,
            public: Some(public),
        })
    }

    /// A key for HS256. It has no public half.
    pub fn hs256(secret: &[u8]) -> Result<Self, InvalidKey> {
        Ok(Self {
            key: Key::hs256(secret)?,
            public: None,
        })
    }
}

impl RefreshKey {
    /// A key of at least 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, InvalidKey> {
        Key::hs256(secret).map(Self)
    }
}

impl AppKeys {
    /// Takes the keys by id. The active ones sign; all of them verify.
    pub fn new(
        active_access: KeyId,
        access: BTreeMap<KeyId, AccessKey>,
        active_refresh: KeyId,
        refresh: BTreeMap<KeyId, RefreshKey>,
    ) -> Result<Self, InvalidKey> {
        if access.contains_key(&active_access) && refresh.contains_key(&active_refresh) {
            Ok(Self {
                active_access,
                access,
                active_refresh,
                refresh,
            })
        } else {
            Err(InvalidKey)
        }
    }

    /// An access token for a session.
    pub(crate) fn issue_access(&self, app: &App, session: &Session, id: ObjectId, now: Timestamp) -> String {
        let (device, domain) = (session.device.to_string(), session.app.to_string());
        let claims = AccessClaims {
            aud: app.id.as_str().to_owned(),
            baas_device_id: device.clone(),
            baas_domain_id: domain.clone(),
            exp: now.as_seconds() + ACCESS_TOKEN_SECONDS,
            iat: now.as_seconds(),
            iss: session.id.to_string(),
            jti: id.to_string(),
            stitch_dev_id: device,
            stitch_domain_id: domain,
            sub: session.user.to_string(),
            typ: ACCESS.to_owned(),
        };
        self.access[&self.active_access].key.sign(&self.active_access, &claims)
    }

    /// The refresh token of a new session.
    pub(crate) fn issue_refresh(&self, session: &Session, identity: &doorward_core::Identity) -> String {
        let (device, domain, id) = (
            session.device.to_string(),
            session.app.to_string(),
            session.id.to_string(),
        );
        let identity = Identity {
            id: identity.id(),
            provider_type: identity.provider().name().to_owned(),
            provider_id: domain.clone(),
        };
        let claims = RefreshClaims {
            baas_data: None,
            baas_device_id: device.clone(),
            baas_domain_id: domain.clone(),
            baas_id: id.clone(),
            baas_identity: identity.clone(),
            exp: session.expires_at.as_seconds(),
            iat: session.created_at.as_seconds(),
            stitch_data: None,
            stitch_dev_id: device,
            stitch_domain_id: domain,
            stitch_id: id,
            stitch_ident: identity,
            sub: session.user.to_string(),
            typ: REFRESH.to_owned(),
        };
        self.refresh[&self.active_refresh].0.sign(&self.active_refresh, &claims)
    }

    /// The claims of an access token of this app that has not expired.
    pub(crate) fn verify_access(&self, token: &str, app: &App, now: Timestamp) -> Result<AccessClaims, RequestError> {
        let key = kid(token)
            .and_then(|id| self.access.get(&id))
            .ok_or(RequestError::InvalidAccessToken)?;
        let claims: AccessClaims = key.key.verify(token).ok_or(RequestError::InvalidAccessToken)?;
        let ours =
            claims.typ == ACCESS && claims.aud == app.id.as_str() && claims.baas_domain_id == app.object_id.to_string();
        if !ours {
            return Err(RequestError::InvalidAccessToken);
        }
        if claims.exp <= now.as_seconds() {
            Err(RequestError::AccessTokenExpired)
        } else {
            Ok(claims)
        }
    }

    /// The claims of a refresh token of this app that has not expired.
    pub(crate) fn verify_refresh(&self, token: &str, app: &App, now: Timestamp) -> Result<RefreshClaims, RequestError> {
        let key = kid(token)
            .and_then(|id| self.refresh.get(&id))
            .ok_or(RequestError::InvalidRefreshToken)?;
        let claims: RefreshClaims = key.0.verify(token).ok_or(RequestError::InvalidRefreshToken)?;
        if claims.typ != REFRESH || claims.baas_domain_id != app.object_id.to_string() {
            return Err(RequestError::InvalidRefreshToken);
        }
        if claims.exp <= now.as_seconds() {
            Err(RequestError::RefreshTokenExpired)
        } else {
            Ok(claims)
        }
    }

    /// The public halves of the access keys, for backends that verify offline. HS256 keys have none.
    pub(crate) fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.access.values().filter_map(|key| key.public.clone()).collect(),
        }
    }
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKeys")
            .field("active_access", &self.active_access)
            .field("active_refresh", &self.active_refresh)
            .finish_non_exhaustive()
    }
}

/// What a token says of itself, unchecked: good for choosing the key to check it with, and for nothing else.
pub(crate) fn peek(token: &str) -> Option<TypeClaim> {
    jsonwebtoken::dangerous::insecure_decode_claims(token).ok()
}

fn kid(token: &str) -> Option<KeyId> {
    jsonwebtoken::decode_header(token).ok()?.kid.map(KeyId)
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

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
