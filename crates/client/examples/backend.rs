//! A backend that lets in whoever has logged in to the app, and does not ask Doorward each time.
//!
//!     cargo run -p doorward-client --features verify --example backend -- http://127.0.0.1:9090 notes-abcde
//!     curl -H "Authorization: Bearer $ACCESS_TOKEN" http://127.0.0.1:8080/notes
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use doorward_client::{TokenVerifier, VerifiedToken};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: backend DOORWARD_URL APP_ID".into());
    };
    let verifier = TokenVerifier::new(url, id)?;
    let router = Router::new().route("/notes", get(notes)).with_state(verifier);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/notes", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn notes(SignedIn(user): SignedIn) -> Json<Value> {
    Json(json!({ "of": user.user_id(), "notes": ["Buy milk."] }))
}

/// Whoever calls, if it has a good access token. A handler that takes one need not check anything.
struct SignedIn(VerifiedToken);

type Refusal = (StatusCode, Json<Value>);

impl FromRequestParts<TokenVerifier> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, verifier: &TokenVerifier) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(|| refusal(StatusCode::UNAUTHORIZED, "log in first"))?;
        verifier.verify(token).await.map(Self).map_err(|error| {
            // A token that cannot be checked now may be good.
            let status = if error.is_transient() {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::UNAUTHORIZED
            };
            refusal(status, &error.to_string())
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn refusal(status: StatusCode, text: &str) -> Refusal {
    (status, Json(json!({ "error": text })))
}
