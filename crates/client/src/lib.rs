//! The Rust SDK of Doorward: registering, confirming, logging in and everything around an account.
//! Used by apps, and by backends that check the tokens of their users.
//! Never knows how the server works: it speaks the wire that every Realm SDK speaks.

mod email_token;
#[cfg(feature = "verify")]
mod verify;

pub use email_token::{EmailToken, EmailTokenError};
