//! The routes of the hosted pages.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::hosted::PageParts;
use crate::page_error::PageError;
use crate::{assets, confirm, headers, reset};

/// The size limit of a form. The largest valid one, with two passwords of 128 characters, is below 4 KiB.
const FORM_BYTES: usize = 16 * 1024;

/// The pages that mailed links lead to, and their assets. The router has no fallback, so that it can be merged.
///
/// The pages stay up for an app that now has pages of its own: links to them may still be in mails.
pub fn pages(parts: PageParts) -> Router {
    Router::new()
        .route("/app/{app_id}/confirm", get(confirm::show).post(confirm::confirm))
        .route("/app/{app_id}/confirm/renew", post(confirm::renew))
        .route("/app/{app_id}/reset", get(reset::show).post(reset::reset))
        .route("/assets/doorward/page.css", get(assets::page_css))
        .route("/assets/doorward/page.js", get(assets::page_js))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(headers::page))
        .with_state(parts)
}

async fn method_not_allowed() -> PageError {
    PageError::MethodNotAllowed
}

/// The message of the panic is not logged: it may quote the request.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    PageError::Panicked.into_response()
}
