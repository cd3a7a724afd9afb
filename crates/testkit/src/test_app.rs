//! A whole app: the real router over a real SQLite file, with a clock that moves and a mailbox that is read.

mod client;
mod dump;
mod parts;
mod restart;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use doorward_core::{Actor, App, AppAccounts, Confirmation, MailedLink, PasswordPool, Reset};
use doorward_http::Api;
use doorward_mail::{DevMailbox, DevMessage, OutboxWorker};
use doorward_store::SqliteStore;
use doorward_tokens::AppKeys;
use doorward_web::{HttpMetrics, Surface, surface};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use crate::{FlakyStore, ManualClock};

pub use client::{Client, Reply, User};

/// One app with one database of its own. Dropping it with unread mail fails the test: every
/// mail is either expected or a bug.
pub struct TestApp {
    api: Api,
    surface: Surface,
    store: SqliteStore,
    /// The same store, as the flows see it.
    flaky: Arc<FlakyStore>,
    passwords: PasswordPool,
    worker: Arc<OutboxWorker>,
    mailbox: DevMailbox,
    clock: ManualClock,
    app: Arc<App>,
    read: std::sync::Mutex<usize>,
    files: TempDir,
}

/// What a test app can differ in.
pub struct TestAppBuilder {
    pub(crate) confirmation: Confirmation,
    pub(crate) reset: Reset,
    pub(crate) enabled: bool,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) queue_deadline: Duration,
    pub(crate) hs256: bool,
    pub(crate) limits: doorward_http::HttpLimits,
    pub(crate) limited: bool,
}

impl TestApp {
    /// The client app id.
    pub const ID: &'static str = "notes-abcde";
    /// The public URL.
    pub const PUBLIC_URL: &'static str = "https://auth.example.com";

    /// The key of ES256 access tokens (id `access`), in PKCS#8. It protects nothing.
    pub const ES256_KEY: &'static [u8] = include_bytes!("test_app/es256-test-key.pk8");
    /// The key of HS256 access tokens (id `access`).
    pub const HS256_KEY: &'static [u8] = &[2; 32];
    /// The key of refresh tokens (id `refresh`).
    pub const REFRESH_KEY: &'static [u8] = &[3; 32];

    /// Registrations are confirmed by mail.
    pub async fn email() -> Self {
        Self::builder().start().await
    }

    /// Registering confirms.
    pub async fn auto_confirm() -> Self {
        Self::builder().auto_confirm().start().await
    }

    /// An app that differs.
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder {
            confirmation: Confirmation::Email(MailedLink {
                url: Some("https://notes.example.com/confirm".to_owned()),
                subject: None,
            }),
            reset: Reset::Email(MailedLink {
                url: Some("https://notes.example.com/reset".to_owned()),
                subject: None,
            }),
            enabled: true,
            allowed_origins: Vec::new(),
            queue_deadline: Duration::from_mins(1),
            hs256: false,
            limits: doorward_http::HttpLimits::default(),
            limited: true,
        }
    }

    /// Serves the app on a free port of this machine, for any HTTP client, and returns its URL.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = self.router();
        // It ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// A client that is not logged in.
    pub fn anonymous(&self) -> Client<'_> {
        Client::new(self)
    }

    /// A client that is not logged in, of a router that has another part in it than this app's.
    pub fn served_by(&self, api: Api) -> Client<'_> {
        Client::of_router(
            self,
            surface(self.surface.clone(), doorward_http::router(api, Router::new())),
        )
    }

    /// Registers, confirms and logs in `{name}@example.com` with the password `{name}-password`.
    pub async fn user(&self, name: &str) -> User {
        let email = format!("{name}@example.com");
        let password = format!("{name}-password");
        self.registered(name).await;
        let body = json!({ "username": email, "password": password });
        let reply = self
            .anonymous()
            .post("/auth/providers/local-userpass/login", body)
            .await;
        assert_eq!(reply.status(), 200, "{}", reply.text());
        User::from_login(email, password, &reply)
    }

    /// Registers and confirms `{name}@example.com`, without a login.
    pub async fn registered(&self, name: &str) {
        let email = format!("{name}@example.com");
        self.pending(name).await;
        if matches!(
            self.app.providers.email_password.as_ref().map(|a| &a.confirmation),
            Some(Confirmation::Email(_))
        ) {
            let (token, id) = self.mailed_token(&email);
            let reply = self
                .anonymous()
                .email_password("confirm", json!({ "token": token, "tokenId": id }))
                .await;
            assert_eq!(reply.status(), 200, "{}", reply.text());
        }
    }

    /// Registers `{name}@example.com` and leaves its mail unread.
    pub async fn pending(&self, name: &str) {
        let body = json!({ "email": format!("{name}@example.com"), "password": format!("{name}-password") });
        let reply = self.anonymous().email_password("register", body).await;
        assert_eq!(reply.status(), 201, "{}", reply.text());
    }

    /// Takes the next unread mail, which must be to this address, and returns `token` and `tokenId` of its link.
    pub fn mailed_token(&self, to: &str) -> (String, String) {
        let mail = self.next_mail();
        assert_eq!(mail.to, to);
        let link = Url::parse(&mail.links[0]).expect("a mailed link is a URL");
        let value = |name| {
            link.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        (
            value("token").expect("a link has a token"),
            value("tokenId").expect("a link has a tokenId"),
        )
    }

    /// Takes the next unread mail.
    pub fn next_mail(&self) -> DevMessage {
        let mut read = self.read.lock().unwrap();
        let mail = self
            .mailbox
            .messages()
            .into_iter()
            .nth(*read)
            .expect("there is an unread mail");
        *read += 1;
        mail
    }

    /// How many mails are unread.
    pub fn unread_mails(&self) -> usize {
        self.mailbox.messages().len() - *self.read.lock().unwrap()
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The clock.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The accounts as an administrator has them: for what no client may do, such as disabling a user.
    pub fn accounts(&self) -> AppAccounts {
        let administrator = Actor::administrator("admin@example.com");
        self.api.accounts.of(Arc::clone(&self.app), administrator)
    }

    /// What the router is made of, for tests that put a part of their own into it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// How many hashes of passwords have been computed so far: what an answer cost, without measuring time.
    pub fn hashes_computed(&self) -> u64 {
        self.passwords.metrics().hashes.get()
    }

    /// The app as the flows see it.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The router, for tests of the transport itself.
    pub fn router(&self) -> Router {
        surface(
            self.surface.clone(),
            doorward_http::router(self.api.clone(), Router::new()),
        )
    }

    /// The metrics of requests.
    pub fn http_metrics(&self) -> &HttpMetrics {
        &self.surface.metrics
    }

    /// The fixed keys that the app signs with, ES256 unless chosen otherwise.
    pub fn keys() -> AppKeys {
        parts::keys(false)
    }

    /// From now on the database does not answer.
    pub async fn lose_database(&self) {
        self.store.close().await;
    }

    /// The next so many transactions of flows conflict with another one.
    pub fn set_conflicts(&self, transactions: usize) {
        self.flaky.set_conflicts(transactions);
    }

    /// Delivers the mails that are due. [`Client`] does so after each request; a test that
    /// reaches the app in another way calls it.
    pub async fn deliver_mail(&self) {
        // Without a database there is no outbox; a worker that cannot read it is what the
        // tests of the worker are about.
        let _ = self.worker.deliver_due().await;
    }
}

impl TestAppBuilder {
    /// Clients may ask as often as they like, for tests that ask often and are about something else.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.limited = false;
        self
    }

    /// Registering confirms.
    #[must_use]
    pub fn auto_confirm(mut self) -> Self {
        self.confirmation = Confirmation::Automatic;
        self
    }

    /// Links lead to the hosted pages.
    #[must_use]
    pub fn hosted_pages(mut self) -> Self {
        self.confirmation = Confirmation::Email(MailedLink::default());
        self.reset = Reset::Email(MailedLink::default());
        self
    }

    /// E-mail and password accounts are switched off.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// Only this origin may call.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.allowed_origins.push(origin.to_owned());
        self
    }

    /// How long a password may wait to be hashed.
    #[must_use]
    pub fn queue_deadline(mut self, deadline: Duration) -> Self {
        self.queue_deadline = deadline;
        self
    }

    /// Access tokens are signed with HS256.
    #[must_use]
    pub fn hs256(mut self) -> Self {
        self.hs256 = true;
        self
    }

    /// What one request may take.
    #[must_use]
    pub fn limits(mut self, limits: doorward_http::HttpLimits) -> Self {
        self.limits = limits;
        self
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.unread_mails(), 0, "these mails are unread");
        }
    }
}
