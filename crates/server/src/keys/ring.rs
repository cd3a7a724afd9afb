//! One key ring in one file.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cli::AccessTokenAlgorithm;

/// Several keys by id, one of them active.
pub(super) struct Ring {
    pub(super) path: PathBuf,
    pub(super) active: String,
    pub(super) keys: Vec<Key>,
}

/// One key.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) created_at: String,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "HMAC-SHA-512")]
    HmacSha512,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    active: String,
    keys: Vec<KeyFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    id: String,
    algorithm: Algorithm,
    created_at: String,
    /// Base64; PKCS#8 for ES256.
    key: Zeroizing<String>,
}

impl Algorithm {
    pub(super) fn of(algorithm: AccessTokenAlgorithm) -> Self {
        match algorithm {
            AccessTokenAlgorithm::Es256 => Self::Es256,
            AccessTokenAlgorithm::Hs256 => Self::Hs256,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
            Self::HmacSha512 => "HMAC-SHA-512",
        }
    }

    fn generate(self) -> Result<Zeroizing<Vec<u8>>> {
        let system = "the operating system's random generator failed";
        Ok(Zeroizing::new(match self {
            Self::Es256 => {
                let random = rand::SystemRandom::new();
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
                document.context(system)?.as_ref().to_vec()
            }
            Self::Hs256 | Self::HmacSha512 => {
                let mut bytes = vec![0; 64];
                OsEntropy.fill(&mut bytes);
                bytes
            }
        }))
    }
}

impl Ring {
    /// Opens a ring, or makes it with one key.
    pub(super) fn open_or_create(path: &Path, algorithm: Algorithm) -> Result<Self> {
        if path.exists() {
            return Self::open(path);
        }
        let mut ring = Self {
            path: path.to_owned(),
            active: String::new(),
            keys: Vec::new(),
        };
        ring.active = ring.add(algorithm)?;
        match ring.write(Overwrite::Never) {
            Ok(()) => Ok(ring),
            // Another server on the same directory was faster; its key is the one.
            Err(_) if path.exists() => Self::open(path),
            Err(error) => Err(error),
        }
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the keys in {name}"))?;
        let text = Zeroizing::new(text);
        warn_if_others_can_read(path);
        // The error names a line and column, never the text around it.
        let file: RingFile = serde_json::from_str(&text).map_err(|error| {
            anyhow::anyhow!(
                "{name}: not a key file (line {}, column {})",
                error.line(),
                error.column()
            )
        })?;
        let mut keys = Vec::new();
        for key in file.keys {
            let secret = STANDARD.decode(key.key.as_bytes());
            let secret = secret.map_err(|_| anyhow::anyhow!("{name}: key {} is not base64", key.id))?;
            keys.push(Key {
                id: key.id,
                algorithm: key.algorithm,
                created_at: key.created_at,
                secret: Zeroizing::new(secret),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            active: file.active,
            keys,
        })
    }

    /// The ring with an active key of this algorithm: the one that is active, else the newest that fits, else a new one.
    pub(super) fn with_active(mut self, algorithm: Algorithm) -> Result<Self> {
        let fits = |key: &&Key| key.algorithm == algorithm;
        if self.keys.iter().filter(fits).any(|key| key.id == self.active) {
            return Ok(self);
        }
        if let Some(newest) = self
            .keys
            .iter()
            .filter(fits)
            .max_by(|a, b| a.created_at.cmp(&b.created_at))
        {
            self.active.clone_from(&newest.id);
            return Ok(self);
        }
        self.active = self.add(algorithm)?;
        self.save()?;
        Ok(self)
    }

    /// Adds a key without activating it, and returns its id.
    pub(super) fn add(&mut self, algorithm: Algorithm) -> Result<String> {
        let mut id = [0; 8];
        OsEntropy.fill(&mut id);
        let id = hex::encode(id);
        let now = SystemClock.now().as_seconds();
        let created_at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(now).unwrap_or_default());
        self.keys.push(Key {
            id: id.clone(),
            algorithm,
            created_at: humantime::format_rfc3339_seconds(created_at).to_string(),
            secret: algorithm.generate()?,
        });
        Ok(id)
    }

    pub(super) fn activate(&mut self, id: &str) -> Result<()> {
        if !self.keys.iter().any(|key| key.id == id) {
            bail!("{} has no key {id}", self.path.display());
        }
        id.clone_into(&mut self.active);
        Ok(())
    }

    pub(super) fn remove(&mut self, id: &str) -> Result<()> {
        if id == self.active {
            bail!("key {id} is active; activate another one first");
        }
        let before = self.keys.len();
        self.keys.retain(|key| key.id != id);
        if self.keys.len() == before {
            bail!("{} has no key {id}", self.path.display());
        }
        Ok(())
    }

    /// Replaces the file as a whole, durably.
    pub(super) fn save(&self) -> Result<()> {
        self.write(Overwrite::Yes)
    }

    fn write(&self, overwrite: Overwrite) -> Result<()> {
        let keys = self.keys.iter().map(|key| KeyFile {
            id: key.id.clone(),
            algorithm: key.algorithm,
            created_at: key.created_at.clone(),
            key: Zeroizing::new(STANDARD.encode(&key.secret)),
        });
        let file = RingFile {
            active: self.active.clone(),
            keys: keys.collect(),
        };
        let text = Zeroizing::new(serde_json::to_vec_pretty(&file)?);
        write_private(&self.path, &text, overwrite)
            .with_context(|| format!("cannot write the keys to {}", self.path.display()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    Yes,
    Never,
}

/// Writes a file that only its owner can read: all of it or nothing, and on disk before this returns. A token must never be made
/// with a key that a crash could lose.
fn write_private(path: &Path, bytes: &[u8], overwrite: Overwrite) -> std::io::Result<()> {
    let dir = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(dir)?;
    owner_only(dir, 0o700)?;
    // Made by `tempfile` with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    keep_owner(path, file.as_file())?;
    match overwrite {
        Overwrite::Yes => file.persist(path).map_err(|error| error.error)?,
        Overwrite::Never => file.persist_noclobber(path).map_err(|error| error.error)?,
    };
    fs::File::open(dir)?.sync_all()
}

/// Whoever rotates keys as root must not lock out the server's own user.
#[cfg(unix)]
fn keep_owner(old: &Path, new: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let Ok(old) = fs::metadata(old) else { return Ok(()) };
    let made = new.metadata()?;
    if (old.uid(), old.gid()) == (made.uid(), made.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owner_only(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn owner_only(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)
        .map(|metadata| metadata.permissions().mode())
        .unwrap_or_default();
    if mode & 0o077 != 0 {
        let path = path.display();
        tracing::warn!(%path, mode = format!("{:o}", mode & 0o777), "other users can read this key file; chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/mail.json");
        let made = Ring::open_or_create(&path, Algorithm::HmacSha512).unwrap();
        let kept = Ring::open_or_create(&path, Algorithm::HmacSha512).unwrap();
        assert_eq!(made.active, kept.active);
        assert_eq!(made.keys[0].secret, kept.keys[0].secret);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_keys() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/mail.json");
        Ring::open_or_create(&path, Algorithm::HmacSha512).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }

    #[test]
    fn s72_a_key_is_added_activated_and_removed_in_steps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.json");
        let mut ring = Ring::open_or_create(&path, Algorithm::Es256).unwrap();
        let old = ring.active.clone();
        let new = ring.add(Algorithm::Es256).unwrap();
        assert_eq!(ring.active, old, "a new key does not sign yet");
        assert!(ring.remove(&old).is_err(), "the active key stays");
        ring.activate(&new).unwrap();
        ring.remove(&old).unwrap();
        ring.save().unwrap();
        let ring = Ring::open(&path).unwrap();
        assert_eq!((ring.active, ring.keys.len()), (new, 1));
    }

    #[test]
    fn changing_the_algorithm_keeps_the_old_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.json");
        let es256 = Ring::open_or_create(&path, Algorithm::Es256).unwrap().active;
        let hs256 = Ring::open(&path).unwrap().with_active(Algorithm::Hs256).unwrap();
        assert_ne!(hs256.active, es256);
        assert_eq!(hs256.keys.len(), 2);
        assert_eq!(
            Ring::open(&path).unwrap().with_active(Algorithm::Es256).unwrap().active,
            es256
        );
    }

    #[test]
    fn a_broken_key_file_is_named_but_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.json");
        fs::write(
            &path,
            "{\"active\":\"a\",\"keys\":[{\"id\":\"a\",\"key\":\"hunter2\"}]}",
        )
        .unwrap();
        let error = format!("{:#}", Ring::open(&path).err().unwrap());
        assert!(error.contains("mail.json: not a key file (line 1"), "{error}");
        assert!(!error.contains("hunter2"));
    }
}
