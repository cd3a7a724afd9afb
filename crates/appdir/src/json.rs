//! One JSON file: strict parsing, template expansions, typed parts, and errors with their position.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::error::{FileKind, LoadError, Place};
use crate::json_position::{join, locate};
use crate::strict_json::{DUPLICATE_KEY, StrictValue};

/// One parsed JSON file, which can still say where each of its values stood.
pub(crate) struct JsonFile {
    /// Relative to the app directory, with `/`.
    pub(crate) name: String,
    pub(crate) value: Value,
    kind: FileKind,
    path: PathBuf,
    text: String,
}

/// A value of a known shape, and the keys that the shape does not know.
pub(crate) struct Typed<T> {
    pub(crate) value: T,
    pub(crate) unknown: Vec<String>,
}

impl JsonFile {
    pub(crate) fn parse(kind: FileKind, root: &Path, name: &str, text: String) -> Result<Self, LoadError> {
        let path = root.join(name);
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let parsed = serde_path_to_error::deserialize::<_, StrictValue>(&mut deserializer)
            .map_err(|error| {
                let pointer = pointer_of(error.path());
                (pointer, error.into_inner())
            })
            .and_then(|value| {
                deserializer
                    .end()
                    .map(|()| value)
                    .map_err(|error| (String::new(), error))
            });
        match parsed {
            Ok(StrictValue(value)) => Ok(Self {
                name: name.to_owned(),
                value,
                kind,
                path,
                text,
            }),
            Err((pointer, error)) => {
                let place = Place {
                    pointer,
                    line: error.line().max(1),
                    column: error.column().max(1),
                };
                let problem = without_position(&error);
                let fix = if problem.starts_with(DUPLICATE_KEY) {
                    "Keep one of the two entries and remove the other."
                } else {
                    "Correct the JSON there, or export the app again."
                };
                Err(LoadError::Json {
                    file: kind,
                    path,
                    place,
                    problem,
                    fix: fix.to_owned(),
                })
            }
        }
    }

    /// The object at `pointer`; `None` if it is absent or null.
    pub(crate) fn typed<T: DeserializeOwned>(&self, pointer: &str) -> Result<Option<Typed<T>>, LoadError> {
        let value = match self.value.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => value,
        };
        // serde would also fill a struct from an array, by position.
        if !value.is_object() {
            return Err(self.wrong_type(pointer, "an object"));
        }
        let mut track = serde_path_to_error::Track::new();
        let mut unknown = Vec::new();
        let deserializer = serde_path_to_error::Deserializer::new(value, &mut track);
        match serde_ignored::deserialize(deserializer, |key| unknown.push(key.to_string())) {
            Ok(value) => Ok(Some(Typed { value, unknown })),
            Err(error) => {
                let message = without_position(&error);
                let pointer = format!("{pointer}{}", pointer_of(&track.path()));
                Err(match expected(&message) {
                    Some(expected) => self.wrong_type(&pointer, expected),
                    None => self.invalid(&pointer, message, "Correct the value there."),
                })
            }
        }
    }

    /// An error about the content of the value at `pointer`.
    pub(crate) fn invalid(&self, pointer: &str, problem: impl Into<String>, fix: impl Into<String>) -> LoadError {
        LoadError::Invalid {
            file: self.kind,
            path: self.path.clone(),
            place: locate(&self.text, pointer),
            problem: problem.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn wrong_type(&self, pointer: &str, expected: &str) -> LoadError {
        let found = self.value.pointer(pointer).map_or("nothing", kind_of);
        LoadError::Json {
            file: self.kind,
            path: self.path.clone(),
            place: locate(&self.text, pointer),
            problem: format!("expected {expected}, found {found}"),
            fix: format!("Write {expected} there."),
        }
    }

    pub(crate) fn function_not_found(&self, pointer: &str, function: &str, needed_by: &str) -> LoadError {
        LoadError::FunctionNotFound {
            file: self.kind,
            path: self.path.clone(),
            place: locate(&self.text, pointer),
            function: function.to_owned(),
            needed_by: needed_by.to_owned(),
        }
    }

    /// Replaces `%(%%environment.values.NAME)` in every string by the value of the selected environment.
    pub(crate) fn expand(&mut self, values: &BTreeMap<String, Value>) -> Vec<LoadError> {
        let mut unresolved = Vec::new();
        let mut value = std::mem::take(&mut self.value);
        expand_value(&mut value, "", values, &mut unresolved);
        self.value = value;
        unresolved
            .into_iter()
            .map(|(pointer, problem)| {
                let fix = "Add the value to the file of this environment in `environments`, \
                           or write the text itself.";
                self.invalid(&pointer, problem, fix)
            })
            .collect()
    }
}

const EXPANSION: &str = "%(%%";

fn expand_value(
    value: &mut Value,
    pointer: &str,
    values: &BTreeMap<String, Value>,
    unresolved: &mut Vec<(String, String)>,
) {
    match value {
        Value::String(text) if text.contains(EXPANSION) => match expand_text(text, values) {
            Ok(expanded) => *text = expanded,
            Err(problem) => unresolved.push((pointer.to_owned(), problem)),
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                expand_value(item, &join(pointer, index), values, unresolved);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries.iter_mut() {
                expand_value(item, &join(pointer, key), values, unresolved);
            }
        }
        _ => {}
    }
}

/// Expands one text. Inserted values are not expanded again.
fn expand_text(text: &str, values: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(EXPANSION) {
        let inner = &rest[start + EXPANSION.len()..];
        let end = inner.find(')').ok_or("the expansion `%(%%` is not closed with `)`")?;
        let expression = inner[..end].trim();
        let name = expression
            .strip_prefix("environment.values.")
            .ok_or_else(|| format!("the expansion of {expression:?} is unknown; only environment.values.NAME is"))?;
        expanded.push_str(&rest[..start]);
        match values.get(name) {
            Some(Value::String(value)) => expanded.push_str(value),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => expanded.push_str(&value.to_string()),
            Some(_) => return Err(format!("the environment value {name:?} is not a text")),
            None => return Err(format!("the environment value {name:?} does not exist")),
        }
        rest = &inner[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => join(&pointer, index),
        Segment::Map { key } => join(&pointer, key),
        Segment::Enum { variant } => join(&pointer, variant),
        Segment::Unknown => pointer,
    })
}

fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) if error.line() > 0 => message[..end].to_owned(),
        _ => message,
    }
}

/// What serde expected, in JSON's words. The rest of its message quotes the value, which may be a misplaced secret.
fn expected(message: &str) -> Option<&str> {
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    Some(match expected.or(message.strip_prefix("expected "))? {
        "a map" => "an object",
        "a sequence" => "an array",
        "u64" => "a whole number",
        other => other,
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
