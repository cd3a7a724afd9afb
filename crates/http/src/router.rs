//! The table of contents. Paths are those of App Services.

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post};
use doorward_web::{Readiness, healthz, readyz};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::email_password::{confirm, register, reset};
use crate::{Api, cors, error, error_body, function_call, jwks, location, login, profile, session};

/// The client API, the health endpoints, the server's other routes, and the JSON 404 for everything else.
///
/// The server's other routes get the same containment of panics and the same answer to a wrong method, but no
/// CORS: no other origin may read it.
///
/// Every `layer` and every `nest` puts each route into one more box, which is cloned for each request. So layers that
/// belong together are one, and paths are written out.
pub fn router(api: Api, besides: Router) -> Router {
    let app = with_cors(
        api.limits
            .function_call()
            .on(Router::new().route("/functions/call", post(function_call::call)))
            .route("/location", get(location::location))
            .route("/.well-known/jwks.json", get(jwks::jwks))
            .merge(email_password(&api))
            .route("/auth/providers/{provider}/login", post(login::log_in)),
        &api,
    );

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
    let around = ServiceBuilder::new()
        .layer(from_fn_with_state(api, error_body::write))
        .layer(CatchPanicLayer::custom(error::panicked));
    all.layer(around)
}

fn email_password(api: &Api) -> Router<Api> {
    let reset_call = Router::new().route("/auth/providers/local-userpass/reset/call", post(reset::call));
    api.limits
        .function()
        .on(reset_call)
        .route("/auth/providers/local-userpass/register", post(register::register))
        .route("/auth/providers/local-userpass/confirm", post(confirm::confirm))
        .route("/auth/providers/local-userpass/confirm/send", post(confirm::send))
        .route("/auth/providers/local-userpass/confirm/call", post(confirm::call))
        .route("/auth/providers/local-userpass/reset", post(reset::reset))
        .route("/auth/providers/local-userpass/reset/send", post(reset::send))
}

/// The refusals of unknown paths and methods, and what browsers need, on these routes.
fn with_cors(routes: Router<Api>, api: &Api) -> Router<Api> {
    routes
        .fallback(any(error::path_not_found))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(cors::vary_by_origin))
                .layer(cors::layer(api)),
        )
}

impl FromRef<Api> for Readiness {
    fn from_ref(api: &Api) -> Self {
        api.readiness.clone()
    }
}
