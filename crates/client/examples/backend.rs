//! A backend whose routes need a user of the app. It checks access tokens without a request to Doorward for each.
//!
//!     cargo run -p doorward-client --features verify --example backend -- http://127.0.0.1:9090 notes-abcde
//!     curl -H "Authorization: Bearer $ACCESS_TOKEN" http://127.0.0.1:8080/notes
//!
//! A program like this needs in its Cargo.toml:
//!
//!     [dependencies]
//!     anyhow = "1"
//!     axum = "0.8"
//!     doorward-client = { path = "../doorward/crates/client", features = ["verify"] }
//!     serde_json = "1"
//!     tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
#![expect(clippy::print_stdout, reason = "the program talks to its user")]

use anyhow::bail;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use doorward_client::{TokenVerifier, VerifiedToken};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id)) = (arguments.next(), arguments.next()) else {
        bail!("usage: backend BASE_URL APP_ID");
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

/// The user who calls. A handler with this argument runs only for requests with a valid access token.
struct SignedIn(VerifiedToken);

type Refusal = (StatusCode, Json<Value>);

impl FromRequestParts<TokenVerifier> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, verifier: &TokenVerifier) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(|| refusal(StatusCode::UNAUTHORIZED, "log in first"))?;
        verifier.verify(token).await.map(Self).map_err(|error| {
            // A token that cannot be checked now may be valid.
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
