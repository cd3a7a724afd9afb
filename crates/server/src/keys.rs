//! `doorward keys`: lists and rotates the keys that tokens are made with.
//!
//! Rotating a key refuses no token: add a key and restart, so that its public key is published; activate it and
//! restart; remove the old key when the last token that it signed has expired.

use anyhow::{Context as _, Result};
use doorward_core::{AppId, KeyId};
use doorward_tokens::{AccessAlgorithm, Algorithm, KeyDirectory, Ring, RingName};

use crate::cli::{KeyPurpose, KeyRing, KeysAction, KeysOptions};
use crate::config::AccessTokenAlgorithm;
use crate::files::say;

/// `doorward keys`
pub(crate) fn command(options: &KeysOptions) -> Result<()> {
    let directory = KeyDirectory::in_data_dir(&options.data_dir);
    match &options.action {
        KeysAction::List => list(&directory),
        KeysAction::Add(choice) => {
            let mut ring = open(&directory, choice)?;
            let id = ring.add(match choice.purpose {
                KeyPurpose::Mail => Algorithm::HmacSha512,
                KeyPurpose::Refresh => Algorithm::Hs256,
                KeyPurpose::Access => AccessAlgorithm::from(choice.algorithm).into(),
            })?;
            ring.save()?;
            say(&format!("added key {id}; restart every server, then activate it"))
        }
        KeysAction::Activate(choice) => {
            let mut ring = open(&directory, &choice.ring)?;
            let algorithm = ring.activate(&KeyId(choice.id.clone()))?.algorithm.name();
            ring.save()?;
            // The server signs access tokens with the algorithm in its configuration, whichever key is active.
            let condition = match choice.ring.purpose {
                KeyPurpose::Access => format!(" with --access-token-algorithm {algorithm}"),
                KeyPurpose::Mail | KeyPurpose::Refresh => String::new(),
            };
            say(&format!(
                "key {} is active from the next start on{condition}",
                choice.id
            ))
        }
        KeysAction::Remove(choice) => {
            let mut ring = open(&directory, &choice.ring)?;
            ring.remove(&KeyId(choice.id.clone()))?;
            ring.save()?;
            say(&format!(
                "removed key {}; what it made is refused from the next start on",
                choice.id
            ))
        }
    }
}

impl From<AccessTokenAlgorithm> for AccessAlgorithm {
    fn from(algorithm: AccessTokenAlgorithm) -> Self {
        match algorithm {
            AccessTokenAlgorithm::Es256 => Self::Es256,
            AccessTokenAlgorithm::Hs256 => Self::Hs256,
        }
    }
}

fn list(directory: &KeyDirectory) -> Result<()> {
    for path in directory.files()? {
        let ring = Ring::open(&path)?;
        let name = path
            .strip_prefix(directory.path())
            .unwrap_or(&path)
            .display()
            .to_string();
        for key in ring.keys() {
            let active = if key.id == *ring.active() { "active" } else { "" };
            say(&format!(
                "{name:<40} {} {:<12} {} {active}",
                key.id,
                key.algorithm.name(),
                key.created_at
            ))?;
        }
    }
    Ok(())
}

fn open(directory: &KeyDirectory, ring: &KeyRing) -> Result<Ring> {
    let path = match ring.purpose {
        KeyPurpose::Mail => directory.path_of(RingName::Mail),
        KeyPurpose::Access => directory.path_of(RingName::Access(&app(ring)?)),
        KeyPurpose::Refresh => directory.path_of(RingName::Refresh(&app(ring)?)),
    };
    Ok(Ring::open(&path)?)
}

fn app(ring: &KeyRing) -> Result<AppId> {
    let app = ring.app.as_ref();
    let app = app.context("--app is needed: each app has access and refresh keys of its own")?;
    AppId::parse(app).context("--app must be an app id such as notes-abcde")
}
