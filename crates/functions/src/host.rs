//! Gives the flows of `core` the answers of the owner's functions, whether they are scripts or web services.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::{
    App, AppObjectId, CallFailure, ConfirmQuestion, EmailAddress, FunctionCall, FunctionMail, FunctionName, Functions,
    NotRun, Ran, ResetQuestion, Verdict,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::app::{AppFunctions, Function, Source, ejson};
use crate::documents;
use crate::pool::{AppProgram, CallError, Outside, Workers};
use crate::protocol::{Answer, Ask, Call, Ejson, Outcome, OutgoingMail, Returned, ThrownKind, Wanted};
use crate::rules::{self, Scope};

/// Runs the functions of every app of this server.
pub struct FunctionHost {
    apps: HashMap<AppObjectId, HostedApp>,
    workers: Workers,
    wall_time: Duration,
}

struct HostedApp {
    functions: AppFunctions,
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

    /// Runs a hook. Whatever it does wrong fails, and the log has one line of it.
    async fn hook(&self, app: &App, name: &FunctionName, hook: Hook) -> Result<Ran<Verdict>, NotRun> {
        let failed = Ran {
            value: Verdict::Fail,
            mails: Vec::new(),
        };
        let Some((hosted, function)) = self.find(app, name) else {
            tracing::error!(app = %app.id, function = %name, "a hook is not there");
            return Ok(failed);
        };
        let call = RunCall {
            arguments: hook.arguments,
            user: documents::system_user(),
            request: hook.request,
            as_system: true,
            wanted: Wanted::Status,
            secrets: hook.secrets,
        };
        match self.run(hosted, name, function, call).await {
            Ok(ran) => Ok(Ran {
                value: verdict(app, name, &ran.value),
                mails: ran.mails,
            }),
            Err(CallFailure::NotRun(not_run)) => Err(not_run),
            Err(failure) => {
                let error = match &failure {
                    CallFailure::Threw { text } => text.as_str(),
                    CallFailure::TimedOut => "it took too long",
                    CallFailure::NotFound | CallFailure::NotAllowed | CallFailure::NotRun(_) => "it cannot be called",
                };
                tracing::warn!(app = %app.id, function = %name, error, "a hook failed");
                Ok(failed)
            }
        }
    }

    async fn run(
        &self,
        app: &HostedApp,
        name: &FunctionName,
        function: &Function,
        call: RunCall,
    ) -> Result<Ran<Returned>, CallFailure> {
        match &function.source {
            Source::Script { .. } => self.run_script(app, name, call).await,
            Source::Webhook => {
                let ask = Ask::Webhook {
                    function: name.0.clone(),
                    arguments: call.arguments,
                };
                let answer = tokio::time::timeout(self.wall_time, app.outside.answer(ask))
                    .await
                    .map_err(|_| CallFailure::TimedOut)?;
                match answer {
                    Ok(Answer::Webhook(answer)) => Ok(Ran {
                        value: returned_by_webhook(call.wanted, answer),
                        mails: Vec::new(),
                    }),
                    Ok(_) => Err(CallFailure::Threw {
                        text: "the web service gave no answer".to_owned(),
                    }),
                    Err(text) => Err(CallFailure::Threw { text }),
                }
            }
        }
    }

    async fn run_script(
        &self,
        app: &HostedApp,
        name: &FunctionName,
        call: RunCall,
    ) -> Result<Ran<Returned>, CallFailure> {
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
                CallError::Stopped => CallFailure::NotRun(NotRun::Unavailable),
            })?;
        log_console(&app.functions.about.client_app_id, name, &outcome);
        match outcome.result {
            Ok(value) => Ok(Ran {
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

    fn find(&self, app: &App, name: &FunctionName) -> Option<(&HostedApp, &Function)> {
        let hosted = self.apps.get(&app.object_id)?;
        Some((hosted, hosted.functions.functions.get(&name.0)?))
    }
}

#[async_trait]
impl Functions for FunctionHost {
    async fn confirm(
        &self,
        app: &App,
        function: &FunctionName,
        question: ConfirmQuestion,
    ) -> Result<Ran<Verdict>, NotRun> {
        let (token, token_id) = (question.token.secret.expose(), question.token.id.to_string());
        let argument = json!({ "token": token, "tokenId": token_id, "username": question.email.as_str() });
        let hook = Hook {
            arguments: ejson(&json!([argument])),
            request: documents::request(&question.caller),
            secrets: vec![token, token_id],
        };
        self.hook(app, function, hook).await
    }

    async fn reset(&self, app: &App, function: &FunctionName, question: ResetQuestion) -> Result<Ran<Verdict>, NotRun> {
        let (token, token_id) = (question.token.secret.expose(), question.token.id.to_string());
        let password = question.password.expose().to_owned();
        let first = json!({
            "username": question.email.as_str(),
            "password": password,
            "token": token,
            "tokenId": token_id,
            "currentPasswordValid": question.current_password_valid,
        });
        let hook = Hook {
            arguments: behind(&first, question.arguments.as_json()),
            request: documents::request(&question.caller),
            secrets: vec![password, token, token_id],
        };
        self.hook(app, function, hook).await
    }

    async fn call(&self, app: &App, call: FunctionCall) -> Result<Ran<doorward_core::Ejson>, CallFailure> {
        let name = call.function;
        let (hosted, function) = self
            .find(app, &name)
            .filter(|(_, function)| !function.private)
            .ok_or(CallFailure::NotFound)?;
        let (user, request) = (documents::user(&call.user), documents::request(&call.caller));
        if let Some(rule) = &function.can_evaluate {
            let scope = Scope {
                user: user.clone(),
                request: request.clone(),
                values: json!(hosted.functions.values),
                environment: json!({
                    "tag": hosted.functions.environment_tag,
                    "values": hosted.functions.environment_values,
                }),
            };
            let asking = AskFunction { host: self, hosted };
            if !rules::admits(rule, &scope, &asking).await {
                return Err(CallFailure::NotAllowed);
            }
        }
        let run = RunCall {
            arguments: Ejson::parse(call.arguments.into_json()).map_err(|_| CallFailure::Threw {
                text: "the arguments are not JSON".to_owned(),
            })?,
            user,
            request,
            as_system: false,
            wanted: Wanted::Value,
            secrets: Vec::new(),
        };
        let ran = self.run(hosted, &name, function, run).await?;
        let value = match ran.value {
            Returned::Value(value) => value.as_str().to_owned(),
            Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => r#"{"$undefined":true}"#.to_owned(),
        };
        Ok(Ran {
            value: doorward_core::Ejson::from_json(value),
            mails: ran.mails,
        })
    }
}

/// A function that the rule of another one asks. It runs as the system, as all of the owner's rules do.
struct AskFunction<'a> {
    host: &'a FunctionHost,
    hosted: &'a HostedApp,
}

#[async_trait]
impl rules::Ask for AskFunction<'_> {
    async fn ask(&self, function: &str, arguments: Vec<Value>) -> Option<Value> {
        let name = FunctionName(function.to_owned());
        let found = self.hosted.functions.functions.get(function)?;
        let call = RunCall {
            arguments: ejson(&Value::Array(arguments)),
            user: documents::system_user(),
            request: json!({}),
            as_system: true,
            wanted: Wanted::Value,
            secrets: Vec::new(),
        };
        match self.host.run(self.hosted, &name, found, call).await.ok()?.value {
            Returned::Value(value) => serde_json::from_str(value.as_str()).ok(),
            Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => None,
        }
    }
}

/// A hook's call.
struct Hook {
    arguments: Ejson,
    request: Value,
    secrets: Vec<String>,
}

/// A call, before it is known whether it is a script's or a web service's.
struct RunCall {
    arguments: Ejson,
    user: Value,
    request: Value,
    as_system: bool,
    wanted: Wanted,
    secrets: Vec<String>,
}

/// An argument with those of a client behind it, whose text stays as it is.
fn behind(first: &Value, rest: &str) -> Ejson {
    let rest: Vec<&RawValue> = serde_json::from_str(rest).unwrap_or_default();
    let first = ejson(first);
    let mut texts = vec![first.as_str()];
    texts.extend(rest.iter().map(|value| value.get()));
    Ejson::parse(format!("[{}]", texts.join(","))).expect("an array of JSON values is one")
}

fn verdict(app: &App, name: &FunctionName, returned: &Returned) -> Verdict {
    let status = match returned {
        Returned::Status(status) => status.as_deref(),
        Returned::Identity(_) | Returned::Value(_) | Returned::Nothing => None,
    };
    match status {
        Some("success") => Verdict::Success,
        // App Services took an empty status for one that says nothing yet.
        Some("pending" | "") => Verdict::Pending,
        Some("fail") => Verdict::Fail,
        Some(_) | None => {
            let expected = "an object whose `status` is success, pending or fail";
            tracing::warn!(app = %app.id, function = %name, expected, "a hook returned something else, which counts as fail");
            Verdict::Fail
        }
    }
}

/// The same of a web service's JSON object.
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
