//! `POST …/auth/providers/{provider}/login`: what is sent to each provider, apart from `custom-function`.
//!
//! The path says which provider is meant. Native SDKs repeat its name in the body and the Web SDK does not, so it is
//! written here and never read.

use serde::{Deserialize, Serialize};

use crate::{LogInOptions, Secret, Text};

/// A login with e-mail address and password. The Web SDK leaves `provider` out, and a login by curl usually has no
/// `options`.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogIn {
    /// `local-userpass`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Text>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Text>,
    /// What the SDK says about the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<LogInOptions>,
}

impl LogIn {
    /// The device id that an earlier login was answered with, as the SDK repeats it in `options`.
    pub fn device_id(&self) -> Option<&str> {
        self.options.as_ref()?.device_id()
    }
}

/// An anonymous login.
#[derive(Debug, Serialize, Deserialize)]
pub struct AnonymousLogIn {
    /// `anon-user`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// What the SDK says about the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<LogInOptions>,
}

/// A login with an API key.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApiKeyLogIn {
    /// `api-key`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// The key's value.
    pub key: Secret,
    /// What the SDK says about the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<LogInOptions>,
}

/// A login with a JSON Web Token of another system.
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenLogIn {
    /// `custom-token`.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// The token.
    pub token: Secret,
    /// What the SDK says about the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<LogInOptions>,
}
