//! The archive of a backup: a tar file with a manifest, the manifest's checksum, the database and the keys.
//!
//! It is private: the keys in it make tokens, and the database holds hashes of passwords.

mod manifest;
mod read;
mod write;

pub(crate) use manifest::{Manifest, Member};
pub(crate) use read::{check, extract};
pub(crate) use write::Contents;

/// The name of the first member.
const MANIFEST: &str = "manifest.json";
/// The name of the second: what `sha256sum` prints for the first.
const MANIFEST_SUM: &str = "manifest.json.sha256";
