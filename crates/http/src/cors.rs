//! Browsers: which origins may call, with which methods and headers. An origin that is not allowed gets no CORS headers
//! here, and 403 from the extractor that knows the app.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ORIGIN, VARY};
use http::request::Parts;
use http::{HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use doorward_web::{REQUEST_ID, RequestContext};

use crate::Api;

/// Answers preflights, which carry no token, and marks answers as readable by allowed origins, errors included: without
/// the headers a browser hides the error's body.
pub(crate) fn layer(api: &Api) -> CorsLayer {
    let apps = api.apps().clone();
    let allowed = move |origin: &HeaderValue, parts: &Parts| {
        let Ok(origin) = origin.to_str() else { return false };
        match parts.extensions.get().and_then(RequestContext::app) {
            Some(app) => app.allows_origin(origin),
            // The app stands in the token of the call that follows.
            None => apps.any_allows_origin(origin),
        }
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, ACCEPT])
        .expose_headers([REQUEST_ID])
        .max_age(std::time::Duration::from_mins(10))
}

/// Responses differ by origin, whether or not this request had one: caches must know.
pub(crate) async fn vary_by_origin(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(VARY, HeaderValue::from_name(ORIGIN));
    response
}
