//! Clients of a test app, named by who they are, and the answers that they get.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use doorward_web::PeerAddress;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::TestApp;

/// A client with the headers that it sends.
pub struct Client<'a> {
    app: &'a TestApp,
    router: Router,
    app_id: String,
    headers: Vec<(String, String)>,
    peer: Option<PeerAddress>,
}

/// A user that has logged in.
#[derive(Debug, Clone)]
pub struct User {
    /// Its address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// Its id.
    pub id: String,
    /// The access token of its login.
    pub access_token: String,
    /// The refresh token of its login.
    pub refresh_token: String,
    /// The device of its login.
    pub device_id: String,
}

/// An answer.
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl<'a> Client<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            router: app.router(),
            app_id: app.app().id.to_string(),
            headers: Vec::new(),
            peer: None,
        }
    }

    pub(super) fn of_router(app: &'a TestApp, router: Router) -> Self {
        Self {
            router,
            ..Self::new(app)
        }
    }

    /// Calls this app instead, whether it exists or not.
    #[must_use]
    pub fn of_app(mut self, id: &str) -> Self {
        id.clone_into(&mut self.app_id);
        self
    }

    /// Sends every request from this address. Otherwise the server does not know the client's address.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        self.peer = Some(PeerAddress(SocketAddr::new(address, 1_024)));
        self
    }

    /// Sends this header with every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends this bearer token with every request.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `POST …/auth/providers/local-userpass/{call}` of the app.
    pub async fn email_password(&self, call: &str, body: Value) -> Reply {
        self.post(&format!("/auth/providers/local-userpass/{call}"), body).await
    }

    /// Logs in with e-mail and password.
    pub async fn log_in(&self, email: &str, password: &str) -> Reply {
        self.email_password("login", serde_json::json!({ "username": email, "password": password }))
            .await
    }

    /// Requests a new access token.
    pub async fn refresh(&self, refresh_token: &str) -> Reply {
        self.with_token("POST", "session", refresh_token).await
    }

    /// Ends a session.
    pub async fn log_out(&self, refresh_token: &str) -> Reply {
        self.with_token("DELETE", "session", refresh_token).await
    }

    /// Requests the profile of the user of this token.
    pub async fn profile(&self, access_token: &str) -> Reply {
        self.with_token("GET", "profile", access_token).await
    }

    /// Deletes the user of this token.
    pub async fn delete(&self, access_token: &str) -> Reply {
        self.with_token("DELETE", "delete", access_token).await
    }

    async fn with_token(&self, method: &str, path: &str, token: &str) -> Reply {
        let bearer = ("authorization".to_owned(), format!("Bearer {token}"));
        self.send(method, &format!("/api/client/v2.0/auth/{path}"), &[bearer], Vec::new())
            .await
    }

    /// `POST` below the app's path, with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        self.send("POST", &self.app_path(path), &[json], body.to_string().into_bytes())
            .await
    }

    /// Any method on any path, with a JSON body.
    pub async fn send_json(&self, method: &str, path: &str, body: Value) -> Reply {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        self.send(method, path, &[json], body.to_string().into_bytes()).await
    }

    /// `POST` below the app's path, with these bytes and this content type.
    pub async fn post_raw(&self, path: &str, content_type: Option<&str>, body: &[u8]) -> Reply {
        let headers: Vec<_> = content_type
            .map(|t| ("content-type".to_owned(), t.to_owned()))
            .into_iter()
            .collect();
        self.send("POST", &self.app_path(path), &headers, body.to_vec()).await
    }

    /// `GET` below the app's path.
    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", &self.app_path(path)).await
    }

    /// Any method on any path, without a body.
    pub async fn request(&self, method: &str, path: &str) -> Reply {
        self.send(method, path, &[], Vec::new()).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: Vec<u8>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in self.headers.iter().chain(headers) {
            request = request.header(name, value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(peer);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let service = doorward_web::tidy_requests(self.router.clone());
        let response = service.oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("an answer arrives").to_bytes().to_vec();
        self.app.deliver_mail().await;
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    fn app_path(&self, path: &str) -> String {
        format!("/api/client/v2.0/app/{}{path}", self.app_id)
    }
}

impl Reply {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header of text"))
    }

    /// The body as it came.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body of text")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The body as JSON, or null when there is none.
    pub fn json_or_null(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// `STATUS CODE TEXT` of an error, with `-` for no code; fails unless the body is an error by the rules of the
    /// wire: exact content type, and a link with the public URL and the request's id.
    pub fn error(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text());
        let body = self.json();
        let link = body["link"].as_str().expect("an error has a link");
        let id = self
            .header("x-appservices-request-id")
            .expect("an answer has a request id");
        assert!(link.starts_with(TestApp::PUBLIC_URL), "{link}");
        assert!(link.ends_with(&format!("logs?co_id={id}")), "{link}");
        let code = body
            .get("error_code")
            .map_or("-", |code| code.as_str().expect("a code is a string"));
        format!(
            "{} {code} {}",
            self.status.as_u16(),
            body["error"].as_str().expect("an error has a text")
        )
    }

    /// Fails unless the answer is an empty success without a content type, and returns its status.
    pub fn empty(&self) -> u16 {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        assert_eq!(self.text(), "");
        assert_eq!(self.header("content-type"), None);
        self.status.as_u16()
    }
}

impl User {
    /// Reads the answer of a login.
    pub fn from_login(email: String, password: String, reply: &Reply) -> Self {
        let body = reply.json();
        let text = |key: &str| {
            body[key]
                .as_str()
                .unwrap_or_else(|| panic!("a login has {key}"))
                .to_owned()
        };
        Self {
            email,
            password,
            id: text("user_id"),
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            device_id: text("device_id"),
        }
    }
}
