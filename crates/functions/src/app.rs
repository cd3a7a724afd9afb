//! The functions of one app, as the server reads them from its directory, and the program that a worker gets.

use std::collections::BTreeMap;
use std::fmt;

use doorward_ejson::Ejson;
use doorward_ejson::rules::Rule;
use serde_json::{Value, json};

use crate::protocol::{Program, Script};

/// Everything about the functions of one app.
#[derive(Clone, Default)]
pub struct AppFunctions {
    /// By name.
    pub functions: BTreeMap<String, Function>,
    /// `context.values`, with the texts of the secrets that they name.
    pub values: BTreeMap<String, Value>,
    /// `context.environment.tag`
    pub environment_tag: String,
    /// `context.environment.values`
    pub environment_values: BTreeMap<String, Value>,
    /// The names of the app's data sources and services, none of which this server has.
    pub services: Vec<String>,
    /// `context.app`
    pub about: AboutApp,
}

/// What `context.app` says.
#[derive(Debug, Clone, Default)]
pub struct AboutApp {
    /// 24 hexadecimal characters.
    pub id: String,
    /// The id that is compiled into clients.
    pub client_app_id: String,
    /// The name for people.
    pub name: String,
    /// The id of the project that the app belonged to.
    pub project_id: String,
    /// `GLOBAL` or `LOCAL`.
    pub deployment_model: String,
    /// Such as `US-VA`.
    pub location: String,
    /// When the server started, as RFC 3339.
    pub last_deployed: String,
}

/// One function.
#[derive(Clone)]
pub struct Function {
    /// Clients cannot call it.
    pub private: bool,
    /// Which users may call it; without a rule every user may.
    pub can_evaluate: Option<Rule>,
    /// It runs with the rights of the system.
    pub run_as_system: bool,
    /// The source of a function that returns the user as whom this one runs.
    pub run_as_script: Option<String>,
    /// What runs.
    pub source: Source,
}

/// What runs when a function is called.
#[derive(Clone)]
pub enum Source {
    /// JavaScript.
    Script {
        /// Its file, relative to the app directory.
        path: String,
        /// The whole file.
        text: String,
    },
    /// A web service of the owner. [`WebhookFunctions`](crate::WebhookFunctions) has its address and its secret.
    Webhook,
}

impl fmt::Debug for AppFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppFunctions")
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}

impl AppFunctions {
    /// The program of a worker.
    pub fn program(&self) -> Program {
        let mut program = Program {
            values: ejson_map(&self.values),
            environment_tag: self.environment_tag.clone(),
            environment_values: ejson_map(&self.environment_values),
            app: Ejson::from(&json!({
                "id": self.about.id,
                "clientAppId": self.about.client_app_id,
                "name": self.about.name,
                "projectId": self.about.project_id,
                "deployment": { "model": self.about.deployment_model, "providerRegion": self.about.location },
                "lastDeployed": self.about.last_deployed,
                "hostingUri": "",
            })),
            services: self.services.clone(),
            ..Program::default()
        };
        for (name, function) in &self.functions {
            match &function.source {
                Source::Script { path, text } => {
                    let script = Script {
                        path: path.clone(),
                        text: text.clone(),
                        run_as_system: function.run_as_system,
                        run_as_script: function.run_as_script.clone(),
                    };
                    program.functions.insert(name.clone(), script);
                }
                Source::Webhook => program.webhooks.push(name.clone()),
            }
        }
        program
    }
}

fn ejson_map(values: &BTreeMap<String, Value>) -> BTreeMap<String, Ejson> {
    values
        .iter()
        .map(|(name, value)| (name.clone(), Ejson::from(value)))
        .collect()
}
