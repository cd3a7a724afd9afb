//! Keys on disk: a ring of several keys in each file, readable by the owner of the file only.

mod algorithm;
mod directory;
mod error;
mod format;
mod private_file;
mod ring;

pub use algorithm::{AccessAlgorithm, Algorithm};
pub use directory::{KeyDirectory, RingName};
pub use error::{EditError, RingError};
pub use ring::{Ring, RingKey};
