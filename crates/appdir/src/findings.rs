//! What loading finds besides the app: errors, warnings, what is ignored, what is missing.

use serde::Serialize;

use crate::error::LoadError;
use crate::json::JsonFile;

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The subject, such as `confirmation` or `secret "mailKey"`.
    pub what: String,
    /// The file or folder, relative to the app directory; absent if no file is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How it works, why it is ignored, or what needs it.
    pub why: String,
}

impl Item {
    pub(crate) fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            path: None,
            why: why.into(),
        }
    }

    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// What loading found besides the app itself.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<LoadError>,
    pub(crate) warnings: Vec<Item>,
    pub(crate) ignored: Vec<Item>,
    pub(crate) missing: Vec<Item>,
}

impl Findings {
    /// Returns the value, or records the error.
    pub(crate) fn keep<T>(&mut self, result: Result<T, LoadError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Reports keys that Doorward does not know, since most are typing errors.
    pub(crate) fn unknown_keys(&mut self, file: &JsonFile, what: &str, keys: &[String]) {
        if !keys.is_empty() {
            let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            self.ignored
                .push(Item::new(what, format!("unknown keys: {keys}")).at(&file.name));
        }
    }

    /// Records a problem: as an error if what it concerns is switched on, else as a warning.
    pub(crate) fn error_if(&mut self, active: bool, what: &str, file: &JsonFile, error: LoadError) {
        if active {
            self.errors.push(error);
        } else {
            let why = format!("{}; no error while it is disabled", error.problem());
            self.warnings.push(Item::new(what, why).at(&file.name));
        }
    }
}
