//! The claims of access tokens and refresh tokens.
//!
//! SDKs decode tokens without checking the signature, so the names and types of claims are a contract: `exp` and `iat`
//! are integers in both kinds, and `user_data` is absent rather than empty.

use serde::{Deserialize, Serialize};

/// The `typ` of an access token.
pub const ACCESS: &str = "access";
/// The `typ` of a refresh token.
pub const REFRESH: &str = "refresh";

/// An access token's claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The client app id. App Services had no such claim; with it a verifier can tell apps apart.
    pub aud: String,
    /// The device's id.
    pub baas_device_id: String,
    /// The app's object id.
    pub baas_domain_id: String,
    /// When the token expires, in seconds since 1970.
    pub exp: i64,
    /// When the token was issued, in seconds since 1970.
    pub iat: i64,
    /// The session's id. As in App Services, it is not the URL of an issuer.
    pub iss: String,
    /// 24 hexadecimal characters. App Services had no such claim; with it two tokens of the same second differ.
    pub jti: String,
    /// The device's id again, under its older name.
    #[serde(rename = "stitch_devId")]
    pub stitch_dev_id: String,
    /// The app's object id again, under its older name.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: String,
    /// The user's id.
    pub sub: String,
    /// [`ACCESS`].
    pub typ: String,
}

/// A refresh token's claims. Unlike an access token it has no `iss`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// Always null.
    pub baas_data: Option<()>,
    /// The device's id.
    pub baas_device_id: String,
    /// The app's object id.
    pub baas_domain_id: String,
    /// The session's id.
    pub baas_id: String,
    /// The identity that logged in.
    pub baas_identity: Identity,
    /// When the token expires, in seconds since 1970.
    pub exp: i64,
    /// When the token was issued, in seconds since 1970.
    pub iat: i64,
    /// Always null.
    pub stitch_data: Option<()>,
    /// The device's id again, under its older name.
    #[serde(rename = "stitch_devId")]
    pub stitch_dev_id: String,
    /// The app's object id again, under its older name.
    #[serde(rename = "stitch_domainId")]
    pub stitch_domain_id: String,
    /// The session's id again, under its older name.
    pub stitch_id: String,
    /// The identity again, under its older name.
    pub stitch_ident: Identity,
    /// The user's id.
    pub sub: String,
    /// [`REFRESH`].
    pub typ: String,
}

/// An identity as a refresh token names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The identity's id.
    pub id: String,
    /// The provider's name, such as `local-userpass`.
    pub provider_type: String,
    /// The provider's id.
    pub provider_id: String,
}

/// The claims that a server reads before it checks the signature, because they choose the key to check it with.
#[derive(Debug, Clone, Deserialize)]
pub struct TypeClaim {
    /// [`ACCESS`], [`REFRESH`] or something else.
    #[serde(default)]
    pub typ: String,
    /// The app's object id.
    #[serde(default)]
    pub baas_domain_id: String,
}
