//! The table of contents. Paths are those of App Services.

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post};
use doorward_web::{Readiness, healthz, readyz};
use tower_http::catch_panic::CatchPanicLayer;

use crate::email_password::{confirm, register, reset};
use crate::{Api, cors, error, error_body, function_call, jwks, location, login, path_app, profile, session};

/// The client API, the health endpoints, the server's other routes, and the JSON 404 for everything else.
///
/// The server's other routes get the same containment of panics and the same answer to a wrong method, but no
/// CORS: no other origin may read it.
pub fn router(api: Api, besides: Router) -> Router {
    let app = with_cors(
        api.limits
            .function_call()
            .on(Router::new().route("/functions/call", post(function_call::call)))
            .route("/location", get(location::location))
            .route("/.well-known/jwks.json", get(jwks::jwks))
            .nest("/auth/providers/local-userpass", email_password())
            .route("/auth/providers/{provider}/login", post(login::log_in)),
        &api,
    )
    .layer(from_fn_with_state(api.clone(), path_app::remember));

    let client = with_cors(
        Router::new()
            .route(
                "/api/client/v2.0/auth/session",
                post(session::refresh).delete(session::log_out),
            )
            .route("/api/client/v2.0/auth/profile", get(profile::profile))
            .route("/api/client/v2.0/auth/delete", delete(profile::delete))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz)),
        &api,
    );

    let client = client
        .nest("/api/client/v2.0/app/{app_id}", app)
        .with_state(api.clone());
    let all = client.merge(besides.method_not_allowed_fallback(error::method_not_allowed));
    api.limits
        .usual()
        .on(all.layer(CatchPanicLayer::custom(error::panicked)))
        .layer(from_fn_with_state(api, error_body::write))
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

/// The refusals of unknown paths and methods, and what browsers need, on these routes.
fn with_cors(routes: Router<Api>, api: &Api) -> Router<Api> {
    routes
        .fallback(any(error::path_not_found))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(cors::layer(api))
        .layer(from_fn(cors::vary_by_origin))
}

impl FromRef<Api> for Readiness {
    fn from_ref(api: &Api) -> Self {
        api.readiness.clone()
    }
}
