//! Authentication triggers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::LoadError;
use crate::files::stem;
use crate::findings::Item;
use crate::json::JsonFile;
use crate::loader::Reader;

/// A function that runs when an account is made, used or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationTrigger {
    /// The name of the trigger.
    pub name: String,
    /// Switched off.
    pub disabled: bool,
    /// What sets it off.
    pub operations: Vec<AuthOperation>,
    /// The providers whose accounts set it off.
    pub providers: Vec<String>,
    /// The function it calls; one that exists, unless the trigger is disabled.
    pub function: String,
}

/// What sets off a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AuthOperation {
    /// A login.
    Login,
    /// The first login, which makes the user.
    Create,
    /// A deletion.
    Delete,
}

impl AuthOperation {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::Create => "CREATE",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Deserialize)]
struct RawTrigger {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    disabled: Option<bool>,
    function_name: Option<String>,
    function_id: Option<String>,
}

#[derive(Deserialize)]
struct RawConfig {
    operation_type: Option<OneOrMany>,
    providers: Option<Vec<String>>,
}

/// Live exports hold a string; one page of the documentation shows an array.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected LOGIN, CREATE or DELETE")]
enum OneOrMany {
    One(AuthOperation),
    Many(Vec<AuthOperation>),
}

pub(crate) fn read(reader: &mut Reader<'_>) -> Vec<AuthenticationTrigger> {
    let mut triggers: Vec<AuthenticationTrigger> = Vec::new();
    for name in reader.files.json_in("triggers") {
        let Some(file) = reader.json(&name) else { continue };
        let typed = file
            .typed::<RawTrigger>("")
            .and_then(|raw| raw.ok_or_else(|| file.wrong_type("", "an object")));
        let Some(raw) = reader.findings.keep(typed) else {
            continue;
        };
        let raw = raw.value;
        if raw.kind.as_deref() != Some("AUTHENTICATION") {
            note_other_type(reader, &file, &raw);
            continue;
        }
        note_other_processors(reader, &file);
        let trigger = trigger(reader, &file, raw);
        let Some(trigger) = reader.findings.keep(trigger).flatten() else {
            continue;
        };
        if triggers.iter().any(|earlier| earlier.name == trigger.name) {
            let problem = format!("a second trigger is called {:?}", trigger.name);
            reader
                .findings
                .errors
                .push(file.invalid("/name", problem, "Rename or remove one of the two."));
        } else {
            triggers.push(trigger);
        }
    }
    triggers
}

/// `None` for a trigger that calls no function.
fn trigger(
    reader: &mut Reader<'_>,
    file: &JsonFile,
    raw: RawTrigger,
) -> Result<Option<AuthenticationTrigger>, LoadError> {
    let name = raw.name.unwrap_or_else(|| stem(&file.name).to_owned());
    if !is_trigger_name(&name) {
        let fix = "Write 1 to 64 ASCII letters, digits, `_` or `-`.";
        return Err(file.invalid("/name", format!("the trigger name {name:?} is not valid"), fix));
    }
    let config = file.typed::<RawConfig>("/config")?.map(|typed| typed.value);
    let (operation, providers) = config
        .map(|config| (config.operation_type, config.providers))
        .unwrap_or_default();
    let operations = match operation {
        Some(OneOrMany::One(operation)) => vec![operation],
        Some(OneOrMany::Many(operations)) => operations,
        None => Vec::new(),
    };
    if operations.is_empty() {
        let fix = "Write LOGIN, CREATE or DELETE.";
        return Err(file.invalid("/config/operation_type", "the trigger has no `operation_type`", fix));
    }
    let disabled = raw.disabled.unwrap_or(false);
    let what = format!("trigger {name:?}");
    let Some((pointer, wanted)) = function_name(file, raw.function_name, raw.function_id.as_deref()) else {
        reader
            .findings
            .ignored
            .push(Item::new(what, "it calls no function").at(&file.name));
        return Ok(None);
    };
    let by_id = (pointer == FUNCTION_ID).then_some(wanted.as_str());
    let by_name = by_id.is_none().then_some(wanted.as_str());
    let found = reader.find_function(by_name, by_id);
    if found.is_none() {
        let error = file.function_not_found(pointer, &wanted, &what);
        reader.findings.error_if(!disabled, &what, file, error);
    }
    let function = found.unwrap_or(wanted);
    let providers = providers.unwrap_or_default();
    Ok(Some(AuthenticationTrigger {
        name,
        disabled,
        operations,
        providers,
        function,
    }))
}

const FUNCTION_ID: &str = "/function_id";
const PROCESSOR: &str = "/event_processors/FUNCTION/config/function_name";

/// The name or id of the function, with its pointer. Older exports have the first place only, the newest the second
/// only.
fn function_name(file: &JsonFile, name: Option<String>, id: Option<&str>) -> Option<(&'static str, String)> {
    let filled = |text: &String| !text.is_empty();
    let processor = file.value.pointer(PROCESSOR).and_then(Value::as_str).map(str::to_owned);
    let name = name.filter(filled).map(|name| ("/function_name", name));
    let processor = processor.filter(filled).map(|name| (PROCESSOR, name));
    let id = id.map(str::to_owned).filter(filled).map(|id| (FUNCTION_ID, id));
    name.or(processor).or(id)
}

fn note_other_type(reader: &mut Reader<'_>, file: &JsonFile, raw: &RawTrigger) {
    let why = match raw.kind.as_deref() {
        Some(kind @ ("DATABASE" | "SCHEDULED")) => {
            format!("Doorward runs no {kind} triggers; the function stays")
        }
        Some(kind) => format!("there is no trigger type {kind:?}"),
        None => "it has no `type`".to_owned(),
    };
    let name = raw.name.as_deref().unwrap_or(stem(&file.name));
    reader
        .findings
        .ignored
        .push(Item::new(format!("trigger {name:?}"), why).at(&file.name));
}

fn note_other_processors(reader: &mut Reader<'_>, file: &JsonFile) {
    let processors = file.value.get("event_processors").and_then(Value::as_object);
    for processor in processors.into_iter().flat_map(|processors| processors.keys()) {
        if processor != "FUNCTION" {
            let why = "triggers call functions only";
            reader
                .findings
                .ignored
                .push(Item::new(format!("event processor {processor:?}"), why).at(&file.name));
        }
    }
}

fn is_trigger_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
