//! The answer to `GET …/.well-known/jwks.json`: the public keys of an app.

use serde::{Deserialize, Serialize};

/// A JSON Web Key Set (RFC 7517 §5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JwkSet {
    /// The public keys that access tokens may be signed with.
    pub keys: Vec<Jwk>,
}

/// A P-256 public key (RFC 7518 §6.2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// `ES256`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The key's id, as in the header of a token.
    pub kid: String,
    /// The x coordinate, base64url.
    pub x: String,
    /// The y coordinate, base64url.
    pub y: String,
}
