//! The requests of the App Services client API as the bytes that go over the wire, made beforehand so that sending them
//! is cheap.

use serde_json::{Value, json};

use crate::relay::Link;

/// The client app id of `bench/app`.
pub(crate) const APP_ID: &str = "bench-abcde";

/// The password of all users.
pub(crate) const PASSWORD: &str = "correct horse battery";

const API: &str = "/api/client/v2.0";

/// A request, ready to be sent.
pub(crate) type Request = Vec<u8>;

pub(crate) fn healthz() -> Request {
    bare("GET", "/healthz", None)
}

pub(crate) fn metrics() -> Request {
    bare("GET", "/metrics", None)
}

pub(crate) fn location() -> Request {
    bare("GET", &format!("{API}/app/{APP_ID}/location"), None)
}

pub(crate) fn log_in(email: &str) -> Request {
    let options = json!({ "device": { "platform": "bench", "platformVersion": "1", "sdkVersion": "1" } });
    account(
        "login",
        &json!({ "username": email, "password": PASSWORD, "provider": "local-userpass", "options": options }),
    )
}

pub(crate) fn register(email: &str) -> Request {
    account("register", &json!({ "email": email, "password": PASSWORD }))
}

pub(crate) fn resend_confirmation(email: &str) -> Request {
    account("confirm/send", &json!({ "email": email }))
}

pub(crate) fn confirm(link: &Link) -> Request {
    account("confirm", &json!({ "token": link.token, "tokenId": link.token_id }))
}

pub(crate) fn refresh(refresh_token: &str) -> Request {
    bare("POST", &format!("{API}/auth/session"), Some(refresh_token))
}

pub(crate) fn profile(access_token: &str) -> Request {
    bare("GET", &format!("{API}/auth/profile"), Some(access_token))
}

pub(crate) fn call_function(access_token: &str, name: &str, arguments: &Value) -> Request {
    let body = json!({ "name": name, "arguments": arguments });
    with_body(
        "functions/call",
        &format!("authorization: Bearer {access_token}\r\n"),
        &body,
    )
}

fn account(call: &str, body: &Value) -> Request {
    with_body(&format!("auth/providers/local-userpass/{call}"), "", body)
}

fn with_body(path: &str, headers: &str, body: &Value) -> Request {
    let body = body.to_string();
    format!(
        "POST {API}/app/{APP_ID}/{path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n{headers}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn bare(method: &str, path: &str, bearer: Option<&str>) -> Request {
    let authorization = bearer
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let length = if method == "POST" { "content-length: 0\r\n" } else { "" };
    format!("{method} {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n{authorization}{length}\r\n")
        .into_bytes()
}
