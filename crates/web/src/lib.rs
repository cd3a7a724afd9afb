//! What every HTTP surface of the server shares: request ids, body limits, tidy paths, client addresses,
//! metrics, health, the listener. Used by the client API and the hosted pages, and by the server, which wraps
//! all of them in [`surface`] and serves them. Never knows the paths or the error bodies of a surface, and never
//! decides what a request may do.

mod body_limit;
mod client;
mod direct;
mod health;
pub mod listener;
mod metrics;
mod paths;
mod proxies;
mod request;
mod unread_body;

pub use body_limit::BodyLimit;
pub use client::client_request;
pub use direct::is_direct;
pub use health::{Readiness, healthz, readyz};
pub use listener::{ConnectionLimits, ConnectionMetrics, PeerAddress};
pub use metrics::HttpMetrics;
pub use paths::tidy_requests;
pub use proxies::TrustedProxies;
pub use request::{REQUEST_ID, RequestContext, Surface, surface};
