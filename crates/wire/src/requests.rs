//! What clients send. Native SDKs and the Web SDK differ in small ways; each type takes both.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use zeroize::Zeroizing;

/// A string that must not be printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The string, for whoever handles the secret from here on.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A value that should be a string. Some endpoints answer a wrong type as they answer a wrong value, not as broken JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// It is one.
    String(Secret),
    /// It is something else.
    Other(IgnoredAny),
}

impl Text {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.expose()),
            Self::Other(_) => None,
        }
    }
}

/// `POST …/register`.
#[derive(Debug, Deserialize)]
pub struct Register {
    /// The address.
    pub email: Secret,
    /// The password.
    pub password: Secret,
}

/// `POST …/confirm`.
#[derive(Debug, Deserialize)]
pub struct ConfirmUser {
    /// 128 hexadecimal characters.
    pub token: Text,
    /// 24 hexadecimal characters.
    #[serde(rename = "tokenId")]
    pub token_id: Text,
}

/// `POST …/confirm/send`, `…/confirm/call`, `…/reset/send`.
#[derive(Debug, Deserialize)]
pub struct EmailOnly {
    /// The address.
    pub email: Secret,
}

/// `POST …/reset`.
#[derive(Debug, Deserialize)]
pub struct ResetPassword {
    /// The new password.
    pub password: Secret,
    /// 128 hexadecimal characters.
    pub token: Text,
    /// 24 hexadecimal characters.
    #[serde(rename = "tokenId")]
    pub token_id: Text,
}

/// `POST …/reset/call`.
#[derive(Debug, Deserialize)]
pub struct CallReset {
    /// The address.
    pub email: Secret,
    /// The new password.
    pub password: Secret,
    /// What else the function gets, as canonical Extended JSON.
    #[serde(default)]
    pub arguments: Vec<Value>,
}

/// `POST …/local-userpass/login`. The Web SDK leaves `provider` out, and curl leaves `options` out.
#[derive(Debug, Deserialize)]
pub struct LogIn {
    /// The address.
    #[serde(default)]
    pub username: Option<Text>,
    /// The password.
    #[serde(default)]
    pub password: Option<Text>,
    #[serde(default)]
    options: Option<Value>,
}

impl LogIn {
    /// The device id that the Web SDK sends back: `options.device.deviceId.$oid`. Anything else is no id.
    pub fn device_id(&self) -> Option<&str> {
        let id = self.options.as_ref()?.get("device")?.get("deviceId")?;
        id.get("$oid").unwrap_or(id).as_str()
    }
}

/// `POST …/functions/call`.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// The function.
    pub name: String,
    /// Its arguments, as canonical Extended JSON.
    #[serde(default)]
    pub arguments: Vec<Value>,
}
