//! The secrets of apps: where they are, and their texts, which are read where they are used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::{Context as _, Result};
use clap::Args;
use doorward_appdir::SecretNames;

use super::arg_ext::ArgExt as _;
use super::values::Secret;

const PREFIX: &str = "DOORWARD_SECRET_";

#[derive(Debug, Args)]
pub(crate) struct SecretOptions {
    /// A directory with one file for each secret, named as the secret is.
    ///
    /// `DIR/<app id>/` wins over `DIR`, and files win over `DOORWARD_SECRET_<NAME>` in the environment. Secrets are the
    /// texts of values, and what calls of web services are signed with.
    #[arg(long, value_name = "DIR", env = "DOORWARD_SECRETS", default_text = "none")]
    secrets: Option<PathBuf>,
}

/// Where the secrets of apps are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    dir: Option<PathBuf>,
    environment: BTreeSet<String>,
}

impl Secrets {
    /// The secrets of the directory and of the environment.
    pub(crate) fn of(options: &SecretOptions) -> Self {
        let names = env::vars_os().filter_map(|(name, _)| name.to_str()?.strip_prefix(PREFIX).map(str::to_owned));
        Self {
            dir: options.secrets.clone(),
            environment: names.collect(),
        }
    }

    /// The names of all secrets. Those of the environment and the directory are for every app; those of a folder in it
    /// are for the app whose id the folder has as its name.
    pub(crate) fn names(&self) -> Result<SecretNames> {
        let mut common = self.environment.clone();
        let mut folders = Vec::new();
        if let Some(dir) = &self.dir {
            let unreadable = || format!("cannot read the secrets directory {}", dir.display());
            common.extend(files_in(dir).with_context(unreadable)?);
            for entry in fs::read_dir(dir).with_context(unreadable)? {
                let entry = entry.with_context(unreadable)?;
                if let (true, Ok(app)) = (entry.path().is_dir(), entry.file_name().into_string()) {
                    folders.push((app, files_in(&entry.path()).with_context(unreadable)?));
                }
            }
        }
        let mut names: SecretNames = common.into_iter().collect();
        for (app, files) in folders {
            names.add_for_app(app, files);
        }
        Ok(names)
    }

    /// The text of a secret. The file in the app's own folder wins, then the common file, then the environment. One
    /// line break at the end of a file comes from an editor and is left out.
    pub(crate) fn find(&self, app_id: &str, name: &str) -> Result<Option<Secret>> {
        let files = self
            .dir
            .iter()
            .flat_map(|dir| [dir.join(app_id).join(name), dir.join(name)]);
        for file in files {
            if file.is_file() {
                let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let text = text
                    .strip_suffix('\n')
                    .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
                return Ok(Some(Secret(text.to_owned())));
            }
        }
        #[expect(clippy::disallowed_methods, reason = "the configuration reads the environment")]
        let text = self
            .environment
            .contains(name)
            .then(|| env::var(format!("{PREFIX}{name}")));
        Ok(text.and_then(Result::ok).map(Secret))
    }
}

fn files_in(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.path().is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_app_wins_over_the_common_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("notes-abcde")).unwrap();
        fs::write(dir.path().join("key"), "common\r\n").unwrap();
        fs::write(dir.path().join("notes-abcde/key"), "own\n\n").unwrap();
        let secrets = Some(dir.path().to_owned());
        let secrets = Secrets::of(&SecretOptions { secrets });
        let find = |app| secrets.find(app, "key").unwrap().map(|secret| secret.0);
        assert_eq!(find("notes-abcde").as_deref(), Some("own\n"));
        assert_eq!(find("club-abcde").as_deref(), Some("common"));
        assert!(secrets.find("notes-abcde", "other").unwrap().is_none());
    }
}
