//! Sends what scripts ask for with `context.http`, as far as the rule allows it.

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

/// As many as the original followed.
const MOST_REDIRECTS: usize = 10;

/// The call has a deadline of its own, which a host that does not answer must not use up: a script can still try something else.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// There is no HTTP client: most likely the system has no root certificates.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[from] reqwest::Error);

/// What sends the requests of scripts. Every host is checked by the [`AddressRule`] before anything is opened, at every redirect again, and
/// the deadline is that of the call: a future that is dropped ends its request.
pub struct HttpClient {
    client: Client,
    rule: Arc<AddressRule>,
    longest_request: usize,
    longest_response: usize,
}

impl HttpClient {
    /// A client that goes where the rule allows.
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
            longest_request: limits.http_request,
            longest_response: limits.http_response,
        })
    }

    /// Sends a request. An error is text for the script.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let mut message = Message::parse(&request, self.longest_request)?;
        for _ in 0..=MOST_REDIRECTS {
            let response = self.hop(&message, request.digest.as_ref()).await?;
            if request.follow_redirects
                && let Some(to) = redirect_target(&message.url, &response)?
            {
                // The password for the digest was meant for one place too.
                if request.digest.is_some() && to.origin() != message.url.origin() {
                    return Err("a request with digest authentication was redirected elsewhere".to_owned());
                }
                message = message.redirected(response.status(), to);
                continue;
            }
            return self.read(&message.url, response).await;
        }
        Err(format!("the request was redirected more than {MOST_REDIRECTS} times"))
    }

    /// Goes to one place, twice if it wants to have a digest.
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

    /// Reads an answer to its end, unless that is too far away.
    async fn read(&self, url: &Url, mut response: Response) -> Result<HttpResponse, String> {
        let status = response.status();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let longest = self.longest_response;
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

/// What all clients of functions have in common: no proxy of the server's surroundings, which would look names up itself, and no redirect
/// that nobody has checked.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent("Doorward")
}

/// The body of an answer; nothing if it is longer than that.
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

/// Where an answer sends the request, if it does.
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

/// Says what went wrong with the host's name, and without addresses: a script has no business with those of names that it may not reach.
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
