//! What can be wrong with a key file or with a change of one. The texts are for the operator: they name files and ids
//! of keys, and never quote what is in a file.

use std::io;
use std::path::PathBuf;

use doorward_core::KeyId;

use crate::InvalidKey;

/// Why the keys in a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The file cannot be read.
    #[error("cannot read the keys in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The directory of all key files cannot be read.
    #[error("cannot read {}", path.display())]
    List {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the keys to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not JSON, or not of the expected shape.
    #[error("{}: not a key file (line {line}, column {column})", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A key is not in base64.
    #[error("{}: key {key} is not base64", path.display())]
    NotBase64 {
        /// The file.
        path: PathBuf,
        /// The key.
        key: KeyId,
    },
    /// A key does not fit its algorithm.
    #[error("{}: key {key}", path.display())]
    UnusableKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: KeyId,
        /// What a key has to be.
        source: InvalidKey,
    },
    /// A key among the access keys has an algorithm that signs no access tokens.
    #[error("{}: key {key} is not for access tokens", path.display())]
    NotForAccess {
        /// The file.
        path: PathBuf,
        /// The key.
        key: KeyId,
    },
    /// The keys for mailed links cannot be used.
    #[error("{}: a key is shorter than 32 bytes, or the active one is missing", path.display())]
    UnusableMailKeys {
        /// The file.
        path: PathBuf,
    },
    /// An app's access or refresh keys have no active one.
    #[error("{}: an active key is missing", path.display())]
    NoActiveKey {
        /// The directory of the app's key files.
        path: PathBuf,
    },
    /// No key can be made.
    #[error("the operating system's random generator failed")]
    Generator,
}

/// Why a change of a ring is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The ring has no such key.
    #[error("{} has no key {key}", path.display())]
    NoSuchKey {
        /// The file.
        path: PathBuf,
        /// The id that the operator gave.
        key: KeyId,
    },
    /// The active key cannot be removed.
    #[error("key {key} is active; activate another one first")]
    Active {
        /// The key.
        key: KeyId,
    },
}
