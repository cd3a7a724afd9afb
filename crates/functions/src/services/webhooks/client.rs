//! Sends calls to web services and reads their answers.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;
use url::{Host, Url};

use super::Webhook;
use doorward_core::Causes;

use crate::services::http::{self, ClientError};
use crate::{Ejson, Limits};

/// Calls web services. The operator has named their addresses, so the [`AddressRule`](crate::AddressRule) of scripts
/// does not apply.
#[derive(Debug, Clone)]
pub struct WebhookClient {
    client: Client,
    max_answer: usize,
}

/// Why a web service gave no answer. The texts can reach clients, so they contain neither its address nor what it
/// answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// The app has no such function.
    #[error("function not found: '{0}'")]
    NotFound(String),
    /// The call may contain tokens and passwords, so it is only sent where it cannot be read on its way.
    #[error("the web service is not called: its address must begin with https://")]
    NotHttps,
    /// There was no connection, or it broke off.
    #[error("the web service cannot be reached")]
    Unreachable,
    /// There was no answer in time.
    #[error("the web service took too long")]
    TimedOut,
    /// The status is not one of success; a redirect is not followed.
    #[error("the web service answered with status {0}")]
    Status(u16),
    /// The answer is longer than this.
    #[error("the answer of the web service is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is something else.
    #[error("the answer of the web service is not a JSON object")]
    NotAnObject,
}

impl WebhookError {
    /// Whether another attempt may succeed: the service is away, too slow or broken, or asks to try again.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Status(408 | 429 | 500..) => true,
            Self::NotFound(_) | Self::NotHttps | Self::Status(_) | Self::TooLong(_) | Self::NotAnObject => false,
        }
    }
}

/// One call of a function.
pub(super) struct Message<'a> {
    pub(super) id: String,
    pub(super) unix_seconds: i64,
    pub(super) function: &'a str,
    pub(super) arguments: &'a Ejson,
}

/// The body that the specification recommends.
#[derive(Serialize)]
struct Body<'a> {
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
    /// Makes a client that accepts answers as long as the results of scripts may be.
    pub fn new(limits: &Limits) -> Result<Self, ClientError> {
        Ok(Self {
            client: http::builder().build()?,
            max_answer: limits.result,
        })
    }

    /// Calls a function.
    pub(super) async fn call(
        &self,
        webhook: &Webhook,
        message: &Message<'_>,
        wall_time: Duration,
    ) -> Result<Value, WebhookError> {
        if !is_confidential(&webhook.url) {
            return Err(WebhookError::NotHttps);
        }
        let body = message.body();
        let mut request = self.client.post(webhook.url.clone());
        request = request.header(CONTENT_TYPE, "application/json");
        for (name, value) in webhook.secret.sign(&message.id, message.unix_seconds, &body) {
            request = request.header(name, value);
        }
        timeout(wall_time, self.answer(request.body(body)))
            .await
            .unwrap_or(Err(WebhookError::TimedOut))
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, WebhookError> {
        let broken = |error: reqwest::Error| {
            // The log gets the cause, the caller does not. The address is left out, because it can contain a key.
            let error = error.without_url();
            tracing::warn!(
                error = %Causes(&error),
                "a web service cannot be reached"
            );
            WebhookError::Unreachable
        };
        let mut response = request.send().await.map_err(broken)?;
        if !response.status().is_success() {
            return Err(WebhookError::Status(response.status().as_u16()));
        }
        let body = http::read_body(&mut response, self.max_answer).await.map_err(broken)?;
        let body = body.ok_or(WebhookError::TooLong(self.max_answer))?;
        let value: Value = serde_json::from_slice(&body).map_err(|_| WebhookError::NotAnObject)?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(WebhookError::NotAnObject)
        }
    }
}

impl Message<'_> {
    fn body(&self) -> String {
        let time = OffsetDateTime::from_unix_timestamp(self.unix_seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let body = Body {
            kind: "function.call",
            timestamp: time.format(&Rfc3339).unwrap_or_default(),
            data: FunctionCall {
                function: self.function,
                arguments: self.arguments,
            },
        };
        serde_json::to_string(&body).expect("texts and JSON can be written as JSON")
    }
}

/// Whether a call stays unread on its way: it uses TLS, or does not leave this machine.
fn is_confidential(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}
