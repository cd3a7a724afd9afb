//! The SDK against the real server, against request and response pairs for what that server does not have yet, and against a server
//! that is deliberately bad.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod account;
mod api_keys;
#[cfg(feature = "blocking")]
mod blocking;
mod faults;
#[cfg(feature = "keyring")]
mod keyring;
mod linking;
mod parity;
mod refresh;
mod scripted;
mod stores;
mod users;
#[cfg(feature = "verify")]
mod verify;
