//! A user of an app.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_wire::AccessToken;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::{ROOT, is_only_anonymous};
use crate::error::Kind;
use crate::transport::{Answer, Request};
use crate::users::{Tokens, UserRecord};
use crate::{ApiKeys, App, Credentials, Error, ejson};

/// Somebody who has logged in on this device. Cheap to clone: clones are the same user, and see it when it is logged out.
///
/// The session goes on until it is logged out, until the server ends it (a new password, a disabled or deleted account), or until its
/// refresh token runs out after 60 days (unless the operator chose another time). The access token behind each call lives for 30
/// minutes and is renewed when the server says that it is over, once for however many calls wait. No clock of this device is asked.
#[derive(Clone)]
pub struct User {
    app: App,
    record: Arc<UserRecord>,
}

/// Whether a user can make calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserState {
    /// It has a session.
    LoggedIn,
    /// It has none; logging in again makes it the same user.
    LoggedOut,
    /// It was removed from this device, or deleted.
    Removed,
}

/// One way into an account.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    id: String,
    provider_type: String,
}

/// What the server tells about a user.
#[derive(Clone, PartialEq)]
pub struct UserProfile {
    data: Map<String, Value>,
    kind: String,
    identities: Vec<Identity>,
}

impl User {
    pub(crate) fn new(app: App, record: Arc<UserRecord>) -> Self {
        Self { app, record }
    }

    /// The user's id: 24 hexadecimal characters, for ever the same.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The id that the server gave this device.
    pub fn device_id(&self) -> String {
        self.record.state().device_id
    }

    /// The provider of the login, such as `local-userpass`.
    pub fn provider_type(&self) -> String {
        self.record.state().provider
    }

    /// Whether it can make calls.
    pub fn state(&self) -> UserState {
        match self.record.tokens() {
            _ if !self.app.shared().users.has(&self.record) => UserState::Removed,
            Some(_) => UserState::LoggedIn,
            None => UserState::LoggedOut,
        }
    }

    /// Whether it has a session.
    pub fn is_logged_in(&self) -> bool {
        self.state() == UserState::LoggedIn
    }

    /// The profile, as of the login, the last link or the last [`refresh_profile`](Self::refresh_profile).
    pub fn profile(&self) -> UserProfile {
        let profile = self.record.state().profile;
        UserProfile {
            data: profile.data,
            kind: profile.kind,
            identities: profile.identities,
        }
    }

    /// The ways into the account, the first one first.
    pub fn identities(&self) -> Vec<Identity> {
        self.record.state().profile.identities
    }

    /// Asks the server for the profile again.
    pub async fn refresh_profile(&self) -> Result<UserProfile, Error> {
        let answer = self.send(Request::get(format!("{ROOT}/auth/profile"))).await?;
        let profile = answer.json()?;
        self.record.update(|state| state.profile = profile);
        self.app.shared().users.save()?;
        Ok(self.profile())
    }

    /// Ends the session here and on the server. Other sessions of the user, on other devices, go on; an access token that was handed
    /// out works until it runs out, after 30 minutes at most. An anonymous user is removed, because nobody can ever log in as it again.
    ///
    /// The user is logged out here whatever the server says; an error says that the server may not know of it.
    pub async fn log_out(&self) -> Result<(), Error> {
        let was_anonymous = is_only_anonymous(&self.record.state());
        let ended = self.end_session().await;
        if was_anonymous {
            self.app.shared().users.remove(&self.record)?;
        }
        ended
    }

    /// Adds another way into this account: afterwards those credentials log in as this user. It is added last, and the session goes on.
    ///
    /// Refused with [`InvalidSession`](crate::ErrorCode::InvalidSession) if the credentials are another user's, and in another way if
    /// the account has an address already. Anonymous credentials cannot be linked.
    pub async fn link_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let provider = credentials.provider();
        if provider == crate::credentials::ANONYMOUS {
            let what = "anonymous credentials cannot be linked";
            return Err(Kind::Argument { what, source: None }.into());
        }
        let path = format!("{}/auth/providers/{provider}/login?link=true", self.app.path());
        let body = credentials.body(self.app.options())?;
        // Not by `send`: a 401 is as likely about the credentials as about the token, and must not be sent twice. A token that is over is
        // renewed by asking for the profile first.
        self.send(Request::get(format!("{ROOT}/auth/profile"))).await?;
        let tokens = self.tokens()?;
        let request = Request::post(path).json(&body).bearer(&tokens.access);
        let linked: Linked = self.app.shared().transport.send(request).await?.json()?;
        if linked.user_id.is_some_and(|user| user != self.id()) {
            return Err(Kind::OtherUser.into());
        }
        self.record.renew(&tokens, linked.access_token);
        self.refresh_profile().await?;
        Ok(())
    }

    /// The custom data that the access token carries; none if the app keeps none for this user. See
    /// [`refresh_custom_data`](Self::refresh_custom_data).
    pub fn custom_data(&self) -> Option<Value> {
        let token = self.record.tokens()?.access;
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Claims>(&payload).ok()?.user_data
    }

    /// Asks for a new access token, and with it for the newest custom data.
    pub async fn refresh_custom_data(&self) -> Result<Option<Value>, Error> {
        self.refresh_access_token().await?;
        Ok(self.custom_data())
    }

    /// The access token: a JSON Web Token that a backend can check, with the feature `verify` for instance. It may be over; whoever
    /// refuses it for that wants a [new one](Self::refresh_access_token).
    pub fn access_token(&self) -> Option<String> {
        self.record.tokens().map(|tokens| tokens.access.as_str().to_owned())
    }

    /// A new access token, good for 30 minutes.
    pub async fn refresh_access_token(&self) -> Result<String, Error> {
        let stale = self.tokens()?;
        let token = self.renewed(&stale.access).await?;
        Ok(token.access.as_str().to_owned())
    }

    /// Calls a function of the app's owner by its name. The arguments are a tuple, an array or a `Vec`; the result is whatever it
    /// deserializes to. Numbers are numbers; other types of Extended JSON are written as such, an id as `{"$oid": "…"}`.
    ///
    /// ```no_run
    /// # async fn example(user: doorward_client::User) -> Result<(), doorward_client::Error> {
    /// let greeting: String = user.call_function("greet", ("Welcome",)).await?;
    /// let sum: i64 = user.call_function("sum", [1, 2, 3]).await?;
    /// let () = user.call_function("touch", ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Refused with [`FunctionNotFound`](crate::ErrorCode::FunctionNotFound) (also for a private one),
    /// [`FunctionExecutionError`](crate::ErrorCode::FunctionExecutionError) (it threw, which is the
    /// [`server_message`](Error::server_message), or its rule does not admit the user) or
    /// [`ExecutionTimeLimitExceeded`](crate::ErrorCode::ExecutionTimeLimitExceeded).
    pub async fn call_function<T: DeserializeOwned>(&self, name: &str, arguments: impl Serialize) -> Result<T, Error> {
        let body = json!({ "name": name, "arguments": array(arguments)? });
        let request = Request::post(format!("{}/functions/call", self.app.path())).json(&body);
        let result: Value = self.send(request).await?.json()?;
        serde_json::from_value(ejson::plain(result)).map_err(|error| {
            let what = "the function returned something else than was asked for";
            Kind::Argument {
                what,
                source: Some(error),
            }
            .into()
        })
    }

    /// The user's API keys.
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys::new(self)
    }

    pub(crate) fn record(&self) -> &UserRecord {
        &self.record
    }

    pub(crate) fn is_only_anonymous(&self) -> bool {
        is_only_anonymous(&self.record.state())
    }

    fn tokens(&self) -> Result<Tokens, Error> {
        self.record.tokens().ok_or_else(|| Kind::LoggedOut.into())
    }

    /// Sends a call with the access token. If that is over, it is renewed, and the call sent once more.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Error> {
        let tokens = self.tokens()?;
        let transport = &self.app.shared().transport;
        match transport.send(request.clone().bearer(&tokens.access)).await {
            Err(error) if error.is_unauthorized() => {
                let renewed = self.renewed(&tokens.access).await?;
                transport.send(request.bearer(&renewed.access)).await
            }
            settled => settled,
        }
    }

    /// Sends a call with the refresh token, as those about API keys are. If that is over, so is the session.
    pub(crate) async fn send_with_refresh_token(&self, request: Request) -> Result<Answer, Error> {
        let tokens = self.tokens()?;
        let sent = self.app.shared().transport.send(request.bearer(&tokens.refresh)).await;
        sent.map_err(|error| self.session_over(&tokens, error))
    }

    /// Tokens with another access token than the one that was refused. However many calls wait for it, one asks, and what it hears is
    /// true for all of them.
    async fn renewed(&self, refused: &str) -> Result<Tokens, Error> {
        let attempts = self
            .record
            .refreshing
            .try_lock()
            .map(|refreshes| refreshes.attempts)
            .ok();
        let mut refreshes = self.record.refreshing.lock().await;
        let tokens = self.tokens()?;
        if tokens.access.as_str() != refused {
            return Ok(tokens);
        }
        // Somebody has asked while this waited, and was refused or heard nothing.
        if attempts != Some(refreshes.attempts)
            && let Some(failure) = &refreshes.failure
        {
            return Err(failure.clone());
        }
        refreshes.attempts += 1;
        // Whoever gives up half-way leaves no failure for the others.
        refreshes.failure = None;
        let request = Request::post(format!("{ROOT}/auth/session"))
            .bearer(&tokens.refresh)
            .repeatable();
        let answer = self.app.shared().transport.send(request).await;
        let renewed = answer.and_then(|answer| answer.json::<AccessToken>());
        match renewed {
            Ok(renewed) => {
                if self.record.renew(&tokens, renewed.access_token) {
                    // The session is the refresh token, which is kept already: without this the next program renews once more.
                    let _ = self.app.shared().users.save();
                }
                self.tokens()
            }
            Err(error) => {
                let error = self.session_over(&tokens, error);
                refreshes.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// After a refused refresh token the user is logged out, unless it has another session by now.
    fn session_over(&self, session: &Tokens, error: Error) -> Error {
        let Some(refusal) = error.refusal().filter(|refusal| refusal.status == 401) else {
            return error;
        };
        if self.record.end(session) {
            let _ = self.app.shared().users.save();
        }
        if self.is_logged_in() {
            return error;
        }
        Kind::SessionEnded(refusal.clone()).into()
    }

    /// Forgets the tokens, then tells the server.
    pub(crate) async fn end_session(&self) -> Result<(), Error> {
        let Some(tokens) = self.record.tokens() else {
            return Ok(());
        };
        self.record.update(|state| state.tokens = None);
        let saved = self.app.shared().users.save();
        let request = Request::new(Method::DELETE, format!("{ROOT}/auth/session")).bearer(&tokens.refresh);
        match self.app.shared().transport.send(request.repeatable()).await {
            // It was over already.
            Err(error) if error.is_unauthorized() => saved,
            Err(error) => Err(error),
            Ok(_) => saved,
        }
    }
}

/// The answer to a link. Only the token is new.
#[derive(Deserialize)]
struct Linked {
    access_token: String,
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    user_data: Option<Value>,
}

/// Arguments as an array. `()` is no arguments.
pub(crate) fn array(arguments: impl Serialize) -> Result<Value, Error> {
    let what = "the arguments must be a tuple, an array or a Vec";
    match serde_json::to_value(arguments) {
        Ok(Value::Array(arguments)) => Ok(Value::Array(arguments)),
        Ok(Value::Null) => Ok(Value::Array(Vec::new())),
        Ok(_) => Err(Kind::Argument { what, source: None }.into()),
        Err(error) => Err(Kind::Argument {
            what,
            source: Some(error),
        }
        .into()),
    }
}

impl PartialEq for User {
    /// Whether the two are the same user of the same app.
    fn eq(&self, other: &Self) -> bool {
        self.app == other.app && self.id() == other.id()
    }
}

impl Eq for User {}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.record.id)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Its id. It is not the user's.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who vouches for it, such as `local-userpass` or `custom-function`.
    pub fn provider_type(&self) -> &str {
        &self.provider_type
    }
}

/// An id may be a name or an address.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.provider_type).finish()
    }
}

impl UserProfile {
    /// The e-mail address, as it was registered.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// A name for people.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// A field of the profile that is a text: `first_name`, `picture_url` or whatever a provider knows.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key)?.as_str()
    }

    /// Everything that the providers know.
    pub fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    /// `normal` for people.
    pub fn user_type(&self) -> &str {
        &self.kind
    }

    /// The ways into the account, the first one first.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }
}

impl fmt::Debug for UserProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserProfile")
            .field("identities", &self.identities)
            .finish_non_exhaustive()
    }
}
