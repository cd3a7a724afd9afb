//! Writing an archive.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{self, SHA256};
use doorward_core::Timestamp;
use doorward_tokens::KeyDirectory;
use tar::{Builder, EntryType, Header};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::manifest::Entry;
use super::{MANIFEST, MANIFEST_SUM, Manifest, Member};

/// What goes into an archive.
pub(crate) struct Contents {
    manifest: Manifest,
    database: PathBuf,
    keys: Vec<Zeroizing<Vec<u8>>>,
    taken_at: Timestamp,
}

impl Contents {
    /// Reads the keys, and all of the copy of the database. It refuses a key file that no server could read.
    pub(crate) fn gather(database: &Path, schema: i64, keys: &KeyDirectory, taken_at: Timestamp) -> Result<Self> {
        let mut members = vec![entry_of_file(Member::Database, database)?];
        let mut contents = Vec::new();
        keys.verify()?;
        for path in keys.files()? {
            let bytes = Zeroizing::new(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
            let below = path.strip_prefix(keys.path()).ok().and_then(Member::of_keys);
            let name = below.with_context(|| format!("{} is not the path of a key file", path.display()))?;
            members.push(Entry {
                name,
                size: bytes.len() as u64,
                sha256: hex::encode(digest::digest(&SHA256, &bytes)),
            });
            contents.push(bytes);
        }
        Ok(Self {
            manifest: Manifest::new(schema, rfc3339(taken_at), members),
            database: database.to_owned(),
            keys: contents,
            taken_at,
        })
    }

    /// Writes the archive, from its first byte to its last. It does not sync it.
    pub(crate) fn write(&self, out: impl Write) -> Result<()> {
        let mut tar = Builder::new(out);
        let mut append = |name: &str, size: u64, data: &mut dyn Read| {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o600);
            header.set_mtime(u64::try_from(self.taken_at.as_seconds()).unwrap_or_default());
            header.set_size(size);
            tar.append_data(&mut header, name, data)
        };
        let mut manifest = serde_json::to_vec_pretty(&self.manifest)?;
        manifest.push(b'\n');
        append(MANIFEST, manifest.len() as u64, &mut &*manifest)?;
        let sum = sum_line(&manifest);
        append(MANIFEST_SUM, sum.len() as u64, &mut sum.as_bytes())?;
        let mut keys = self.keys.iter();
        for entry in &self.manifest.members {
            match entry.name {
                Member::Database => {
                    let mut database = File::open(&self.database)?.take(entry.size);
                    append(&entry.name.to_string(), entry.size, &mut database)?;
                }
                Member::Keys(_) => {
                    let bytes = keys.next().map_or(&[][..], |bytes| bytes);
                    append(&entry.name.to_string(), entry.size, &mut &*bytes)?;
                }
            }
        }
        tar.into_inner()?.flush()?;
        Ok(())
    }
}

/// What `sha256sum` prints for the manifest.
pub(super) fn sum_line(manifest: &[u8]) -> String {
    format!("{}  {MANIFEST}\n", hex::encode(digest::digest(&SHA256, manifest)))
}

fn entry_of_file(name: Member, path: &Path) -> Result<Entry> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hash = Sha256::default();
    let size = io::copy(&mut file, &mut hash)?;
    Ok(Entry {
        name,
        size,
        sha256: hash.finish(),
    })
}

/// The SHA-256 of what is written to it.
pub(super) struct Sha256(digest::Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(digest::Context::new(&SHA256))
    }
}

impl Sha256 {
    /// In lower-case hexadecimal digits.
    pub(super) fn finish(self) -> String {
        hex::encode(self.0.finish())
    }
}

impl Write for Sha256 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rfc3339(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.as_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
