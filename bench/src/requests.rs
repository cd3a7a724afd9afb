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
    log_in_with(email, PASSWORD)
}

/// A login with a wrong password.
pub(crate) fn guess(email: &str) -> Request {
    log_in_with(email, "not the password")
}

fn log_in_with(email: &str, password: &str) -> Request {
    let options = json!({ "device": { "platform": "bench", "platformVersion": "1", "sdkVersion": "1" } });
    account(
        "login",
        &json!({ "username": email, "password": password, "provider": "local-userpass", "options": options }),
    )
}

pub(crate) fn register(email: &str) -> Request {
    account("register", &json!({ "email": email, "password": PASSWORD }))
}

pub(crate) fn resend_confirmation(email: &str) -> Request {
    account("confirm/send", &json!({ "email": email }))
}

pub(crate) fn send_reset(email: &str) -> Request {
    account("reset/send", &json!({ "email": email }))
}

/// The same request, as a proxy passes it on for a client with this address.
pub(crate) fn forwarded(request: &[u8], client: &str) -> Request {
    let line_end = b"\r\n";
    let first_line = request
        .windows(2)
        .position(|bytes| bytes == line_end)
        .unwrap_or_default()
        + 2;
    let header = format!("x-forwarded-for: {client}\r\n");
    [&request[..first_line], header.as_bytes(), &request[first_line..]].concat()
}

/// The first half of a request with long headers.
pub(crate) fn half_head() -> Request {
    format!(
        "GET /healthz HTTP/1.1\r\nhost: bench\r\nx-long: {}",
        "x".repeat(8 << 10)
    )
    .into_bytes()
}

/// A request whose body has this length, and half of it.
pub(crate) fn half_body(call: &str, length: usize) -> Request {
    let head = format!(
        "POST {API}/app/{APP_ID}/auth/providers/local-userpass/{call} HTTP/1.1\r\nhost: bench\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    format!("{head}{{\"x\":\"{}", "x".repeat(length / 2)).into_bytes()
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
