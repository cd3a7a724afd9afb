//! The JSON file of a function: its surroundings, and its cases.

use std::collections::BTreeMap;

use doorward_functions::{Ejson, Wanted};
use serde::Deserialize;
use serde_json::Value;

/// One JSON file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sheet {
    /// `context.values`
    #[serde(default)]
    pub(crate) values: BTreeMap<String, Ejson>,
    #[serde(default)]
    pub(crate) environment: Environment,
    #[serde(default)]
    pub(crate) app: Ejson,
    /// The services that `context.services.get` finds by name and cannot serve.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// Other functions of the folder that are in the same app.
    #[serde(default)]
    pub(crate) functions: Vec<String>,
    #[serde(default)]
    pub(crate) run_as_system: bool,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    pub(crate) tag: String,
    #[serde(default)]
    pub(crate) values: BTreeMap<String, Ejson>,
}

/// One call and its expected result.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "case")]
    pub(crate) name: String,
    /// Why it does not end as expected, for as long as it does not.
    pub(crate) known: Option<String>,
    /// An array, as Extended JSON.
    #[serde(default = "no_arguments")]
    pub(crate) arguments: Ejson,
    pub(crate) wanted: Wants,
    /// Who calls; by default the server calls hooks, and a user calls other functions.
    pub(crate) caller: Option<Caller>,
    pub(crate) user: Option<Ejson>,
    #[serde(default)]
    pub(crate) request: Ejson,
    /// In the place of those of the whole file.
    pub(crate) environment: Option<Environment>,
    /// In the place of those of the whole file.
    pub(crate) values: Option<BTreeMap<String, Ejson>>,
    #[serde(default = "wall_time")]
    pub(crate) wall_milliseconds: u64,
    /// Every one must happen, and no other.
    #[serde(default)]
    pub(crate) requests: Vec<ExpectedRequest>,
    /// The refusal that the mail server sends for every mail.
    pub(crate) mail_error: Option<String>,
    pub(crate) expect: Expect,
    /// Every line, each as `level: text`.
    #[serde(default)]
    pub(crate) console: Vec<String>,
    #[serde(default)]
    pub(crate) console_dropped: u64,
    #[serde(default)]
    pub(crate) mails: Vec<ExpectedMail>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Wants {
    Status,
    Identity,
    Value,
    Nothing,
}

impl From<Wants> for Wanted {
    fn from(wants: Wants) -> Self {
        match wants {
            Wants::Status => Self::Status,
            Wants::Identity => Self::Identity,
            Wants::Value => Self::Value,
            Wants::Nothing => Self::Nothing,
        }
    }
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Caller {
    System,
    User,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expect {
    Status(Option<String>),
    /// The external id and the name.
    Identity(Option<(String, Option<String>)>),
    /// Canonical Extended JSON.
    Value(Value),
    /// The server has ignored the value.
    Nothing(()),
    /// `Kind: text`, or `killed` or `crashed` when the worker had to be ended. Any of them.
    Error(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    /// These among others.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The text of the body. Without this and `json` there must be no body.
    pub(crate) body: Option<String>,
    pub(crate) json: Option<Value>,
    #[serde(default)]
    pub(crate) answer: ProviderAnswer,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderAnswer {
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) json: Option<Value>,
    /// The request fails for this reason, without an answer.
    pub(crate) error: Option<String>,
    /// The answer comes late.
    #[serde(default)]
    pub(crate) after_milliseconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedMail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
}

fn no_arguments() -> Ejson {
    Ejson::parse("[]".to_owned()).expect("an empty array is JSON")
}

/// Longer time limits, for a busy machine.
fn wall_time() -> u64 {
    20_000
}

/// Whether a text is as expected: a `*` stands for anything.
pub(crate) fn fits(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Whether a value is as expected: a `*` in a text stands for anything.
pub(crate) fn value_fits(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) => fits(expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| value_fits(e, a))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected
                    .iter()
                    .all(|(key, e)| actual.get(key).is_some_and(|a| value_fits(e, a)))
        }
        (expected, actual) => expected == actual,
    }
}
