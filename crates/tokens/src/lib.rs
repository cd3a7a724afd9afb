//! Access and refresh tokens: their keys, the set of published keys, and the rings that keep keys on disk.
//! Used by the client API, which issues and verifies tokens, by the server at its start and by `doorward keys`.
//! Never decides who may log in, never reads a database, and never shows key material in an error or in a log.

mod access;
mod disk;
#[cfg(test)]
mod fixture;
mod jwks;
mod jws;
mod keyrings;
mod keys;
mod refresh;
mod unverified;

pub use access::{AccessKey, AccessTokenError};
pub use disk::{AccessAlgorithm, Algorithm, EditError, KeyDirectory, Ring, RingError, RingKey, RingName};
pub use jws::InvalidKey;
pub use keyrings::Keyrings;
pub use keys::AppKeys;
pub use refresh::{RefreshKey, RefreshTokenError};
pub use unverified::UnverifiedToken;
