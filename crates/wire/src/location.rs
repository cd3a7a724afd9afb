//! The answer to `GET …/location`.

use serde::{Deserialize, Serialize};

/// Where the server is. Most SDKs ask for it first and send every later call to `hostname`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Location {
    /// `GLOBAL` or `LOCAL`.
    pub deployment_model: String,
    /// A region, such as `US-VA`.
    pub location: String,
    /// The public URL, without a trailing slash.
    pub hostname: String,
    /// The same URL for web sockets. Native SDKs refuse an answer without it.
    pub ws_hostname: String,
}
