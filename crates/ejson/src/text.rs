//! The text of one value.

use std::fmt;

/// One value in Extended JSON, as text. Code that only hands a value on does not look into it, so the text stays as it
/// was sent: its keys keep their order and its numbers their spelling.
///
/// It may hold a password or a token, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ejson(String);

impl Ejson {
    /// Wraps a text that has been read as JSON already, so that it is not checked once more.
    pub fn from_json(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// `{}`
impl Default for Ejson {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl fmt::Debug for Ejson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ejson(..)")
    }
}
