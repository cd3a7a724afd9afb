//! The names of the secrets outside the directory, and the `secrets.json` of old exports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::error::{FileKind, LoadError};
use crate::files::AppFiles;
use crate::findings::Findings;
use crate::json::JsonFile;
use crate::json_position::join;

/// The names of the secrets that the operator provides; never their content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNames {
    common: BTreeSet<String>,
    by_app: BTreeMap<String, BTreeSet<String>>,
}

impl SecretNames {
    /// Adds secrets that only one app gets.
    pub fn add_for_app(&mut self, app_id: impl Into<String>, names: impl IntoIterator<Item = String>) {
        self.by_app.entry(app_id.into()).or_default().extend(names);
    }

    /// Whether the operator provides this secret to this app.
    pub fn contains(&self, app_id: &str, name: &str) -> bool {
        self.common.contains(name) || self.by_app.get(app_id).is_some_and(|names| names.contains(name))
    }
}

impl<S: Into<String>> FromIterator<S> for SecretNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self {
            common: names.into_iter().map(Into::into).collect(),
            by_app: BTreeMap::new(),
        }
    }
}

/// Knows which secrets can sign calls of web services. The texts of secrets stay on its side.
pub trait SigningSecrets: fmt::Debug + Send + Sync {
    /// Why the secret of this name cannot sign the calls of this app, as half a sentence without anything of its text;
    /// `None` if it can, or if there is no such secret. `in_export` is its text in the `secrets.json` of an old export,
    /// which counts if the operator provides no other.
    fn flaw(&self, app_id: &str, name: &str, in_export: Option<&str>) -> Option<String>;
}

/// The plain-text secrets of `secrets.json`, by the names an import would have given them.
#[derive(Clone, Default)]
pub struct LegacySecrets(BTreeMap<String, String>);

impl LegacySecrets {
    /// The content of a secret.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for LegacySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.names().map(|name| format!("{name}: ...")))
            .finish()
    }
}

const MAX_NAME: usize = 64;
const MAX_CONTENT: usize = 500;

/// Reads `secrets.json` without serde's typed errors and without expansions, so that no secret gets into a message or a
/// template.
pub(crate) fn read(files: &AppFiles, findings: &mut Findings) -> LegacySecrets {
    let mut secrets = BTreeMap::new();
    if files.contains("secrets.json") {
        let file = files
            .read("secrets.json")
            .and_then(|text| JsonFile::parse(FileKind::Other, &files.root, "secrets.json", text));
        if let Some(file) = findings.keep(file) {
            for group in ["auth_providers", "services"] {
                add_group(&file, group, &mut secrets, findings);
            }
        }
    }
    LegacySecrets(secrets)
}

fn add_group(file: &JsonFile, group: &str, secrets: &mut BTreeMap<String, String>, findings: &mut Findings) {
    let pointer = join("", group);
    let Some(owners) = findings.keep(object(file, &pointer)) else {
        return;
    };
    for owner in owners {
        let pointer = join(&pointer, &owner);
        let Some(keys) = findings.keep(object(file, &pointer)) else {
            continue;
        };
        for key in keys {
            if let Some((name, content)) = findings.keep(secret(file, &join(&pointer, &key), &owner, &key)) {
                secrets.insert(name, content);
            }
        }
    }
}

fn secret(file: &JsonFile, pointer: &str, owner: &str, key: &str) -> Result<(String, String), LoadError> {
    let Some(content) = file.value.pointer(pointer).and_then(Value::as_str) else {
        return Err(file.wrong_type(pointer, "a string"));
    };
    let name = format!("__{owner}_{key}");
    if !is_secret_name(&name) {
        let fix = format!("Rename it: {MAX_NAME} ASCII letters, digits, `_` or `-` at most.");
        return Err(file.invalid(pointer, format!("the secret name {name:?} is not valid"), fix));
    }
    if content.chars().count() > MAX_CONTENT {
        let problem = format!("the secret is longer than {MAX_CONTENT} characters");
        return Err(file.invalid(pointer, problem, "Shorten it."));
    }
    Ok((name, content.to_owned()))
}

/// The keys of an object; absent and null count as empty.
fn object(file: &JsonFile, pointer: &str) -> Result<Vec<String>, LoadError> {
    match file.value.pointer(pointer) {
        _ if !file.value.is_object() => Err(file.wrong_type("", "an object")),
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(entries)) => Ok(entries.keys().cloned().collect()),
        Some(_) => Err(file.wrong_type(pointer, "an object")),
    }
}

/// The first character needs no rule of its own, because the names that an import gave begin with `_`.
fn is_secret_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
