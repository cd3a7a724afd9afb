//! What the server answers. The order of the fields is the order on the wire, and some clients depend on it.

use serde::{Deserialize, Serialize};

/// `GET …/location`. The SDKs send every later call to `hostname`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Location {
    /// `GLOBAL` or `LOCAL`.
    pub deployment_model: String,
    /// Such as `US-VA`.
    pub location: String,
    /// The public URL, without a trailing slash.
    pub hostname: String,
    /// Its web-socket twin; native SDKs refuse an answer without it.
    pub ws_hostname: String,
}

/// A successful login. The Kotlin SDK's log obfuscator cuts from `access_token` to `user_id`, so the order hides both tokens.
#[derive(Serialize, Deserialize)]
pub struct LoggedIn {
    /// Good for 30 minutes.
    pub access_token: String,
    /// Good until the session ends.
    pub refresh_token: String,
    /// 24 hexadecimal characters.
    pub user_id: String,
    /// 24 hexadecimal characters, never all zeros.
    pub device_id: String,
}

/// A successful refresh.
#[derive(Serialize, Deserialize)]
pub struct AccessToken {
    /// Good for 30 minutes.
    pub access_token: String,
}

/// `GET …/auth/profile`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// 24 hexadecimal characters.
    pub user_id: String,
    /// The app.
    pub domain_id: String,
    /// In the order in which they were linked; SDKs take the first as "the provider".
    pub identities: Vec<ProfileIdentity>,
    /// What the provider knows of the user: strings only, native SDKs cast blindly.
    pub data: ProfileData,
    /// `normal` for people.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One identity of a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProfileIdentity {
    /// Not the user id.
    pub id: String,
    /// One of the eight names that SDKs know; some abort on any other.
    pub provider_type: String,
    /// The provider's id.
    pub provider_id: String,
    /// What the provider knows of the user.
    pub provider_data: ProfileData,
}

/// What the providers know of a user. What nobody knows is absent: native SDKs would cast a null to a string.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProfileData {
    /// The address as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `GET …/.well-known/jwks.json` (RFC 7517 §5).
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
