//! What a user logs in with.

use std::fmt;

use doorward_wire::{AnonymousLogIn, ApiKeyLogIn, FunctionLogIn, LogIn, LogInOptions, Secret, Text, TokenLogIn};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Error;
use crate::error::Kind;
use crate::transport::Request;

/// What a user logs in with: the argument of [`App::log_in`](crate::App::log_in) and
/// [`User::link_credentials`](crate::User::link_credentials).
#[derive(Clone)]
pub struct Credentials(Provider);

/// A provider, with what it wants to know.
#[derive(Clone)]
enum Provider {
    Anonymous {
        reuses_user: bool,
    },
    EmailPassword {
        email: Secret,
        password: Secret,
    },
    ApiKey(Secret),
    Jwt(Secret),
    /// `None`: the payload was not an object.
    Function(Option<Map<String, Value>>),
}

/// The provider of anonymous users, as the wire names it.
pub(crate) const ANONYMOUS: &str = "anon-user";

impl Credentials {
    /// An e-mail address and its password.
    ///
    /// The server refuses an unknown address and a wrong password alike, with
    /// [`InvalidPassword`](crate::ErrorCode::InvalidPassword); an address that is not confirmed yet, with
    /// [`AuthError`](crate::ErrorCode::AuthError); and a disabled user, with
    /// [`UserDisabled`](crate::ErrorCode::UserDisabled).
    pub fn email_password(email: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Provider::EmailPassword {
            email: Secret::new(email),
            password: Secret::new(password),
        })
    }

    /// An anonymous user. If one is logged in on this device, [`App::log_in`](crate::App::log_in) returns that user and
    /// sends nothing.
    ///
    /// **Not served yet**: Doorward's server refuses it with [`InvalidSession`](crate::ErrorCode::InvalidSession).
    pub fn anonymous() -> Self {
        Self(Provider::Anonymous { reuses_user: true })
    }

    /// A new anonymous user, even if one is logged in on this device.
    ///
    /// **Not served yet**: Doorward's server refuses it with [`InvalidSession`](crate::ErrorCode::InvalidSession).
    pub fn new_anonymous() -> Self {
        Self(Provider::Anonymous { reuses_user: false })
    }

    /// An API key, which a user created with [`ApiKeys::create`](crate::ApiKeys::create) or the app's owner created for
    /// a server.
    ///
    /// **Not served yet**: Doorward's server refuses it with [`InvalidSession`](crate::ErrorCode::InvalidSession).
    pub fn api_key(key: impl Into<String>) -> Self {
        Self(Provider::ApiKey(Secret::new(key)))
    }

    /// A JSON Web Token of another system that the app trusts.
    ///
    /// **Not served yet**: Doorward's server refuses it with [`InvalidSession`](crate::ErrorCode::InvalidSession).
    pub fn jwt(token: impl Into<String>) -> Self {
        Self(Provider::Jwt(Secret::new(token)))
    }

    /// The payload of the app's login function: anything that serializes as an object. What the function throws becomes
    /// the [`server_message`](Error::server_message) of the error.
    ///
    /// Do not use the key `options`: the SDK overwrites it with what it says about the device.
    ///
    /// ```
    /// use doorward_client::Credentials;
    ///
    /// let card = Credentials::function(serde_json::json!({ "card": "1887-0042", "pin": "2718" }));
    /// ```
    pub fn function(payload: impl Serialize) -> Self {
        let payload = match serde_json::to_value(payload) {
            Ok(Value::Object(payload)) => Some(payload),
            _ => None,
        };
        Self(Provider::Function(payload))
    }

    /// The provider's name on the wire.
    pub(crate) fn provider(&self) -> &'static str {
        match self.0 {
            Provider::Anonymous { .. } => ANONYMOUS,
            Provider::EmailPassword { .. } => "local-userpass",
            Provider::ApiKey(_) => "api-key",
            Provider::Jwt(_) => "custom-token",
            Provider::Function(_) => "custom-function",
        }
    }

    pub(crate) fn reuses_user(&self) -> bool {
        matches!(self.0, Provider::Anonymous { reuses_user: true })
    }

    /// The request that sends these credentials. Like native SDKs it names the provider in the body, except where a
    /// login function gets the body.
    pub(crate) fn request(&self, path: String, options: LogInOptions) -> Result<Request, Error> {
        let request = Request::post(path);
        let provider = Some(self.provider());
        Ok(match &self.0 {
            Provider::Anonymous { .. } => request.json(&AnonymousLogIn {
                provider,
                options: Some(options),
            }),
            Provider::EmailPassword { email, password } => request.json(&LogIn {
                provider,
                username: Some(Text::String(email.clone())),
                password: Some(Text::String(password.clone())),
                options: Some(options),
            }),
            Provider::ApiKey(key) => request.json(&ApiKeyLogIn {
                provider,
                key: key.clone(),
                options: Some(options),
            }),
            Provider::Jwt(token) => request.json(&TokenLogIn {
                provider,
                token: token.clone(),
                options: Some(options),
            }),
            Provider::Function(Some(payload)) => request.json(&FunctionLogIn::new(payload.clone(), options)),
            Provider::Function(None) => {
                let what = "the payload of a login function must be an object";
                return Err(Kind::Argument { what, source: None }.into());
            }
        })
    }
}

/// Prints the provider's name, and nothing that the provider is told.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.provider()).finish()
    }
}
