//! One key ring in one file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use doorward_core::{Clock as _, Entropy as _, KeyId, OsEntropy, SystemClock};
use zeroize::Zeroizing;

use super::private_file::Overwrite;
use super::{Algorithm, EditError, RingError, format};

/// Several keys by id, one of them active. Changes stay in memory until they are saved.
#[derive(Debug)]
pub struct Ring {
    pub(super) path: PathBuf,
    pub(super) active: KeyId,
    pub(super) keys: Vec<RingKey>,
}

/// One key of a ring. Only this crate can read its secret.
pub struct RingKey {
    /// Its id.
    pub id: KeyId,
    /// What it is used with.
    pub algorithm: Algorithm,
    /// When it was made (RFC 3339).
    pub created_at: String,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl Ring {
    /// Reads a ring from its file.
    pub fn open(path: &Path) -> Result<Self, RingError> {
        format::read(path)
    }

    /// Opens a ring, or makes it with one key.
    pub(super) fn open_or_create(path: &Path, algorithm: Algorithm) -> Result<Self, RingError> {
        if path.exists() {
            return Self::open(path);
        }
        let key = RingKey::generate(algorithm)?;
        let ring = Self {
            path: path.to_owned(),
            active: key.id.clone(),
            keys: vec![key],
        };
        match format::write(&ring, Overwrite::Never) {
            Ok(()) => Ok(ring),
            // Another server on the same directory has made the ring first; its key counts.
            Err(_) if path.exists() => Self::open(path),
            Err(error) => Err(error),
        }
    }

    /// The ring with an active key of this algorithm: the one that is active, else the newest that fits, else a new
    /// one.
    pub(super) fn with_active(mut self, algorithm: Algorithm) -> Result<Self, RingError> {
        let fits = |key: &&RingKey| key.algorithm == algorithm;
        if self.keys.iter().filter(fits).any(|key| key.id == self.active) {
            return Ok(self);
        }
        let fitting = self.keys.iter().filter(fits);
        if let Some(newest) = fitting.max_by(|a, b| a.created_at.cmp(&b.created_at)) {
            self.active.clone_from(&newest.id);
            return Ok(self);
        }
        self.active = self.add(algorithm)?;
        self.save()?;
        Ok(self)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the key that makes new tokens.
    pub fn active(&self) -> &KeyId {
        &self.active
    }

    /// All keys, in the order of the file.
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// Adds a new key without activating it, and returns its id.
    pub fn add(&mut self, algorithm: Algorithm) -> Result<KeyId, RingError> {
        let key = RingKey::generate(algorithm)?;
        let id = key.id.clone();
        self.keys.push(key);
        Ok(id)
    }

    /// Activates a key, and returns it.
    pub fn activate(&mut self, id: &KeyId) -> Result<&RingKey, EditError> {
        let found = self.keys.iter().find(|key| key.id == *id);
        let key = found.ok_or_else(|| self.no_such_key(id))?;
        self.active.clone_from(&key.id);
        Ok(key)
    }

    /// Removes a key that is not active.
    pub fn remove(&mut self, id: &KeyId) -> Result<(), EditError> {
        if *id == self.active {
            return Err(EditError::Active { key: id.clone() });
        }
        let before = self.keys.len();
        self.keys.retain(|key| key.id != *id);
        if self.keys.len() == before {
            return Err(self.no_such_key(id));
        }
        Ok(())
    }

    /// Replaces the file as a whole, durably.
    pub fn save(&self) -> Result<(), RingError> {
        format::write(self, Overwrite::Yes)
    }

    fn no_such_key(&self, id: &KeyId) -> EditError {
        EditError::NoSuchKey {
            path: self.path.clone(),
            key: id.clone(),
        }
    }
}

impl RingKey {
    fn generate(algorithm: Algorithm) -> Result<Self, RingError> {
        let mut id = [0; 8];
        OsEntropy.fill(&mut id);
        let now = u64::try_from(SystemClock.now().as_seconds()).unwrap_or_default();
        let created_at = UNIX_EPOCH + Duration::from_secs(now);
        Ok(Self {
            id: KeyId(hex::encode(id)),
            algorithm,
            created_at: humantime::format_rfc3339_seconds(created_at).to_string(),
            secret: algorithm.generate()?,
        })
    }
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

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

    #[test]
    fn s72_a_key_is_added_activated_and_removed_in_steps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.json");
        let mut ring = Ring::open_or_create(&path, Algorithm::Es256).unwrap();
        let old = ring.active.clone();
        let new = ring.add(Algorithm::Es256).unwrap();
        assert_eq!(ring.active, old, "a new key does not sign yet");
        assert!(ring.remove(&old).is_err(), "the active key stays");
        assert_eq!(ring.activate(&new).unwrap().id, new);
        ring.remove(&old).unwrap();
        ring.save().unwrap();
        let ring = Ring::open(&path).unwrap();
        assert_eq!((ring.active, ring.keys.len()), (new, 1));
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mail.json");
        let mut ring = Ring::open_or_create(&path, Algorithm::HmacSha512).unwrap();
        let (active, unknown) = (ring.active.clone(), KeyId("0000".to_owned()));
        let no_such_key = format!("{} has no key 0000", path.display());
        assert_eq!(ring.activate(&unknown).unwrap_err().to_string(), no_such_key);
        assert_eq!(ring.remove(&unknown).unwrap_err().to_string(), no_such_key);
        assert_eq!(
            ring.remove(&active).unwrap_err().to_string(),
            format!("key {active} is active; activate another one first")
        );
        assert_eq!((ring.active, ring.keys.len()), (active, 1));
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
    fn a_ring_does_not_show_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring::open_or_create(&dir.path().join("mail.json"), Algorithm::HmacSha512).unwrap();
        let id = &ring.active;
        let path = ring.path.display();
        assert_eq!(
            format!("{ring:?}"),
            format!(r#"Ring {{ path: "{path}", active: {id:?}, keys: [RingKey {{ id: {id:?}, .. }}] }}"#)
        );
    }
}
