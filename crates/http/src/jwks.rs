//! `GET …/.well-known/jwks.json`: the keys that any backend verifies access tokens with, offline. Ours, not from App Services.

use axum::Json;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;

use crate::path_app::PathApp;

pub(crate) async fn jwks(app: PathApp) -> impl IntoResponse {
    // Short enough that a key published before its first use is known everywhere when that comes.
    ([(CACHE_CONTROL, "public, max-age=300")], Json(app.0.keys.jwks()))
}
