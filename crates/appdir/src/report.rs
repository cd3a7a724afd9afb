//! The report of `doorward check`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app::{Environment, Format, LoadedApp};
use crate::error::{LoadError, Place};
use crate::findings::{Findings, Item};
use crate::functions::FunctionSource;
use crate::providers::{CUSTOM_FUNCTION, USERPASS};
use crate::userpass::{ConfirmationMethod, ResetMethod};

/// What of a directory works, what is ignored, and what is missing. `Display` is for people, `Serialize` for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The app, unless no root file was found.
    pub app: Option<AppSummary>,
    /// What will work.
    pub works: Vec<Item>,
    /// What works, but perhaps not as intended.
    pub warnings: Vec<Item>,
    /// What is in the directory and has no effect.
    pub ignored: Vec<Item>,
    /// What is needed and not there.
    pub missing: Vec<Item>,
    /// What stops the app from loading.
    pub errors: Vec<ErrorItem>,
}

impl Report {
    /// Whether the app loads.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }
}

/// The app a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppSummary {
    /// Absent if it could not be found out.
    pub client_app_id: Option<String>,
    /// The name for people; absent if the root file is broken.
    pub name: Option<String>,
    /// The format of the directory.
    pub format: Format,
    /// The app directory.
    pub root: PathBuf,
    /// The selected environment.
    pub environment: Environment,
    /// How addresses are confirmed, if e-mail/password accounts are enabled.
    pub confirmation: Option<ConfirmationMethod>,
    /// How passwords are reset, if e-mail/password accounts are enabled.
    pub reset: Option<ResetMethod>,
    /// The names of all functions.
    pub functions: Vec<String>,
}

/// One error of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorItem {
    /// The file or folder; relative to the app directory if it is in there.
    pub path: PathBuf,
    /// The position in the file, where there is one.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
}

pub(crate) fn of_app(app: &LoadedApp) -> Report {
    let findings = Findings {
        errors: Vec::new(),
        warnings: app.warnings.clone(),
        ignored: app.ignored.clone(),
        missing: app.missing.clone(),
    };
    of_outcome(Some(app), findings)
}

pub(crate) fn of_outcome(app: Option<&LoadedApp>, findings: Findings) -> Report {
    let root = app.map(|app| app.root.as_path());
    let Findings {
        errors,
        warnings,
        ignored,
        missing,
    } = findings;
    let errors = errors.iter().map(|error| error_item(error, root)).collect();
    let mut report = Report {
        app: app.map(summary),
        works: Vec::new(),
        warnings,
        ignored,
        missing,
        errors,
    };
    if let Some(app) = app {
        add_userpass(app, &mut report);
        add_rest(app, &mut report);
        add_functions(app, &mut report);
    }
    report
}

fn error_item(error: &LoadError, root: Option<&Path>) -> ErrorItem {
    let path = error.path();
    let relative = root
        .and_then(|root| path.strip_prefix(root).ok())
        .filter(|path| path.iter().next().is_some());
    ErrorItem {
        path: relative.unwrap_or(path).to_owned(),
        place: error.place().cloned(),
        problem: error.problem(),
        fix: error.fix(),
    }
}

fn summary(app: &LoadedApp) -> AppSummary {
    let filled = |text: &String| (!text.is_empty()).then(|| text.clone());
    AppSummary {
        client_app_id: filled(&app.client_app_id),
        name: filled(&app.name),
        format: app.format,
        root: app.root.clone(),
        environment: app.environment,
        confirmation: app.userpass.as_ref().map(|userpass| userpass.confirmation.clone()),
        reset: app.userpass.as_ref().map(|userpass| userpass.reset.clone()),
        functions: app.functions.iter().map(|function| function.name.clone()).collect(),
    }
}

fn add_userpass(app: &LoadedApp, report: &mut Report) {
    let Some(userpass) = &app.userpass else {
        let why = match app.providers.iter().find(|provider| provider.name == USERPASS) {
            Some(provider) if provider.disabled => "the provider \"local-userpass\" is disabled",
            // It is enabled and could not be read: the errors say why.
            Some(_) => return,
            None => "there is no provider \"local-userpass\"",
        };
        report.missing.push(Item::new("e-mail/password accounts", why));
        return;
    };
    report.works.push(Item::new("e-mail/password accounts", "enabled"));
    match &userpass.confirmation {
        ConfirmationMethod::Automatic => {
            report.works.push(Item::new(
                "confirmation",
                "automatic: every new address counts as confirmed",
            ));
        }
        ConfirmationMethod::Function(name) => {
            report
                .works
                .push(Item::new("confirmation", format!("by the function {name:?}")));
        }
        ConfirmationMethod::Email { url, subject } => {
            report
                .works
                .push(Item::new("confirmation", by_email(url.as_deref(), subject.as_deref())));
        }
    }
    match &userpass.reset {
        ResetMethod::Function(name) => {
            report
                .works
                .push(Item::new("password reset", format!("by the function {name:?}")));
        }
        ResetMethod::Email { url, subject } => {
            report.works.push(Item::new(
                "password reset",
                by_email(url.as_deref(), subject.as_deref()),
            ));
        }
    }
}

fn by_email(url: Option<&str>, subject: Option<&str>) -> String {
    let page = url.map_or("the page that Doorward hosts".to_owned(), str::to_owned);
    let subject = subject.map_or("the built-in subject".to_owned(), |subject| {
        format!("the subject {subject:?}")
    });
    format!("by e-mail with {subject}; the link leads to {page}")
}

fn add_rest(app: &LoadedApp, report: &mut Report) {
    let works = &mut report.works;
    if app.environment != Environment::NoEnvironment || !app.environment_values.is_empty() {
        let count = count(app.environment_values.len(), "value");
        works.push(Item::new(
            "environment",
            format!("{}, {count}", app.environment.file_stem()),
        ));
    }
    if !app.values.is_empty() {
        works.push(Item::new(
            "values",
            list(app.values.iter().map(|value| value.name.as_str())),
        ));
    }
    let mut secrets = app.legacy_secrets.names().peekable();
    if secrets.peek().is_some() {
        works.push(Item::new("secrets", list(secrets)).at("secrets.json"));
        let why = "it holds secrets in plain text; move them to --secrets and remove it";
        report.warnings.push(Item::new("secrets", why).at("secrets.json"));
    }
    if !app.allowed_request_origins.is_empty() {
        let origins = list(app.allowed_request_origins.iter().map(String::as_str));
        report.works.push(Item::new("web origins", format!("only {origins}")));
    }
}

/// Functions, and the logins, hooks and triggers that call them.
fn add_functions(app: &LoadedApp, report: &mut Report) {
    if !app.functions.is_empty() {
        let names = list(app.functions.iter().map(|function| function.name.as_str()));
        let why = names;
        report
            .works
            .push(Item::new(count(app.functions.len(), "function"), why));
    }
    if let Some(name) = &app.login_function {
        report
            .works
            .push(Item::new("custom-function logins", format!("by the function {name:?}")));
    }
    if let Some(name) = app.user_creation_function() {
        let why = format!("the function {name:?} is asked before a user is made");
        report.works.push(Item::new("user creation", why));
        if uses_services(app, name) {
            let why = format!(
                "the function {name:?} asks for services, and this server has none but e-mail: if it throws for want of them, no new user can log in"
            );
            report.warnings.push(Item::new("user creation", why));
        }
    }
    for trigger in app.authentication_triggers.iter().filter(|trigger| !trigger.disabled) {
        let what = format!("trigger {:?}", trigger.name);
        let providers = trigger.providers.iter().map(String::as_str);
        let mut offered = providers
            .clone()
            .filter(|name| [USERPASS, CUSTOM_FUNCTION].contains(name));
        if offered.next().is_none() {
            let why = match list(providers) {
                none if none.is_empty() => "it names no provider".to_owned(),
                names => format!("it is told of accounts by {names}, and Doorward offers no such"),
            };
            report.ignored.push(Item::new(what, why));
            continue;
        }
        let events = list(trigger.operations.iter().map(|operation| operation.as_str()));
        let why = format!(
            "on {events} of accounts by {}, the function {:?}",
            list(providers),
            trigger.function
        );
        report.works.push(Item::new(what, why));
    }
}

/// Whether a script seems to ask for services. Finding the call in its text is good enough for a warning.
fn uses_services(app: &LoadedApp, name: &str) -> bool {
    let function = app.functions.iter().find(|function| function.name == name);
    function.is_some_and(|function| match &function.source {
        FunctionSource::Script { text, .. } => text.contains("services.get"),
        FunctionSource::Webhook { .. } => false,
    })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
