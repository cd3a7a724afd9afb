//! The body of an error answer.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ErrorCode;

/// The body of every error answer, whatever its status. Native SDKs read it only under the exact content type
/// `application/json`.
///
/// A reader gets an empty string for a text that a server leaves out or writes as null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong. The test suites of SDKs compare it literally.
    #[serde(default, deserialize_with = "string_or_null")]
    pub error: String,
    /// The code that SDKs turn into an exception. Without one they report an unknown error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    /// Where the app's owner finds the log of this request.
    #[serde(default, deserialize_with = "string_or_null")]
    pub link: String,
}

fn string_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
