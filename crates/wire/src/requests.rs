//! What clients send. Native SDKs and the Web SDK differ in small ways; each type takes both.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
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

/// The text of an array of Extended JSON values. It is checked to be one and otherwise kept as it was sent: only the function knows what
/// its arguments mean, and to write them anew could change a number or the order of keys.
#[derive(Clone)]
pub struct EjsonArray(Box<RawValue>);

impl EjsonArray {
    /// The text.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl Default for EjsonArray {
    fn default() -> Self {
        Self(RawValue::from_string("[]".to_owned()).expect("an empty array is JSON"))
    }
}

impl<'de> Deserialize<'de> for EjsonArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        // This also bounds the depth: whoever reads it later can do so with recursion.
        serde_json::from_str::<Vec<Value>>(raw.get()).map_err(|_| D::Error::custom("an array was expected"))?;
        Ok(Self(raw))
    }
}

impl fmt::Debug for EjsonArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EjsonArray(..)")
    }
}

/// `POST …/reset/call`.
#[derive(Debug, Deserialize)]
pub struct CallReset {
    /// The address.
    pub email: Secret,
    /// The new password.
    pub password: Secret,
    /// What else the function gets.
    #[serde(default)]
    pub arguments: EjsonArray,
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
        device_id(self.options.as_ref()?)
    }
}

fn device_id(options: &Value) -> Option<&str> {
    let id = options.get("device")?.get("deviceId")?;
    id.get("$oid").unwrap_or(id).as_str()
}

/// `POST …/custom-function/login`: an object whose keys are the app's own business. SDKs add `options`, which is taken out again.
#[derive(Clone)]
pub struct FunctionLogIn {
    payload: String,
    options: Option<Value>,
}

impl FunctionLogIn {
    /// The text of the object without what an SDK added. It is otherwise as it was sent, numbers and the order of keys included.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The device id that the Web SDK sends back.
    pub fn device_id(&self) -> Option<&str> {
        device_id(self.options.as_ref()?)
    }
}

impl<'de> Deserialize<'de> for FunctionLogIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = FunctionLogIn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FunctionLogIn, A::Error> {
        let mut seen = BTreeSet::new();
        let mut texts = Vec::new();
        let mut options = None;
        while let Some((key, raw)) = map.next_entry::<String, Box<RawValue>>()? {
            // This also bounds the depth: whoever reads it later can do so with recursion.
            let value: Value = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key stands twice"));
            }
            // An object about a device is the SDK's, which overwrites what the app had under that key.
            if key == "options" && value.get("device").is_some_and(Value::is_object) {
                options = Some(value);
            } else {
                texts.push(format!("{}:{}", Value::String(key), raw.get()));
            }
        }
        let payload = format!("{{{}}}", texts.join(","));
        Ok(FunctionLogIn { payload, options })
    }
}

impl fmt::Debug for FunctionLogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FunctionLogIn(..)")
    }
}

/// `POST …/functions/call`.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// The function.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: EjsonArray,
}
