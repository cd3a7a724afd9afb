//! Requests of scripts to the outside: where they may go.

mod address;

pub use address::{AddressRule, AllowError, Allowed};
