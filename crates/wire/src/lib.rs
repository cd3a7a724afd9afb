//! The JSON bodies, claims and error codes of the App Services client API.
//! Used by the server's HTTP layer, by clients and by tests, so that each shape is written once.
//! Never decides anything: it only says what the bytes look like.

mod body;
mod claims;
mod error;
mod requests;
mod responses;

pub use body::{BodyError, parse_object};
pub use claims::{ACCESS, AccessClaims, Identity, REFRESH, RefreshClaims, TypeClaim};
pub use error::{ErrorBody, ErrorCode};
pub use requests::{
    Call, CallReset, ConfirmUser, EjsonArray, EmailOnly, FunctionLogIn, LogIn, Register, ResetPassword, Secret, Text,
};
pub use responses::{AccessToken, Jwk, JwkSet, Location, LoggedIn, Profile, ProfileData, ProfileIdentity};
