//! The handle that every flow is called on. The flows themselves stand beside their subjects: `email_password`,
//! `login`, `users`, `functions`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::limits::Limits;
use crate::store::Reads;
use crate::{
    Actor, App, Apps, Clock, Entropy, Failure, FlowError, LimitMetrics, LimitSettings, Password, PasswordHash,
    PasswordPool, Store, StoreError, Timestamp, TokenKeys, Wake,
};

/// The accounts of every app of this server. Cheap to clone; clones are the same accounts.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

/// The accounts of one app, as one actor may use them: what flows are methods of. Cheap to clone.
///
/// It holds the revision of the app that it was made with: a flow that has begun keeps that
/// revision when the app is replaced.
#[derive(Clone)]
pub struct AppAccounts {
    accounts: Accounts,
    app: Arc<App>,
    actor: Actor,
}

struct Inner {
    parts: Parts,
    settings: Settings,
    limits: Limits,
    /// Tasks that outlive their caller.
    tasks: TaskTracker,
}

/// What the flows need from outside.
pub struct Parts {
    /// The apps.
    pub apps: Apps,
    /// Where accounts are kept.
    pub store: Arc<dyn Store>,
    /// The password hasher.
    pub passwords: PasswordPool,
    /// The keys that mailed tokens are derived with.
    pub token_keys: Arc<TokenKeys>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Wakes the outbox worker.
    pub outbox: Wake,
    /// Wakes the trigger worker.
    pub triggers: Wake,
}

/// What an operator can choose about accounts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a mailed link works.
    pub email_token_lifetime: Duration,
    /// How long a session can be refreshed.
    pub refresh_token_lifetime: Duration,
    /// The longest that a function may take.
    pub function_timeout: Duration,
    /// The limits on what strangers can cause.
    pub limits: LimitSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            email_token_lifetime: Duration::from_mins(30),
            refresh_token_lifetime: Duration::from_hours(60 * 24),
            function_timeout: Duration::from_secs(30),
            limits: LimitSettings::default(),
        }
    }
}

impl Accounts {
    /// Puts the parts together.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let limits = Limits::new(settings.limits.clone(), &parts.token_keys);
        Self(Arc::new(Inner {
            limits,
            parts,
            settings,
            tasks: TaskTracker::new(),
        }))
    }

    /// The accounts of an app, for an actor.
    pub fn of(&self, app: Arc<App>, actor: Actor) -> AppAccounts {
        AppAccounts {
            accounts: self.clone(),
            app,
            actor,
        }
    }

    /// The apps.
    pub fn apps(&self) -> &Apps {
        &self.0.parts.apps
    }

    /// The present moment, as the flows see it.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.parts.clock
    }

    /// Randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.0.parts.entropy
    }

    /// The metrics of the limits.
    pub fn limit_metrics(&self) -> &LimitMetrics {
        self.limits().metrics()
    }

    /// Waits for the tasks that outlive their caller. For the shutdown, when no request is accepted any more.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.parts.store
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn token_keys(&self) -> &TokenKeys {
        &self.0.parts.token_keys
    }

    pub(crate) fn outbox(&self) -> &Wake {
        &self.0.parts.outbox
    }

    pub(crate) fn triggers(&self) -> &Wake {
        &self.0.parts.triggers
    }

    /// Runs a future to its end even if the client that waits for it disconnects.
    pub(crate) async fn outlive_caller<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.0
            .tasks
            .spawn(work.in_current_span())
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }
}

impl AppAccounts {
    /// The app.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The actor that calls.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.accounts.now()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.accounts.clock()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.accounts.entropy()
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.accounts.settings()
    }

    pub(crate) fn token_keys(&self) -> &TokenKeys {
        self.accounts.token_keys()
    }

    /// A connection for one read. Nothing else is awaited while it is held: connections are few.
    pub(crate) async fn reads(&self) -> Result<Box<dyn Reads>, StoreError> {
        self.accounts.store().reads().await
    }

    /// Hashes a new password with a fresh salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<PasswordHash, Failure> {
        let mut salt = [0; 16];
        self.entropy().fill(&mut salt);
        let phc = self.passwords().hash(password.as_bytes(), salt).await?;
        Ok(PasswordHash::from_phc(phc))
    }

    /// Checks a password against a hash, or only spends the same time if there is no hash. A password that is longer
    /// than any that could be set is wrong: it costs the same time too, and is not hashed itself.
    pub(crate) async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<bool, Failure> {
        let possible = password.possible_bytes();
        if let (Some(bytes), Some(hash)) = (possible, hash) {
            return Ok(self.passwords().verify(bytes, hash.as_phc()).await?);
        }
        self.passwords().verify_nothing(possible.unwrap_or_default()).await?;
        Ok(false)
    }

    /// Runs a part of a flow to its end even if the client that waits for it disconnects: a
    /// function may have acted on it.
    pub(crate) async fn outlive_caller<T, R, W>(&self, work: impl FnOnce(Self) -> W) -> Result<T, FlowError<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
        W: Future<Output = Result<T, FlowError<R>>> + Send + 'static,
    {
        self.accounts.outlive_caller(work(self.clone())).await
    }

    /// How long a password waits at most for the password pool.
    pub(crate) fn queue_deadline(&self) -> Duration {
        self.passwords().queue_deadline()
    }

    fn passwords(&self) -> &PasswordPool {
        &self.accounts.0.parts.passwords
    }
}

impl fmt::Debug for AppAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppAccounts")
            .field("app", &self.app)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
