//! Reads every part of a directory, whatever is wrong with the others.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::LoadOptions;
use crate::app::LoadedApp;
use crate::error::FileKind;
use crate::files::AppFiles;
use crate::findings::{Findings, Item};
use crate::functions::{self, Function};
use crate::json::JsonFile;
use crate::locate::{self, Located};
use crate::scripts::{self, ScriptEngine};
use crate::secrets::{self, LegacySecrets, SecretNames, SigningSecrets};
use crate::{environment, ignored, providers, root_file, triggers, user_data, values};

/// The result of loading. If there are errors, the app is only good enough for a report.
pub(crate) struct Outcome {
    pub(crate) app: Option<LoadedApp>,
    pub(crate) findings: Findings,
}

/// Reads every file, whatever is wrong with the others.
pub(crate) fn load_everything(dir: &Path, options: &LoadOptions) -> Outcome {
    let mut findings = Findings::default();
    let app = locate::find(dir, &mut findings).map(|located| load_located(located, options, &mut findings));
    Outcome { app, findings }
}

fn load_located(mut located: Located, options: &LoadOptions, findings: &mut Findings) -> LoadedApp {
    let environment = located
        .config
        .as_ref()
        .and_then(|config| findings.keep(root_file::environment(config)))
        .unwrap_or_default();
    let files = AppFiles::list(located.root.clone(), findings);
    let environment_values = environment::read(&files, environment, findings);
    if let Some(config) = &mut located.config {
        findings.errors.extend(config.expand(&environment_values));
    }
    let root = root_file::read(&located, options, findings);
    let legacy_secrets = secrets::read(&files, findings);

    let mut reader = Reader {
        files,
        findings,
        functions: Vec::new(),
        environment_values,
        legacy_secrets,
        secret_names: &options.secrets,
        signing_secrets: options.signing_secrets.as_deref(),
        scripts: options.scripts.as_deref(),
        client_app_id: root.client_app_id.clone(),
    };
    reader.functions = functions::read(&mut reader, located.format);
    let providers = providers::read(&mut reader, located.format);
    let values = values::read(&mut reader);
    let authentication_triggers = triggers::read(&mut reader);
    let custom_user_data = user_data::read(&mut reader, located.config.as_ref());
    let service_names = ignored::note(&mut reader, located.format);

    let app = LoadedApp {
        format: located.format,
        root: located.root,
        client_app_id: root.client_app_id,
        internal_app_id: located.meta.internal_app_id,
        group_id: located.meta.group_id,
        name: root.name,
        deployment_model: root.deployment_model,
        location: root.location,
        environment,
        allowed_request_origins: root.allowed_request_origins,
        providers: providers.list,
        userpass: providers.userpass,
        login_function: providers.login_function,
        functions: reader.functions,
        values,
        environment_values: reader.environment_values,
        legacy_secrets: reader.legacy_secrets,
        authentication_triggers,
        custom_user_data,
        service_names,
        warnings: Vec::new(),
        ignored: Vec::new(),
        missing: Vec::new(),
    };
    if let Some(engine) = options.scripts.as_deref() {
        scripts::check(engine, &app, findings);
    }
    app
}

/// What every part of the loader shares.
pub(crate) struct Reader<'a> {
    pub(crate) files: AppFiles,
    pub(crate) findings: &'a mut Findings,
    pub(crate) functions: Vec<Function>,
    environment_values: BTreeMap<String, Value>,
    legacy_secrets: LegacySecrets,
    secret_names: &'a SecretNames,
    signing_secrets: Option<&'a dyn SigningSecrets>,
    pub(crate) scripts: Option<&'a dyn ScriptEngine>,
    client_app_id: String,
}

impl Reader<'_> {
    /// A file with its template expansions resolved; `None` if it is broken.
    pub(crate) fn json(&mut self, name: &str) -> Option<JsonFile> {
        let parsed = self
            .files
            .read(name)
            .and_then(|text| JsonFile::parse(FileKind::Other, &self.files.root, name, text));
        let mut file = self.findings.keep(parsed)?;
        self.findings.errors.extend(file.expand(&self.environment_values));
        Some(file)
    }

    /// Reports a secret that is not provided. Exports never hold secrets, so a missing one does not stop the start.
    pub(crate) fn need_secret(&mut self, file: &JsonFile, name: &str, needed_by: &str) {
        if !self.secret_names.contains(&self.client_app_id, name) && self.legacy_secrets.find(name).is_none() {
            let why = format!("{needed_by} reads it, and exports hold no secrets; provide it with --secrets");
            self.findings
                .missing
                .push(Item::new(format!("secret {name:?}"), why).at(&file.name));
        }
    }

    /// Reports a secret that cannot sign the calls of a web service. Anyone could forge a call that is signed with an
    /// empty or short key, so it stops the start.
    pub(crate) fn need_signing_secret(&mut self, file: &JsonFile, pointer: &str, name: &str) {
        let in_export = self.legacy_secrets.find(name);
        let flaw = self
            .signing_secrets
            .and_then(|secrets| secrets.flaw(&self.client_app_id, name, in_export));
        if let Some(flaw) = flaw {
            let problem = format!("the secret {name:?} cannot sign calls: {flaw}");
            let fix = "Let the secret be `whsec_` and the base64 of 24 random bytes or more; in a file of --secrets, it is \
                       the whole text.";
            self.findings.errors.push(file.invalid(pointer, problem, fix));
        }
    }

    /// Finds a function by its name, or else by the id that older exports use, and returns its name.
    pub(crate) fn find_function(&self, name: Option<&str>, id: Option<&str>) -> Option<String> {
        let found = match name {
            Some(name) => self.functions.iter().find(|function| function.name == name),
            None => self
                .functions
                .iter()
                .find(|function| id.is_some() && function.id.as_deref() == id),
        };
        found.map(|function| function.name.clone())
    }
}
