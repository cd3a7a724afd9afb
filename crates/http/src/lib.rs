//! The App Services client API over HTTP: routes, extractors, and the one table from errors to the wire.
//! Used by the server and by its tests, through [`router`].
//! Never decides what an account may do: that is `doorward-core`; never touches SQL, mail or configuration files.

mod api;
mod bearer;
mod body;
mod body_memory;
mod cors;
mod email_password;
mod error;
mod error_body;
mod error_table;
mod function_call;
mod jwks;
mod location;
mod login;
mod path_app;
mod profile;
mod router;
mod session;

pub use api::{Api, ApiParts, HttpLimits};
pub use error::ApiError;
pub use error_table::error_table;
pub use router::router;
