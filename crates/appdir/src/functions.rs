//! Functions: their manifest, their scripts, and the web services in place of scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use doorward_ejson::rules::Rule;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::app::Format;
use crate::error::LoadError;
use crate::files::AppFiles;
use crate::findings::Item;
use crate::json::JsonFile;
use crate::loader::Reader;
use crate::origins::is_loopback;
use crate::packages;

/// One function of the app.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Function {
    /// The name; slashes stand for folders.
    pub name: String,
    /// The id of a V1 export.
    pub id: Option<String>,
    /// Clients cannot call it; providers and triggers can.
    pub private: bool,
    /// The rule that decides who may call it; `None` allows everyone.
    pub can_evaluate: Option<Rule>,
    /// Keep the arguments out of logs.
    pub disable_arg_logs: bool,
    /// Run with all rights; it wins over the two fields below.
    pub run_as_system: bool,
    /// Run as this user.
    pub run_as_user_id: Option<String>,
    /// Run as the user that this function returns.
    pub run_as_user_id_script_source: Option<String>,
    /// What runs.
    pub source: FunctionSource,
}

/// What runs when a function is called.
#[derive(Clone, PartialEq, Eq)]
pub enum FunctionSource {
    /// A script of the directory.
    Script {
        /// Relative to the app directory, with `/`.
        path: String,
        /// The whole file.
        text: String,
    },
    /// A web service of the operator.
    Webhook {
        /// Its address.
        url: Url,
        /// The name of the secret that calls are signed with.
        secret: String,
    },
}

/// Scripts may hold keys that their authors pasted into them, and addresses may carry keys as well.
impl fmt::Debug for FunctionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { path, text } => f
                .debug_struct("Script")
                .field("path", path)
                .field("bytes", &text.len())
                .finish(),
            Self::Webhook { url, .. } => f.debug_struct("Webhook").field("host", &url.host_str()).finish(),
        }
    }
}

#[derive(Default, Deserialize)]
struct Manifest {
    id: Option<String>,
    name: Option<String>,
    private: Option<bool>,
    can_evaluate: Option<Value>,
    disable_arg_logs: Option<bool>,
    run_as_system: Option<bool>,
    run_as_user_id: Option<String>,
    run_as_user_id_script_source: Option<String>,
    url: Option<String>,
    secret_name: Option<String>,
}

pub(crate) fn read(reader: &mut Reader<'_>, format: Format) -> Vec<Function> {
    let functions = match format {
        Format::V1 => read_folders(reader),
        Format::V2 | Format::V3 => read_manifest(reader),
    };
    packages::note(reader, &functions);
    functions
}

/// V2 and V3: one manifest for all; a script that it does not name is a function with the defaults.
fn read_manifest(reader: &mut Reader<'_>) -> Vec<Function> {
    let mut scripts = scripts(reader);
    let mut functions = Vec::new();
    let mut seen = BTreeSet::new();
    if reader.files.contains(MANIFEST)
        && let Some(file) = reader.json(MANIFEST)
    {
        for index in 0..entry_count(reader, &file) {
            let pointer = format!("/{index}");
            let Some(manifest) = manifest(reader, &file, &pointer) else {
                continue;
            };
            let Some(name) = reader.findings.keep(name_of(&file, &pointer, &manifest, &mut seen)) else {
                continue;
            };
            let script = scripts.remove(&name);
            if script.is_none() && manifest.url.is_none() {
                let why = format!("the manifest names it, but functions/{name}.js does not exist");
                reader
                    .findings
                    .missing
                    .push(Item::new(format!("function {name:?}"), why).at(MANIFEST));
                continue;
            }
            functions.extend(assemble(reader, &file, &pointer, name, manifest, script));
        }
    }
    for (name, path) in scripts {
        if seen.contains(&name) {
            continue;
        }
        if let Some(text) = reader.findings.keep(reader.files.read(&path)) {
            functions.push(function(
                name,
                Manifest::default(),
                FunctionSource::Script { path, text },
            ));
        }
    }
    functions
}

/// V1: one folder for each function, with both files.
fn read_folders(reader: &mut Reader<'_>) -> Vec<Function> {
    note_stray_scripts(reader);
    let mut functions = Vec::new();
    let mut seen = BTreeSet::new();
    for folder in folders(&reader.files) {
        let config = format!("functions/{folder}/config.json");
        let source = format!("functions/{folder}/source.js");
        let has_source = reader.files.contains(&source);
        if !reader.files.contains(&config) {
            if has_source {
                let path = reader.files.root.join(&config);
                let problem = "the function has a source.js and no config.json".to_owned();
                let fix = "Add a config.json with its name.".to_owned();
                reader.findings.errors.push(LoadError::Refused { path, problem, fix });
            }
            continue;
        }
        let Some(file) = reader.json(&config) else {
            continue;
        };
        let Some(mut manifest) = manifest(reader, &file, "") else {
            continue;
        };
        manifest.name.get_or_insert(folder);
        let Some(name) = reader.findings.keep(name_of(&file, "", &manifest, &mut seen)) else {
            continue;
        };
        if !has_source && manifest.url.is_none() {
            let error = file.invalid(
                "",
                "the function has no source.js",
                "Add the file beside its config.json.",
            );
            reader.findings.errors.push(error);
            continue;
        }
        functions.extend(assemble(
            reader,
            &file,
            "",
            name,
            manifest,
            has_source.then_some(source),
        ));
    }
    functions
}

fn note_stray_scripts(reader: &mut Reader<'_>) {
    for name in reader.files.below("functions") {
        let is_source = name.ends_with("/source.js") && name.matches('/').count() == 2;
        if !is_source && Path::new(&name).extension().is_some_and(|extension| extension == "js") {
            let why = "in a V1 directory the script of a function is <name>/source.js";
            reader.findings.ignored.push(Item::new("script", why).at(name));
        }
    }
}

const MANIFEST: &str = "functions/config.json";

fn entry_count(reader: &mut Reader<'_>, file: &JsonFile) -> usize {
    match &file.value {
        Value::Array(entries) => entries.len(),
        Value::Null => 0,
        _ => {
            reader
                .findings
                .errors
                .push(file.wrong_type("", "an array of functions"));
            0
        }
    }
}

fn manifest(reader: &mut Reader<'_>, file: &JsonFile, pointer: &str) -> Option<Manifest> {
    let typed = file
        .typed::<Manifest>(pointer)
        .and_then(|typed| typed.ok_or_else(|| file.wrong_type(pointer, "an object")));
    let typed = reader.findings.keep(typed)?;
    let what = format!("function {:?}", typed.value.name.as_deref().unwrap_or_default());
    reader.findings.unknown_keys(file, &what, &typed.unknown);
    Some(typed.value)
}

fn name_of(
    file: &JsonFile,
    pointer: &str,
    manifest: &Manifest,
    seen: &mut BTreeSet<String>,
) -> Result<String, LoadError> {
    let fix = "Write ASCII letters, digits, `_` and `-`, with `/` for folders.";
    let Some(name) = &manifest.name else {
        return Err(file.invalid(pointer, "`name` is missing", fix));
    };
    let pointer = format!("{pointer}/name");
    if !is_function_name(name) {
        return Err(file.invalid(&pointer, format!("the function name {name:?} is not valid"), fix));
    }
    if !seen.insert(name.clone()) {
        let problem = format!("a second function is called {name:?}");
        return Err(file.invalid(&pointer, problem, "Rename or remove one of the two."));
    }
    Ok(name.clone())
}

fn assemble(
    reader: &mut Reader<'_>,
    file: &JsonFile,
    pointer: &str,
    name: String,
    mut manifest: Manifest,
    script: Option<String>,
) -> Option<Function> {
    let source = match (script, manifest.url.take()) {
        (Some(_), Some(_)) => {
            let fix = "Remove the `url`, or the script.";
            Err(file.invalid(
                &format!("{pointer}/url"),
                format!("the function {name:?} has a script and a `url`"),
                fix,
            ))
        }
        (Some(path), None) => reader
            .files
            .read(&path)
            .map(|text| FunctionSource::Script { path, text }),
        (None, url) => webhook(file, pointer, &url.unwrap_or_default(), manifest.secret_name.take()),
    };
    if let Ok(FunctionSource::Webhook { secret, .. }) = &source {
        reader.need_secret(file, secret, &format!("the function {name:?}"));
        reader.need_signing_secret(file, &format!("{pointer}/secret_name"), secret);
    }
    let source = reader.findings.keep(source)?;
    let function = function(name, manifest, source);
    warn_of_denial(reader, file, &function);
    Some(function)
}

/// Warns of a rule that denies everybody. A private function is not called by users, so its rule is never asked.
fn warn_of_denial(reader: &mut Reader<'_>, file: &JsonFile, function: &Function) {
    let rule = function.can_evaluate.as_ref().filter(|_| !function.private);
    if let Some(reason) = rule.and_then(Rule::always_denies) {
        let what = format!("function {:?}", function.name);
        let why = format!("no user can call it, because its `can_evaluate` always denies: {reason}");
        reader.findings.warnings.push(Item::new(what, why).at(&file.name));
    }
}

fn function(name: String, manifest: Manifest, source: FunctionSource) -> Function {
    Function {
        name,
        id: manifest.id,
        private: manifest.private.unwrap_or(false),
        can_evaluate: manifest.can_evaluate.as_ref().map(Rule::parse),
        disable_arg_logs: manifest.disable_arg_logs.unwrap_or(false),
        run_as_system: manifest.run_as_system.unwrap_or(false),
        run_as_user_id: manifest.run_as_user_id.filter(|id| !id.is_empty()),
        run_as_user_id_script_source: manifest
            .run_as_user_id_script_source
            .filter(|source| !source.is_empty()),
        source,
    }
}

/// The message does not quote the address: it may carry a key.
fn webhook(file: &JsonFile, pointer: &str, text: &str, secret: Option<String>) -> Result<FunctionSource, LoadError> {
    let refused = |problem: &str| {
        let fix = "Write an address like https://hooks.example.com/confirm, without a user name.";
        Err(file.invalid(&format!("{pointer}/url"), problem, fix))
    };
    let url = match Url::parse(text) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => url,
        _ => return refused("the `url` is not a web address"),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        // The call decides about accounts, so it must be neither read nor changed on its way.
        "http" => return refused("the `url` is not https, and does not lead to this machine"),
        _ => return refused("the `url` is not a web address"),
    }
    match secret {
        Some(secret) if !secret.is_empty() => Ok(FunctionSource::Webhook { url, secret }),
        _ => {
            let fix = "Add `secret_name`: the name of the secret that calls are signed with.";
            Err(file.invalid(pointer, "the function has a `url` and no `secret_name`", fix))
        }
    }
}

/// Scripts by function name.
fn scripts(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let mut scripts = BTreeMap::new();
    for path in reader.files.below("functions") {
        let Some(name) = path
            .strip_prefix("functions/")
            .and_then(|path| path.strip_suffix(".js"))
        else {
            continue;
        };
        if is_function_name(name) {
            scripts.insert(name.to_owned(), path);
        } else {
            let why = "function names are ASCII letters, digits, `_`, `-` and `/`";
            reader.findings.ignored.push(Item::new("script", why).at(path));
        }
    }
    scripts
}

fn folders(files: &AppFiles) -> BTreeSet<String> {
    let names = files.below("functions");
    names
        .iter()
        .filter_map(|name| name.strip_prefix("functions/")?.split_once('/'))
        .map(|(folder, _)| folder.to_owned())
        .collect()
}

fn is_function_name(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}
