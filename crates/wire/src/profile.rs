//! The answer to `GET …/auth/profile`. The order of the fields is the order on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A user's profile. A reader needs `identities` and `data`; the rest may be missing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// 24 hexadecimal characters.
    #[serde(default)]
    pub user_id: String,
    /// The app's object id.
    #[serde(default)]
    pub domain_id: String,
    /// In the order in which they were linked; SDKs take the first as "the provider".
    pub identities: Vec<ProfileIdentity>,
    /// What all providers know of the user.
    pub data: ProfileData,
    /// `normal` for people.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// One identity of a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProfileIdentity {
    /// The identity's id, which is not the user's.
    pub id: String,
    /// One of the eight names that SDKs know; some SDKs abort on any other.
    pub provider_type: String,
    /// The provider's id.
    #[serde(default)]
    pub provider_id: String,
    /// What this provider knows of the user.
    #[serde(default)]
    pub provider_data: ProfileData,
}

/// What a provider knows of a user. All values are strings, and an unknown one is absent: native SDKs cast each value
/// to a string without looking, null included.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProfileData {
    /// The address as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Everything else, such as `first_name` and `picture_url`.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
