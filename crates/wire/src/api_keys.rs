//! `…/auth/api_keys`: a user's API keys.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// `POST …/auth/api_keys`.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateApiKey {
    /// The new key's name.
    pub name: String,
}

/// An API key, as the server describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The key's value, which only the answer to its creation has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// The name that the user gave it.
    pub name: String,
    /// Whether logins with it are refused.
    #[serde(default)]
    pub disabled: bool,
}
