//! Runs the functions of every app, whether they are scripts or web services. What the flows ask of them stands in `hooks`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{App, AppObjectId, CallFailure, EmailAddress, FunctionMail, FunctionName, FunctionResult, NotRun};
use serde_json::Value;

use crate::app::{AppFunctions, Function, Source, ejson};
use crate::pool::{AppProgram, CallError, Outside, Workers};
use crate::protocol::{Call, Ejson, Outcome, OutgoingMail, Returned, ThrownKind, Wanted};
use crate::webhook::WebhookError;

/// Runs the functions of every app of this server.
pub struct FunctionHost {
    apps: HashMap<AppObjectId, HostedApp>,
    workers: Workers,
    wall_time: Duration,
}

pub(crate) struct HostedApp {
    pub(crate) functions: AppFunctions,
    program: Arc<AppProgram>,
    outside: Arc<dyn Outside>,
}

impl FunctionHost {
    /// Takes the functions of every app, and what answers what they ask for. A call has so much wall time.
    pub fn new(
        workers: Workers,
        wall_time: Duration,
        apps: impl IntoIterator<Item = (AppObjectId, AppFunctions, Arc<dyn Outside>)>,
    ) -> Self {
        let host = |(id, functions, outside): (AppObjectId, AppFunctions, Arc<dyn Outside>)| {
            let hosted = HostedApp {
                program: AppProgram::new(functions.program(), Arc::clone(&outside)),
                functions,
                outside,
            };
            (id, hosted)
        };
        Self {
            apps: apps.into_iter().map(host).collect(),
            workers,
            wall_time,
        }
    }

    /// Starts a worker for each app that has scripts, so that the first call need not wait for one. Of many apps only the first ones:
    /// the pool keeps no more idle workers than calls can run at once.
    pub async fn prepare(&self) -> Vec<Result<crate::Confinement, crate::StartError>> {
        let has_scripts = |app: &&HostedApp| !app.program.program().functions.is_empty();
        let mut prepared = Vec::new();
        for app in self
            .apps
            .values()
            .filter(has_scripts)
            .take(self.workers.limits().workers)
        {
            prepared.push(self.workers.prepare(&app.program).await);
        }
        prepared
    }

    /// Lets running calls end for a while and ends every worker.
    pub async fn stop(&self, patience: Duration) {
        self.workers.stop(patience).await;
    }

    pub(crate) async fn run(
        &self,
        app: &HostedApp,
        name: &FunctionName,
        function: &Function,
        call: RunCall,
    ) -> Result<FunctionResult<Returned>, CallFailure> {
        match &function.source {
            Source::Script { .. } => self.run_script(app, name, call).await,
            Source::Webhook => call_webhook(app, name, call).await,
        }
    }

    async fn run_script(
        &self,
        app: &HostedApp,
        name: &FunctionName,
        call: RunCall,
    ) -> Result<FunctionResult<Returned>, CallFailure> {
        let call = Call {
            function: name.0.clone(),
            arguments: call.arguments,
            user: ejson(&call.user),
            request: ejson(&call.request),
            as_system: call.as_system,
            wanted: call.wanted,
            secrets: call.secrets,
            wall_time: self.wall_time,
        };
        let outcome = self
            .workers
            .call(&app.program, call)
            .await
            .map_err(|error| match error {
                CallError::Busy { retry_after } => CallFailure::NotRun(NotRun::Busy { retry_after }),
                CallError::TimedOut => CallFailure::TimedOut,
                CallError::Crashed => CallFailure::Threw {
                    text: "the function's process ended".to_owned(),
                },
                CallError::NoWorker | CallError::Stopped => CallFailure::NotRun(NotRun::Unavailable),
            })?;
        log_console(&app.functions.about.client_app_id, name, &outcome);
        match outcome.result {
            Ok(value) => Ok(FunctionResult {
                value,
                mails: outcome.mails.into_iter().filter_map(function_mail).collect(),
            }),
            Err(thrown) if thrown.kind == ThrownKind::Time => Err(CallFailure::TimedOut),
            Err(thrown) => {
                if let Some(stack) = &thrown.stack {
                    tracing::debug!(function = %name, stack, "where a function threw");
                }
                Err(CallFailure::Threw { text: thrown.text })
            }
        }
    }

    pub(crate) fn find(&self, app: &App, name: &FunctionName) -> Option<(&HostedApp, &Function)> {
        let hosted = self.apps.get(&app.object_id)?;
        Some((hosted, hosted.functions.functions.get(&name.0)?))
    }
}

/// A call, before it is known whether it is a script's or a web service's.
pub(crate) struct RunCall {
    pub(crate) arguments: Ejson,
    pub(crate) user: Value,
    pub(crate) request: Value,
    pub(crate) as_system: bool,
    pub(crate) wanted: Wanted,
    pub(crate) secrets: Vec<String>,
    /// If it only tells what has happened: the id under which it is sent to a web service, once or again.
    pub(crate) notice: Option<String>,
}

async fn call_webhook(
    app: &HostedApp,
    name: &FunctionName,
    call: RunCall,
) -> Result<FunctionResult<Returned>, CallFailure> {
    let answer = app
        .outside
        .call_webhook(call.notice.as_deref(), &name.0, &call.arguments)
        .await;
    match answer {
        Ok(answer) => Ok(FunctionResult {
            value: returned_by_webhook(call.wanted, answer),
            mails: Vec::new(),
        }),
        // It has heard, and nobody wants to know what it says.
        Err(WebhookError::NotAnObject | WebhookError::TooLong(_)) if call.notice.is_some() => Ok(FunctionResult {
            value: Returned::Nothing,
            mails: Vec::new(),
        }),
        Err(error) if error.may_pass() => Err(CallFailure::Unanswered {
            text: error.to_string(),
        }),
        Err(error) => Err(CallFailure::Threw {
            text: error.to_string(),
        }),
    }
}

/// What a web service's JSON object means to whoever asked.
fn returned_by_webhook(wanted: Wanted, answer: Ejson) -> Returned {
    let object: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    match wanted {
        Wanted::Status => Returned::Status(text("status")),
        Wanted::Identity => Returned::Identity(text("id").map(|id| (id, text("name")))),
        Wanted::Value => Returned::Value(answer),
        Wanted::Nothing => Returned::Nothing,
    }
}

/// The address was checked when the script sent it.
fn function_mail(mail: OutgoingMail) -> Option<FunctionMail> {
    Some(FunctionMail {
        to: EmailAddress::parse(&mail.to).ok()?,
        subject: mail.subject,
        text: mail.text.unwrap_or_default(),
        html: mail.html.unwrap_or_default(),
    })
}

/// What the owner's code says goes to the operator's log, under a target of its own.
fn log_console(app: &str, function: &FunctionName, outcome: &Outcome) {
    for line in &outcome.console {
        let (level, text) = (line.level.as_str(), line.text.as_str());
        tracing::info!(target: "doorward::console", app, %function, level, text);
    }
    if outcome.console_dropped > 0 {
        let dropped = outcome.console_dropped;
        tracing::info!(target: "doorward::console", app, %function, dropped, "earlier lines were not kept");
    }
}
