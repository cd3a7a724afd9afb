//! Runs the functions of apps, whether they are scripts or web services. What the flows ask of them stands in `hooks`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::{EmailAddress, FunctionError, FunctionMail, FunctionName, FunctionResult};
use doorward_ejson::bson::Bson;
use doorward_ejson::{Ejson, to_bson};
use serde_json::{Value, json};
use tracing::{Instrument as _, info_span};

use crate::app::{AppFunctions, Function, Source};
use crate::pool::{AppProgram, CallError, Workers};
use crate::protocol::{Call, Outcome, OutgoingMail, Returned, SecretTexts, ThrownKind, Wanted};
use crate::services::{HostServices, WebhookError};

/// Runs functions. Cheap to clone; clones share the workers.
#[derive(Clone)]
pub struct FunctionHost {
    workers: Workers,
    wall_time: Duration,
}

/// The functions of one revision of an app, ready to run. Dropped with that revision, it ends the
/// workers that wait for its calls.
pub struct HostedFunctions {
    pub(crate) functions: AppFunctions,
    /// `%%values` of rules.
    pub(crate) values: Bson,
    /// `%%environment` of rules.
    pub(crate) environment: Bson,
    host: FunctionHost,
    program: Arc<AppProgram>,
    services: Arc<dyn HostServices>,
}

impl FunctionHost {
    /// A host over these workers. A call has so much wall time.
    pub fn new(workers: Workers, wall_time: Duration) -> Self {
        Self { workers, wall_time }
    }

    /// Takes the functions of an app, and what answers the requests of its scripts.
    pub fn host(&self, functions: AppFunctions, services: Arc<dyn HostServices>) -> Arc<HostedFunctions> {
        Arc::new(HostedFunctions {
            values: to_bson(&json!(functions.values)),
            environment: to_bson(&json!({
                "tag": functions.environment_tag,
                "values": functions.environment_values,
            })),
            program: AppProgram::new(functions.program(), Arc::clone(&services)),
            host: self.clone(),
            functions,
            services,
        })
    }

    /// Starts a worker for each app that has scripts, so that the first call need not wait for one. Of many apps only
    /// the first ones: the pool keeps no more idle workers than calls can run side by side.
    pub async fn prepare(&self, apps: &[Arc<HostedFunctions>]) -> Vec<Result<crate::Confinement, crate::StartError>> {
        let has_scripts = |app: &&Arc<HostedFunctions>| !app.program.program().functions.is_empty();
        let mut prepared = Vec::new();
        for app in apps.iter().filter(has_scripts).take(self.workers.limits().workers) {
            prepared.push(self.workers.prepare(&app.program).await);
        }
        prepared
    }

    /// Lets running calls end for a while and ends every worker.
    pub async fn stop(&self, patience: Duration) {
        self.workers.stop(patience).await;
    }
}

impl HostedFunctions {
    pub(crate) fn find(&self, name: &str) -> Option<&Function> {
        self.functions.functions.get(name)
    }

    /// A call by the server itself, with the rights of the system and without a request.
    pub(crate) fn system_call(&self, function: &str, arguments: Ejson, wanted: Wanted) -> Call {
        Call {
            function: function.to_owned(),
            arguments,
            user: Ejson::canonical(crate::documents::system_user()),
            request: Ejson::default(),
            as_system: true,
            wanted,
            secrets: SecretTexts::default(),
            wall_time: self.host.wall_time,
        }
    }

    /// Runs a call. A delivery has an id, under which it is sent to a web service, once or again.
    pub(crate) async fn run(
        &self,
        function: &Function,
        call: Call,
        delivery: Option<&str>,
    ) -> Result<FunctionResult<Returned>, FunctionError> {
        let span = info_span!("function", function = call.function);
        let run = async {
            match &function.source {
                Source::Script { .. } => self.run_script(call).await,
                Source::Webhook => self.call_webhook(call, delivery).await,
            }
        };
        run.instrument(span).await
    }

    async fn run_script(&self, call: Call) -> Result<FunctionResult<Returned>, FunctionError> {
        let name = FunctionName(call.function.clone());
        let outcome = self
            .host
            .workers
            .call(&self.program, call)
            .await
            .map_err(|error| not_ended(&error))?;
        log_console(&self.functions.about.client_app_id, &name, &outcome);
        match outcome.result {
            Ok(value) => Ok(FunctionResult {
                value,
                mails: outcome.mails.into_iter().filter_map(function_mail).collect(),
            }),
            Err(thrown) if thrown.kind == ThrownKind::Time => Err(FunctionError::TimedOut),
            Err(thrown) => {
                if let Some(stack) = &thrown.stack {
                    tracing::debug!(stack, "where the function threw");
                }
                Err(FunctionError::Threw { text: thrown.text })
            }
        }
    }

    async fn call_webhook(
        &self,
        call: Call,
        delivery: Option<&str>,
    ) -> Result<FunctionResult<Returned>, FunctionError> {
        let answer = self
            .services
            .call_webhook(delivery, &call.function, &call.arguments)
            .await;
        let value = match answer {
            Ok(answer) => returned_by_webhook(call.wanted, answer),
            // It got the delivery, and what it says to that does not matter.
            Err(WebhookError::NotAnObject | WebhookError::TooLong(_)) if delivery.is_some() => Returned::Nothing,
            Err(error) => return Err(no_answer(&error)),
        };
        Ok(FunctionResult {
            value,
            mails: Vec::new(),
        })
    }
}

impl Drop for HostedFunctions {
    fn drop(&mut self) {
        self.host.workers.retire(&self.program);
    }
}

impl fmt::Debug for HostedFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostedFunctions").field(&self.functions).finish()
    }
}

fn not_ended(error: &CallError) -> FunctionError {
    match error {
        CallError::Busy { retry_after } => FunctionError::Busy {
            retry_after: *retry_after,
        },
        CallError::TimedOut => FunctionError::TimedOut,
        CallError::Crashed => FunctionError::Threw {
            text: "the function's process ended".to_owned(),
        },
        CallError::NoWorker | CallError::Stopped => FunctionError::Unavailable,
    }
}

fn no_answer(error: &WebhookError) -> FunctionError {
    let text = error.to_string();
    if error.is_transient() {
        FunctionError::Unanswered { text }
    } else {
        FunctionError::Threw { text }
    }
}

/// What a web service's JSON object means to the caller.
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
        let (severity, text) = (line.level.as_str(), line.text.as_str());
        tracing::info!(target: "doorward::console", app, %function, severity, text);
    }
    if outcome.console_dropped > 0 {
        let dropped = outcome.console_dropped;
        tracing::info!(target: "doorward::console", app, %function, dropped, "earlier lines were not kept");
    }
}
