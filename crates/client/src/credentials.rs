//! What somebody logs in with.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Error;
use crate::error::Kind;

/// What somebody logs in with, for [`App::log_in`](crate::App::log_in) and [`User::link_credentials`](crate::User::link_credentials).
#[derive(Clone)]
pub struct Credentials {
    provider: &'static str,
    body: Result<Map<String, Value>, &'static str>,
    reuses_user: bool,
}

pub(crate) const ANONYMOUS: &str = "anon-user";
const EMAIL_PASSWORD: &str = "local-userpass";
const API_KEY: &str = "api-key";
const JWT: &str = "custom-token";
const FUNCTION: &str = "custom-function";

impl Credentials {
    /// An e-mail address and its password. An unknown address and a wrong password are refused alike, with
    /// [`InvalidPassword`](crate::ErrorCode::InvalidPassword); an address that is not confirmed yet with
    /// [`AuthError`](crate::ErrorCode::AuthError), and a disabled user with [`UserDisabled`](crate::ErrorCode::UserDisabled).
    pub fn email_password(email: impl Into<String>, password: impl Into<String>) -> Self {
        Self::of(
            EMAIL_PASSWORD,
            [("username", email.into()), ("password", password.into())],
        )
    }

    /// A user without an identity of its own. If this app has one already that is logged in, that is the user.
    pub fn anonymous() -> Self {
        Self {
            reuses_user: true,
            ..Self::of(ANONYMOUS, [])
        }
    }

    /// The same, and always a new user.
    pub fn new_anonymous() -> Self {
        Self::of(ANONYMOUS, [])
    }

    /// An API key: one that a user made with [`ApiKeys::create`](crate::ApiKeys::create), or one of the server's.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self::of(API_KEY, [("key", key.into())])
    }

    /// A JSON Web Token of another system that the app trusts.
    pub fn jwt(token: impl Into<String>) -> Self {
        Self::of(JWT, [("token", token.into())])
    }

    /// Whatever the app's login function asks for: anything that serializes as an object. What the function throws is the
    /// [`server_message`](Error::server_message) of the error. A key `options` would be overwritten: SDKs tell about the device there.
    ///
    /// ```
    /// use doorward_client::Credentials;
    ///
    /// let card = Credentials::function(serde_json::json!({ "card": "1887-0042", "pin": "2718" }));
    /// ```
    pub fn function(payload: impl Serialize) -> Self {
        let body = match serde_json::to_value(payload) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err("the payload of a login function must be an object"),
        };
        Self {
            provider: FUNCTION,
            body,
            reuses_user: false,
        }
    }

    fn of<const N: usize>(provider: &'static str, fields: [(&str, String); N]) -> Self {
        let fields = fields
            .into_iter()
            .map(|(key, text)| (key.to_owned(), Value::String(text)));
        Self {
            provider,
            body: Ok(fields.collect()),
            reuses_user: false,
        }
    }

    /// The provider's name on the wire.
    pub(crate) fn provider(&self) -> &'static str {
        self.provider
    }

    pub(crate) fn reuses_user(&self) -> bool {
        self.reuses_user
    }

    /// The body of a login. Native SDKs name the provider in it, but not in what goes to a function, which is the app's own.
    pub(crate) fn body(&self, options: Value) -> Result<Value, Error> {
        let mut body = self
            .body
            .clone()
            .map_err(|what| Kind::Argument { what, source: None })?;
        if self.provider != FUNCTION {
            body.insert("provider".to_owned(), self.provider.into());
        }
        body.insert("options".to_owned(), options);
        Ok(Value::Object(body))
    }
}

/// Says which kind, and nothing that is in them.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.provider).finish()
    }
}
