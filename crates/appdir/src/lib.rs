//! Reads an exported App Services directory (formats V1, V2 and V3) into one typed value, with a report.
//! Used by the server, for `doorward serve` and `doorward check`.
//! Never writes, never runs a function, never reads outside the app directory, never reads the environment.

mod app;
mod environment;
mod error;
mod files;
mod findings;
mod functions;
mod ignored;
mod json;
mod json_position;
mod loader;
mod locate;
mod origins;
mod packages;
mod providers;
mod report;
mod report_text;
mod root_file;
mod scripts;
mod secrets;
mod strict_json;
mod triggers;
mod user_data;
mod userpass;
mod userpass_check;
mod values;

use std::path::Path;
use std::sync::Arc;

pub use app::{Environment, Format, LoadedApp};
pub use error::{FileKind, LoadError, Place};
pub use files::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES};
pub use findings::Item;
pub use functions::{Function, FunctionSource};
pub use providers::Provider;
pub use report::{AppSummary, ErrorItem, Report};
pub use scripts::{ScriptEngine, ScriptError};
pub use secrets::{LegacySecrets, SecretNames, SigningSecrets};
pub use triggers::{AuthOperation, AuthenticationTrigger};
pub use user_data::CustomUserData;
pub use userpass::{ConfirmationMethod, ResetMethod, UserpassConfig, UserpassKeys};
pub use values::{AppValue, ValueContent};

/// What the operator adds to the directory.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The client app id from the command line (`APP_ID=APP_DIR`); it wins over every file.
    pub app_id: Option<String>,
    /// The names of the secrets that exist outside the directory.
    pub secrets: SecretNames,
    /// What knows whether a secret can sign calls of web services. Without it, any secret counts as good.
    pub signing_secrets: Option<Arc<dyn SigningSecrets>>,
    /// What will run the scripts. Without it they are not compiled, and no module counts as built in.
    pub scripts: Option<Arc<dyn ScriptEngine>>,
}

/// Loads the app at `dir`, at one of its parents, or in its `backend` folder.
///
/// The first error ends it; [`check`] lists them all.
pub fn load(dir: &Path, overrides: &LoadOptions) -> Result<LoadedApp, LoadError> {
    let outcome = loader::load_everything(dir, overrides);
    match (outcome.app, outcome.findings.errors.into_iter().next()) {
        (_, Some(error)) => Err(error),
        (Some(mut app), None) => {
            app.warnings = outcome.findings.warnings;
            app.ignored = outcome.findings.ignored;
            app.missing = outcome.findings.missing;
            Ok(app)
        }
        (None, None) => Err(LoadError::NotFound {
            path: dir.to_owned(),
            hint: locate::NOTHING.to_owned(),
        }),
    }
}

/// Reports on the app at `dir`. It never fails: what stops [`load`] is listed under `errors`, all of it.
pub fn check(dir: &Path, overrides: &LoadOptions) -> Report {
    let outcome = loader::load_everything(dir, overrides);
    report::of_outcome(outcome.app.as_ref(), outcome.findings)
}
