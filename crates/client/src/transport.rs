//! Requests and answers. No other file knows HTTP.

use std::time::Duration;

use doorward_wire::ErrorBody;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::Error;
use crate::error::{Kind, Refusal};

/// The largest answer that is read. A function may return 4 MiB.
const LARGEST_ANSWER: usize = 8 << 20;

/// How often a repeatable request is sent again after a 429.
#[cfg(not(target_family = "wasm"))]
const REPEATS: u32 = 2;

/// The longest `Retry-After` that is obeyed. With a longer one the caller gets the error.
#[cfg(not(target_family = "wasm"))]
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The connections to one server.
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

/// A request, without the server that it goes to.
#[derive(Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    bearer: Option<Zeroizing<String>>,
    body: Option<Zeroizing<Vec<u8>>>,
    repeatable: bool,
}

/// An answer of any status.
pub(crate) struct Answer {
    status: u16,
    content_type: Option<String>,
    body: Vec<u8>,
}

impl Transport {
    /// Sets up connections to a server. `base_url` has no trailing slash.
    pub(crate) fn new(base_url: String, timeout: Duration) -> Result<Self, Error> {
        let builder = reqwest::Client::builder();
        // A redirect would carry the body or the token to another server.
        #[cfg(not(target_family = "wasm"))]
        let builder = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(timeout.min(Duration::from_secs(10)));
        let http = builder.build().map_err(|error| Kind::NoAnswer(error.without_url()))?;
        Ok(Self {
            http,
            base_url,
            timeout,
        })
    }

    /// Sends a request and returns the answer if its status is 2xx. A repeatable request is sent again after a 429,
    /// once the time that the server asks for has passed.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Error> {
        #[cfg(not(target_family = "wasm"))]
        if request.repeatable {
            for _ in 0..REPEATS {
                let error = match self.send_once(&request).await {
                    Err(error) if error.status() == Some(429) => error,
                    settled => return settled,
                };
                match error.retry_after() {
                    Some(wait) if wait <= LONGEST_WAIT => tokio::time::sleep(wait).await,
                    _ => return Err(error),
                }
            }
        }
        self.send_once(&request).await
    }

    async fn send_once(&self, request: &Request) -> Result<Answer, Error> {
        let url = format!("{}{}", self.base_url, request.path);
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .timeout(self.timeout)
            .header(ACCEPT, "application/json");
        if let Some(token) = &request.bearer {
            let text = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut header = HeaderValue::try_from(text.as_str()).map_err(|_| Kind::LoggedOut)?;
            header.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, header);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        let no_answer = |error: reqwest::Error| Error::from(Kind::NoAnswer(error.without_url()));
        let response = builder.send().await.map_err(no_answer)?;
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).map(str::to_owned);
        let retry_after = header(RETRY_AFTER)
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs);
        if status.is_redirection() {
            let what = "a redirect: give the URL that it leads to as the base URL".to_owned();
            return Err(unexpected(status.as_u16(), what, None));
        }
        let body = read(response).await?;
        let answer = Answer {
            status: status.as_u16(),
            content_type,
            body,
        };
        if status.is_success() {
            Ok(answer)
        } else {
            Err(answer.refusal(retry_after))
        }
    }
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            repeatable: method == Method::GET,
            method,
            path: path.into(),
            bearer: None,
            body: None,
        }
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Adds a JSON body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("the bodies of doorward-wire can be written as JSON");
        self.body = Some(Zeroizing::new(bytes));
        self
    }

    /// Adds a token.
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(Zeroizing::new(token.to_owned()));
        self
    }

    /// Marks a request that does the same when it arrives twice as when it arrives once.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

impl Answer {
    /// Parses the body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if !self.is_json() {
            return Err(unexpected(self.status, self.unreadable_body(), None));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            unexpected(
                self.status,
                "JSON that is not what was asked for".to_owned(),
                Some(error),
            )
        })
    }

    fn is_json(&self) -> bool {
        let essence = self.content_type.as_deref().and_then(|value| value.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    }

    /// Describes a body that cannot be read, for an error.
    fn unreadable_body(&self) -> String {
        match &self.content_type {
            Some(_) if self.is_json() => "JSON that says nothing".to_owned(),
            Some(content_type) => format!("{content_type} in place of JSON"),
            None => "without a content type".to_owned(),
        }
    }

    /// The error that an answer without a 2xx status stands for. Proxies and other servers send bodies of another form.
    fn refusal(&self, retry_after: Option<Duration>) -> Error {
        let body: Option<ErrorBody> = self
            .is_json()
            .then(|| doorward_wire::parse_object(&self.body).ok())
            .flatten();
        let refusal = match body {
            Some(body) => Refusal {
                status: self.status,
                code: body.error_code.filter(|code| !code.as_str().is_empty()),
                text: Some(body.error).filter(|text| !text.is_empty()),
                link: Some(body.link).filter(|link| !link.is_empty()),
                retry_after,
            },
            // A load balancer in front of the server may send these two, and means the same by them.
            None if matches!(self.status, 429 | 503) => Refusal {
                status: self.status,
                code: None,
                text: None,
                link: None,
                retry_after,
            },
            None => return unexpected(self.status, self.unreadable_body(), None),
        };
        Kind::Refused(refusal).into()
    }
}

fn unexpected(status: u16, what: String, source: Option<serde_json::Error>) -> Error {
    Kind::Unexpected { status, what, source }.into()
}

#[cfg(not(target_family = "wasm"))]
async fn read(mut response: Response) -> Result<Vec<u8>, Error> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Kind::NoAnswer(error.without_url()))?
    {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(unexpected(status, "more than 8 MiB".to_owned(), None));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A browser hands over the whole body at once.
#[cfg(target_family = "wasm")]
async fn read(response: Response) -> Result<Vec<u8>, Error> {
    let status = response.status().as_u16();
    let body = response
        .bytes()
        .await
        .map_err(|error| Kind::NoAnswer(error.without_url()))?;
    if body.len() > LARGEST_ANSWER {
        return Err(unexpected(status, "more than 8 MiB".to_owned(), None));
    }
    Ok(body.to_vec())
}
