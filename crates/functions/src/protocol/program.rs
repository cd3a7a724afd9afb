//! What a worker runs: the functions of one app and their surroundings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Ejson;

/// The functions of one app and what surrounds them. A worker serves one app for as long as it lives.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// By name.
    pub functions: BTreeMap<String, Script>,
    /// Functions that are web services: `context.functions.execute` asks the server to call them.
    pub webhooks: Vec<String>,
    /// `context.values`, the texts of secrets included.
    pub values: BTreeMap<String, Ejson>,
    /// `context.environment.tag`
    pub environment_tag: String,
    /// `context.environment.values`
    pub environment_values: BTreeMap<String, Ejson>,
    /// `context.app`, an object.
    pub app: Ejson,
    /// Data sources and services of the app that this server does not have: `context.services.get` knows their names,
    /// and every use of them fails.
    pub services: Vec<String>,
}

/// One function.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Its file for stack traces, relative to the app directory.
    pub path: String,
    /// Its source.
    pub text: String,
    /// It always runs with the rights of the system.
    pub run_as_system: bool,
    /// The source of a function that returns the user as whom this one runs.
    pub run_as_script: Option<String>,
}

opaque!(Program, Script);
