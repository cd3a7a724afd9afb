//! Values, as `context.values` gives them.

use serde::Deserialize;
use serde_json::Value;

use crate::error::LoadError;
use crate::files::stem;
use crate::json::JsonFile;
use crate::loader::Reader;

/// One entry of `values`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AppValue {
    /// The name that `context.values.get` takes.
    pub name: String,
    /// The id of a V1 export.
    pub id: Option<String>,
    /// Hidden from clients.
    pub private: bool,
    /// What it holds.
    pub content: ValueContent,
}

/// What a value holds.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueContent {
    /// JSON, as it is.
    Plain(Value),
    /// The name of a secret, whose content it takes.
    Secret(String),
}

#[derive(Deserialize)]
struct RawValue {
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    value: Value,
    from_secret: Option<bool>,
    private: Option<bool>,
}

pub(crate) fn read(reader: &mut Reader<'_>) -> Vec<AppValue> {
    let mut values: Vec<AppValue> = Vec::new();
    for name in reader.files.json_in("values") {
        let Some(file) = reader.json(&name) else { continue };
        let Some(value) = reader.findings.keep(value(&file)) else {
            continue;
        };
        if values.iter().any(|earlier| earlier.name == value.name) {
            let problem = format!("a second value is called {:?}", value.name);
            reader
                .findings
                .errors
                .push(file.invalid("/name", problem, "Rename or remove one of the two."));
        } else {
            if let ValueContent::Secret(secret) = &value.content {
                reader.need_secret(&file, secret, &format!("the value {:?}", value.name));
            }
            values.push(value);
        }
    }
    values
}

/// Reads one value. The name in the file wins over the name of the file.
fn value(file: &JsonFile) -> Result<AppValue, LoadError> {
    let Some(raw) = file.typed::<RawValue>("")? else {
        return Err(file.wrong_type("", "an object"));
    };
    let raw = raw.value;
    let name = raw.name.unwrap_or_else(|| stem(&file.name).to_owned());
    if !is_value_name(&name) {
        let fix = "Write a letter or digit, then up to 63 ASCII letters, digits, `_` or `-`.";
        return Err(file.invalid("/name", format!("the value name {name:?} is not valid"), fix));
    }
    let content = match (raw.from_secret.unwrap_or(false), raw.value) {
        (false, value) => ValueContent::Plain(value),
        (true, Value::String(secret)) => ValueContent::Secret(secret),
        (true, _) => return Err(file.wrong_type("/value", "the name of a secret (a string)")),
    };
    Ok(AppValue {
        name,
        id: raw.id,
        private: raw.private.unwrap_or(false),
        content,
    })
}

fn is_value_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
