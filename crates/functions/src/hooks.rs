//! The calls that the flows of `core` make: what each passes to the owner's function, and what its result means.

use async_trait::async_trait;
use doorward_core::{
    ClaimedDelivery, ConfirmCall, CreateUserCall, ExternalId, ExternalIdentity, FunctionCall, FunctionError,
    FunctionName, FunctionResult, Functions, LoginCall, ResetCall, Verdict,
};
use doorward_ejson::Ejson;
use doorward_ejson::bson::{Bson, Document, doc};
use doorward_ejson::rules::{RuleFunctions, Scope};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::documents;
use crate::host::HostedFunctions;
use crate::protocol::{Call, Returned, SecretTexts, Wanted};

/// The longest name that a login function may return, in bytes.
const MAX_NAME: usize = 1_024;

#[async_trait]
impl Functions for HostedFunctions {
    async fn confirm(
        &self,
        function: &FunctionName,
        call: ConfirmCall,
    ) -> Result<FunctionResult<Verdict>, FunctionError> {
        let (token, token_id) = (call.token.secret.expose(), call.token.id.to_string());
        let argument = doc! { "token": &token, "tokenId": &token_id, "username": call.email.as_str() };
        let hook = Call {
            request: Ejson::canonical(documents::request(&call.actor)),
            secrets: SecretTexts::from_iter([token, token_id]),
            ..self.system_call(&function.0, Ejson::canonical(vec![argument]), Wanted::Status)
        };
        Ok(decided(self.hook(hook, None).await?))
    }

    async fn reset(&self, function: &FunctionName, call: ResetCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        let (token, token_id) = (call.token.secret.expose(), call.token.id.to_string());
        let password = call.password.expose().to_owned();
        let first = doc! {
            "username": call.email.as_str(),
            "password": &password,
            "token": &token,
            "tokenId": &token_id,
            "currentPasswordValid": call.current_password_valid,
        };
        let arguments = prepended(first, call.arguments.as_str());
        let hook = Call {
            request: Ejson::canonical(documents::request(&call.actor)),
            secrets: SecretTexts::from_iter([token, token_id, password]),
            ..self.system_call(&function.0, arguments, Wanted::Status)
        };
        Ok(decided(self.hook(hook, None).await?))
    }

    async fn identify(
        &self,
        function: &FunctionName,
        call: LoginCall,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, FunctionError> {
        let payload = call.payload.as_str();
        let arguments = Ejson::from_json(format!("[{payload}]"));
        let hook = Call {
            request: Ejson::canonical(documents::request(&call.actor)),
            secrets: secrets_of(payload),
            ..self.system_call(&function.0, arguments, Wanted::Identity)
        };
        let result = self.hook(hook, None).await?;
        Ok(FunctionResult {
            value: external_identity(result.value),
            mails: result.mails,
        })
    }

    async fn create_user(
        &self,
        function: &FunctionName,
        call: CreateUserCall,
    ) -> Result<FunctionResult<()>, FunctionError> {
        let arguments = Ejson::canonical(vec![documents::new_user(&call.user)]);
        let hook = Call {
            request: Ejson::canonical(documents::request(&call.actor)),
            ..self.system_call(&function.0, arguments, Wanted::Nothing)
        };
        Ok(ended(self.hook(hook, None).await?))
    }

    async fn deliver(
        &self,
        function: &FunctionName,
        delivery: &ClaimedDelivery,
    ) -> Result<FunctionResult<()>, FunctionError> {
        let arguments = Ejson::canonical(vec![documents::trigger_event(delivery)]);
        let hook = self.system_call(&function.0, arguments, Wanted::Nothing);
        // The numbers of events begin anew in a new database; together with the time there is no second one.
        let id = format!("trigger_{}_{}", delivery.id, delivery.at.as_millis());
        Ok(ended(self.hook(hook, Some(&id)).await?))
    }

    async fn call(&self, call: FunctionCall) -> Result<FunctionResult<Ejson>, FunctionError> {
        let name = &call.function.0;
        let function = self.find(name).filter(|function| !function.private);
        let function = function.ok_or(FunctionError::NotFound)?;
        let user = Bson::Document(documents::user(&call.user));
        let request = Bson::Document(documents::request(&call.actor));
        if let Some(rule) = &function.can_evaluate {
            let scope = Scope {
                user: &user,
                request: &request,
                values: &self.values,
                environment: &self.environment,
            };
            if !rule.admits(&scope, self).await {
                return Err(FunctionError::NotAllowed);
            }
        }
        let by_user = Call {
            user: Ejson::canonical(user),
            request: Ejson::canonical(request),
            as_system: false,
            ..self.system_call(name, call.arguments, Wanted::Value)
        };
        let result = self.run(function, by_user, None).await?;
        Ok(FunctionResult {
            value: match result.value {
                Returned::Value(value) => value,
                Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => {
                    Ejson::from_json(r#"{"$undefined":true}"#.to_owned())
                }
            },
            mails: result.mails,
        })
    }
}

impl HostedFunctions {
    /// Runs a function that the server calls of its own accord. The log has one line of whatever it does wrong.
    async fn hook(&self, call: Call, delivery: Option<&str>) -> Result<FunctionResult<Returned>, FunctionError> {
        let name = call.function.clone();
        let app = &self.functions.about.client_app_id;
        let Some(function) = self.find(&name) else {
            tracing::error!(app, function = name, "a hook is not there");
            return Err(FunctionError::NotFound);
        };
        let result = self.run(function, call, delivery).await;
        result.inspect_err(|failure| {
            let error = match failure {
                FunctionError::Busy { .. } | FunctionError::Unavailable => return,
                FunctionError::Threw { text } | FunctionError::Unanswered { text } => text.as_str(),
                FunctionError::TimedOut => "it took too long",
                FunctionError::NotFound | FunctionError::NotAllowed => "it cannot be called",
            };
            tracing::warn!(app, function = name, error, "a hook failed");
        })
    }
}

/// Runs the functions that rules call, with the rights of the system: the rule is the owner's, and the user
/// only calls the function behind it.
#[async_trait]
impl RuleFunctions for HostedFunctions {
    async fn call(&self, function: &str, arguments: Vec<Bson>) -> Option<Bson> {
        let found = self.find(function)?;
        let call = self.system_call(function, Ejson::relaxed(arguments), Wanted::Value);
        match self.run(found, call, None).await.ok()?.value {
            Returned::Value(value) => value.to_bson().ok(),
            Returned::Status(_) | Returned::Identity(_) | Returned::Nothing => None,
        }
    }
}

fn ended(result: FunctionResult<Returned>) -> FunctionResult<()> {
    FunctionResult {
        value: (),
        mails: result.mails,
    }
}

fn decided(result: FunctionResult<Returned>) -> FunctionResult<Verdict> {
    FunctionResult {
        value: verdict(&result.value),
        mails: result.mails,
    }
}

/// An argument with those of a client after it, whose text stays as it is.
fn prepended(first: Document, rest: &str) -> Ejson {
    let rest: Vec<&RawValue> = serde_json::from_str(rest).unwrap_or_default();
    let first = Ejson::canonical(first);
    let mut texts = vec![first.as_str()];
    texts.extend(rest.iter().map(|value| value.get()));
    Ejson::from_json(format!("[{}]", texts.join(",")))
}

/// What a client logs in with may be a password or token of another service. What is called so, at any depth, is kept
/// out of logs, and so is everything in it, within the bounds of [`SecretTexts`].
fn secrets_of(payload: &str) -> SecretTexts {
    let mut secrets = Vec::new();
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    collect_secrets(&payload, false, &mut secrets);
    secrets.into_iter().collect()
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

fn external_identity(returned: Returned) -> Option<ExternalIdentity> {
    let identity = match returned {
        Returned::Identity(identity) => identity,
        Returned::Status(_) | Returned::Value(_) | Returned::Nothing => None,
    };
    let identity = identity
        .filter(|(_, people)| people.as_ref().is_none_or(|name| name.len() <= MAX_NAME))
        .and_then(|(id, people)| {
            Some(ExternalIdentity {
                id: ExternalId::parse(&id)?,
                // PostgreSQL keeps no text with a NUL, and no name has one.
                name: people.filter(|name| !name.contains('\0')),
            })
        });
    if identity.is_none() {
        let expected = "a text of 1 to 1,024 bytes without control characters, or an object with such an `id` and no longer `name`";
        tracing::warn!(
            expected,
            "a login function returned something else, which identifies no user"
        );
    }
    identity
}

fn verdict(returned: &Returned) -> Verdict {
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
            tracing::warn!(expected, "a hook returned something else, which counts as fail");
            Verdict::Fail
        }
    }
}
