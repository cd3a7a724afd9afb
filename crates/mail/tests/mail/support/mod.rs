//! What the tests share: an app, an outbox, a clock that tests set.

mod scripted;
mod transports;

use std::sync::Arc;
use std::time::Duration;

use doorward_core::{
    App, AppObjectId, Apps, Clock as _, EmailAddress, KeyId, Links, MailId, MailToken, ObjectId, PasswordHash,
    PendingRegistration, Purpose, Registration, RegistrationId, Store, TokenId, TokenKeys, Wake,
};
use doorward_mail::{
    MailFrom, MailMetrics, Message, MessageHeader, OutboxWorker, Transport, WorkerParts, WorkerSettings, compose,
};
use doorward_store::{SqliteOptions, SqliteStore};
use doorward_testkit::{ManualClock, SeededEntropy, notes};
use tempfile::TempDir;

pub(crate) use scripted::{Dialogue, ScriptedRelay};
pub(crate) use transports::{Recorder, Refuses, Stuck};

/// How long a link works.
pub(crate) const LIFETIME: Duration = Duration::from_mins(30);

/// One app with its outbox.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: ManualClock,
    pub(crate) app: App,
    pub(crate) links: Links,
    pub(crate) wake: Wake,
    pub(crate) metrics: MailMetrics,
    pub(crate) settings: WorkerSettings,
    entropy: Arc<SeededEntropy>,
    pub(crate) keys: Arc<TokenKeys>,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(&directory.path().join("doorward.db"), SqliteOptions::default())
            .await
            .unwrap();
        let key = KeyId("k1".to_owned());
        Self {
            store: Arc::new(store),
            clock: ManualClock::default(),
            app: notes(AppObjectId("0000000000000000000000aa".parse().unwrap())),
            links: Links::new("https://auth.example.com").unwrap(),
            wake: Wake::default(),
            metrics: MailMetrics::default(),
            // A test waits for real seconds only where a relay hangs.
            settings: WorkerSettings {
                attempt_timeout: Duration::from_secs(5),
                ..WorkerSettings::alone()
            },
            entropy: Arc::new(SeededEntropy::new(1)),
            keys: Arc::new(TokenKeys::new(key.clone(), [(key, [7; 32].as_slice())]).unwrap()),
            _directory: directory,
        }
    }

    /// This app and outbox, reached through another `Store`.
    pub(crate) fn over(self, store: Arc<dyn Store>) -> Self {
        Self { store, ..self }
    }

    /// Puts a mail into the outbox, as a flow would.
    pub(crate) async fn promise(&self, email: &str, purpose: Purpose) -> MailId {
        let mail = MailId::generate(&self.clock, &*self.entropy);
        let token = self.token(purpose, KeyId("k1".to_owned()));
        self.promise_with(mail, &token, email).await;
        mail
    }

    pub(crate) async fn promise_with(&self, mail: MailId, token: &MailToken, email: &str) {
        let mut tx = self.store.begin().await.unwrap();
        let registration = PendingRegistration {
            id: token.registration,
            app: token.app,
            email: EmailAddress::parse(email).unwrap(),
            password: PasswordHash::from_phc("$none$".to_owned()),
            created_at: self.clock.now(),
        };
        tx.adopt_app(&self.app.id, self.app.object_id, self.clock.now())
            .await
            .unwrap();
        assert!(
            tx.insert_registration(&Registration::Pending(registration))
                .await
                .unwrap(),
            "{email} is new"
        );
        tx.issue_mail(mail, token).await.unwrap();
        tx.commit().await.unwrap();
        self.wake.wake();
    }

    /// Uses a link, as its owner would.
    pub(crate) async fn spend(&self, token: &MailToken) {
        let mut tx = self.store.begin().await.unwrap();
        let spent = tx
            .consume_mail_token(token.app, token.purpose, token.id, &token.methods, self.clock.now())
            .await;
        assert!(spent.unwrap().is_some());
        tx.commit().await.unwrap();
    }

    /// A new token of a new registration.
    pub(crate) fn token(&self, purpose: Purpose, key: KeyId) -> MailToken {
        let now = self.clock.now();
        MailToken {
            id: TokenId(ObjectId::random(&*self.entropy)),
            app: self.app.object_id,
            purpose,
            registration: RegistrationId(ObjectId::random(&*self.entropy)),
            methods: "email/email".to_owned(),
            issued_at: now,
            expires_at: now.plus(LIFETIME),
            used_at: None,
            voided_at: None,
            key,
        }
    }

    pub(crate) fn new_mail_id(&self) -> MailId {
        MailId::generate(&self.clock, &*self.entropy)
    }

    pub(crate) fn worker(&self, transport: &(impl Transport + Clone + 'static)) -> OutboxWorker {
        self.worker_on(Arc::new(transport.clone()))
    }

    pub(crate) fn worker_on(&self, transport: Arc<dyn Transport>) -> OutboxWorker {
        OutboxWorker::new(WorkerParts {
            store: Arc::clone(&self.store),
            apps: Apps::new([self.app.clone()]),
            links: self.links.clone(),
            token_keys: Arc::clone(&self.keys),
            clock: Arc::new(self.clock.clone()),
            entropy: self.entropy.clone(),
            transport,
            from: sender(),
            wake: self.wake.clone(),
            metrics: self.metrics.clone(),
            settings: self.settings.clone(),
        })
    }

    /// How many mails are in which state, such as `sent 2, waiting 1`.
    pub(crate) async fn states(&self) -> String {
        let mut counts = self.store.reads().await.unwrap().count_mail().await.unwrap();
        counts.retain(|(_, count)| *count > 0);
        counts.sort_unstable();
        counts
            .iter()
            .map(|(state, count)| format!("{state} {count}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Writes a mail to this address without any outbox.
    pub(crate) fn compose(&self, email: &str, purpose: Purpose) -> Message {
        let header = MessageHeader {
            id: MailId(ObjectId::zero()),
            from: sender(),
            to: EmailAddress::parse(email).unwrap(),
            created_at: self.clock.now(),
            expires_at: self.clock.now().plus(LIFETIME),
        };
        let token = self.token(purpose, KeyId("k1".to_owned()));
        let secret = self.keys.derive(&token).unwrap();
        compose(header, &token, &self.app, &self.links, &secret).unwrap()
    }
}

/// Waits until the condition holds, and fails after ten seconds.
pub(crate) async fn wait_until(condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.expect("it happens in time");
}

pub(crate) fn sender() -> MailFrom {
    "Notes <no-reply@notes.example>".parse().unwrap()
}
