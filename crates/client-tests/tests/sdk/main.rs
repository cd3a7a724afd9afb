//! The SDK against the real server, against scripted answers for what that server does not serve yet, and against a
//! server that misbehaves on purpose.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod account;
mod api_keys;
mod blocking;
mod dependencies;
mod email_token;
mod faults;
mod keyring;
mod linking;
mod not_served_yet;
mod parity;
mod refresh;
mod scripted;
mod stores;
mod users;
mod verify;
