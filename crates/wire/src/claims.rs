//! The claims of the two kinds of token. Clients decode them without checking the signature, so names and types are a contract:
//! `exp` and `iat` are integers in both, and `user_data` is absent rather than empty.

use serde::{Deserialize, Serialize};

/// The `typ` of an access token.
pub const ACCESS: &str = "access";
/// The `typ` of a refresh token.
pub const REFRESH: &str = "refresh";

/// An access token's claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The client app id: ours, so that a verifier can tell apps apart.
    pub aud: String,
    /// The device.
    pub baas_device_id: String,
    /// The app's object id.
    pub baas_domain_id: String,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// The session's id, as App Services had it: not the URL of an issuer.
    pub iss: String,
    /// 24 hexadecimal characters: ours, so that two tokens of one second differ.
    pub jti: String,
    /// The device again, under its older name.
    #[serde(rename = "stitch_devId")]
    pub stitch_dev_id: String,
    /// The app again, under its older name.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: String,
    /// The user.
    pub sub: String,
    /// [`ACCESS`].
    pub typ: String,
}

/// A refresh token's claims. There is no `iss`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// Always null.
    pub baas_data: Option<()>,
    /// The device.
    pub baas_device_id: String,
    /// The app's object id.
    pub baas_domain_id: String,
    /// The session's id.
    pub baas_id: String,
    /// The identity that logged in.
    pub baas_identity: Identity,
    /// When it expires, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// Always null.
    pub stitch_data: Option<()>,
    /// The device again, under its older name.
    #[serde(rename = "stitch_devId")]
    pub stitch_dev_id: String,
    /// The app again, under its older name.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: String,
    /// The session again, under its older name.
    pub stitch_id: String,
    /// The identity again, under its older name.
    pub stitch_ident: Identity,
    /// The user.
    pub sub: String,
    /// [`REFRESH`].
    pub typ: String,
}

/// An identity as a refresh token names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The identity's id.
    pub id: String,
    /// Such as `local-userpass`.
    pub provider_type: String,
    /// The provider's id.
    pub provider_id: String,
}

/// What is read of a token before its signature is checked: only what chooses the key to check it with.
#[derive(Debug, Clone, Deserialize)]
pub struct TypeClaim {
    /// The kind of token.
    #[serde(default)]
    pub typ: String,
    /// The app's object id.
    #[serde(default)]
    pub baas_domain_id: String,
}
