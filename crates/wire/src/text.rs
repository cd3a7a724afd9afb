//! The strings of a body: secrets, and values that may turn out not to be strings.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

/// A string that must never be printed: it has no `Display`, its `Debug` hides it, and its memory is cleared when it is
/// dropped. Serializing it writes it, because that is how it is sent.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a string that must never be printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The string. The caller keeps it out of logs and errors.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A value that should be a string. Some endpoints answer a value of another type as they answer a wrong string, not as
/// broken JSON, so it must survive parsing.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The value is a string.
    String(Secret),
    /// The value has another type.
    Other(IgnoredAny),
}

impl Text {
    /// Makes a value that is a string.
    pub fn new(text: impl Into<String>) -> Self {
        Self::String(Secret::new(text))
    }

    /// The string, or `None` if the value has another type.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.expose()),
            Self::Other(_) => None,
        }
    }
}

/// A value of another type was not kept, so it is written as null.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}
