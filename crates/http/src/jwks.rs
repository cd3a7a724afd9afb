//! `GET …/.well-known/jwks.json`: the keys that any backend verifies access tokens with,
//! offline. Ours, not from App Services.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;

use crate::path_app::PathAccounts;
use crate::{Api, ApiError};

pub(crate) async fn jwks(State(api): State<Api>, accounts: PathAccounts) -> Result<impl IntoResponse, ApiError> {
    let keys = api.keys_of(accounts.app())?;
    // Short enough that a key published before its first use is known everywhere by then.
    Ok(([(CACHE_CONTROL, "public, max-age=300")], Json(keys.jwks())))
}
