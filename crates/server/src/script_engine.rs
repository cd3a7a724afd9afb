//! The function engine, as the reader of app directories sees it.

use doorward_appdir::{ScriptEngine, ScriptError};

/// The function engine, in the form that loading a directory takes.
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
