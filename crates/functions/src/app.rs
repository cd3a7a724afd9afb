//! The functions of one app, as the server reads them from its directory, and as a worker is told of them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::protocol::{Ejson, Program, Script};

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
    /// The names of data sources and services of the app, none of which this server has.
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
    /// The former project.
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
    /// Clients do not see it.
    pub private: bool,
    /// Who may call it; nothing admits every user.
    pub can_evaluate: Option<Value>,
    /// It runs with all rights.
    pub run_as_system: bool,
    /// The source of a function that says as whom it runs.
    pub run_as_script: Option<String>,
    /// What runs.
    pub source: Source,
}

/// What runs when a function is called.
#[derive(Clone)]
pub enum Source {
    /// JavaScript.
    Script {
        /// Where it stands, relative to the app directory.
        path: String,
        /// The whole file.
        text: String,
    },
    /// A web service of the operator. Its address and its secret are the business of whoever calls it.
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
    /// What a worker is told.
    pub fn program(&self) -> Program {
        let mut program = Program {
            values: ejson_map(&self.values),
            environment_tag: self.environment_tag.clone(),
            environment_values: ejson_map(&self.environment_values),
            app: ejson(&json!({
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
        .map(|(name, value)| (name.clone(), ejson(value)))
        .collect()
}

/// A JSON value as text.
pub(crate) fn ejson(value: &Value) -> Ejson {
    Ejson::of(value).expect("a JSON value has a text")
}
