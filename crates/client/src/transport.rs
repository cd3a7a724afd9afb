//! Requests and answers: the one place that knows HTTP.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Kind, Refusal};
use crate::{Error, ErrorCode};

/// The largest answer that is read: a function may return 4 MiB.
const LARGEST_ANSWER: usize = 8 << 20;

/// How often a call that is safe to repeat is sent again after a 429.
#[cfg(not(target_family = "wasm"))]
const REPEATS: u32 = 2;

/// The longest wait that a server can ask for; a longer one is the caller's business.
#[cfg(not(target_family = "wasm"))]
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A way to one server.
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

/// One call.
#[derive(Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    bearer: Option<String>,
    body: Option<Vec<u8>>,
    repeatable: bool,
}

/// The body of a refusal. Only what can be read of it counts.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: Option<String>,
    error_code: Option<String>,
    link: Option<String>,
}

/// A 2xx answer.
pub(crate) struct Answer {
    status: u16,
    content_type: Option<String>,
    body: Vec<u8>,
}

impl Transport {
    /// `base_url` without a trailing slash.
    pub(crate) fn new(base_url: String, timeout: Duration) -> Result<Self, Error> {
        let builder = reqwest::Client::builder();
        // A redirect would take the method, the body or the token along to somewhere else.
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

    /// Sends a call, again after a while if the server has too much to do and the call is safe to repeat.
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
            let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Kind::LoggedOut)?;
            header.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, header);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
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

    /// With a JSON body.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// With a token.
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// To send it twice is as good as once.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

impl Answer {
    /// The body as JSON of this shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if !self.is_json() {
            return Err(unexpected(self.status, self.what_else(), None));
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

    fn what_else(&self) -> String {
        match &self.content_type {
            Some(_) if self.is_json() => "JSON that says nothing".to_owned(),
            Some(content_type) => format!("{content_type} in place of JSON"),
            None => "without a content type".to_owned(),
        }
    }

    /// What a proxy or another server answers has none of the protocol's form.
    fn refusal(&self, retry_after: Option<Duration>) -> Error {
        let body: Option<ErrorAnswer> = self
            .is_json()
            .then(|| doorward_wire::parse_object(&self.body).ok())
            .flatten();
        let Some(body) = body else {
            return match self.status {
                // It need not come from the app's own server to be what it says.
                429 | 503 => refused(self.status, None, None, None, retry_after),
                _ => unexpected(self.status, self.what_else(), None),
            };
        };
        let code = body.error_code.filter(|code| !code.is_empty());
        refused(
            self.status,
            code.map(|code| ErrorCode::from_name(&code)),
            body.error,
            body.link.filter(|link| !link.is_empty()),
            retry_after,
        )
    }
}

fn refused(
    status: u16,
    code: Option<ErrorCode>,
    text: Option<String>,
    link: Option<String>,
    retry_after: Option<Duration>,
) -> Error {
    let refusal = Refusal {
        status,
        code,
        text,
        link,
        retry_after,
    };
    Kind::Refused(refusal).into()
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

/// Browsers hand an answer over as a whole.
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
