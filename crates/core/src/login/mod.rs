//! Logging in with any provider; identities; and the sessions that logins open.

mod attempt;
mod custom_function;
mod email_password;
mod identity;
mod session;
mod sign_in;

pub use attempt::LoginAttempt;
pub use custom_function::FunctionLoginRefusal;
pub use email_password::{Credentials, LoginRefusal};
pub use identity::{ExternalId, Identity, Profile, VerifiedIdentity};
pub use session::{NotSignedIn, Session, SessionEnded, SignedInUser};
pub use sign_in::{SignInRefusal, SignedIn};
