//! The context of every flow. The flows themselves stand in files of their own: `registration`, `confirmation`, `login`,
//! `function_login`, `session`, `password_reset`, `deletion`, `triggers`.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::{
    App, AuthError, Clock, EmailPassword, Entropy, FunctionMail, Functions, MailId, MailToken, Password, PasswordHash,
    PasswordPool, Purpose, RegistrationId, SealedMail, Store, StoreError, Timestamp, TokenId, TokenKeys, TokenPair, Tx,
    Wake,
};

/// The accounts of every app of this server.
pub struct Accounts {
    parts: Parts,
    settings: Settings,
    /// What goes on after its caller has gone away.
    tasks: TaskTracker,
}

/// What the flows need from outside.
pub struct Parts {
    /// Where accounts are kept.
    pub store: Arc<dyn Store>,
    /// What hashes passwords.
    pub passwords: PasswordPool,
    /// What mailed tokens are derived with.
    pub token_keys: Arc<TokenKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// What runs the owner's functions.
    pub functions: Arc<dyn Functions>,
    /// The outbox worker's bell.
    pub outbox: Wake,
    /// The trigger worker's bell.
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            email_token_lifetime: Duration::from_mins(30),
            refresh_token_lifetime: Duration::from_hours(60 * 24),
            function_timeout: Duration::from_secs(30),
        }
    }
}

impl Accounts {
    /// Puts the parts together.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        Self {
            parts,
            settings,
            tasks: TaskTracker::new(),
        }
    }

    /// The present moment, as the flows see it.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    /// Chance.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.parts.entropy
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    pub(crate) fn token_keys(&self) -> &TokenKeys {
        &self.parts.token_keys
    }

    pub(crate) fn functions(&self) -> &dyn Functions {
        &*self.parts.functions
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Hashes a new password with a fresh salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<PasswordHash, AuthError> {
        let mut salt = [0; 16];
        self.entropy().fill(&mut salt);
        let phc = self.parts.passwords.hash(password.as_bytes(), salt).await?;
        Ok(PasswordHash::from_phc(phc))
    }

    /// Checks a password against a hash, or against nothing at the same cost.
    pub(crate) async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<bool, AuthError> {
        if let Some(hash) = hash {
            return Ok(self.parts.passwords.verify(password.as_bytes(), hash.as_phc()).await?);
        }
        self.parts.passwords.verify_nothing(password.as_bytes()).await?;
        Ok(false)
    }

    /// Promises a mail with a new link, within the transaction of the change that it belongs to.
    pub(crate) async fn promise_mail(
        &self,
        tx: &mut dyn Tx,
        app: &App,
        accounts: &EmailPassword,
        purpose: Purpose,
        registration: RegistrationId,
    ) -> Result<(), AuthError> {
        let token = self.new_token(app, accounts, purpose, registration);
        tx.issue_mail(MailId::generate(self.clock(), self.entropy()), &token)
            .await?;
        Ok(())
    }

    /// A token that exists nowhere yet.
    pub(crate) fn new_token(
        &self,
        app: &App,
        accounts: &EmailPassword,
        purpose: Purpose,
        registration: RegistrationId,
    ) -> MailToken {
        let now = self.now();
        MailToken {
            id: TokenId(crate::ObjectId::random(self.entropy())),
            app: app.object_id,
            purpose,
            registration,
            methods: accounts.methods().to_owned(),
            issued_at: now,
            expires_at: now.plus(self.settings.email_token_lifetime),
            used_at: None,
            voided_at: None,
            key: self.token_keys().active().clone(),
        }
    }

    /// Promises the mails that a function wrote, within the transaction of what it decided.
    pub(crate) async fn promise_function_mails(
        &self,
        tx: &mut dyn Tx,
        app: &App,
        mails: &[FunctionMail],
    ) -> Result<(), AuthError> {
        for mail in mails {
            let id = MailId::generate(self.clock(), self.entropy());
            let (key, sealed) = self.token_keys().seal(id, mail, self.entropy());
            let sealed = SealedMail {
                app: app.object_id,
                key,
                sealed,
                expires_at: self.now().plus(FUNCTION_MAIL_LIFETIME),
            };
            tx.promise_sealed_mail(id, &sealed, self.now()).await?;
        }
        Ok(())
    }

    /// Both halves of a token that was just made, for a function that delivers it in its own way.
    pub(crate) fn token_pair(&self, token: &MailToken) -> TokenPair {
        self.token_keys()
            .derive(token)
            .expect("a new token is derived with the active key, which is always there")
    }

    /// Commits a transaction that promised a mail, and wakes the worker that sends it.
    pub(crate) async fn commit_with_mail(&self, tx: Box<dyn Tx>) -> Result<(), AuthError> {
        self.commit_and_wake(tx, true, false).await
    }

    /// Commits a transaction, and wakes the workers that it left something to do. A client that goes away between the two must not
    /// make that wait.
    pub(crate) async fn commit_and_wake(&self, tx: Box<dyn Tx>, mails: bool, triggers: bool) -> Result<(), AuthError> {
        if !mails && !triggers {
            return Ok(tx.commit().await?);
        }
        let outbox = mails.then(|| self.parts.outbox.clone());
        let triggers = triggers.then(|| self.parts.triggers.clone());
        self.outlive_caller(async move {
            let committed = tx.commit().await;
            outbox.iter().chain(&triggers).for_each(Wake::wake);
            Ok(committed?)
        })
        .await
    }

    /// Runs to its end even if the client that waits for it goes away.
    pub(crate) async fn outlive_caller<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, AuthError>> + Send + 'static,
    ) -> Result<T, AuthError> {
        self.tasks
            .spawn(work)
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }

    /// Waits for what goes on without its caller. For a server that stops: no request is accepted any more.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// How long a mail that a function wrote is worth sending: nobody but its author knows what it says.
const FUNCTION_MAIL_LIFETIME: Duration = Duration::from_hours(24);
