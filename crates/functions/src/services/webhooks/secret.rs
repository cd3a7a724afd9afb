//! The signature of a call, as the [Standard Webhooks] specification has it.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// The fewest bytes of a key. The specification asks for 24 to 64.
const MIN: usize = 24;

/// The key that the server and the owner's web service share.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

/// Why a text is no key. A call that is signed with a guessable key is as good as one without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookSecretError {
    /// There is nothing, or nothing after `whsec_`.
    #[error("it is empty")]
    Empty,
    /// What follows `whsec_` is not base64.
    #[error("what follows `whsec_` is not base64")]
    NotBase64,
    /// It is short enough to be guessed.
    #[error("it has fewer than {MIN} bytes")]
    TooShort,
}

impl WebhookSecret {
    /// Takes `whsec_` and base64, as the specification writes it, or any other text as it is, of at least 24 bytes.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let key = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| WebhookSecretError::NotBase64)?,
            None => text.as_bytes().to_vec(),
        };
        match key.len() {
            0 => Err(WebhookSecretError::Empty),
            1..MIN => Err(WebhookSecretError::TooShort),
            _ => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key))),
        }
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
