//! The table of contents of the hosted pages.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use doorward_core::{Accounts, App, Links};
use tower_http::catch_panic::CatchPanicLayer;

use crate::hosted::HostedApps;
use crate::page_error::PageError;
use crate::{assets, confirm, headers, reset};

/// The largest form. The largest one that makes sense, two passwords of 128 characters, is below 4 KiB.
const FORM_BYTES: usize = 64 * 1024;

/// What the pages need from outside.
pub struct PageParts {
    /// The flows.
    pub accounts: Arc<Accounts>,
    /// The apps that this server runs.
    pub apps: Vec<App>,
    /// Where mailed links lead: the pages stand there.
    pub links: Arc<Links>,
}

/// The pages that mailed links lead to, and their style sheet and script. It has no fallback, so that it can be merged.
///
/// They stay up for an app that has since got pages of its own: links to them may be on their way.
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
        .with_state(HostedApps::new(parts))
}

async fn method_not_allowed() -> PageError {
    PageError::MethodNotAllowed
}

/// What the panic said is left out: it may hold what the request held.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    PageError::Panicked.into_response()
}
