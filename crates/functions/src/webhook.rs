//! Calls of functions that are web services of the owner, signed as the Standard Webhooks specification has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;
use url::{Host, Url};

use crate::outbound::{self, ClientError};
use crate::{Ejson, Limits};

/// The key that the owner's service knows too.
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

/// Calls web services. The operator has named them, so the [`AddressRule`](crate::AddressRule) of scripts does not apply.
#[derive(Debug, Clone)]
pub struct WebhookClient {
    client: Client,
    longest_answer: usize,
}

/// Why a web service gave no answer. The texts can reach clients, so they hold neither its address nor what was said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// The app has no such function.
    #[error("function not found: '{0}'")]
    NotFound(String),
    /// What is sent may hold tokens and passwords, so it must not be readable on its way.
    #[error("the web service is not called: its address must begin with https://")]
    NotHttps,
    /// It is not there, or it broke off.
    #[error("the web service cannot be reached")]
    Unreachable,
    /// Its time was over.
    #[error("the web service took too long")]
    TimedOut,
    /// It answered with something else than success; a redirect is not followed.
    #[error("the web service answered with status {0}")]
    Status(u16),
    /// The answer has no end, or one that is too far away.
    #[error("the answer of the web service is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is something else.
    #[error("the answer of the web service is not a JSON object")]
    NotAnObject,
}

impl WebhookError {
    /// Whether another attempt may end otherwise: it is away, too slow, broken, or asks to come again.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Status(408 | 429 | 500..) => true,
            Self::NotFound(_) | Self::NotHttps | Self::Status(_) | Self::TooLong(_) | Self::NotAnObject => false,
        }
    }
}

/// The payload that the specification recommends.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: FunctionCall<'a>,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    function: &'a str,
    arguments: &'a Ejson,
}

impl WebhookClient {
    /// A client whose answers are bounded as the results of scripts are.
    pub fn new(limits: &Limits) -> Result<Self, ClientError> {
        Ok(Self {
            client: outbound::builder().build()?,
            longest_answer: limits.result,
        })
    }

    /// Calls a function. The id is that of the message: new for every call.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is of another type or named by the signature"
    )]
    pub async fn call(
        &self,
        url: &Url,
        secret: &WebhookSecret,
        id: &str,
        unix_seconds: i64,
        function: &str,
        arguments: &Ejson,
        wall_time: Duration,
    ) -> Result<Value, WebhookError> {
        if !is_private_on_its_way(url) {
            return Err(WebhookError::NotHttps);
        }
        let body = message(unix_seconds, function, arguments);
        let mut request = self.client.post(url.clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in secret.sign(id, unix_seconds, &body) {
            request = request.header(name, value);
        }
        timeout(wall_time, self.answer(request.body(body)))
            .await
            .unwrap_or(Err(WebhookError::TimedOut))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, WebhookError> {
        let broken = |error: reqwest::Error| {
            // The operator may see the cause, which the caller does not hear; the address can hold a key of its own.
            let error = error.without_url();
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a web service cannot be reached"
            );
            WebhookError::Unreachable
        };
        let mut response = request.send().await.map_err(broken)?;
        if !response.status().is_success() {
            return Err(WebhookError::Status(response.status().as_u16()));
        }
        let longest = self.longest_answer;
        let body = outbound::read_body(&mut response, longest).await.map_err(broken)?;
        let body = body.ok_or(WebhookError::TooLong(longest))?;
        let value: Value = serde_json::from_slice(&body).map_err(|_| WebhookError::NotAnObject)?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(WebhookError::NotAnObject)
        }
    }
}

fn message(unix_seconds: i64, function: &str, arguments: &Ejson) -> String {
    let time = OffsetDateTime::from_unix_timestamp(unix_seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let message = Message {
        kind: "function.call",
        timestamp: time.format(&Rfc3339).unwrap_or_default(),
        data: FunctionCall { function, arguments },
    };
    serde_json::to_string(&message).expect("texts and JSON have a JSON")
}

/// TLS, or no network at all.
fn is_private_on_its_way(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests;
