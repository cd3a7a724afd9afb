//! The development mailbox as a page for people and as JSON for scripts. The server serves it on loopback only.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use doorward_mail::{DevMailbox, DevMessage};
use doorward_web::is_direct;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use crate::page::Page;
use crate::{assets, headers, page_text, templates};

/// How many mails the page shows; the JSON has all.
const SHOWN: usize = 100;

const MESSAGES: &str = "/dev/mail/messages";

/// `/dev/mail` and `/dev/mail/messages`. Like the pages, it has no fallback.
///
/// The mails hold live links, so only a direct request from this machine sees them: no tunnel, no proxy, and no website
/// that rebinds its own name to this machine. There are no CORS headers, so a website that is open in the developer's
/// browser cannot read them either.
pub fn development_mailbox(mailbox: DevMailbox) -> Router {
    Router::new()
        .route("/dev/mail", get(page))
        .route(MESSAGES, get(messages))
        .route("/assets/doorward/mailbox.css", get(assets::mailbox_css))
        .layer(from_fn(direct_only))
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

#[derive(Serialize)]
struct Refused {
    error: &'static str,
}

/// Lets only direct requests from this machine pass.
async fn direct_only(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if is_direct(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let refusal = &page_text::MAILBOX_NOT_DIRECT;
    if parts.uri.path() == MESSAGES {
        return (refusal.status, Json(Refused { error: refusal.text })).into_response();
    }
    Page::of(refusal).response(None)
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
