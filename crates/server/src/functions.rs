//! Makes the functions of an exported directory ready to run.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use doorward_appdir::{FunctionSource, LoadedApp, SigningSecrets, ValueContent};
use doorward_core::{AppObjectId, Clock, Entropy};
use doorward_functions::{
    AboutApp, AddressRule, Allowed, AppFunctions, AppProgram, Function, FunctionHost, HostServices, HostedFunctions,
    HttpClient, Limits, MailService, NoServices, Packages, Sandbox, Services, Source, Webhook, WebhookClient,
    WebhookFunctions, WebhookSecret, WorkerCommand, Workers,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::apps::group_id;
use crate::config::Secrets;

/// The argument with which the program starts itself as a worker. It is no command for people.
pub(crate) const WORKER_ARGUMENT: &str = "function-worker";

/// How a worker is started: from the executable of this process, even if an upgrade has replaced the file meanwhile,
/// because server and worker must speak the same protocol. Only Linux has a path for it.
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

/// The limits of function calls, with this wall time and this number of workers.
pub(crate) fn limits(wall_time: Duration, workers: Option<usize>) -> Limits {
    let usual = Limits::default();
    Limits {
        wall_time,
        workers: workers.unwrap_or(usual.workers),
        cpu_time: usual.cpu_time.min(wall_time),
        ..usual
    }
}

/// The operator's secrets, as keys that sign calls of web services.
#[derive(Debug)]
pub(crate) struct SigningKeys(pub(crate) Secrets);

impl SigningSecrets for SigningKeys {
    fn flaw(&self, app_id: &str, name: &str, in_export: Option<&str>) -> Option<String> {
        let text = match self.0.find(app_id, name) {
            Ok(provided) => provided
                .map(|secret| secret.0)
                .or_else(|| in_export.map(str::to_owned))?,
            Err(_) => return Some("it cannot be read as text".to_owned()),
        };
        Some(WebhookSecret::parse(&text).err()?.to_string())
    }
}

/// Fails if the sandbox is required and this system lacks a layer of it.
pub(crate) async fn require_sandbox(workers: &Workers, sandbox: Sandbox) -> Result<()> {
    if sandbox == Sandbox::BestEffort {
        return Ok(());
    }
    let confinement = workers
        .probe()
        .await
        .context("no worker for functions can be started")?;
    let missing = confinement.missing();
    if !missing.is_empty() {
        bail!(
            "functions would run without {} on this system; let the kernel, or the container's profile, allow what is \
             missing (doorward doctor says more), or accept it with --function-sandbox best-effort",
            missing.join(" and ")
        );
    }
    Ok(())
}

/// What functions need of the rest of the program.
pub(crate) struct HostParts {
    pub(crate) limits: Limits,
    pub(crate) http_allow: Vec<String>,
    pub(crate) secrets: Secrets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Whether mail can be sent at all.
    pub(crate) mail: bool,
}

/// Makes the functions of apps ready to run, from their directories.
pub(crate) struct AppRunner {
    parts: HostParts,
    clients: OnceCell<Clients>,
}

/// The clients that all apps share. They read the machine's root certificates, which takes some milliseconds and can
/// fail, so they are made for the first app that has functions.
struct Clients {
    http: Arc<HttpClient>,
    webhooks: WebhookClient,
}

impl AppRunner {
    /// A runner with these parts. It makes nothing yet.
    pub(crate) fn new(parts: HostParts) -> Self {
        Self {
            parts,
            clients: OnceCell::new(),
        }
    }

    /// The functions of an app on a host. No process is started before the first call, or before it is prepared.
    pub(crate) fn host(
        &self,
        host: &FunctionHost,
        loaded: &LoadedApp,
        object_id: AppObjectId,
    ) -> Result<Arc<HostedFunctions>> {
        let services: Arc<dyn HostServices> = if loaded.functions.is_empty() {
            Arc::new(NoServices)
        } else {
            self.services(loaded)?
        };
        Ok(host.host(self.functions(loaded, object_id)?, services))
    }

    /// The program of one app and the services for its scripts.
    pub(crate) fn program(&self, loaded: &LoadedApp, object_id: AppObjectId) -> Result<Arc<AppProgram>> {
        Ok(AppProgram::new(
            self.functions(loaded, object_id)?.program(),
            self.services(loaded)?,
        ))
    }

    fn clients(&self) -> Result<&Clients> {
        if let Some(clients) = self.clients.get() {
            return Ok(clients);
        }
        let rule = AddressRule::new(allowed(&self.parts.http_allow)?);
        let clients = Clients {
            http: Arc::new(HttpClient::new(rule, &self.parts.limits)?),
            webhooks: WebhookClient::new(&self.parts.limits)?,
        };
        Ok(self.clients.get_or_init(|| clients))
    }

    fn services(&self, loaded: &LoadedApp) -> Result<Arc<dyn HostServices>> {
        let clients = self.clients()?;
        let webhooks = WebhookFunctions {
            client: clients.webhooks.clone(),
            functions: webhooks(loaded, &self.parts.secrets)?,
            wall_time: self.parts.limits.wall_time,
            clock: Arc::clone(&self.parts.clock),
            entropy: Arc::clone(&self.parts.entropy),
        };
        Ok(Arc::new(Services {
            http: Arc::clone(&clients.http),
            mail: MailService {
                is_configured: self.parts.mail,
            },
            webhooks,
            packages: Packages::open(&loaded.root.join("functions/node_modules")),
        }))
    }

    fn functions(&self, loaded: &LoadedApp, object_id: AppObjectId) -> Result<AppFunctions> {
        let started = i128::from(self.parts.clock.now().as_millis()) * 1_000_000;
        let started = OffsetDateTime::from_unix_timestamp_nanos(started)?.format(&Rfc3339)?;
        Ok(AppFunctions {
            functions: loaded.functions.iter().map(function).collect(),
            values: values(loaded, &self.parts.secrets)?,
            environment_tag: loaded.environment.tag().to_owned(),
            environment_values: loaded.environment_values.clone(),
            services: loaded.service_names.iter().cloned().collect(),
            about: AboutApp {
                id: object_id.to_string(),
                client_app_id: loaded.client_app_id.clone(),
                name: loaded.name.clone(),
                project_id: group_id(loaded).to_string(),
                deployment_model: loaded.deployment_model.clone(),
                location: loaded.location.clone(),
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

/// The app's values. A value whose secret is not configured is left out, as `doorward check` reports.
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

fn webhooks(loaded: &LoadedApp, secrets: &Secrets) -> Result<HashMap<String, Webhook>> {
    let mut webhooks = HashMap::new();
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
            let webhook = Webhook {
                url: url.clone(),
                secret: WebhookSecret::parse(&text)
                    .with_context(|| format!("the secret `{name}` cannot sign calls"))?,
            };
            webhooks.insert(function.name.clone(), webhook);
        }
    }
    Ok(webhooks)
}

fn secret(loaded: &LoadedApp, secrets: &Secrets, name: &str) -> Result<Option<String>> {
    let provided = secrets.find(&loaded.client_app_id, name)?.map(|secret| secret.0);
    Ok(provided.or_else(|| loaded.legacy_secrets.find(name).map(str::to_owned)))
}
