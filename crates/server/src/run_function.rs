//! `doorward functions run`: one call of one function, for its author.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use doorward_core::{AppObjectId, ObjectId, OsEntropy, SystemClock};
use doorward_functions::{Call, CallError, Ejson, Outcome, Returned, SecretTexts, Wanted, Workers, WorkersConfig};
use serde_json::{Value, json};

use crate::cli::RunOptions;
use crate::config::Secrets;
use crate::functions::{self, AppRunner, HostParts};
use crate::{apps, logging};

/// Runs the function and prints its result, logs and mails. The exit code is 1 when it threw or was stopped.
pub(crate) fn run(options: &RunOptions) -> Result<ExitCode> {
    let secrets = Secrets::of(&options.secrets);
    let loaded = doorward_appdir::load(&options.app.dir, &apps::load_options(&options.app, &secrets)?)?;
    if !loaded.functions.iter().any(|function| function.name == options.name) {
        let names: Vec<_> = loaded.functions.iter().map(|function| function.name.as_str()).collect();
        bail!(
            "there is no function `{}`; there are: {}",
            options.name,
            names.join(", ")
        );
    }
    let wall_time = options.call.function_timeout.0;
    let limits = functions::limits(wall_time, Some(1));
    let call = Call {
        function: options.name.clone(),
        arguments: arguments(&options.arguments)?,
        user: user(options.user.as_deref())?,
        request: Ejson::default(),
        as_system: options.user.is_none(),
        wanted: Wanted::Value,
        secrets: SecretTexts::default(),
        wall_time,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (outcome, took) = runtime.block_on(async {
        let config = WorkersConfig {
            command: functions::worker_command()?,
            limits: limits.clone(),
            sandbox: options.call.sandbox.resolve(),
        };
        let workers = Workers::start(config)?;
        functions::require_sandbox(&workers, options.call.sandbox.resolve()).await?;
        let runner = AppRunner::new(HostParts {
            limits,
            http_allow: options.call.function_http_allow.clone(),
            secrets,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            // They are shown, so they are accepted.
            mail: true,
        });
        let program = runner.program(&loaded, AppObjectId(ObjectId::zero()))?;
        let begun = Instant::now();
        let outcome = workers.call(&program, call).await;
        let took = begun.elapsed();
        workers.stop(Duration::ZERO).await;
        anyhow::Ok((outcome, took))
    })?;
    print(outcome, took)
}

fn arguments(texts: &[String]) -> Result<Ejson> {
    for text in texts {
        serde_json::from_str::<Value>(text).with_context(|| format!("--arg {text} is not JSON"))?;
    }
    Ok(Ejson::parse(format!("[{}]", texts.join(",")))?)
}

/// The calling user: a JSON object as it is, or one made of an id. `None`: the system.
fn user(text: Option<&str>) -> Result<Ejson> {
    let user = match text {
        None => json!({ "id": "", "type": "system", "data": {}, "custom_data": {}, "identities": [] }),
        Some(text) if text.trim_start().starts_with('{') => {
            serde_json::from_str(text).with_context(|| format!("--as {text} is not JSON"))?
        }
        Some(id) => json!({ "id": id, "type": "normal", "data": {}, "custom_data": {}, "identities": [] }),
    };
    Ok(Ejson::from(&user))
}

fn print(outcome: Result<Outcome, CallError>, took: Duration) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            logging::complain(&error.into());
            return Ok(ExitCode::FAILURE);
        }
    };
    for line in &outcome.console {
        writeln!(out, "{:<7} {}", line.level, line.text)?;
    }
    if outcome.console_dropped > 0 {
        writeln!(out, "        ({} earlier lines are not shown)", outcome.console_dropped)?;
    }
    for mail in &outcome.mails {
        writeln!(out, "mail    to {}: {}", mail.to, mail.subject)?;
    }
    let code = match &outcome.result {
        Ok(Returned::Value(value)) => {
            writeln!(out, "result  {}", value.as_str())?;
            ExitCode::SUCCESS
        }
        Ok(Returned::Status(_) | Returned::Identity(_) | Returned::Nothing) => ExitCode::SUCCESS,
        Err(thrown) => {
            writeln!(out, "threw   {}", thrown.text)?;
            for line in thrown.stack.iter().flat_map(|stack| stack.lines()) {
                writeln!(out, "        {}", line.trim_start())?;
            }
            ExitCode::FAILURE
        }
    };
    let memory = outcome.memory.div_ceil(1_000);
    writeln!(
        out,
        "took    {:.1} ms, {:.1} ms of processor time, {memory} kB",
        took.as_secs_f64() * 1_000.0,
        outcome.cpu_time.as_secs_f64() * 1_000.0
    )?;
    Ok(code)
}
