//! The client API as a client speaks it.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Letter;

/// A server that does not answer within this time hangs.
const PATIENCE: Duration = Duration::from_mins(1);

const ROOT: &str = "/api/client/v2.0";

/// A request that can be sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    bearer: Option<String>,
    forwarded_for: Option<String>,
    body: Option<Value>,
}

impl Call {
    pub(crate) fn register(email: &str, password: &str) -> Self {
        Self::of_provider("register", json!({ "email": email, "password": password }))
    }

    pub(crate) fn log_in(email: &str, password: &str) -> Self {
        Self::of_provider("login", json!({ "username": email, "password": password }))
    }

    /// Logs in by the owner's function.
    pub(crate) fn log_in_with(payload: &Value) -> Self {
        let path = format!("{ROOT}/app/notes-abcde/auth/providers/custom-function/login");
        Self {
            body: Some(payload.clone()),
            ..Self::new(Method::POST, path)
        }
    }

    /// Requests another mail with a link of this purpose.
    pub(crate) fn send(letter: super::Purpose, email: &str) -> Self {
        Self::of_provider(&format!("{letter}/send"), json!({ "email": email }))
    }

    pub(crate) fn confirm(letter: &Letter) -> Self {
        Self::of_provider("confirm", json!({ "token": letter.token, "tokenId": letter.token_id }))
    }

    pub(crate) fn reset(letter: &Letter, password: &str) -> Self {
        let body = json!({ "password": password, "token": letter.token, "tokenId": letter.token_id });
        Self::of_provider("reset", body)
    }

    /// Has the reset function called.
    pub(crate) fn reset_by_function(email: &str, password: &str) -> Self {
        Self::of_provider(
            "reset/call",
            json!({ "email": email, "password": password, "arguments": [] }),
        )
    }

    /// Has the confirmation function called again.
    pub(crate) fn retry(email: &str) -> Self {
        Self::of_provider("confirm/call", json!({ "email": email }))
    }

    /// Calls a function by its name.
    pub(crate) fn function(session: &Session, name: &str, arguments: &Value) -> Self {
        let path = format!("{ROOT}/app/notes-abcde/functions/call");
        Self {
            body: Some(json!({ "name": name, "arguments": arguments })),
            ..Self::new(Method::POST, path).with_bearer(&session.access_token)
        }
    }

    pub(crate) fn refresh(session: &Session) -> Self {
        Self::new(Method::POST, format!("{ROOT}/auth/session")).with_bearer(&session.refresh_token)
    }

    pub(crate) fn profile(session: &Session) -> Self {
        Self::new(Method::GET, format!("{ROOT}/auth/profile")).with_bearer(&session.access_token)
    }

    pub(crate) fn delete(session: &Session) -> Self {
        Self::new(Method::DELETE, format!("{ROOT}/auth/delete")).with_bearer(&session.access_token)
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path.to_owned())
    }

    /// A GET of a path below the app of [`super::notes`].
    pub(crate) fn get_of_app(path: &str) -> Self {
        Self::get(&format!("{ROOT}/app/notes-abcde/{path}"))
    }

    /// Passes the call on as a proxy does, for a client with this address.
    pub(crate) fn forwarded_for(self, address: &str) -> Self {
        Self {
            forwarded_for: Some(address.to_owned()),
            ..self
        }
    }

    /// Replaces the method.
    pub(crate) fn with_method(self, method: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            ..self
        }
    }

    /// Sends the call to another app.
    pub(crate) fn in_app(self, id: &str) -> Self {
        Self {
            path: self.path.replace("/app/notes-abcde/", &format!("/app/{id}/")),
            ..self
        }
    }

    fn of_provider(path: &str, body: Value) -> Self {
        let path = format!("{ROOT}/app/notes-abcde/auth/providers/local-userpass/{path}");
        Self {
            body: Some(body),
            ..Self::new(Method::POST, path)
        }
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            bearer: None,
            forwarded_for: None,
            body: None,
        }
    }

    fn with_bearer(self, token: &str) -> Self {
        Self {
            bearer: Some(token.to_owned()),
            ..self
        }
    }
}

/// A client of a server. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self {
            http,
            url: url.to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request; the caller decides what a missing answer means.
    pub(crate) async fn try_ask(&self, call: &Call) -> reqwest::Result<Reply> {
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.url, call.path));
        if let Some(token) = &call.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(address) = &call.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok(Reply {
            status,
            body: response.text().await?,
        })
    }

    /// Sends a request, again while the server has too many passwords to hash, and expects an answer.
    pub(crate) async fn ask(&self, call: &Call) -> Reply {
        let begun = Instant::now();
        loop {
            match self.try_ask(call).await {
                Ok(reply) if reply.status == 429 && begun.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(100)).await;
                }
                Ok(reply) => return reply,
                Err(error) => panic!("no answer to {} {}: {error:?}", call.method, call.path),
            }
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The session that a login opened.
    pub(crate) fn session(&self) -> Session {
        assert_eq!(self.status, 200, "{self:?}");
        let body = self.json();
        let field = |name: &str| body[name].as_str().expect("a login answers with tokens").to_owned();
        Session {
            access_token: field("access_token"),
            refresh_token: field("refresh_token"),
        }
    }
}

/// Status and error code, such as `401 InvalidPassword`: what a client decides by.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match self.json()["error_code"].as_str() {
            Some(code) => write!(f, " {code}"),
            None => Ok(()),
        }
    }
}

impl PartialEq<str> for Reply {
    fn eq(&self, other: &str) -> bool {
        *self.to_string() == *other
    }
}

impl PartialEq<&str> for Reply {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// What a login returns.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Session {
    /// The id of the key that signed the access token.
    pub(crate) fn signing_key(&self) -> String {
        signing_key(&self.access_token)
    }

    /// The claims of the access token.
    pub(crate) fn access_claims(&self) -> Value {
        decoded(&self.access_token, 1)
    }

    /// The claims of the refresh token.
    pub(crate) fn refresh_claims(&self) -> Value {
        decoded(&self.refresh_token, 1)
    }
}

/// The id of the key that signed an access token.
pub(crate) fn signing_key(access_token: &str) -> String {
    let header = decoded(access_token, 0);
    let id = header["kid"].as_str();
    id.expect("an access token names its key").to_owned()
}

/// A part of a JWT.
fn decoded(token: &str, part: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(part).expect("a token has three parts");
    let part = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .expect("they are base64");
    serde_json::from_slice(&part).expect("the first two are JSON")
}
