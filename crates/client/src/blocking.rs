//! All calls of the SDK without `async`, for programs that do not use it. Types and methods have the same names as
//! their asynchronous counterparts, and do the same.
//!
//! ```no_run
//! # fn main() -> Result<(), doorward_client::Error> {
//! use doorward_client::{Credentials, blocking::App};
//!
//! let app = App::new(doorward_client::App::builder("notes-abcde").base_url("https://auth.example.com"))?;
//! app.email_password_auth().register_user("ada@example.com", "correct horse")?;
//! let user = app.log_in(Credentials::email_password("ada@example.com", "correct horse"))?;
//! println!("{:?}", user.profile().email());
//! # Ok(())
//! # }
//! ```
//!
//! These calls block their thread. In asynchronous code they panic.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::error::Kind;
use crate::{ApiKey, AppBuilder, Credentials, EmailToken, Error, Identity, UserProfile, UserState};

/// [`crate::App`], and the runtime on which its calls run.
#[derive(Debug, Clone)]
pub struct App {
    inner: crate::App,
    runtime: Arc<Runtime>,
}

/// [`crate::EmailPasswordAuth`]
#[derive(Debug, Clone, Copy)]
pub struct EmailPasswordAuth<'a> {
    app: &'a App,
}

/// [`crate::User`]
#[derive(Debug, Clone)]
pub struct User {
    inner: crate::User,
    runtime: Arc<Runtime>,
}

/// [`crate::ApiKeys`]
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a> {
    user: &'a User,
}

impl App {
    /// Builds an app: [`AppBuilder::build`].
    pub fn new(builder: AppBuilder) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Kind::Config(format!("nothing can be waited for on this system: {error}")))?;
        Ok(Self {
            inner: builder.build()?,
            runtime: Arc::new(runtime),
        })
    }

    /// [`crate::App::id`]
    pub fn id(&self) -> &str {
        self.inner.id()
    }

    /// [`crate::App::base_url`]
    pub fn base_url(&self) -> &str {
        self.inner.base_url()
    }

    /// [`crate::App::email_password_auth`]
    pub fn email_password_auth(&self) -> EmailPasswordAuth<'_> {
        EmailPasswordAuth { app: self }
    }

    /// [`crate::App::log_in`]
    pub fn log_in(&self, credentials: Credentials) -> Result<User, Error> {
        let user = self.runtime.block_on(self.inner.log_in(credentials))?;
        Ok(self.user(user))
    }

    /// [`crate::App::current_user`]
    pub fn current_user(&self) -> Option<User> {
        self.inner.current_user().map(|user| self.user(user))
    }

    /// [`crate::App::all_users`]
    pub fn all_users(&self) -> Vec<User> {
        let all = self.inner.all_users().into_iter();
        all.map(|user| self.user(user)).collect()
    }

    /// [`crate::App::switch_user`]
    pub fn switch_user(&self, user: &User) -> Result<(), Error> {
        self.inner.switch_user(&user.inner)
    }

    /// [`crate::App::remove_user`]
    pub fn remove_user(&self, user: &User) -> Result<(), Error> {
        self.runtime.block_on(self.inner.remove_user(&user.inner))
    }

    /// [`crate::App::delete_user`]
    pub fn delete_user(&self, user: &User) -> Result<(), Error> {
        self.runtime.block_on(self.inner.delete_user(&user.inner))
    }

    fn user(&self, inner: crate::User) -> User {
        User {
            inner,
            runtime: Arc::clone(&self.runtime),
        }
    }
}

impl EmailPasswordAuth<'_> {
    /// [`crate::EmailPasswordAuth::register_user`]
    pub fn register_user(&self, email: &str, password: &str) -> Result<(), Error> {
        self.wait(self.inner().register_user(email, password))
    }

    /// [`crate::EmailPasswordAuth::confirm_user`]
    pub fn confirm_user(&self, token: &EmailToken) -> Result<(), Error> {
        self.wait(self.inner().confirm_user(token))
    }

    /// [`crate::EmailPasswordAuth::resend_confirmation_email`]
    pub fn resend_confirmation_email(&self, email: &str) -> Result<(), Error> {
        self.wait(self.inner().resend_confirmation_email(email))
    }

    /// [`crate::EmailPasswordAuth::retry_custom_confirmation`]
    pub fn retry_custom_confirmation(&self, email: &str) -> Result<(), Error> {
        self.wait(self.inner().retry_custom_confirmation(email))
    }

    /// [`crate::EmailPasswordAuth::send_reset_password_email`]
    pub fn send_reset_password_email(&self, email: &str) -> Result<(), Error> {
        self.wait(self.inner().send_reset_password_email(email))
    }

    /// [`crate::EmailPasswordAuth::reset_password`]
    pub fn reset_password(&self, password: &str, token: &EmailToken) -> Result<(), Error> {
        self.wait(self.inner().reset_password(password, token))
    }

    /// [`crate::EmailPasswordAuth::call_reset_password_function`]
    pub fn call_reset_password_function(
        &self,
        email: &str,
        password: &str,
        arguments: impl Serialize,
    ) -> Result<(), Error> {
        self.wait(self.inner().call_reset_password_function(email, password, arguments))
    }

    fn inner(&self) -> crate::EmailPasswordAuth<'_> {
        self.app.inner.email_password_auth()
    }

    fn wait(self, call: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        self.app.runtime.block_on(call)
    }
}

impl User {
    /// [`crate::User::id`]
    pub fn id(&self) -> &str {
        self.inner.id()
    }

    /// [`crate::User::device_id`]
    pub fn device_id(&self) -> String {
        self.inner.device_id()
    }

    /// [`crate::User::provider_type`]
    pub fn provider_type(&self) -> String {
        self.inner.provider_type()
    }

    /// [`crate::User::state`]
    pub fn state(&self) -> UserState {
        self.inner.state()
    }

    /// [`crate::User::is_logged_in`]
    pub fn is_logged_in(&self) -> bool {
        self.inner.is_logged_in()
    }

    /// [`crate::User::profile`]
    pub fn profile(&self) -> UserProfile {
        self.inner.profile()
    }

    /// [`crate::User::identities`]
    pub fn identities(&self) -> Vec<Identity> {
        self.inner.identities()
    }

    /// [`crate::User::refresh_profile`]
    pub fn refresh_profile(&self) -> Result<UserProfile, Error> {
        self.runtime.block_on(self.inner.refresh_profile())
    }

    /// [`crate::User::log_out`]
    pub fn log_out(&self) -> Result<(), Error> {
        self.runtime.block_on(self.inner.log_out())
    }

    /// [`crate::User::link_credentials`]
    pub fn link_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        self.runtime.block_on(self.inner.link_credentials(credentials))
    }

    /// [`crate::User::custom_data`]
    pub fn custom_data(&self) -> Option<Value> {
        self.inner.custom_data()
    }

    /// [`crate::User::refresh_custom_data`]
    pub fn refresh_custom_data(&self) -> Result<Option<Value>, Error> {
        self.runtime.block_on(self.inner.refresh_custom_data())
    }

    /// [`crate::User::access_token`]
    pub fn access_token(&self) -> Option<String> {
        self.inner.access_token()
    }

    /// [`crate::User::refresh_access_token`]
    pub fn refresh_access_token(&self) -> Result<String, Error> {
        self.runtime.block_on(self.inner.refresh_access_token())
    }

    /// [`crate::User::call_function`]
    pub fn call_function<T: DeserializeOwned>(&self, name: &str, arguments: impl Serialize) -> Result<T, Error> {
        self.runtime.block_on(self.inner.call_function(name, arguments))
    }

    /// [`crate::User::api_keys`]
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys { user: self }
    }
}

impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for User {}

impl ApiKeys<'_> {
    /// [`crate::ApiKeys::create`]
    pub fn create(&self, name: &str) -> Result<ApiKey, Error> {
        self.wait(self.inner().create(name))
    }

    /// [`crate::ApiKeys::fetch_all`]
    pub fn fetch_all(&self) -> Result<Vec<ApiKey>, Error> {
        self.wait(self.inner().fetch_all())
    }

    /// [`crate::ApiKeys::fetch`]
    pub fn fetch(&self, id: &str) -> Result<Option<ApiKey>, Error> {
        self.wait(self.inner().fetch(id))
    }

    /// [`crate::ApiKeys::delete`]
    pub fn delete(&self, id: &str) -> Result<(), Error> {
        self.wait(self.inner().delete(id))
    }

    /// [`crate::ApiKeys::enable`]
    pub fn enable(&self, id: &str) -> Result<(), Error> {
        self.wait(self.inner().enable(id))
    }

    /// [`crate::ApiKeys::disable`]
    pub fn disable(&self, id: &str) -> Result<(), Error> {
        self.wait(self.inner().disable(id))
    }

    fn inner(&self) -> crate::ApiKeys<'_> {
        self.user.inner.api_keys()
    }

    fn wait<T>(self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.user.runtime.block_on(call)
    }
}
