//! How large a request body may be, and how long it may take. A route says so with a layer.

use std::future::ready;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;

use crate::RequestContext;

/// What the body of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit {
    /// Bytes.
    pub bytes: usize,
    /// How long it may take to arrive.
    pub time: Duration,
}

impl BodyLimit {
    /// Routes whose bodies may take this much. Of two such layers around a route the inner one counts.
    pub fn on<S: Clone + Send + Sync + 'static>(self, routes: Router<S>) -> Router<S> {
        routes.layer(map_request(move |request: Request| {
            if let Some(context) = request.extensions().get::<RequestContext>() {
                context.limit_body(self);
            }
            ready(request)
        }))
    }
}
