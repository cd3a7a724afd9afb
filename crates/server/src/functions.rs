//! From the functions of an exported directory to those that can be run.

use std::collections::BTreeMap;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use doorward_appdir::{FunctionSource, LoadedApp, ScriptEngine, ScriptError, ValueContent};
use doorward_core::{App, AppObjectId, Clock, Entropy};
use doorward_functions::{
    AboutApp, Allowed, AppFunctions, Function, FunctionHost, Limits, Nowhere, Outside, Source, WebhookSecret,
    WorkerCommand, Workers, WorkersConfig,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::config::{Config, Secrets};

/// The argument with which the program starts itself as a worker. It is no command for people.
pub(crate) const WORKER_ARGUMENT: &str = "function-worker";

/// The engine as loading a directory knows it.
#[derive(Debug)]
pub(crate) struct Engine;

impl ScriptEngine for Engine {
    fn provides(&self, module: &str) -> bool {
        let module = module.strip_prefix("node:").unwrap_or(module);
        doorward_functions::built_in_modules().contains(&module)
    }

    fn check(&self, path: &str, text: &str) -> Result<(), ScriptError> {
        doorward_functions::check(path, text).map_err(|error| ScriptError {
            line: usize::try_from(error.line).unwrap_or(usize::MAX),
            column: usize::try_from(error.column).unwrap_or(usize::MAX),
            message: error.message,
        })
    }
}

/// What functions need of the rest of the server.
pub(crate) struct HostParts<'a> {
    pub(crate) config: &'a Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Whether mail can be sent at all.
    pub(crate) mail: bool,
}

/// Everything that runs functions. No process is started before the first call, or before it is prepared.
pub(crate) fn host(parts: &HostParts<'_>, apps: &[(&LoadedApp, &App)]) -> Result<(FunctionHost, Workers)> {
    let limits = limits(parts.config);
    let command = WorkerCommand {
        program: std::env::current_exe().context("the path of this program is needed to start workers")?,
        arguments: vec![WORKER_ARGUMENT.to_owned()],
    };
    let workers = Workers::start(WorkersConfig {
        command,
        limits: limits.clone(),
    })?;
    let mut hosted: Vec<(AppObjectId, AppFunctions, Arc<dyn Outside>)> = Vec::new();
    for (loaded, app) in apps {
        let outside = Nowhere;
        let functions = functions(loaded, app, &parts.config.secrets, &*parts.clock)?;
        hosted.push((app.object_id, functions, Arc::new(outside)));
    }
    Ok((FunctionHost::new(workers.clone(), limits.wall_time, hosted), workers))
}

/// What bounds a call.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        wall_time: config.settings.function_timeout,
        cpu_time: config.settings.function_timeout.min(Limits::default().cpu_time),
        ..Limits::default()
    }
}

fn allowed(list: &[String]) -> Result<Vec<Allowed>> {
    let parse = |text: &String| text.parse().with_context(|| format!("--function-http-allow {text}"));
    list.iter().map(parse).collect()
}

/// The functions of an app, with the secrets that its values name.
pub(crate) fn functions(loaded: &LoadedApp, app: &App, secrets: &Secrets, clock: &dyn Clock) -> Result<AppFunctions> {
    let functions = loaded.functions.iter().map(|function| {
        let source = match &function.source {
            FunctionSource::Script { path, text } => Source::Script {
                path: path.clone(),
                text: text.clone(),
            },
            FunctionSource::Webhook { .. } => Source::Webhook,
        };
        let runs = Function {
            private: function.private,
            can_evaluate: function.can_evaluate.clone(),
            run_as_system: function.run_as_system,
            run_as_script: function.run_as_user_id_script_source.clone(),
            source,
        };
        (function.name.clone(), runs)
    });
    let started = i128::from(clock.now().as_millis()) * 1_000_000;
    let started = OffsetDateTime::from_unix_timestamp_nanos(started)?.format(&Rfc3339)?;
    Ok(AppFunctions {
        functions: functions.collect(),
        values: values(loaded, secrets)?,
        environment_tag: loaded.environment.tag().to_owned(),
        environment_values: loaded.environment_values.clone(),
        services: loaded.service_names.iter().cloned().collect(),
        about: AboutApp {
            id: app.object_id.to_string(),
            client_app_id: app.id.to_string(),
            name: app.name.clone(),
            project_id: app.group_id.to_string(),
            deployment_model: app.deployment_model.clone(),
            location: app.location.clone(),
            last_deployed: started,
        },
    })
}

/// A value whose secret nobody provides is not there, as `doorward check` says.
fn values(loaded: &LoadedApp, secrets: &Secrets) -> Result<BTreeMap<String, serde_json::Value>> {
    let mut values = BTreeMap::new();
    for value in &loaded.values {
        let content = match &value.content {
            ValueContent::Plain(content) => Some(content.clone()),
            ValueContent::Secret(name) => secret(loaded, secrets, name)?.map(serde_json::Value::String),
        };
        values.extend(content.map(|content| (value.name.clone(), content)));
    }
    Ok(values)
}

fn webhook_addresses(loaded: &LoadedApp, secrets: &Secrets) -> Result<BTreeMap<String, (Url, WebhookSecret)>> {
    let mut addresses = BTreeMap::new();
    for function in &loaded.functions {
        if let FunctionSource::Webhook { url, secret: name } = &function.source {
            let Some(text) = secret(loaded, secrets, name)? else {
                bail!(
                    "app {} in {}: calls of the function `{}` are signed with the secret `{name}`, and nobody provides it; put \
                     it into the directory of --secrets, or into DOORWARD_SECRET_{name}",
                    loaded.client_app_id,
                    loaded.root.display(),
                    function.name
                );
            };
            addresses.insert(function.name.clone(), (url.clone(), WebhookSecret::parse(&text)));
        }
    }
    Ok(addresses)
}

fn secret(loaded: &LoadedApp, secrets: &Secrets, name: &str) -> Result<Option<String>> {
    let provided = secrets.find(&loaded.client_app_id, name)?.map(|secret| secret.0);
    Ok(provided.or_else(|| loaded.legacy_secrets.find(name).map(str::to_owned)))
}
