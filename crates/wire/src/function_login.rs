//! `POST …/auth/providers/custom-function/login`: what is sent to a login function.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::LogInOptions;

/// An object whose keys mean something to the app's login function only. SDKs add `options` to it; parsing takes them
/// out again.
#[derive(Clone)]
pub struct FunctionLogIn {
    payload: String,
    options: Option<LogInOptions>,
}

/// The key under which SDKs add what they say about the device.
const OPTIONS: &str = "options";

impl FunctionLogIn {
    /// A login with this payload, to which the SDK adds its options. They replace an entry of that name in the payload.
    pub fn new(mut payload: Map<String, Value>, options: LogInOptions) -> Self {
        payload.remove(OPTIONS);
        Self {
            payload: Value::Object(payload).to_string(),
            options: Some(options),
        }
    }

    /// The text of the object without the options of the SDK. Numbers and the order of keys are as they were sent.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The device id that an earlier login was answered with, as the SDK repeats it in `options`.
    pub fn device_id(&self) -> Option<&str> {
        self.options.as_ref()?.device_id()
    }
}

impl Serialize for FunctionLogIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match &self.options {
            None => self.payload.clone(),
            Some(options) => {
                let options = serde_json::to_string(options).map_err(S::Error::custom)?;
                let open = self.payload.strip_suffix('}').unwrap_or_default();
                let comma = if open == "{" { "" } else { "," };
                format!("{open}{comma}\"{OPTIONS}\":{options}}}")
            }
        };
        RawValue::from_string(text)
            .map_err(S::Error::custom)?
            .serialize(serializer)
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
            // serde_json refuses deep nesting here, so that later readers of the text can use recursion.
            let value: Value = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key stands twice"));
            }
            // An app may have a key of this name too, but only an SDK writes an object about a device there.
            if key == OPTIONS && value.get("device").is_some_and(Value::is_object) {
                options = Some(LogInOptions(value));
            } else {
                texts.push(format!("{}:{}", Value::String(key), raw.get()));
            }
        }
        let payload = format!("{{{}}}", texts.join(","));
        Ok(FunctionLogIn { payload, options })
    }
}

/// The payload may hold passwords.
impl fmt::Debug for FunctionLogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FunctionLogIn(..)")
    }
}
