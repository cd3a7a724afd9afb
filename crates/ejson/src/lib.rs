//! Extended JSON: the texts in which clients and functions exchange values, the typed values in them, and the rules
//! that compare them. Used by the crates that run functions and read app directories; the flows only hand texts on.
//! Never knows what a function, an app or a user is, and never shows a value in `Debug`.

#[cfg(feature = "bson")]
mod read;
#[cfg(feature = "rules")]
pub mod rules;
mod text;
#[cfg(feature = "bson")]
mod write;

/// The types of Extended JSON, from the official crate.
#[cfg(feature = "bson")]
pub use bson;
#[cfg(feature = "bson")]
pub use read::{ParseError, to_bson};
pub use text::Ejson;
