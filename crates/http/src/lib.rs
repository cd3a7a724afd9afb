//! The App Services client API over HTTP: routes, extractors, tokens, and the one table from errors to the wire.
//! Used by the server and by its tests, through [`router`] and [`tidy_requests`].
//! Never decides what an account may do: that is `doorward-core`; never touches SQL, mail or configuration files.

mod api;
mod bearer;
mod body;
mod caller;
mod cors;
mod email_password;
mod error;
mod error_table;
mod function_call;
mod health;
mod jwks;

mod leftover;
mod location;
mod login;
mod metrics;
mod path_app;
mod profile;
mod request_scope;
mod router;
mod session;
mod tidy;
mod tokens;

pub use api::{Api, Apps, HttpLimits, ServedApp};
pub use caller::{PeerAddress, TrustedProxies};
pub use error::{ApiError, RequestError};
pub use error_table::error_table;
pub use health::Readiness;
pub use metrics::HttpMetrics;
pub use router::router;
pub use tidy::tidy_requests;
pub use tokens::{AccessKey, AppKeys, InvalidKey, RefreshKey};
