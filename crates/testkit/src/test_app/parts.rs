//! Wiring, as the server does it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward_core::{
    Accounts, App, AppId, AppObjectId, Apps, Clock, EmailPassword, Entropy, KeyId, LimitSettings, Links, Parts,
    PasswordPool, PoolConfig, Providers, Settings, Store, TokenKeys, Wake,
};
use doorward_http::{Api, ApiParts};
use doorward_mail::{DevMailbox, MailMetrics, OutboxWorker, WorkerParts, WorkerSettings};
use doorward_store::{SqliteOptions, SqliteStore};
use doorward_tokens::{AccessKey, AppKeys, Keyrings, RefreshKey};
use doorward_web::{HttpMetrics, Readiness, Surface, TrustedProxies};

use super::{TestApp, TestAppBuilder};
use crate::{FlakyStore, ManualClock, SeededEntropy, notes};

impl TestAppBuilder {
    /// Starts the app.
    pub async fn start(self) -> TestApp {
        let files = tempfile::tempdir().expect("a temporary directory");
        let store = SqliteStore::open(&files.path().join("test.sqlite"), SqliteOptions::default()).await;
        let sqlite = store.expect("SQLite opens");
        let store: Arc<dyn Store> = Arc::new(sqlite.clone());
        let flaky = FlakyStore::new(Arc::clone(&store));
        let clock = ManualClock::default();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let app = self.app(&*store, &clock, &*entropy).await;

        let pool = PoolConfig {
            queue_deadline: self.queue_deadline,
            ..PoolConfig::default()
        };
        let passwords = PasswordPool::start(pool).expect("the pool starts");
        let token_key = KeyId("test".to_owned());
        let token_keys = TokenKeys::new(token_key.clone(), [(token_key, [1; 64].as_slice())]).expect("a key");
        let token_keys = Arc::new(token_keys);
        let outbox = Wake::default();
        let apps = Apps::default();
        let keys = Keyrings::new([(app.object_id, keys(self.hs256))]);
        let app = apps.put(app);
        let accounts = Accounts::new(
            Parts {
                apps: apps.clone(),
                store: Arc::<FlakyStore>::clone(&flaky),
                passwords: passwords.clone(),
                token_keys: Arc::clone(&token_keys),
                clock: Arc::new(clock.clone()),
                entropy: Arc::clone(&entropy),
                outbox: outbox.clone(),
                triggers: Wake::default(),
            },
            Settings {
                limits: LimitSettings {
                    on: self.limited,
                    private_networks: true,
                    refusal_delay: Duration::ZERO,
                    ..LimitSettings::default()
                },
                ..Settings::default()
            },
        );
        let links = Links::new(TestApp::PUBLIC_URL).expect("a public URL");
        let mailbox = DevMailbox::new();
        let worker = OutboxWorker::new(WorkerParts {
            store: Arc::clone(&store),
            apps,
            links: links.clone(),
            token_keys,
            clock: Arc::new(clock.clone()),
            entropy: Arc::clone(&entropy),
            transport: Arc::new(mailbox.clone()),
            from: "Notes <accounts@example.com>".parse().expect("a sender"),
            wake: outbox,
            metrics: MailMetrics::default(),
            settings: WorkerSettings::alone(),
        });
        let api = Api::new(ApiParts {
            accounts,
            keys,
            links: Arc::new(links),
            limits: self.limits,
            readiness: Readiness::new(store),
        });
        let surface = Surface {
            clock: Arc::new(clock.clone()),
            entropy,
            trusted_proxies: TrustedProxies::default(),
            metrics: HttpMetrics::default(),
        };
        TestApp {
            api,
            surface,
            store: sqlite,
            flaky,
            passwords,
            worker: Arc::new(worker),
            mailbox,
            clock,
            app,
            read: Mutex::new(0),
            files,
        }
    }

    async fn app(&self, store: &dyn Store, clock: &dyn Clock, entropy: &dyn Entropy) -> App {
        let id = AppId::parse(TestApp::ID).expect("an app id");
        let mut tx = store.begin().await.expect("a transaction");
        let proposed = AppObjectId::generate(clock, entropy);
        let object_id = tx
            .adopt_app(&id, proposed, clock.now())
            .await
            .expect("an app is adopted")
            .expect("a new id is nobody's");
        tx.commit().await.expect("it commits");
        let accounts = EmailPassword {
            confirmation: self.confirmation.clone(),
            reset: self.reset.clone(),
        };
        App {
            allowed_origins: self.allowed_origins.clone(),
            providers: Providers {
                email_password: self.enabled.then_some(accounts),
                ..Providers::default()
            },
            ..notes(object_id)
        }
    }
}

/// Fixed keys: tests can sign with them what the server would not.
pub(super) fn keys(hs256: bool) -> AppKeys {
    let id = KeyId("access".to_owned());
    let access = if hs256 {
        AccessKey::hs256(TestApp::HS256_KEY)
    } else {
        AccessKey::es256(&id, TestApp::ES256_KEY)
    };
    let refresh = RefreshKey::new(TestApp::REFRESH_KEY).expect("a key");
    let refresh_id = KeyId("refresh".to_owned());
    AppKeys::new(
        id.clone(),
        BTreeMap::from([(id, access.expect("a key"))]),
        refresh_id.clone(),
        BTreeMap::from([(refresh_id, refresh)]),
    )
    .expect("the active keys are there")
}
