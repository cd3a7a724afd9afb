//! A user who has logged in on this device.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_wire::{AccessToken, Call, EjsonArray, Linked, ProfileIdentity};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app::{ROOT, is_only_anonymous};
use crate::error::Kind;
use crate::transport::{Answer, Request};
use crate::users::{Tokens, UserRecord};
use crate::{ApiKeys, App, Credentials, Error, ejson};

/// A user who has logged in on this device. Clones are cheap and stand for the same user: when one is logged out, all
/// are.
///
/// A session lasts until the user logs out, until the server ends it (after a reset of the password, or when the
/// account is disabled or deleted), or until its refresh token expires, after 60 days unless the operator of the server
/// chose another time.
///
/// Calls carry an access token, which is valid for 30 minutes. When the server says that it has expired, the SDK renews
/// it and sends the call again; calls that run at the same time wait for one renewal. The clock of this device does not
/// matter.
#[derive(Clone)]
pub struct User {
    app: App,
    record: Arc<UserRecord>,
}

/// Whether a user can make calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserState {
    /// The user has a session.
    LoggedIn,
    /// The user has no session. Logging in again makes this handle usable again.
    LoggedOut,
    /// The user was removed from this device, or its account was deleted.
    Removed,
}

/// An identity of a user: one way to log in to the account.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    id: String,
    provider_type: String,
}

/// What the server knows about a user.
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

    /// The user's id: 24 hexadecimal characters. It never changes.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The app that the user has logged in to.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The id that the server gave this device.
    pub fn device_id(&self) -> String {
        self.record.state().device_id
    }

    /// The provider of the last login, such as `local-userpass`.
    pub fn provider_type(&self) -> String {
        self.record.state().provider
    }

    /// Whether the user is logged in, logged out or removed.
    pub fn state(&self) -> UserState {
        match self.record.tokens() {
            _ if !self.app.shared().users.has(&self.record) => UserState::Removed,
            Some(_) => UserState::LoggedIn,
            None => UserState::LoggedOut,
        }
    }

    /// Whether the user has a session.
    pub fn is_logged_in(&self) -> bool {
        self.state() == UserState::LoggedIn
    }

    /// The profile, as it was at the login, the last [link](Self::link_credentials) or the last
    /// [refresh](Self::refresh_profile).
    pub fn profile(&self) -> UserProfile {
        let profile = self.record.state().profile;
        UserProfile {
            data: profile.data,
            kind: profile.kind,
            identities: profile.identities,
        }
    }

    /// The identities of the user, in the order in which they were linked.
    pub fn identities(&self) -> Vec<Identity> {
        self.record.state().profile.identities
    }

    /// Fetches the profile from the server.
    pub async fn refresh_profile(&self) -> Result<UserProfile, Error> {
        let answer = self.send(Request::get(format!("{ROOT}/auth/profile"))).await?;
        let profile: doorward_wire::Profile = answer.json()?;
        self.record.update(|state| state.profile = profile.into());
        self.app.shared().users.save()?;
        Ok(self.profile())
    }

    /// Ends the session on this device and on the server. Sessions on other devices continue, and an access token that
    /// the program has passed on stays valid for other backends until it expires, for 30 minutes at most. An anonymous
    /// user is also removed from this device, because it cannot log in again.
    ///
    /// After an error the user is logged out on this device all the same, but the session may continue on the server.
    pub async fn log_out(&self) -> Result<(), Error> {
        let was_anonymous = is_only_anonymous(&self.record.state());
        let ended = self.end_session().await;
        if was_anonymous {
            self.app.shared().users.remove(&self.record)?;
        }
        ended
    }

    /// Adds an identity to this user: afterwards these credentials log in as this user. The session continues.
    ///
    /// The server refuses credentials of another user, with [`InvalidSession`](crate::ErrorCode::InvalidSession), and
    /// an e-mail address if the user has one already. Anonymous credentials cannot be linked.
    ///
    /// **Not served yet**: Doorward's server refuses it with status 400 and `linking is not supported`.
    pub async fn link_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let provider = credentials.provider();
        if provider == crate::credentials::ANONYMOUS {
            let what = "anonymous credentials cannot be linked";
            return Err(Kind::Argument { what, source: None }.into());
        }
        let path = format!("{}/auth/providers/{provider}/login?link=true", self.app.path());
        let request = credentials.request(path, self.app.options())?;
        // `send` would repeat the request after a 401, but here a 401 may be about the credentials. Fetching the
        // profile first renews an access token that has expired.
        self.send(Request::get(format!("{ROOT}/auth/profile"))).await?;
        let tokens = self.tokens()?;
        let linked: Linked = self
            .app
            .shared()
            .transport
            .send(request.bearer(&tokens.access))
            .await?
            .json()?;
        if linked.user_id.is_some_and(|user| user != self.id()) {
            return Err(Kind::OtherUser.into());
        }
        self.record.renew(&tokens, linked.access_token);
        self.refresh_profile().await?;
        Ok(())
    }

    /// The custom data in the access token: what the app's owner has stored for this user. To fetch the newest, call
    /// [`refresh_custom_data`](Self::refresh_custom_data).
    ///
    /// **Not served yet**: access tokens of Doorward's server have no custom data, so this is `None`.
    pub fn custom_data(&self) -> Option<Value> {
        let token = self.record.tokens()?.access;
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Claims>(&payload).ok()?.user_data
    }

    /// Fetches a new access token, and with it the newest [custom data](Self::custom_data).
    ///
    /// **Not served yet**: access tokens of Doorward's server have no custom data, so this returns `None`.
    pub async fn refresh_custom_data(&self) -> Result<Option<Value>, Error> {
        self.refresh_access_token().await?;
        Ok(self.custom_data())
    }

    /// The access token: a JSON Web Token to send to a backend of yours, which can check it with the feature `verify`.
    /// It may have expired; if the backend says so, send it a [new one](Self::refresh_access_token).
    pub fn access_token(&self) -> Option<String> {
        self.record.tokens().map(|tokens| tokens.access.as_str().to_owned())
    }

    /// Fetches a new access token, which is valid for 30 minutes.
    pub async fn refresh_access_token(&self) -> Result<String, Error> {
        let stale = self.tokens()?;
        let token = self.renewed(&stale.access).await?;
        Ok(token.access.as_str().to_owned())
    }

    /// Calls a function of the app's owner by its name. The arguments are a tuple, an array or a `Vec`, and `()` for
    /// none. The result is deserialized to the type that the program asks for; `()` accepts null and undefined.
    ///
    /// Functions speak Extended JSON. Its numbers become numbers; values of its other types stay as they are written,
    /// such as `{"$oid": "…"}` for an id.
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
    /// The server refuses with
    ///
    /// - [`FunctionNotFound`](crate::ErrorCode::FunctionNotFound): there is no such function, or it is private;
    /// - [`FunctionExecutionError`](crate::ErrorCode::FunctionExecutionError): the function threw, and the error's
    ///   [`server_message`](Error::server_message) says what; or its rule does not admit the user;
    /// - [`ExecutionTimeLimitExceeded`](crate::ErrorCode::ExecutionTimeLimitExceeded): the function ran too long.
    pub async fn call_function<T: DeserializeOwned>(&self, name: &str, arguments: impl Serialize) -> Result<T, Error> {
        let call = Call {
            name: name.to_owned(),
            arguments: array(arguments)?,
        };
        let request = Request::post(format!("{}/functions/call", self.app.path())).json(&call);
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

    /// The calls about the user's API keys.
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

    /// Sends a request with the access token. After a 401 the token is renewed and the request sent once more.
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

    /// Sends a request with the refresh token, as the calls about API keys require. A 401 means that the session is
    /// over.
    pub(crate) async fn send_with_refresh_token(&self, request: Request) -> Result<Answer, Error> {
        let tokens = self.tokens()?;
        let sent = self.app.shared().transport.send(request.bearer(&tokens.refresh)).await;
        sent.map_err(|error| self.session_over(&tokens, error))
    }

    /// Renews the access token that the server has refused. Of the calls that need this at the same time, one sends the
    /// request, and the others share its result, success or failure.
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
        // Another call has tried while this one waited, and failed.
        if attempts != Some(refreshes.attempts)
            && let Some(failure) = &refreshes.failure
        {
            return Err(failure.clone());
        }
        refreshes.attempts += 1;
        // If this call is cancelled, the next one must try again and not share an older failure.
        refreshes.failure = None;
        let request = Request::post(format!("{ROOT}/auth/session"))
            .bearer(&tokens.refresh)
            .repeatable();
        let answer = self.app.shared().transport.send(request).await;
        let renewed = answer.and_then(|answer| answer.json::<AccessToken>());
        match renewed {
            Ok(renewed) => {
                if self.record.renew(&tokens, renewed.access_token) {
                    // Without the new access token in the store, the next run of the program only renews once more.
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

    /// Logs the user out if the error says that the refresh token was refused, unless the user has another session by
    /// now.
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

    /// Forgets the tokens, then asks the server to end the session.
    pub(crate) async fn end_session(&self) -> Result<(), Error> {
        let Some(tokens) = self.record.tokens() else {
            return Ok(());
        };
        self.record.update(|state| state.tokens = None);
        let saved = self.app.shared().users.save();
        let request = Request::new(Method::DELETE, format!("{ROOT}/auth/session")).bearer(&tokens.refresh);
        match self.app.shared().transport.send(request.repeatable()).await {
            // The server had ended the session before.
            Err(error) if error.is_unauthorized() => saved,
            Err(error) => Err(error),
            Ok(_) => saved,
        }
    }
}

/// The only claim that is read here.
#[derive(Deserialize)]
struct Claims {
    user_data: Option<Value>,
}

/// The arguments of a function. `()` stands for none.
pub(crate) fn array(arguments: impl Serialize) -> Result<EjsonArray, Error> {
    let what = "the arguments must be a tuple, an array or a Vec";
    match serde_json::to_value(arguments) {
        Ok(Value::Array(arguments)) => Ok(EjsonArray::from(arguments)),
        Ok(Value::Null) => Ok(EjsonArray::default()),
        Ok(_) => Err(Kind::Argument { what, source: None }.into()),
        Err(error) => Err(Kind::Argument {
            what,
            source: Some(error),
        }
        .into()),
    }
}

impl PartialEq for User {
    /// Whether the two are the same user of the same [`App`].
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
    /// The identity's id, which is not the user's.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The provider's name, such as `local-userpass` or `custom-function`.
    pub fn provider_type(&self) -> &str {
        &self.provider_type
    }
}

impl From<ProfileIdentity> for Identity {
    fn from(identity: ProfileIdentity) -> Self {
        Self {
            id: identity.id,
            provider_type: identity.provider_type,
        }
    }
}

/// Leaves out the id, which may be a name or an address.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.provider_type).finish()
    }
}

impl UserProfile {
    /// The e-mail address as the user registered it.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// The display name.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// A field of the profile whose value is a string, such as `first_name` or `picture_url`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key)?.as_str()
    }

    /// All fields of the profile.
    pub fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    /// The kind of user. It is `normal` for people.
    pub fn user_type(&self) -> &str {
        &self.kind
    }

    /// The identities of the user, in the order in which they were linked.
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
