//! What surrounds every request, on whichever surface: its id, its span, the headers of every answer, and the metrics.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use doorward_core::{App, Clock, Entropy, RequestId};
use http::header::{CACHE_CONTROL, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span, info_span};

use crate::unread_body::UnreadBody;
use crate::{BodyLimit, HttpMetrics, TrustedProxies};

/// The header that carries the request's id; the `link` of an error carries the same one.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-appservices-request-id");

/// What the middleware around all surfaces needs. Cheap to clone.
#[derive(Clone)]
pub struct Surface {
    /// The time, for request ids.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids.
    pub entropy: Arc<dyn Entropy>,
    /// The proxies that are trusted to report a client's address.
    pub trusted_proxies: TrustedProxies,
    /// The metrics.
    pub metrics: HttpMetrics,
}

/// Wraps the routes of every surface in one middleware: each request gets an id, a span, headers and a count.
pub fn surface(surface: Surface, routes: Router) -> Router {
    routes.layer(from_fn_with_state(Arc::new(surface), around_request))
}

/// What is known of a request while it is handled. It is kept in the extensions of the request; clones share it.
#[derive(Clone)]
pub struct RequestContext(Arc<Inner>);

struct Inner {
    id: RequestId,
    span: Span,
    trusted_proxies: TrustedProxies,
    app: OnceLock<Arc<App>>,
    body: Mutex<Option<BodyLimit>>,
}

impl RequestContext {
    /// The context of the request that these parts belong to; `None` where the middleware of [`surface`] is missing.
    pub fn of(parts: &Parts) -> Option<&Self> {
        parts.extensions.get()
    }

    /// The request's id.
    pub fn id(&self) -> RequestId {
        self.0.id
    }

    /// Remembers which app the request turned out to be for: its span and the `link` of an error name it.
    pub fn is_for(&self, app: &Arc<App>) {
        if self.0.app.set(Arc::clone(app)).is_ok() {
            self.0.span.record("app", display(&app.id));
        }
    }

    /// The app that the request is for, as far as that is known.
    pub fn app(&self) -> Option<&Arc<App>> {
        self.0.app.get()
    }

    /// What its body may take, if its route has said so.
    pub fn body_limit(&self) -> Option<BodyLimit> {
        *self.0.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what its body may take. The last word counts.
    pub fn limit_body(&self, limit: BodyLimit) {
        *self.0.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
    }

    pub(crate) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.trusted_proxies
    }
}

async fn around_request(State(surface): State<Arc<Surface>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::generate(&*surface.clock, &*surface.entropy);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = info_span!("request", request = %id, %method, route, app = Empty, status = Empty);
    let context = RequestContext(Arc::new(Inner {
        id,
        span: span.clone(),
        trusted_proxies: surface.trusted_proxies.clone(),
        app: OnceLock::new(),
        body: Mutex::default(),
    }));
    request.extensions_mut().insert(context.clone());

    let (unread, request) = UnreadBody::lend(request);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    if let (true, Some(limit)) = (
        status.is_client_error() || status.is_server_error(),
        context.body_limit(),
    ) {
        unread.discard(2 * limit.bytes, limit.time).await;
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache, no-store, must-revalidate"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    span.record("status", status.as_u16());
    surface.metrics.observe(&method, route, status, started.elapsed());
    response
}
