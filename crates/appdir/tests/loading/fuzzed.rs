//! With any content of the files, loading ends with an app or with an error that names a path of the directory.
//!
//! Under `cargo test` bolero tries a bounded number of inputs; `cargo bolero test` runs until it is stopped.

use std::fs;
use std::path::PathBuf;

use bolero::check;
use doorward_appdir::{LoadOptions, load};
use tempfile::TempDir;

const ROOT: &str = r#"{"config_version":20210101,"app_id":"app-abcde","name":"app","environment":"qa",
    "allowed_request_origins":["https://a.example"],"custom_user_data_config":{"enabled":true}}"#;
const PROVIDERS: &str = r#"{"local-userpass":{"name":"local-userpass","disabled":false,"config":{
    "autoConfirm":false,"emailConfirmationUrl":"https://%(%%environment.values.host)/c","runResetFunction":true,
    "resetFunctionName":"f"}},"custom-token":{"secret_config":{"signingKeys":["a"]}}}"#;
const FUNCTIONS: &str =
    r#"[{"name":"f","private":true,"can_evaluate":{}},{"name":"g/h","url":"https://a.example","secret_name":"s"}]"#;

struct Fuzzed {
    dir: TempDir,
    file: &'static str,
    text: &'static str,
}

impl Fuzzed {
    fn new(file: &'static str, text: &'static str) -> Self {
        let dir = TempDir::new().unwrap();
        for folder in ["auth", "environments", "functions"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("realm_config.json"), ROOT).unwrap();
        fs::write(dir.path().join("auth/providers.json"), PROVIDERS).unwrap();
        fs::write(dir.path().join("functions/config.json"), FUNCTIONS).unwrap();
        fs::write(dir.path().join("functions/f.js"), "exports = 1").unwrap();
        fs::write(
            dir.path().join("environments/qa.json"),
            r#"{"values":{"host":"qa.example"}}"#,
        )
        .unwrap();
        assert!(
            load(dir.path(), &LoadOptions::default()).is_ok(),
            "the starting point is sound"
        );
        Self { dir, file, text }
    }

    fn holds(&self, bytes: &[u8]) {
        fs::write(self.dir.path().join(self.file), bytes).unwrap();
        let root: PathBuf = self.dir.path().canonicalize().unwrap();
        let options = LoadOptions::default();
        let loaded = load(&root, &options);
        let report = doorward_appdir::check(&root, &options);
        // What loads may still need a function, which this version does not run: only the report shows it.
        assert!(loaded.is_ok() || !report.is_ok());
        match loaded {
            Ok(app) => assert!(!app.client_app_id.is_empty()),
            Err(error) => {
                assert!(error.path().starts_with(&root), "{error}");
                assert!(error.to_string().contains(root.to_str().unwrap()), "{error}");
            }
        }
        assert!(!report.to_string().is_empty());
    }

    /// Arbitrary bytes seldom pass the first brace, so most inputs damage a sound file instead.
    fn damaged(&self, start: u16, length: u8, bytes: &[u8]) {
        let text = self.text.as_bytes();
        let start = usize::from(start) % text.len();
        let end = (start + usize::from(length % 16)).min(text.len());
        self.holds(&[&text[..start], bytes, &text[end..]].concat());
    }
}

fn arbitrary(file: &'static str, text: &'static str) {
    let fuzzed = Fuzzed::new(file, text);
    check!()
        .with_iterations(300)
        .with_max_len(256)
        .for_each(|bytes| fuzzed.holds(bytes));
}

fn damaged(file: &'static str, text: &'static str) {
    let fuzzed = Fuzzed::new(file, text);
    check!()
        .with_type::<(u16, u8, Vec<u8>)>()
        .with_iterations(700)
        .for_each(|(start, length, bytes)| fuzzed.damaged(*start, *length, bytes));
}

#[test]
fn any_root_file_loads_or_fails_with_a_path() {
    arbitrary("realm_config.json", ROOT);
}

#[test]
fn a_damaged_root_file_loads_or_fails_with_a_path() {
    damaged("realm_config.json", ROOT);
}

#[test]
fn any_providers_file_loads_or_fails_with_a_path() {
    arbitrary("auth/providers.json", PROVIDERS);
}

#[test]
fn a_damaged_providers_file_loads_or_fails_with_a_path() {
    damaged("auth/providers.json", PROVIDERS);
}

#[test]
fn any_functions_manifest_loads_or_fails_with_a_path() {
    arbitrary("functions/config.json", FUNCTIONS);
}

#[test]
fn a_damaged_functions_manifest_loads_or_fails_with_a_path() {
    damaged("functions/config.json", FUNCTIONS);
}

#[test]
fn a_file_that_was_cut_off_loads_or_fails_with_a_path() {
    for (file, text) in [
        ("realm_config.json", ROOT),
        ("auth/providers.json", PROVIDERS),
        ("functions/config.json", FUNCTIONS),
    ] {
        let fuzzed = Fuzzed::new(file, text);
        for end in 0..text.len() {
            fuzzed.holds(&text.as_bytes()[..end]);
        }
    }
}
