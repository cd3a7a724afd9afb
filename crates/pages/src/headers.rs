//! The headers of every page: it leaks no token, is not cached, loads nothing from other sites, and no other site
//! frames it.

use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::Response;

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// Mails have inline styles, and a frame without a URL of its own inherits this policy. It allows no script.
const MAILBOX_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'none'; \
    frame-ancestors 'none'; base-uri 'none'";

/// For the hosted pages.
pub(crate) async fn page(response: Response) -> Response {
    with_headers(response, PAGE_POLICY)
}

/// For the development mailbox.
pub(crate) async fn mailbox(response: Response) -> Response {
    with_headers(response, MAILBOX_POLICY)
}

fn with_headers(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Assets set a `Cache-Control` of their own: they may be cached.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
