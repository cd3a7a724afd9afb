//! The JSON bodies, claims and error codes of the App Services client API.
//! Used by the server's HTTP layer, the Rust SDK and tests, so that each shape is written once for both ends.
//! Never decides anything: it only says what the bytes look like.

mod api_keys;
mod body;
mod claims;
mod email_password;
mod error;
mod error_code;
mod function_call;
mod function_login;
mod jwks;
mod location;
mod login;
mod login_options;
mod profile;
#[cfg(test)]
mod round_trips;
mod session;
mod text;

pub use api_keys::{ApiKey, CreateApiKey};
pub use body::{BodyError, parse_object};
pub use claims::{ACCESS, AccessClaims, Identity, REFRESH, RefreshClaims, TypeClaim};
pub use email_password::{CallReset, ConfirmUser, EmailOnly, Register, ResetPassword};
pub use error::ErrorBody;
pub use error_code::ErrorCode;
pub use function_call::{Call, EjsonArray};
pub use function_login::FunctionLogIn;
pub use jwks::{Jwk, JwkSet};
pub use location::Location;
pub use login::{AnonymousLogIn, ApiKeyLogIn, LogIn, TokenLogIn};
pub use login_options::{Device, LogInOptions};
pub use profile::{Profile, ProfileData, ProfileIdentity};
pub use session::{AccessToken, Linked, LoggedIn};
pub use text::{Secret, Text};
