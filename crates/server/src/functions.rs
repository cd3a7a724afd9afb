//! From the functions of an exported directory to those that can be run.

use std::collections::{BTreeMap, HashMap};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use doorward_appdir::{FunctionSource, LoadedApp, ScriptEngine, ScriptError, ValueContent};
use doorward_core::{App, Clock, Entropy};
use doorward_functions::{
    AboutApp, AddressRule, Allowed, AppFunctions, AppOutside, AppProgram, Function, FunctionHost, HttpClient, Limits,
    Outside, OutsideParts, Packages, Source, WebhookClient, WebhookSecret, WorkerCommand, Workers, WorkersConfig,
};
use prometheus_client::registry::Registry;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::config::Secrets;

/// The argument with which the program starts itself as a worker. It is no command for people.
pub(crate) const WORKER_ARGUMENT: &str = "function-worker";

/// The engine as loading a directory knows it.
#[derive(Debug)]
pub(crate) struct Engine;

impl ScriptEngine for Engine {
    fn provides(&self, module: &str) -> bool {
        let module = module.strip_prefix("node:").unwrap_or(module);
        doorward_functions::built_in_modules().any(|name| name == module)
    }

    fn check(&self, path: &str, text: &str) -> Result<(), ScriptError> {
        doorward_functions::check(path, text).map_err(|error| ScriptError {
            line: usize::try_from(error.line).unwrap_or(usize::MAX),
            column: usize::try_from(error.column).unwrap_or(usize::MAX),
            message: error.message,
        })
    }
}

/// How a worker is started: from the program that runs now, whatever an upgrade has put in its place meanwhile. They must understand each
/// other, and only Linux has a name for it.
pub(crate) fn worker_command() -> Result<WorkerCommand> {
    let program = if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().context("the path of this program is needed to start workers")?
    };
    Ok(WorkerCommand {
        program,
        arguments: vec![WORKER_ARGUMENT.to_owned()],
    })
}

/// What bounds calls that have so much wall time, and so many at once.
pub(crate) fn limits(wall_time: Duration, workers: Option<usize>) -> Limits {
    let usual = Limits::default();
    Limits {
        wall_time,
        workers: workers.unwrap_or(usual.workers),
        cpu_time: usual.cpu_time.min(wall_time),
        ..usual
    }
}

/// What functions need of the rest of the program.
pub(crate) struct HostParts<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) http_allow: &'a [String],
    pub(crate) secrets: &'a Secrets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Whether mail can be sent at all.
    pub(crate) mail: bool,
}

/// The same, with the clients that all apps share.
pub(crate) struct Outsides<'a> {
    parts: HostParts<'a>,
    http: Arc<HttpClient>,
    webhooks: WebhookClient,
}

impl<'a> HostParts<'a> {
    /// Makes the clients.
    pub(crate) fn outsides(self) -> Result<Outsides<'a>> {
        let rule = AddressRule::new(allowed(self.http_allow)?);
        Ok(Outsides {
            http: Arc::new(HttpClient::new(rule, self.limits)?),
            webhooks: WebhookClient::new(self.limits)?,
            parts: self,
        })
    }

    /// Everything that runs functions. No process is started before the first call, or before it is prepared.
    pub(crate) fn host(self, loaded: &[LoadedApp], apps: &[App], registry: &mut Registry) -> Result<FunctionHost> {
        let limits = self.limits.clone();
        let workers = Workers::start(WorkersConfig {
            command: worker_command()?,
            limits: limits.clone(),
        })?;
        // The clients read the machine's root certificates, which takes some milliseconds and can fail: not for apps without functions.
        let mut hosted = Vec::new();
        if loaded.iter().any(|app| !app.functions.is_empty()) {
            let outsides = self.outsides()?;
            for (loaded, app) in loaded.iter().zip(apps) {
                hosted.push((
                    app.object_id,
                    outsides.functions(loaded, app)?,
                    outsides.outside(loaded)?,
                ));
            }
        }
        workers.metrics().register(registry);
        Ok(FunctionHost::new(workers, limits.wall_time, hosted))
    }
}

impl Outsides<'_> {
    /// What a worker is told of one app.
    pub(crate) fn program(&self, loaded: &LoadedApp, app: &App) -> Result<Arc<AppProgram>> {
        Ok(AppProgram::new(
            self.functions(loaded, app)?.program(),
            self.outside(loaded)?,
        ))
    }

    fn outside(&self, loaded: &LoadedApp) -> Result<Arc<dyn Outside>> {
        Ok(Arc::new(AppOutside::new(OutsideParts {
            http: Arc::clone(&self.http),
            webhooks: self.webhooks.clone(),
            webhook_functions: webhook_functions(loaded, self.parts.secrets)?,
            packages: Packages::open(&loaded.root.join("functions/node_modules")),
            can_mail: self.parts.mail,
            wall_time: self.parts.limits.wall_time,
            clock: Arc::clone(&self.parts.clock),
            entropy: Arc::clone(&self.parts.entropy),
        })))
    }

    fn functions(&self, loaded: &LoadedApp, app: &App) -> Result<AppFunctions> {
        let started = i128::from(self.parts.clock.now().as_millis()) * 1_000_000;
        let started = OffsetDateTime::from_unix_timestamp_nanos(started)?.format(&Rfc3339)?;
        Ok(AppFunctions {
            functions: loaded.functions.iter().map(function).collect(),
            values: values(loaded, self.parts.secrets)?,
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
}

fn function(function: &doorward_appdir::Function) -> (String, Function) {
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
}

fn allowed(list: &[String]) -> Result<Vec<Allowed>> {
    let parse = |text: &String| text.parse().with_context(|| format!("--function-http-allow {text}"));
    list.iter().map(parse).collect()
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

fn webhook_functions(loaded: &LoadedApp, secrets: &Secrets) -> Result<HashMap<String, (Url, WebhookSecret)>> {
    let mut addresses = HashMap::new();
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
