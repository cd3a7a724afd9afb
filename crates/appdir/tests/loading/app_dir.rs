//! App directories for tests.

use std::path::{Path, PathBuf};

use doorward_appdir::{LoadError, LoadOptions, LoadedApp, Report, check, load};
use tempfile::TempDir;

/// An app directory of one test.
pub(crate) struct AppDir(TempDir);

impl AppDir {
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A V2 directory that has only an app id.
    pub(crate) fn v2() -> Self {
        Self::empty().file(
            "realm_config.json",
            r#"{"config_version":20210101,"app_id":"app-abcde","name":"app"}"#,
        )
    }

    /// A V2 directory whose `local-userpass` has this configuration.
    pub(crate) fn userpass(config: &str) -> Self {
        Self::v2().file(
            "auth/providers.json",
            &format!(r#"{{"local-userpass":{{"config":{config}}}}}"#),
        )
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.bytes(name, text.as_bytes())
    }

    pub(crate) fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    pub(crate) fn load(&self) -> Result<LoadedApp, LoadError> {
        load(&self.path(), &LoadOptions::default())
    }

    pub(crate) fn app(&self) -> LoadedApp {
        self.load().unwrap()
    }

    pub(crate) fn report(&self) -> Report {
        check(&self.path(), &LoadOptions::default())
    }

    /// The error of `load`, with the directory written as `APP`.
    pub(crate) fn error(&self) -> String {
        redact(&self.load().unwrap_err().to_string(), &self.path())
    }

    /// Every line of the report about this subject, as `section: why (path)`.
    pub(crate) fn lines(&self, what: &str) -> Vec<String> {
        let report = self.report();
        let sections = [
            ("works", &report.works),
            ("warning", &report.warnings),
            ("ignored", &report.ignored),
            ("missing", &report.missing),
        ];
        let lines = sections.into_iter().flat_map(|(section, items)| {
            items.iter().filter(|item| item.what == what).map(move |item| {
                let path = item
                    .path
                    .as_deref()
                    .map(|path| format!(" ({path})"))
                    .unwrap_or_default();
                format!("{section}: {}{path}", item.why)
            })
        });
        lines.collect()
    }
}

pub(crate) fn redact(text: &str, root: &Path) -> String {
    text.replace(root.to_str().unwrap(), "APP")
}

/// A checked-in directory.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
        .canonicalize()
        .unwrap()
}
