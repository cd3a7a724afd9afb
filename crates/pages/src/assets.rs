//! The style sheets and the script, compiled in.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

pub(crate) async fn page_css() -> Response {
    asset("text/css; charset=utf-8", include_str!("../assets/page.css"))
}

pub(crate) async fn page_js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../assets/page.js"))
}

pub(crate) async fn mailbox_css() -> Response {
    asset("text/css; charset=utf-8", include_str!("../assets/mailbox.css"))
}

fn asset(content_type: &'static str, body: &'static str) -> Response {
    // Long enough for the two pages of a visit, and short enough that after an upgrade new pages soon get the new style
    // sheet.
    (
        [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "public, max-age=300")],
        body,
    )
        .into_response()
}
