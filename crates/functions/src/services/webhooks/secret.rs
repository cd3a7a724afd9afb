//! The signature of a call, as the [Standard Webhooks] specification has it.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key that the server and the owner's web service share.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// Takes `whsec_` and base64, as the specification writes it, or any other text as it is.
    pub fn parse(text: &str) -> Self {
        let decoded = text
            .strip_prefix("whsec_")
            .and_then(|encoded| STANDARD.decode(encoded).ok());
        Self(hmac::Key::new(
            hmac::HMAC_SHA256,
            decoded.as_deref().unwrap_or(text.as_bytes()),
        ))
    }

    /// The headers of a message. The id stays the same when a message is sent again.
    pub fn sign(&self, id: &str, unix_seconds: i64, body: &str) -> [(&'static str, String); 3] {
        let tag = hmac::sign(&self.0, format!("{id}.{unix_seconds}.{body}").as_bytes());
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", unix_seconds.to_string()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(tag))),
        ]
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}
