//! Exported app directories.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The example app, confirmed and reset by mail. Its id is `notes-abcde`.
pub(crate) fn notes() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/notes");
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

/// An app directory of one test.
pub(crate) struct AppDir(TempDir);

impl AppDir {
    /// An app with this id and this configuration of its e-mail/password provider.
    pub(crate) fn new(id: &str, config: &Value) -> Self {
        let dir = Self(TempDir::new().unwrap());
        dir.write(
            "realm_config.json",
            &json!({ "app_id": id, "config_version": 20_210_101, "name": "notes" }).to_string(),
        );
        let provider =
            json!({ "name": "local-userpass", "type": "local-userpass", "disabled": false, "config": config });
        dir.write(
            "auth/providers.json",
            &json!({ "local-userpass": provider }).to_string(),
        );
        dir
    }

    /// An app with the id `notes-abcde` that confirms registrations itself, so no test has to wait for a mail.
    pub(crate) fn without_confirmation() -> Self {
        Self::new("notes-abcde", &json!({ "autoConfirm": true }))
    }

    /// Writes a file of it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The path of the directory.
    pub(crate) fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}
