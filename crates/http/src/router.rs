//! The table of contents. Paths are those of App Services; `A` below is `/api/client/v2.0/app/{app_id}`.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::email_password::{confirm, register, reset};
use crate::{Api, cors, error, function_call, health, jwks, location, login, profile, request_scope, session};

/// The client API, the health endpoints, the pages that the server has besides, and the JSON 404 for everything else.
///
/// The pages get the same request id, metrics and containment of panics, but no CORS: no other origin may read them.
pub fn router(api: Api, pages: Router) -> Router {
    let app = Router::new()
        .route("/location", get(location::location))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .nest("/auth/providers/local-userpass", email_password())
        .route("/auth/providers/{provider}/login", post(login::log_in))
        .route("/functions/call", post(function_call::call));

    let client = Router::new()
        .nest("/app/{app_id}", app)
        .route("/auth/session", post(session::refresh).delete(session::log_out))
        .route("/auth/profile", get(profile::profile))
        .route("/auth/delete", delete(profile::delete));

    Router::new()
        .nest("/api/client/v2.0", client)
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(any(error::path_not_found))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(cors::layer(&api))
        .layer(from_fn(cors::vary_by_origin))
        .with_state(api.clone())
        .merge(pages.method_not_allowed_fallback(error::method_not_allowed))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(api, request_scope::request_scope))
}

fn email_password() -> Router<Api> {
    Router::new()
        .route("/register", post(register::register))
        .route("/confirm", post(confirm::confirm))
        .route("/confirm/send", post(confirm::send))
        .route("/confirm/call", post(confirm::call))
        .route("/reset", post(reset::reset))
        .route("/reset/send", post(reset::send))
        .route("/reset/call", post(reset::call))
}
