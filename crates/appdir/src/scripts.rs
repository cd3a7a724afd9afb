//! What loading needs to know of the engine that runs the scripts.

use std::fmt;

use crate::app::LoadedApp;
use crate::error::{LoadError, Place};
use crate::findings::{Findings, Item};
use crate::functions::FunctionSource;
use crate::userpass::{ConfirmationMethod, ResetMethod};

/// The engine that will run the scripts.
pub trait ScriptEngine: fmt::Debug + Send + Sync {
    /// Whether `require` gives a script this module without any package.
    fn provides(&self, module: &str) -> bool;

    /// Compiles a script without running it.
    fn check(&self, path: &str, text: &str) -> Result<(), ScriptError>;
}

/// Why a script does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// What the engine says.
    pub message: String,
}

/// Compiles every script. A mistake is an error in a script that can be called, and a warning in one that nothing
/// calls.
pub(crate) fn check(engine: &dyn ScriptEngine, app: &LoadedApp, findings: &mut Findings) {
    let called = called_by_the_server(app);
    for function in &app.functions {
        let FunctionSource::Script { path, text } = &function.source else {
            continue;
        };
        let Err(error) = engine.check(path, text) else { continue };
        if function.private && !called.contains(&function.name.as_str()) {
            let why = format!(
                "nothing calls it, and it does not compile: {} at line {}, column {}",
                error.message, error.line, error.column
            );
            findings
                .warnings
                .push(Item::new(format!("function {:?}", function.name), why).at(path));
        } else {
            findings.errors.push(LoadError::Script {
                path: app.root.join(path),
                function: function.name.clone(),
                place: Place {
                    pointer: String::new(),
                    line: error.line,
                    column: error.column,
                },
                problem: error.message,
            });
        }
    }
}

/// The functions behind hooks and triggers.
fn called_by_the_server(app: &LoadedApp) -> Vec<&str> {
    let mut called = Vec::new();
    if let Some(userpass) = &app.userpass {
        if let ConfirmationMethod::Function(name) = &userpass.confirmation {
            called.push(name.as_str());
        }
        if let ResetMethod::Function(name) = &userpass.reset {
            called.push(name.as_str());
        }
    }
    called.extend(app.login_function.as_deref());
    called.extend(app.user_creation_function());
    let triggers = app.authentication_triggers.iter().filter(|trigger| !trigger.disabled);
    called.extend(triggers.map(|trigger| trigger.function.as_str()));
    called
}
