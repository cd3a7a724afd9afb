//! What surrounds every request: its id, the headers of every answer, the `link` of every error, the metrics, and the log line.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use doorward_core::RequestId;
use doorward_wire::ErrorBody;

use crate::api::ServedApp;
use crate::error::ErrorAnswer;
use crate::error_table::WireForm;
use crate::leftover::Leftover;
use crate::path_app::app_id;
use crate::{Api, ApiError};

/// The header that carries the request's id; the `link` of an error carries the same one.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-appservices-request-id");

/// What is known of a request while it is handled.
#[derive(Clone)]
pub(crate) struct RequestScope {
    app: Arc<OnceLock<Arc<ServedApp>>>,
}

impl RequestScope {
    /// The scope of the request that these parts belong to. Without the middleware there is nobody to tell, which is harmless.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self { app: Arc::default() })
    }

    /// Remembers which app the request turned out to be for: the `link` of an error names it.
    pub(crate) fn is_for(&self, app: &Arc<ServedApp>) {
        let _ = self.app.set(Arc::clone(app));
    }
}

/// The outermost middleware.
pub(crate) async fn request_scope(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::generate(api.accounts.clock(), api.accounts.entropy());
    let scope = RequestScope { app: Arc::default() };
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let limit = api.limits.of_path(request.uri().path());
    if let Some(app) = app_id(request.uri().path()).and_then(|id| api.apps.find(id)) {
        scope.is_for(app);
    }
    request.extensions_mut().insert(scope.clone());

    let (leftover, request) = Leftover::lend(request);
    let mut response = next.run(request).await;

    if let Some(ErrorAnswer(error)) = response.extensions_mut().remove::<ErrorAnswer>() {
        leftover.discard(2 * limit, api.limits.body_timeout).await;
        let form = WireForm::of(&error);
        log(&error, &form, id, route.as_deref());
        let headers = std::mem::take(response.headers_mut());
        response = error_response(&form, api.links.error(scope.app.get().map(|served| &served.app), id));
        // What inner layers set, such as CORS, stays on the error: without it a browser hides the body.
        for (name, value) in &headers {
            if name != http::header::CONTENT_LENGTH && name != http::header::CONTENT_TYPE {
                response.headers_mut().append(name, value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, no-store, must-revalidate"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    api.metrics
        .observe(&method, route.as_deref(), response.status(), started.elapsed());
    response
}

fn error_response(form: &WireForm, link: String) -> Response {
    let body = ErrorBody {
        error: form.text.to_string(),
        error_code: form.code.map(|code| code.as_str().to_owned()),
        link,
    };
    let mut response = (form.status, axum::Json(body)).into_response();
    if let Some(seconds) = form.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if form.close {
        response
            .headers_mut()
            .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// One line per failure of ours; what a client did wrong is for the metrics and the debug level.
fn log(error: &ApiError, form: &WireForm, id: RequestId, route: Option<&str>) {
    if form.status.is_server_error() {
        let causes = Causes(error).to_string();
        tracing::error!(request = %id, route, status = form.status.as_u16(), error = causes, "a request failed");
    } else {
        tracing::debug!(request = %id, route, status = form.status.as_u16(), error = %error, "a request was refused");
    }
}

/// An error with its causes, on one line.
struct Causes<'a>(&'a ApiError);

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
