//! The tokens that the server hands out. The order of the fields is the order on the wire.

use serde::{Deserialize, Serialize};

/// The answer to a login. The Kotlin SDK's log obfuscator cuts from `access_token` to `user_id`, so this order hides
/// both tokens.
#[derive(Serialize, Deserialize)]
pub struct LoggedIn {
    /// A token for calls, valid for 30 minutes.
    pub access_token: String,
    /// A token for new access tokens, valid until the session ends.
    pub refresh_token: String,
    /// 24 hexadecimal characters.
    pub user_id: String,
    /// 24 hexadecimal characters, never all zeros.
    pub device_id: String,
}

/// The answer to a login that links an identity to the user who is logged in. The session goes on, so there is no
/// refresh token.
#[derive(Serialize, Deserialize)]
pub struct Linked {
    /// An access token for the user with the new identity.
    pub access_token: String,
    /// The user that the identity belongs to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// The answer to `POST …/auth/session`.
#[derive(Serialize, Deserialize)]
pub struct AccessToken {
    /// A token for calls, valid for 30 minutes.
    pub access_token: String,
}
