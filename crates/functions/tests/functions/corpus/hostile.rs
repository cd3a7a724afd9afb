//! Functions that mean harm, several in parallel. Each must end as its file says, and the app must answer an honest
//! call afterwards.

use std::sync::Arc;
use std::time::Duration;

use doorward_functions::{AppProgram, Call, Ejson, Returned, SecretTexts, Wanted, Workers};
use libtest_mimic::Trial;
use tokio::task::JoinSet;

use super::provider::Provider;
use super::{call, folder, judged, limits, program, script, sources, workers};
use crate::trials;

pub(super) fn trials() -> Vec<Trial> {
    trials![s75_and_t17_hostile_functions_end_and_no_other_call_notices]
}

/// Returns the expected result only if no function before it has changed a global.
const HONEST: &str = r#"
exports = async function (name) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const own = Object.keys(globalThis).filter((key) => key !== "exports" && key !== "performance");
  const leaked = ["polluted", "isAdmin", "status", "toJSON"].filter((key) => key in {} || key in [] || key in globalThis);
  const text = JSON.stringify({ list: [3, 1, 2].sort().map(String) });
  return `${name} ${text} ${new BSON.ObjectId("64b8f0c2a1d3e4f5a6b7c8d9")} ${own} ${leaked}`;
};
"#;

const HONEST_ANSWER: &str = r#""Ada {\"list\":[\"1\",\"2\",\"3\"]} 64b8f0c2a1d3e4f5a6b7c8d9  ""#;

async fn honest_answer(workers: &Workers, app: &Arc<AppProgram>) -> String {
    let call = Call {
        function: "honest".to_owned(),
        arguments: Ejson::canonical(vec!["Ada"]),
        user: Ejson::default(),
        request: Ejson::default(),
        as_system: false,
        wanted: Wanted::Value,
        secrets: SecretTexts::default(),
        wall_time: Duration::from_secs(20),
    };
    match workers.call(app, call).await {
        Ok(outcome) => match outcome.result {
            Ok(Returned::Value(value)) => value.as_str().to_owned(),
            other => format!("{other:?}"),
        },
        Err(error) => error.to_string(),
    }
}

async fn s75_and_t17_hostile_functions_end_and_no_other_call_notices() {
    let functions = folder("functions/hostile");
    let all = sources(&functions);
    let workers = workers(limits());
    let mut runs = JoinSet::new();
    for mut function in functions.into_values() {
        for mut case in std::mem::take(&mut function.sheet.cases) {
            let requests = std::mem::take(&mut case.requests);
            let provider = Arc::new(Provider::new(requests, case.mail_error.take()));
            let mut program = program(&function, &case, &all);
            program
                .functions
                .insert("honest".to_owned(), script("honest", HONEST, false));
            let app = AppProgram::new(program, Arc::clone(&provider) as _);
            let (workers, name) = (workers.clone(), function.name.clone());
            runs.spawn(async move {
                let result = workers.call(&app, call(&name, &case)).await;
                let mut found = judged(&case, &result, &provider);
                let honest = honest_answer(&workers, &app).await;
                if honest != HONEST_ANSWER {
                    found.push(format!("the honest call after it gave {honest}"));
                }
                found
                    .into_iter()
                    .map(|complaint| format!("{name}.js, {}: {complaint}", case.name))
                    .collect::<Vec<_>>()
            });
        }
    }
    let failures = runs.join_all().await.concat();
    workers.stop(Duration::ZERO).await;
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.join("\n")
    );
}
