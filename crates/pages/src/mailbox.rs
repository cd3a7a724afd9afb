//! The development mailbox as a page for people and as JSON for scripts. The server serves it on loopback only.

use axum::extract::State;
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use doorward_mail::{DevMailbox, DevMessage};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use crate::{assets, headers, templates};

/// How many mails the page shows; the JSON has all.
const SHOWN: usize = 100;

/// `/dev/mail` and `/dev/mail/messages`. Like the pages, it has no fallback.
///
/// There are no CORS headers, so a website that is open in the developer's browser cannot read the mails. A website
/// that rebinds its own name to this machine could: but they are a developer's own test mails, and the page exists on
/// loopback only.
pub fn development_mailbox(mailbox: DevMailbox) -> Router {
    Router::new()
        .route("/dev/mail", get(page))
        .route("/dev/mail/messages", get(messages))
        .route("/assets/doorward/mailbox.css", get(assets::mailbox_css))
        .layer(map_response(headers::mailbox))
        .with_state(mailbox)
}

/// A mail, and the document for its frame.
#[derive(Serialize)]
struct ShownMail {
    #[serde(flatten)]
    mail: DevMessage,
    frame: String,
}

async fn page(State(mailbox): State<DevMailbox>) -> Response {
    let mails = mailbox.messages();
    let total = mails.len();
    let newest_first: Vec<_> = mails.into_iter().rev().take(SHOWN).map(ShownMail::from).collect();
    let mails = Value::from(Serde(newest_first));
    Html(templates::render("mailbox.html", context! { mails, total })).into_response()
}

async fn messages(State(mailbox): State<DevMailbox>) -> Response {
    Json(mailbox.messages()).into_response()
}

impl From<DevMessage> for ShownMail {
    fn from(mail: DevMessage) -> Self {
        // The hosted pages refuse to be framed, so the mail's links open in a new tab.
        let frame = format!("<!DOCTYPE html><base target=\"_blank\">{}", mail.html);
        Self { mail, frame }
    }
}
