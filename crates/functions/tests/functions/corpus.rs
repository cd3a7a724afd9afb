//! Functions as owners wrote them for App Services, unchanged, in real worker processes. They are in `tests/functions`.

mod case;
mod hostile;
mod provider;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorward_functions::{
    AppProgram, Call, CallError, Ejson, Limits, Outcome, Program, Returned, Script, SecretTexts, Wanted, Workers,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use self::case::{Caller, Case, Expect, Sheet, Wants, fits, value_fits};
use self::provider::Provider;
use crate::{trials, worker};

pub(crate) fn trials() -> Vec<Trial> {
    let mut all = trials![functions_written_for_app_services_run_unchanged];
    all.extend(hostile::trials());
    all.push(Trial::test("corpus::a_star_stands_for_anything", || {
        a_star_stands_for_anything();
        Ok(())
    }));
    all
}

/// The longest error, with its stack, that a worker may send to the server's log.
const LONGEST_ERROR: usize = 64 << 10;

/// One function of a folder, with its cases.
struct Owned {
    name: String,
    text: String,
    sheet: Sheet,
}

/// All functions of a folder. A file without its partner is a mistake, and so is one of another kind.
fn folder(path: &str) -> BTreeMap<String, Owned> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(path);
    let mut functions = BTreeMap::new();
    for entry in std::fs::read_dir(&directory).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() || path.file_name().is_some_and(|name| name == "README.md") {
            continue;
        }
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a file has a name")
            .to_owned();
        let partner = path.with_extension(if path.extension().is_some_and(|e| e == "js") {
            "json"
        } else {
            "js"
        });
        assert!(partner.exists(), "{} stands alone", path.display());
        if functions.contains_key(&name) {
            continue;
        }
        let text = std::fs::read_to_string(path.with_extension("js")).expect("a function is text");
        let sheet = std::fs::read_to_string(path.with_extension("json")).expect("cases are text");
        let sheet: Sheet = serde_json::from_str(&sheet).unwrap_or_else(|error| panic!("{name}.json: {error}"));
        assert!(!sheet.cases.is_empty(), "{name} has no case");
        functions.insert(name.clone(), Owned { name, text, sheet });
    }
    functions
}

fn workers(limits: Limits) -> Workers {
    let command = worker::command(worker::ENGINE);
    Workers::start(worker::config(command, limits)).expect("a thread can be started")
}

/// Several in parallel, with time limits for a busy machine.
fn limits() -> Limits {
    Limits {
        workers: 4,
        queue_deadline: Duration::from_mins(2),
        ..Limits::default()
    }
}

fn script(name: &str, text: &str, run_as_system: bool) -> Script {
    Script {
        path: format!("functions/{name}.js"),
        text: text.to_owned(),
        run_as_system,
        run_as_script: None,
    }
}

/// The app that a case runs in.
fn program(function: &Owned, case: &Case, all: &BTreeMap<String, (String, bool)>) -> Program {
    let sheet = &function.sheet;
    let environment = case.environment.as_ref().unwrap_or(&sheet.environment).clone();
    let mut program = Program {
        values: case.values.as_ref().unwrap_or(&sheet.values).clone(),
        environment_tag: environment.tag,
        environment_values: environment.values,
        app: sheet.app.clone(),
        services: sheet.services.clone(),
        ..Program::default()
    };
    for name in sheet.functions.iter().chain([&function.name]) {
        let (text, run_as_system) = &all[name];
        program
            .functions
            .insert(name.clone(), script(name, text, *run_as_system));
    }
    program
}

/// The call of a case. A hook has the secrets that the server gives every hook.
fn call(name: &str, case: &Case) -> Call {
    let default_caller = if matches!(case.wanted, Wants::Value) {
        Caller::User
    } else {
        Caller::System
    };
    let as_system = case.caller.unwrap_or(default_caller) == Caller::System;
    let user = case.user.clone().unwrap_or_else(|| {
        let user = if as_system {
            json!({ "id": "", "type": "system", "data": {}, "identities": [] })
        } else {
            json!({
                "id": "64b8f0c2a1d3e4f5a6b7c8d9", "type": "normal", "data": { "email": "ada@example.com" }, "custom_data": {},
                "identities": [{ "id": "64b8f0c2a1d3e4f5a6b7c8d8", "provider_type": "local-userpass" }],
            })
        };
        Ejson::from(&user)
    });
    let arguments: Value = serde_json::from_str(case.arguments.as_str()).expect("arguments are JSON");
    let secret = |name: &str| arguments.get(0)?.get(name)?.as_str().map(str::to_owned);
    let secrets = if case.wanted == Wants::Status {
        ["token", "tokenId", "password"]
            .into_iter()
            .filter_map(secret)
            .collect()
    } else {
        SecretTexts::default()
    };
    Call {
        function: name.to_owned(),
        arguments: case.arguments.clone(),
        user,
        request: case.request.clone(),
        as_system,
        wanted: Wanted::from(case.wanted),
        secrets,
        wall_time: Duration::from_millis(case.wall_milliseconds),
    }
}

/// How a call ended, in one line.
fn ending(result: &Result<Outcome, CallError>) -> String {
    match result {
        Ok(outcome) => match &outcome.result {
            Ok(Returned::Value(value)) => format!("value {}", value.as_str()),
            Ok(other) => format!("{other:?}"),
            Err(thrown) => format!("{:?}: {}", thrown.kind, thrown.text),
        },
        Err(CallError::TimedOut) => "killed".to_owned(),
        Err(CallError::Crashed) => "crashed".to_owned(),
        Err(other) => other.to_string(),
    }
}

/// The differences from what the case expects.
fn complaints(case: &Case, result: &Result<Outcome, CallError>) -> Vec<String> {
    let mut complaints = Vec::new();
    let ending = ending(result);
    let returned = result.as_ref().ok().and_then(|outcome| outcome.result.as_ref().ok());
    let as_expected = match (&case.expect, returned) {
        (Expect::Status(expected), Some(Returned::Status(status))) => expected == status,
        (Expect::Identity(expected), Some(Returned::Identity(identity))) => expected == identity,
        (Expect::Value(expected), Some(Returned::Value(value))) => {
            serde_json::from_str(value.as_str()).is_ok_and(|value| value_fits(expected, &value))
        }
        (Expect::Nothing(()), Some(Returned::Nothing)) => true,
        (Expect::Error(any), None) => any.iter().any(|error| fits(error, &ending)),
        _ => false,
    };
    if !as_expected {
        complaints.push(format!(
            "it ended with {}",
            ending.chars().take(500).collect::<String>()
        ));
    }
    let Ok(outcome) = result else {
        return complaints;
    };
    if let Err(thrown) = &outcome.result
        && thrown.text.len() + thrown.stack.as_ref().map_or(0, String::len) > LONGEST_ERROR
    {
        complaints.push(format!("the text of the error has {} bytes", thrown.text.len()));
    }
    let lines: Vec<_> = outcome
        .console
        .iter()
        .map(|line| format!("{}: {}", line.level, line.text))
        .collect();
    let same = lines.len() == case.console.len() && case.console.iter().zip(&lines).all(|(e, a)| fits(e, a));
    if !same || outcome.console_dropped != case.console_dropped {
        complaints.push(format!(
            "the console has {lines:#?} and lost {}",
            outcome.console_dropped
        ));
    }
    let optional = |expected: &Option<String>, actual: &Option<String>| match (expected, actual) {
        (Some(expected), Some(actual)) => fits(expected, actual),
        (expected, actual) => expected.is_none() && actual.is_none(),
    };
    let same = outcome.mails.len() == case.mails.len()
        && case.mails.iter().zip(&outcome.mails).all(|(expected, mail)| {
            fits(&expected.to, &mail.to)
                && fits(&expected.subject, &mail.subject)
                && optional(&expected.text, &mail.text)
                && optional(&expected.html, &mail.html)
        });
    if !same {
        let mails: Vec<_> = outcome
            .mails
            .iter()
            .map(|mail| (&mail.to, &mail.subject, &mail.text, &mail.html))
            .collect();
        complaints.push(format!("the mails are {mails:?}"));
    }
    complaints
}

/// All differences from what the case expects. A case with `known` must still fail, so that the note is removed with
/// the mistake.
fn judged(case: &Case, result: &Result<Outcome, CallError>, provider: &Provider) -> Vec<String> {
    let mut found = complaints(case, result);
    found.extend(provider.complaints());
    match &case.known {
        None => found,
        Some(known) if found.is_empty() => vec![format!("it is no longer wrong that {known}: remove `known`")],
        Some(_) => Vec::new(),
    }
}

/// Runs one case in an app of its own.
async fn run(
    workers: &Workers,
    function: &Owned,
    case: &mut Case,
    all: &BTreeMap<String, (String, bool)>,
) -> (Arc<AppProgram>, Vec<String>) {
    let requests = std::mem::take(&mut case.requests);
    let provider = Arc::new(Provider::new(requests, case.mail_error.take()));
    let app = AppProgram::new(program(function, case, all), Arc::clone(&provider) as _);
    let result = workers.call(&app, call(&function.name, case)).await;
    (app, judged(case, &result, &provider))
}

fn sources(functions: &BTreeMap<String, Owned>) -> BTreeMap<String, (String, bool)> {
    functions
        .iter()
        .map(|(name, function)| (name.clone(), (function.text.clone(), function.sheet.run_as_system)))
        .collect()
}

async fn functions_written_for_app_services_run_unchanged() {
    let functions = folder("functions");
    let all = sources(&functions);
    let workers = workers(limits());
    let mut failures = Vec::new();
    for mut function in functions.into_values() {
        for mut case in std::mem::take(&mut function.sheet.cases) {
            let (app, found) = run(&workers, &function, &mut case, &all).await;
            workers.forget(&app).await;
            for complaint in found {
                failures.push(format!("{}.js, {}: {complaint}", function.name, case.name));
            }
        }
    }
    workers.stop(Duration::ZERO).await;
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn a_star_stands_for_anything() {
    for (expected, actual) in [
        ("", ""),
        ("a", "a"),
        ("*", ""),
        ("a*", "abc"),
        ("*c", "abc"),
        ("a*b*c", "a--b--c"),
    ] {
        assert!(fits(expected, actual), "{expected} {actual}");
    }
    for (expected, actual) in [
        ("", "a"),
        ("a", "ab"),
        ("a*", "b"),
        ("*c", "cb"),
        ("a*b*c", "acb"),
        ("ab*bc", "abc"),
    ] {
        assert!(!fits(expected, actual), "{expected} {actual}");
    }
}
