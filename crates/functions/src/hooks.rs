//! What the flows of `core` ask of the owner's functions: how each question is put, and what each answer means.

use async_trait::async_trait;
use doorward_core::{
    App, CallFailure, ClaimedDelivery, ConfirmQuestion, DeliveryError, ExternalId, ExternalIdentity, FunctionCall,
    FunctionName, FunctionResult, Functions, LoginQuestion, NewUser, NotRun, ResetQuestion, Verdict,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::app::ejson;
use crate::documents;
use crate::host::{FunctionHost, HostedApp, RunCall};
use crate::protocol::{Ejson, Returned, Wanted};
use crate::rules::{self, Scope};

/// Bytes of a name that a login function says, as of an id.
const LONGEST_NAME: usize = 1_024;

/// A hook's call.
struct Hook {
    arguments: Ejson,
    request: Value,
    secrets: Vec<String>,
    /// As in [`RunCall`].
    notice: Option<String>,
}

#[async_trait]
impl Functions for FunctionHost {
    async fn confirm(
        &self,
        app: &App,
        function: &FunctionName,
        question: ConfirmQuestion,
    ) -> Result<FunctionResult<Verdict>, NotRun> {
        let (token, token_id) = (question.token.secret.expose(), question.token.id.to_string());
        let argument = json!({ "token": token, "tokenId": token_id, "username": question.email.as_str() });
        let hook = Hook {
            arguments: ejson(&json!([argument])),
            request: documents::request(&question.caller),
            secrets: vec![token, token_id],
            notice: None,
        };
        self.decide(app, function, hook).await
    }

    async fn reset(
        &self,
        app: &App,
        function: &FunctionName,
        question: ResetQuestion,
    ) -> Result<FunctionResult<Verdict>, NotRun> {
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
            notice: None,
        };
        self.decide(app, function, hook).await
    }

    async fn identify(
        &self,
        app: &App,
        function: &FunctionName,
        question: LoginQuestion,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, CallFailure> {
        let payload = question.payload.into_json();
        let hook = Hook {
            request: documents::request(&question.caller),
            secrets: secrets_of(&payload),
            arguments: Ejson::parse(format!("[{payload}]")).map_err(|_| CallFailure::Threw {
                text: "the payload is not JSON".to_owned(),
            })?,
            notice: None,
        };
        let result = self.hook(app, function, Wanted::Identity, hook).await?;
        Ok(FunctionResult {
            value: external_identity(app, function, result.value),
            mails: result.mails,
        })
    }

    async fn create_user(
        &self,
        app: &App,
        function: &FunctionName,
        new: NewUser,
    ) -> Result<FunctionResult<()>, CallFailure> {
        let hook = Hook {
            arguments: ejson(&json!([documents::new_user(&new.user)])),
            request: documents::request(&new.caller),
            secrets: Vec::new(),
            notice: None,
        };
        let result = self.hook(app, function, Wanted::Nothing, hook).await?;
        Ok(FunctionResult {
            value: (),
            mails: result.mails,
        })
    }

    async fn trigger(
        &self,
        app: &App,
        function: &FunctionName,
        delivery: &ClaimedDelivery,
    ) -> Result<FunctionResult<()>, DeliveryError> {
        let hook = Hook {
            arguments: ejson(&json!([documents::trigger_event(delivery)])),
            request: json!({}),
            secrets: Vec::new(),
            // The numbers of events begin anew in a new database; together with the time there is no second one.
            notice: Some(format!("trigger_{}_{}", delivery.id, delivery.at.as_millis())),
        };
        let mails = match self.hook(app, function, Wanted::Nothing, hook).await {
            Ok(result) => result.mails,
            Err(CallFailure::NotRun(not_run)) => return Err(DeliveryError::NotRun(not_run)),
            Err(CallFailure::Unanswered { .. }) => return Err(DeliveryError::Unanswered),
            Err(
                CallFailure::NotFound | CallFailure::NotAllowed | CallFailure::Threw { .. } | CallFailure::TimedOut,
            ) => Vec::new(),
        };
        Ok(FunctionResult { value: (), mails })
    }

    async fn call(&self, app: &App, call: FunctionCall) -> Result<FunctionResult<doorward_core::Ejson>, CallFailure> {
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
            notice: None,
        };
        let result = self.run(hosted, &name, function, run).await?;
        let value = match result.value {
            Returned::Value(value) => value.as_str().to_owned(),
            Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => r#"{"$undefined":true}"#.to_owned(),
        };
        Ok(FunctionResult {
            value: doorward_core::Ejson::from_json(value),
            mails: result.mails,
        })
    }
}

impl FunctionHost {
    /// Runs a hook that decides. Whatever it does wrong fails, and the log has one line of it.
    async fn decide(&self, app: &App, name: &FunctionName, hook: Hook) -> Result<FunctionResult<Verdict>, NotRun> {
        match self.hook(app, name, Wanted::Status, hook).await {
            Ok(result) => Ok(FunctionResult {
                value: verdict(app, name, &result.value),
                mails: result.mails,
            }),
            Err(failure) => match failure.not_run() {
                Some(not_run) => Err(not_run),
                None => Ok(FunctionResult {
                    value: Verdict::Fail,
                    mails: Vec::new(),
                }),
            },
        }
    }

    /// Runs a function that the server calls of its own accord, as the system. The log has one line of whatever it does wrong.
    async fn hook(
        &self,
        app: &App,
        name: &FunctionName,
        wanted: Wanted,
        hook: Hook,
    ) -> Result<FunctionResult<Returned>, CallFailure> {
        let Some((hosted, function)) = self.find(app, name) else {
            tracing::error!(app = %app.id, function = %name, "a hook is not there");
            return Err(CallFailure::NotFound);
        };
        let call = RunCall {
            arguments: hook.arguments,
            user: documents::system_user(),
            request: hook.request,
            as_system: true,
            wanted,
            secrets: hook.secrets,
            notice: hook.notice,
        };
        self.run(hosted, name, function, call).await.inspect_err(|failure| {
            let error = match failure {
                CallFailure::NotRun(_) => return,
                CallFailure::Threw { text } | CallFailure::Unanswered { text } => text.as_str(),
                CallFailure::TimedOut => "it took too long",
                CallFailure::NotFound | CallFailure::NotAllowed => "it cannot be called",
            };
            tracing::warn!(app = %app.id, function = %name, error, "a hook failed");
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
            notice: None,
        };
        match self.host.run(self.hosted, &name, found, call).await.ok()?.value {
            Returned::Value(value) => serde_json::from_str(value.as_str()).ok(),
            Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => None,
        }
    }
}

/// An argument with those of a client behind it, whose text stays as it is.
fn behind(first: &Value, rest: &str) -> Ejson {
    let rest: Vec<&RawValue> = serde_json::from_str(rest).unwrap_or_default();
    let first = ejson(first);
    let mut texts = vec![first.as_str()];
    texts.extend(rest.iter().map(|value| value.get()));
    Ejson::parse(format!("[{}]", texts.join(","))).expect("an array of JSON values is one")
}

/// What a client logs in with may be a password or a token of somebody else's: what is called so, at any depth, is kept out of logs, and so is
/// everything in it.
fn secrets_of(payload: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    collect_secrets(&payload, false, &mut secrets);
    secrets
}

fn collect_secrets(value: &Value, is_secret: bool, secrets: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_secret = is_secret || ["password", "token", "tokenId"].contains(&name.as_str());
                collect_secrets(value, is_secret, secrets);
            }
        }
        Value::Array(values) => {
            for value in values {
                collect_secrets(value, is_secret, secrets);
            }
        }
        Value::String(text) if is_secret => secrets.push(text.clone()),
        Value::Number(number) if is_secret => secrets.push(number.to_string()),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn external_identity(app: &App, name: &FunctionName, returned: Returned) -> Option<ExternalIdentity> {
    let identity = match returned {
        Returned::Identity(identity) => identity,
        Returned::Status(_) | Returned::Value(_) | Returned::Nothing => None,
    };
    let identity = identity
        .filter(|(_, people)| people.as_ref().is_none_or(|name| name.len() <= LONGEST_NAME))
        .and_then(|(id, people)| {
            Some(ExternalIdentity {
                id: ExternalId::parse(&id)?,
                // PostgreSQL keeps no text with a NUL, and nobody is called so.
                name: people.filter(|name| !name.contains('\0')),
            })
        });
    if identity.is_none() {
        let expected = "a text of 1 to 1,024 bytes without control characters, or an object with such an `id` and no longer `name`";
        tracing::warn!(app = %app.id, function = %name, expected, "a login function returned something else, which is nobody");
    }
    identity
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
