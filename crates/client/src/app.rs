//! An app: where it is, who is logged in, and who is the current user.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorward_wire::LoggedIn;
use serde_json::{Value, json};
use url::Url;

use crate::credentials::ANONYMOUS;
use crate::error::Kind;
use crate::transport::{Request, Transport};
use crate::users::{Profile, Tokens, UserState, Users};
use crate::{Credentials, EmailPasswordAuth, Error, MemoryStore, SessionStore, User};

/// An app that a Doorward server runs, and the users who have logged in on this device.
///
/// Cheap to clone: clones are the same app. Make one for each app and server, at the start of the program.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub(crate) struct Shared {
    id: String,
    base_url: String,
    pub(crate) transport: Transport,
    pub(crate) users: Users,
}

/// How an app is set up: [`App::builder`].
pub struct AppBuilder {
    id: String,
    base_url: Option<String>,
    timeout: Duration,
    store: Box<dyn SessionStore>,
}

/// What paths begin with.
pub(crate) const ROOT: &str = "/api/client/v2.0";

impl App {
    /// Begins to set up an app. The id is the one that its clients know, such as `notes-abcde`.
    ///
    /// ```
    /// # fn main() -> Result<(), doorward_client::Error> {
    /// use doorward_client::App;
    ///
    /// let app = App::builder("notes-abcde").base_url("http://127.0.0.1:9090").build()?;
    /// assert!(app.current_user().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(id: impl Into<String>) -> AppBuilder {
        AppBuilder {
            id: id.into(),
            base_url: None,
            timeout: Duration::from_mins(1),
            store: Box::new(MemoryStore::new()),
        }
    }

    /// The app's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The server's URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// Registering, confirming and resetting accounts of e-mail address and password.
    pub fn email_password_auth(&self) -> EmailPasswordAuth<'_> {
        EmailPasswordAuth::new(self)
    }

    /// Logs in and makes that user the current one. Other users stay logged in. A user who has logged in before is the same
    /// [`User`] again.
    ///
    /// Refused with [`InvalidPassword`](crate::ErrorCode::InvalidPassword) (unknown address or wrong password),
    /// [`AuthError`](crate::ErrorCode::AuthError) (not confirmed yet, a wrong API key, what a login function throws),
    /// [`UserDisabled`](crate::ErrorCode::UserDisabled) or [`InvalidSession`](crate::ErrorCode::InvalidSession) (the app does not
    /// offer this way to log in). With status 429 the server has too much to do: see [`Error::retry_after`].
    ///
    /// If the login succeeds and the session cannot be kept by the [`SessionStore`], that is an error, and the user is logged in until
    /// the program ends.
    ///
    /// ```no_run
    /// # async fn example(app: doorward_client::App) -> Result<(), doorward_client::Error> {
    /// use doorward_client::Credentials;
    ///
    /// let user = app.log_in(Credentials::email_password("ada@example.com", "correct horse")).await?;
    /// println!("user {}", user.id());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn log_in(&self, credentials: Credentials) -> Result<User, Error> {
        if credentials.reuses_user()
            && let Some(user) = self.all_users().into_iter().find(User::is_only_anonymous)
        {
            self.switch_user(&user)?;
            return Ok(user);
        }
        let provider = credentials.provider();
        let path = format!("{}/auth/providers/{provider}/login", self.path());
        let request = Request::post(path).json(&credentials.body(self.options())?);
        let logged_in: LoggedIn = self.0.transport.send(request).await?.json()?;
        // As every SDK does: a login without a profile is none.
        let profile = self.fetch_profile(&logged_in.access_token).await?;
        let state = UserState {
            device_id: logged_in.device_id,
            provider: provider.to_owned(),
            profile,
            tokens: Some(Tokens {
                access: logged_in.access_token.into(),
                refresh: logged_in.refresh_token.into(),
            }),
        };
        let record = self.0.users.arrived(&logged_in.user_id, state)?;
        Ok(User::new(self.clone(), record))
    }

    /// The user who logged in or was switched to last, and is still logged in.
    pub fn current_user(&self) -> Option<User> {
        let record = self.0.users.current()?;
        Some(User::new(self.clone(), record))
    }

    /// Everybody who has logged in on this device and was not removed: those who are logged in first, the last active one of them first
    /// of all.
    pub fn all_users(&self) -> Vec<User> {
        let all = self.0.users.all().into_iter();
        all.map(|record| User::new(self.clone(), record)).collect()
    }

    /// Makes a user who is logged in the current one.
    pub fn switch_user(&self, user: &User) -> Result<(), Error> {
        self.0.users.switch_to(user.record())
    }

    /// Logs a user out, as [`User::log_out`] does, and forgets it on this device. The account stays.
    pub async fn remove_user(&self, user: &User) -> Result<(), Error> {
        let ended = user.end_session().await;
        self.0.users.remove(user.record())?;
        ended
    }

    /// Deletes a user's account on the server and forgets it on this device. This cannot be undone. The address is free again, for
    /// somebody else.
    ///
    /// If the server cannot be reached, nothing happens.
    pub async fn delete_user(&self, user: &User) -> Result<(), Error> {
        let request = Request::new(reqwest::Method::DELETE, format!("{ROOT}/auth/delete"));
        user.send(request).await?;
        self.0.users.remove(user.record())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// The beginning of this app's paths.
    pub(crate) fn path(&self) -> String {
        format!("{ROOT}/app/{}", self.0.id)
    }

    pub(crate) async fn fetch_profile(&self, access_token: &str) -> Result<Profile, Error> {
        let request = Request::get(format!("{ROOT}/auth/profile")).bearer(access_token);
        self.0.transport.send(request).await?.json()
    }

    /// What a login tells about the device. The id is the one that the server gave this device before.
    pub(crate) fn options(&self) -> Value {
        let mut device = json!({
            "appId": self.0.id,
            "platform": std::env::consts::OS,
            "sdk": env!("CARGO_PKG_NAME"),
            "sdkVersion": env!("CARGO_PKG_VERSION"),
        });
        if let Some(user) = self.0.users.all().first() {
            device["deviceId"] = json!({ "$oid": user.state().device_id });
        }
        json!({ "device": device })
    }
}

impl PartialEq for App {
    /// Whether the two are clones of one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("id", &self.0.id)
            .field("base_url", &self.0.base_url)
            .finish_non_exhaustive()
    }
}

impl AppBuilder {
    /// The server, such as `https://auth.example.com`. There is no default. Calls go to this URL; redirects are not followed.
    #[must_use]
    pub fn base_url(self, url: impl Into<String>) -> Self {
        Self {
            base_url: Some(url.into()),
            ..self
        }
    }

    /// How long the answer to one request may take; 60 s by default. A function of the app's owner may take 30 s, or up to 90 s if the
    /// operator says so.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Where sessions are kept between two runs of the program. By default they are not.
    #[must_use]
    pub fn session_store(self, store: impl SessionStore + 'static) -> Self {
        Self {
            store: Box::new(store),
            ..self
        }
    }

    /// Sets the app up, and reads the sessions that were kept. Nothing is sent.
    ///
    /// Fails if the id or the URL cannot be one, or if there are sessions that cannot be read: they are left as they are.
    pub fn build(self) -> Result<App, Error> {
        let url = self.base_url.unwrap_or_default();
        let base_url = base_url(&url).ok_or_else(|| {
            Kind::Config(format!(
                "{url:?} cannot be a base URL: it must be http:// or https:// with a host, such as https://auth.example.com"
            ))
        })?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=64).contains(&self.id.len()) || !self.id.bytes().all(allowed) {
            let what = "an app id is 1 to 64 ASCII letters, digits, `_` and `-`, such as notes-abcde";
            return Err(Kind::Config(format!("{:?} cannot be an app id: {what}", self.id)).into());
        }
        // Tokens are worth nothing on another server, so each has a key of its own. It is good for a file's name.
        let server = base_url.replace(
            |character: char| !character.is_ascii_alphanumeric() && character != '.',
            "-",
        );
        let users = Users::load(self.store, format!("{}@{server}", self.id))?;
        Ok(App(Arc::new(Shared {
            id: self.id,
            transport: Transport::new(base_url.clone(), self.timeout)?,
            base_url,
            users,
        })))
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// The URL without a slash at its end.
pub(crate) fn base_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (plain && web).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Whether that is the only way in: then nobody else can ever be this user.
pub(crate) fn is_only_anonymous(state: &UserState) -> bool {
    let mut identities = state.profile.identities.iter();
    state.tokens.is_some()
        && matches!((identities.next(), identities.next()), (Some(only), None) if only.provider_type() == ANONYMOUS)
}
