//! Calling a function of the app's owner, and the arguments that functions get.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// `POST …/functions/call`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call {
    /// The function's name.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: EjsonArray,
}

/// The text of an array of Extended JSON values.
///
/// Parsing checks that it is an array, and keeps the text as it was sent. Only the function knows what its arguments
/// mean; writing them anew could change a number or the order of keys.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct EjsonArray(Box<RawValue>);

impl EjsonArray {
    /// The array's text.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl Default for EjsonArray {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<Value>> for EjsonArray {
    fn from(values: Vec<Value>) -> Self {
        let text = Value::Array(values).to_string();
        Self(RawValue::from_string(text).expect("a value is written as JSON"))
    }
}

impl<'de> Deserialize<'de> for EjsonArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        // serde_json refuses deep nesting here, so that later readers of the text can use recursion.
        serde_json::from_str::<Vec<Value>>(raw.get()).map_err(|_| D::Error::custom("an array was expected"))?;
        Ok(Self(raw))
    }
}

/// Arguments may hold passwords.
impl fmt::Debug for EjsonArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EjsonArray(..)")
    }
}
