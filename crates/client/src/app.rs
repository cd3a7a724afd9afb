//! An app: its server, the users who are logged in on this device, and the current user.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorward_wire::{Device, LogInOptions, LoggedIn};
use url::Url;

use crate::credentials::ANONYMOUS;
use crate::error::Kind;
use crate::transport::{Request, Transport};
use crate::users::{Profile, Tokens, UserState, Users};
use crate::{Credentials, EmailPasswordAuth, Error, MemoryStore, SessionStore, User};

/// An app that a Doorward server runs, and the users who have logged in to it on this device.
///
/// A program usually builds one `App` when it starts and clones it wherever it is needed. Clones are cheap and share
/// their users.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub(crate) struct Shared {
    id: String,
    base_url: String,
    pub(crate) transport: Transport,
    pub(crate) users: Users,
}

/// The settings of an [`App`]: see [`App::builder`].
pub struct AppBuilder {
    id: String,
    base_url: Option<String>,
    timeout: Duration,
    store: Box<dyn SessionStore>,
}

/// The beginning of all paths.
pub(crate) const ROOT: &str = "/api/client/v2.0";

impl App {
    /// Starts with the settings of an app, which is known by its client app id, such as `notes-abcde`.
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

    /// The server's URL, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The calls that register, confirm and reset accounts with an e-mail address and a password.
    pub fn email_password_auth(&self) -> EmailPasswordAuth<'_> {
        EmailPasswordAuth::new(self)
    }

    /// Logs a user in and makes it the current one. Other users stay logged in. For a user who has logged in on this
    /// device before, the handles that the program already has become usable again: they are equal to the new one.
    ///
    /// The server refuses with
    ///
    /// - [`InvalidPassword`](crate::ErrorCode::InvalidPassword): the address is unknown, or the password is wrong;
    /// - [`AuthError`](crate::ErrorCode::AuthError): the address is not confirmed yet, the API key is wrong, or the
    ///   login function threw;
    /// - [`UserDisabled`](crate::ErrorCode::UserDisabled): the owner of the app has disabled the user;
    /// - [`InvalidSession`](crate::ErrorCode::InvalidSession): the app does not offer this way to log in;
    /// - status 429: the server is overloaded, see [`Error::retry_after`].
    ///
    /// If the [`SessionStore`] fails after a successful login, this returns that error, and the user is logged in until
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
        let request = credentials.request(path, self.options())?;
        let logged_in: LoggedIn = self.0.transport.send(request).await?.json()?;
        // Like all SDKs: a login without a profile has failed.
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

    /// The current user: the one who logged in last or was [switched to](Self::switch_user) last, among those who are
    /// logged in.
    pub fn current_user(&self) -> Option<User> {
        let record = self.0.users.current()?;
        Some(User::new(self.clone(), record))
    }

    /// All users who have logged in on this device and were not removed. The current user comes first, then the others
    /// who are logged in, then those who are logged out.
    pub fn all_users(&self) -> Vec<User> {
        let all = self.0.users.all().into_iter();
        all.map(|record| User::new(self.clone(), record)).collect()
    }

    /// Makes a user the current one. Fails if that user is logged out.
    pub fn switch_user(&self, user: &User) -> Result<(), Error> {
        self.0.users.switch_to(user.record())
    }

    /// Logs a user out, as [`User::log_out`] does, and removes it from this device. Its account stays.
    pub async fn remove_user(&self, user: &User) -> Result<(), Error> {
        let ended = user.end_session().await;
        self.0.users.remove(user.record())?;
        ended
    }

    /// Deletes a user's account on the server and removes the user from this device. This cannot be undone. Anyone can
    /// register the address afterwards.
    ///
    /// If the server cannot be reached, nothing changes.
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
        let profile: doorward_wire::Profile = self.0.transport.send(request).await?.json()?;
        Ok(profile.into())
    }

    /// What a login says about the device. It repeats the device id that the server gave at an earlier login.
    pub(crate) fn options(&self) -> LogInOptions {
        let known = self.0.users.all().first().map(|user| user.state().device_id);
        LogInOptions::from(Device {
            app_id: &self.0.id,
            platform: std::env::consts::OS,
            sdk: env!("CARGO_PKG_NAME"),
            sdk_version: env!("CARGO_PKG_VERSION"),
            device_id: known.as_deref(),
        })
    }
}

impl PartialEq for App {
    /// Whether the two are clones of one app.
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
    /// Sets the URL of the server, such as `https://auth.example.com`. There is no default. All calls go to this URL;
    /// redirects are not followed.
    #[must_use]
    pub fn base_url(self, url: impl Into<String>) -> Self {
        Self {
            base_url: Some(url.into()),
            ..self
        }
    }

    /// Sets how long the server may take to answer one request; 60 s by default. A function of the app's owner may run
    /// for 30 s, or for up to 90 s if the operator of the server allows it.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets where sessions are kept between two runs of the program. By default they end with the program.
    #[must_use]
    pub fn session_store(self, store: impl SessionStore + 'static) -> Self {
        Self {
            store: Box::new(store),
            ..self
        }
    }

    /// Builds the app and reads the sessions that were kept. Nothing is sent.
    ///
    /// Fails if the id or the URL is not valid, or if the kept sessions cannot be read. They are then left as they are.
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
        // Tokens of one server are useless on another, so each app and server has its own key. It can be the name of a
        // file.
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

/// The URL without its trailing slash, if it can be the URL of a server.
pub(crate) fn base_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (plain && web).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Whether the user is logged in and has only an anonymous identity. Once it is logged out, no login leads to it again.
pub(crate) fn is_only_anonymous(state: &UserState) -> bool {
    let mut identities = state.profile.identities.iter();
    state.tokens.is_some()
        && matches!((identities.next(), identities.next()), (Some(only), None) if only.provider_type() == ANONYMOUS)
}
