//! The Rust SDK of Doorward: registering, confirming, logging in and everything around an account.
//! Used by apps, and by backends that check the tokens of their users.
//! Never knows how the server works: it speaks the wire that every Realm SDK speaks.

mod api_keys;
mod app;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod credentials;
mod ejson;
mod email_password;
mod email_token;
mod error;
mod error_code;
#[cfg(not(target_family = "wasm"))]
mod file_store;
#[cfg(all(feature = "keyring", not(target_family = "wasm")))]
mod keyring_store;
mod session_store;
mod transport;
mod user;
mod users;
#[cfg(all(feature = "verify", not(target_family = "wasm")))]
mod verify;

pub use api_keys::{ApiKey, ApiKeys};
pub use app::{App, AppBuilder};
pub use credentials::Credentials;
pub use email_password::EmailPasswordAuth;
pub use email_token::{EmailToken, EmailTokenError};
pub use error::Error;
pub use error_code::ErrorCode;
#[cfg(not(target_family = "wasm"))]
pub use file_store::FileStore;
#[cfg(all(feature = "keyring", not(target_family = "wasm")))]
pub use keyring_store::KeyringStore;
pub use session_store::{MemoryStore, SessionStore, SessionStoreError};
pub use user::{Identity, User, UserProfile, UserState};
