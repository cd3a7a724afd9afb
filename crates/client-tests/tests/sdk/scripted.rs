//! A server that gives the answers of a test's script in order, and records the requests that it gets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use doorward_client::{App, Credentials, User};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Clones share the script and the record.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    url: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    /// Requests with this access token are refused, without taking an answer from the script.
    over: Arc<Mutex<Option<&'static str>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An answer of the script.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    delay: Duration,
}

/// A request that the server got.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub(crate) line: String,
    /// The `Authorization` header.
    pub(crate) bearer: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.to_owned(),
            delay: Duration::ZERO,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            delay: Duration::ZERO,
        }
    }

    /// A refusal as App Services wrote it.
    pub(crate) fn refusal(status: u16, code: &str, text: &str) -> Self {
        let link = "https://auth.example.com/groups/0/apps/1/logs?co_id=2";
        Self::json(status, &json!({ "error": text, "error_code": code, "link": link }))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

impl Scripted {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            ..Self::default()
        };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn app(&self) -> App {
        App::builder("notes-abcde").base_url(&self.url).build().unwrap()
    }

    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// From now on this access token has expired: requests with it are refused, without taking an answer from the
    /// script.
    pub(crate) fn is_over(&self, token: &'static str) {
        *self.over.lock().unwrap() = Some(token);
    }

    /// The requests since the last call of this method.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The lines of the requests since the last call of this method or of [`asked`](Self::asked).
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// A user who has just logged in. The record does not show the login.
    pub(crate) async fn signed_in(&self, app: &App) -> User {
        self.answers([login("5f1d7f3b6c9d4e0012345678", "1"), profile("local-userpass")]);
        let user = app
            .log_in(Credentials::email_password("ada@example.com", "password"))
            .await
            .unwrap();
        self.asked();
        user
    }
}

/// The refusal of an access token that has expired.
pub(crate) fn over() -> Answer {
    Answer::refusal(401, "InvalidSession", "invalid session: access token expired")
}

/// The answer to a login. The tokens are `access-N` and `refresh-N`.
pub(crate) fn login(user: &str, number: &str) -> Answer {
    let body = json!({
        "access_token": format!("access-{number}"),
        "refresh_token": format!("refresh-{number}"),
        "user_id": user,
        "device_id": "5f1d7f3b6c9d4e00deadbeef",
    });
    Answer::json(200, &body)
}

/// The profile of a user with one identity.
pub(crate) fn profile(provider: &str) -> Answer {
    let identity = json!({ "id": "5f1d7f3b6c9d4e00aaaaaaaa", "provider_type": provider, "provider_id": "5f1d7f3b6c9d4e00bbbbbbbb" });
    Answer::json(
        200,
        &json!({ "identities": [identity], "data": { "email": "ada@example.com" }, "type": "normal" }),
    )
}

async fn answer(State(server): State<Scripted>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let bearer = parts
        .headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    server.asked.lock().unwrap().push(Asked {
        line: format!("{} {}", parts.method, parts.uri),
        bearer: bearer.clone(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let token = bearer.as_deref().and_then(|bearer| bearer.strip_prefix("Bearer "));
    let answer = if token.is_some() && token == *server.over.lock().unwrap() {
        over()
    } else {
        let next = server.answers.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Answer::text(599, "text/plain", "the script has ended"))
    };
    tokio::time::sleep(answer.delay).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}
