//! The keys that tokens are made with: files below `DATA_DIR/keys`, made at the first start, readable by their owner only.
//!
//! `mail.json` for mailed links; `APP_ID/access.json` and `APP_ID/refresh.json` for each app. Each file holds a ring: several keys by
//! id, one of them active. A ring is rotated without a refused token: add a key and restart, so that its public half is known;
//! activate it and restart; remove the old one when the last token that it made has expired.

mod ring;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use doorward_core::{AppId, KeyId, TokenKeys};
use doorward_http::{AccessKey, AppKeys, RefreshKey};

use crate::cli::{AccessTokenAlgorithm, KeyPurpose, KeyRing, KeysAction, KeysOptions};
use ring::{Algorithm, Ring};

/// The keys for mailed links.
pub(crate) fn mail_keys(data_dir: &Path) -> Result<TokenKeys> {
    let ring = Ring::open_or_create(&mail_path(data_dir), Algorithm::HmacSha512)?;
    let keys = ring
        .keys
        .iter()
        .map(|key| (KeyId(key.id.clone()), key.secret.as_slice()));
    TokenKeys::new(KeyId(ring.active.clone()), keys).with_context(|| {
        format!(
            "{}: a key is shorter than 32 bytes, or the active one is missing",
            ring.path.display()
        )
    })
}

/// The keys of an app's access and refresh tokens. Access tokens are signed with the wanted algorithm from now on; what keys of
/// the other one signed stays valid.
pub(crate) fn app_keys(data_dir: &Path, app: &AppId, wanted: AccessTokenAlgorithm) -> Result<AppKeys> {
    let wanted = Algorithm::of(wanted);
    let access = Ring::open_or_create(&app_path(data_dir, app, "access"), wanted)?.with_active(wanted)?;
    let refresh = Ring::open_or_create(&app_path(data_dir, app, "refresh"), Algorithm::Hs256)?;
    let mut access_keys = BTreeMap::new();
    for key in &access.keys {
        let id = KeyId(key.id.clone());
        let loaded = match key.algorithm {
            Algorithm::Es256 => AccessKey::es256(&id, &key.secret),
            Algorithm::Hs256 => AccessKey::hs256(&key.secret),
            Algorithm::HmacSha512 => bail!("{}: key {id} is not for access tokens", access.path.display()),
        };
        access_keys.insert(
            id,
            loaded.with_context(|| format!("{}: key {}", access.path.display(), key.id))?,
        );
    }
    let mut refresh_keys = BTreeMap::new();
    for key in &refresh.keys {
        let loaded = RefreshKey::new(&key.secret);
        let loaded = loaded.with_context(|| format!("{}: key {}", refresh.path.display(), key.id))?;
        refresh_keys.insert(KeyId(key.id.clone()), loaded);
    }
    AppKeys::new(
        KeyId(access.active.clone()),
        access_keys,
        KeyId(refresh.active.clone()),
        refresh_keys,
    )
    .with_context(|| {
        format!(
            "{}: an active key is missing",
            data_dir.join("keys").join(app.as_str()).display()
        )
    })
}

/// `doorward keys`
pub(crate) fn command(options: &KeysOptions) -> Result<()> {
    match &options.action {
        KeysAction::List => list(&options.data_dir),
        KeysAction::Add(choice) => {
            let mut ring = open(&options.data_dir, choice)?;
            let id = ring.add(match choice.purpose {
                KeyPurpose::Mail => Algorithm::HmacSha512,
                KeyPurpose::Refresh => Algorithm::Hs256,
                KeyPurpose::Access => Algorithm::of(choice.algorithm),
            })?;
            ring.save()?;
            say(&format!("added key {id}; restart every server, then activate it"))
        }
        KeysAction::Activate(choice) => {
            let mut ring = open(&options.data_dir, &choice.ring)?;
            ring.activate(&choice.id)?;
            ring.save()?;
            let algorithm = ring
                .keys
                .iter()
                .find(|key| key.id == choice.id)
                .map_or("", |key| key.algorithm.name());
            // The server signs access tokens with the algorithm that it was told, whichever key is active.
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
            let mut ring = open(&options.data_dir, &choice.ring)?;
            ring.remove(&choice.id)?;
            ring.save()?;
            say(&format!(
                "removed key {}; what it made is refused from the next start on",
                choice.id
            ))
        }
    }
}

fn list(data_dir: &Path) -> Result<()> {
    let keys = data_dir.join("keys");
    let mut paths = vec![mail_path(data_dir)];
    let entries = std::fs::read_dir(&keys).with_context(|| format!("cannot read {}", keys.display()))?;
    for entry in entries {
        let dir = entry?.path();
        if dir.is_dir() {
            paths.extend([dir.join("access.json"), dir.join("refresh.json")]);
        }
    }
    paths.sort();
    for path in paths.into_iter().filter(|path| path.exists()) {
        let ring = Ring::open(&path)?;
        for key in &ring.keys {
            let active = if key.id == ring.active { "active" } else { "" };
            let name = path.strip_prefix(&keys).unwrap_or(&path).display().to_string();
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

fn open(data_dir: &Path, ring: &KeyRing) -> Result<Ring> {
    let path = match (ring.purpose, &ring.app) {
        (KeyPurpose::Mail, _) => mail_path(data_dir),
        (purpose, Some(app)) => {
            let app = AppId::parse(app).context("--app must be an app id such as notes-abcde")?;
            app_path(
                data_dir,
                &app,
                if purpose == KeyPurpose::Access {
                    "access"
                } else {
                    "refresh"
                },
            )
        }
        (_, None) => bail!("--app is needed: each app has access and refresh keys of its own"),
    };
    Ring::open(&path)
}

fn mail_path(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join("mail.json")
}

fn app_path(data_dir: &Path, app: &AppId, ring: &str) -> PathBuf {
    data_dir.join("keys").join(app.as_str()).join(format!("{ring}.json"))
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot write to standard output")
}
