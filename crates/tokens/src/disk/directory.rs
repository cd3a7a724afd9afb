//! The directory of all key files: which file holds which keys, and the keys that a server makes of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use doorward_core::{AppId, KeyId, TokenKeys};

use super::{AccessAlgorithm, Algorithm, Ring, RingError, RingKey};
use crate::{AccessKey, AppKeys, InvalidKey, RefreshKey};

/// `DATA_DIR/keys`: `mail.json` for mailed links, `APP_ID/access.json` and `APP_ID/refresh.json` for each app. Each
/// file holds one [`Ring`].
#[derive(Debug, Clone)]
pub struct KeyDirectory(PathBuf);

/// Which ring of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingName<'a> {
    /// The keys for mailed links, common to all apps.
    Mail,
    /// An app's keys for access tokens.
    Access(&'a AppId),
    /// An app's keys for refresh tokens.
    Refresh(&'a AppId),
}

impl KeyDirectory {
    /// The key files below a server's data directory. Nothing is read or made yet.
    pub fn in_data_dir(data_dir: &Path) -> Self {
        Self(data_dir.join("keys"))
    }

    /// The keys for mailed links; the first call makes them.
    pub fn mail_keys(&self) -> Result<TokenKeys, RingError> {
        let ring = Ring::open_or_create(&self.path_of(RingName::Mail), Algorithm::HmacSha512)?;
        usable_mail_keys(ring)
    }

    /// The keys of an app's access and refresh tokens; the first call for the app makes them. Access tokens are
    /// signed with the wanted algorithm from now on; what keys of the other one signed stays valid.
    pub fn app_keys(&self, app: &AppId, wanted: AccessAlgorithm) -> Result<AppKeys, RingError> {
        let access = Ring::open_or_create(&self.path_of(RingName::Access(app)), wanted.into())?;
        let access = access.with_active(wanted.into())?;
        let refresh = Ring::open_or_create(&self.path_of(RingName::Refresh(app)), Algorithm::Hs256)?;
        let access_keys = access_keys(&access)?;
        let refresh_keys = refresh_keys(&refresh)?;
        AppKeys::new(access.active, access_keys, refresh.active, refresh_keys).ok_or_else(|| RingError::NoActiveKey {
            path: self.0.join(app.as_str()),
        })
    }

    /// Reads every ring, and refuses one that a server could not use. Nothing is made.
    pub fn verify(&self) -> Result<(), RingError> {
        for path in self.files()? {
            let ring = Ring::open(&path)?;
            if path == self.path_of(RingName::Mail) {
                usable_mail_keys(ring)?;
            } else if path.ends_with("access.json") {
                access_keys(&ring)?;
            } else {
                refresh_keys(&ring)?;
            }
        }
        Ok(())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of a ring, whether it is there or not.
    pub fn path_of(&self, ring: RingName<'_>) -> PathBuf {
        match ring {
            RingName::Mail => self.0.join("mail.json"),
            RingName::Access(app) => self.0.join(app.as_str()).join("access.json"),
            RingName::Refresh(app) => self.0.join(app.as_str()).join("refresh.json"),
        }
    }

    /// The files that are there, sorted.
    pub fn files(&self) -> Result<Vec<PathBuf>, RingError> {
        let files = || -> io::Result<_> {
            let mut paths = vec![self.path_of(RingName::Mail)];
            for entry in fs::read_dir(&self.0)? {
                let dir = entry?.path();
                if dir.is_dir() {
                    paths.extend([dir.join("access.json"), dir.join("refresh.json")]);
                }
            }
            paths.retain(|path| path.exists());
            paths.sort();
            Ok(paths)
        };
        files().map_err(|source| RingError::List {
            path: self.0.clone(),
            source,
        })
    }
}

fn usable_mail_keys(ring: Ring) -> Result<TokenKeys, RingError> {
    let keys = ring.keys.iter().map(|key| (key.id.clone(), key.secret.as_slice()));
    TokenKeys::new(ring.active.clone(), keys).ok_or(RingError::UnusableMailKeys { path: ring.path })
}

fn access_keys(ring: &Ring) -> Result<BTreeMap<KeyId, AccessKey>, RingError> {
    load(ring, |key| match key.algorithm {
        Algorithm::Es256 => Ok(AccessKey::es256(&key.id, &key.secret)),
        Algorithm::Hs256 => Ok(AccessKey::hs256(&key.secret)),
        Algorithm::HmacSha512 => Err(RingError::NotForAccess {
            path: ring.path.clone(),
            key: key.id.clone(),
        }),
    })
}

fn refresh_keys(ring: &Ring) -> Result<BTreeMap<KeyId, RefreshKey>, RingError> {
    load(ring, |key| Ok(RefreshKey::new(&key.secret)))
}

/// The keys of a ring by id, made with `key`.
fn load<K>(
    ring: &Ring,
    key: impl Fn(&RingKey) -> Result<Result<K, InvalidKey>, RingError>,
) -> Result<BTreeMap<KeyId, K>, RingError> {
    let mut keys = BTreeMap::new();
    for on_disk in &ring.keys {
        let loaded = key(on_disk)?.map_err(|source| RingError::UnusableKey {
            path: ring.path.clone(),
            key: on_disk.id.clone(),
            source,
        })?;
        keys.insert(on_disk.id.clone(), loaded);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn keys_are_made_at_the_first_call_and_found_at_the_next() {
        let data = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::in_data_dir(data.path());
        let app = app();
        let mail = keys.mail_keys().unwrap();
        let made = published(&keys.app_keys(&app, AccessAlgorithm::Es256).unwrap());
        assert_eq!(keys.mail_keys().unwrap().active(), mail.active());
        assert_eq!(published(&keys.app_keys(&app, AccessAlgorithm::Es256).unwrap()), made);
        let names = ["mail.json", "notes-abcde/access.json", "notes-abcde/refresh.json"];
        assert_eq!(keys.files().unwrap(), names.map(|name| keys.path().join(name)));
    }

    #[test]
    fn keys_of_the_other_algorithm_stay_published() {
        let data = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::in_data_dir(data.path());
        let es256 = keys.app_keys(&app(), AccessAlgorithm::Es256).unwrap();
        let both = keys.app_keys(&app(), AccessAlgorithm::Hs256).unwrap();
        assert_eq!(published(&both), published(&es256));
    }

    #[test]
    fn keys_that_cannot_be_used_are_named() {
        let data = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::in_data_dir(data.path());
        let app = app();
        let dir = keys.path().join("notes-abcde");
        fs::create_dir_all(&dir).unwrap();
        let write = |ring, algorithm: &str| {
            let key = format!(r#"{{"id":"a","algorithm":"{algorithm}","created_at":"","key":"AAAA"}}"#);
            fs::write(keys.path_of(ring), format!(r#"{{"active":"a","keys":[{key}]}}"#)).unwrap();
        };

        write(RingName::Mail, "HMAC-SHA-512");
        let path = keys.path_of(RingName::Mail);
        let unusable = format!(
            "{}: a key is shorter than 32 bytes, or the active one is missing",
            path.display()
        );
        assert_eq!(keys.mail_keys().unwrap_err().to_string(), unusable);
        assert_eq!(keys.verify().unwrap_err().to_string(), unusable);
        fs::remove_file(path).unwrap();
        keys.verify().unwrap();

        let access = keys.path_of(RingName::Access(&app));
        write(RingName::Access(&app), "HS256");
        let error = keys.app_keys(&app, AccessAlgorithm::Hs256).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: key a", access.display()));
        assert_eq!(keys.verify().unwrap_err().to_string(), error.to_string());
        assert_eq!(error.source().unwrap().to_string(), InvalidKey.to_string());

        write(RingName::Access(&app), "HMAC-SHA-512");
        let error = keys.app_keys(&app, AccessAlgorithm::Es256).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: key a is not for access tokens", access.display())
        );

        // Of the access keys, the newest takes the place of an active one that is missing. Refresh keys have no such
        // rule.
        for (ring, algorithm) in [
            (RingName::Access(&app), Algorithm::Es256),
            (RingName::Refresh(&app), Algorithm::Hs256),
        ] {
            let path = keys.path_of(ring);
            fs::remove_file(&path).unwrap();
            let mut ring = Ring::open_or_create(&path, algorithm).unwrap();
            ring.active = KeyId("b".to_owned());
            ring.save().unwrap();
        }
        let error = keys.app_keys(&app, AccessAlgorithm::Es256).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: an active key is missing", dir.display())
        );
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let data = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::in_data_dir(data.path());
        let error = keys.files().unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read {}", keys.path().display()));
    }

    fn app() -> AppId {
        AppId::parse("notes-abcde").unwrap()
    }

    /// The ids of the published keys.
    fn published(keys: &AppKeys) -> Vec<String> {
        keys.jwks().keys.into_iter().map(|key| key.kid).collect()
    }
}
