//! Sends requests and reads their answers.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::LOCATION;
use reqwest::{Client, ClientBuilder, Response, StatusCode, redirect};
use thiserror::Error;
use url::Url;

use super::digest;
use super::lookup::{CheckedResolver, Lookup, NoAddress, SystemLookup};
use super::message::Message;
use super::{AddressRule, refusal};
use crate::Limits;
use crate::protocol::{HttpRequest, HttpResponse};

/// App Services followed as many.
const MAX_REDIRECTS: usize = 10;

/// A host that does not answer must not use up the time of the call, so that the script can still try something else.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP client cannot be made; most likely the system has no root certificates.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[from] reqwest::Error);

/// Sends the requests of scripts. The [`AddressRule`] is asked before each connection, at a redirect once more. The
/// deadline is that of the call: dropping a future ends its request.
pub struct HttpClient {
    client: Client,
    rule: Arc<AddressRule>,
    max_request: usize,
    max_response: usize,
}

impl HttpClient {
    /// Makes a client that reaches what the rule allows.
    pub fn new(rule: AddressRule, limits: &Limits) -> Result<Self, ClientError> {
        Self::with_lookup(rule, limits, Arc::new(SystemLookup))
    }

    pub(super) fn with_lookup(
        rule: AddressRule,
        limits: &Limits,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        let rule = Arc::new(rule);
        let resolver = CheckedResolver {
            rule: Arc::clone(&rule),
            lookup,
        };
        let client = builder().dns_resolver(Arc::new(resolver)).build()?;
        Ok(Self {
            client,
            rule,
            max_request: limits.http_request,
            max_response: limits.http_response,
        })
    }

    /// Sends a request. An error is text for the script.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let mut message = Message::parse(&request, self.max_request)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.hop(&message, request.digest.as_ref()).await?;
            if request.follow_redirects
                && let Some(to) = redirect_target(&message.url, &response)?
            {
                // The password of the digest is for one origin only.
                if request.digest.is_some() && to.origin() != message.url.origin() {
                    return Err("a request with digest authentication was redirected elsewhere".to_owned());
                }
                message = message.redirected(response.status(), to);
                continue;
            }
            return self.read(&message.url, response).await;
        }
        Err(format!("the request was redirected more than {MAX_REDIRECTS} times"))
    }

    /// Sends the request to one address, and once more if that asks for a digest.
    async fn hop(&self, message: &Message, digest: Option<&(String, String)>) -> Result<Response, String> {
        let response = self.open(message).await?;
        let Some((user, password)) = digest.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else {
            return Ok(response);
        };
        match digest::answer(message, response.headers(), user, password) {
            Some(authorized) => self.open(&authorized).await,
            None => Ok(response),
        }
    }

    async fn open(&self, message: &Message) -> Result<Response, String> {
        self.rule.check(&message.url)?;
        let mut request = self
            .client
            .request(message.method.clone(), message.url.clone())
            .headers(message.headers.clone());
        if let Some(body) = &message.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| for_script(&message.url, &error))
    }

    /// Reads an answer to its end, unless it is too long.
    async fn read(&self, url: &Url, mut response: Response) -> Result<HttpResponse, String> {
        let status = response.status();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let longest = self.max_response;
        let body = read_body(&mut response, longest)
            .await
            .map_err(|error| for_script(url, &error))?
            .ok_or_else(|| format!("the body of the answer is longer than {longest} bytes"))?;
        Ok(HttpResponse {
            status: status_text(status),
            status_code: status.as_u16(),
            headers,
            body: STANDARD.encode(body),
        })
    }
}

/// The settings of every client of functions. A proxy from the server's environment would look names up by itself, and
/// a redirect that the client follows by itself would not be checked.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent("Doorward")
}

/// The body of an answer; `None` if it is longer than `longest`.
pub(crate) async fn read_body(response: &mut Response, longest: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > longest - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The target of an answer that redirects.
fn redirect_target(from: &Url, response: &Response) -> Result<Option<Url>, String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    target.map(Some).ok_or_else(|| "the redirect leads nowhere".to_owned())
}

fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_str()),
        None => status.as_str().to_owned(),
    }
}

/// What went wrong, for the script: with the name of the host, and without the addresses behind it, which the script
/// may not be allowed to know.
fn for_script(url: &Url, error: &reqwest::Error) -> String {
    let first: &(dyn Error + 'static) = error;
    let causes = || std::iter::successors(Some(first), |&error| error.source());
    let no_address = causes().find_map(|error| error.downcast_ref::<NoAddress>());
    let kind = causes().find_map(|error| error.downcast_ref::<io::Error>().map(io::Error::kind));
    let why = match (no_address, kind) {
        (Some(NoAddress::Refused), _) => return refusal(url),
        (Some(NoAddress::Unknown), _) => "the name has no address".to_owned(),
        _ if error.is_timeout() => "there was no connection in time".to_owned(),
        (None, Some(kind)) if kind != io::ErrorKind::Other => kind.to_string(),
        _ if error.is_connect() => "no connection".to_owned(),
        _ => "the answer is not valid HTTP, or it ended early".to_owned(),
    };
    format!("request to {} failed: {why}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests;
