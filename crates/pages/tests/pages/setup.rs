//! A server of hosted pages: one app, a real SQLite file, a clock that tests set, and the mailbox that gets the app's
//! mails.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use doorward_core::{
    Accounts, Actor, App, AppAccounts, AppObjectId, Apps, Clock as _, Credentials, EmailAddress, Entropy, KeyId, Links,
    Parts, Password, PasswordPool, PoolConfig, Settings, Store, TokenKeys, Wake,
};
use doorward_mail::{DevMailbox, MailMetrics, OutboxWorker, WorkerParts, WorkerSettings};
use doorward_pages::{PageParts, development_mailbox, pages};
use doorward_store::{SqliteOptions, SqliteStore};
use doorward_testkit::{ManualClock, SeededEntropy, notes};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tower::ServiceExt as _;
use url::Url;

use crate::visible::Reply;

pub(crate) const PUBLIC_URL: &str = "https://auth.example.com";

/// One app and its pages.
pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) apps: Apps,
    pub(crate) clock: ManualClock,
    pub(crate) accounts: AppAccounts,
    pub(crate) store: SqliteStore,
    pub(crate) mailbox: DevMailbox,
    entropy: Arc<dyn Entropy>,
    token_keys: Arc<TokenKeys>,
    worker: OutboxWorker,
    files: TempDir,
}

/// A mailed link.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) token_id: String,
}

struct BrokenEntropy;

impl Entropy for BrokenEntropy {
    fn fill(&self, _: &mut [u8]) {
        panic!("there is no chance, but there is a secret");
    }
}

impl Site {
    /// An app that confirms by mail and has no pages of its own.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// An app that confirms by mail and has no pages of its own, after `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut App)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&files.path().join("test.sqlite"), SqliteOptions::default())
            .await
            .unwrap();
        let clock = ManualClock::default();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let key = KeyId("test".to_owned());
        let token_keys = Arc::new(TokenKeys::new(key.clone(), [(key, [1; 64].as_slice())]).unwrap());

        let mut app = notes(AppObjectId::generate(&clock, &*entropy));
        let mut tx = store.begin().await.unwrap();
        tx.adopt_app(&app.id, app.object_id, clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        change(&mut app);

        let mailbox = DevMailbox::new();
        let outbox = Wake::default();
        let apps = Apps::default();
        let app = apps.put(app);
        let worker = OutboxWorker::new(WorkerParts {
            store: Arc::new(store.clone()),
            apps: apps.clone(),
            links: Links::new(PUBLIC_URL).unwrap(),
            token_keys: Arc::clone(&token_keys),
            clock: Arc::new(clock.clone()),
            entropy: Arc::clone(&entropy),
            transport: Arc::new(mailbox.clone()),
            from: "Notes <accounts@example.com>".parse().unwrap(),
            wake: outbox.clone(),
            metrics: MailMetrics::default(),
            settings: WorkerSettings::alone(),
        });
        let accounts = Accounts::new(
            Parts {
                apps: apps.clone(),
                store: Arc::new(store.clone()),
                passwords: PasswordPool::start(PoolConfig {
                    queue_deadline: Duration::from_mins(1),
                    ..PoolConfig::default()
                })
                .unwrap(),
                token_keys: Arc::clone(&token_keys),
                clock: Arc::new(clock.clone()),
                entropy: Arc::clone(&entropy),
                outbox,
                triggers: Wake::default(),
            },
            Settings::default(),
        );
        Self {
            router: router(&accounts, &mailbox),
            accounts: accounts.of(app, Actor::System),
            apps,
            clock,
            store,
            mailbox,
            entropy,
            token_keys,
            worker,
            files,
        }
    }

    /// From now on the password queue refuses every job.
    pub(crate) fn become_busy(&mut self) {
        self.replace_accounts(Duration::ZERO, Arc::clone(&self.entropy));
    }

    /// From now on every request for a random byte panics.
    pub(crate) fn become_broken(&mut self) {
        self.replace_accounts(Duration::from_mins(1), Arc::new(BrokenEntropy));
    }

    fn replace_accounts(&mut self, queue_deadline: Duration, entropy: Arc<dyn Entropy>) {
        let parts = Parts {
            apps: self.apps.clone(),
            store: Arc::new(self.store.clone()),
            passwords: PasswordPool::start(PoolConfig {
                queue_deadline,
                ..PoolConfig::default()
            })
            .unwrap(),
            token_keys: Arc::clone(&self.token_keys),
            clock: Arc::new(self.clock.clone()),
            entropy,
            outbox: Wake::default(),
            triggers: Wake::default(),
        };
        self.router = router(&Accounts::new(parts, Settings::default()), &self.mailbox);
    }

    /// Registers `{name}@example.com` with the password `{name}-password`, and returns the link in its mail.
    pub(crate) async fn pending(&self, name: &str) -> Link {
        let password = Password::new(format!("{name}-password"));
        self.accounts.register(address(name), &password).await.unwrap();
        self.newest_link().await
    }

    /// Registers `{name}@example.com` and uses the link in its mail, which it returns.
    pub(crate) async fn confirmed(&self, name: &str) -> Link {
        let link = self.pending(name).await;
        self.accounts.confirm_user(&link.parse()).await.unwrap();
        link
    }

    /// Requests a reset, and returns the link in its mail.
    pub(crate) async fn reset_link(&self, name: &str) -> Link {
        self.accounts.send_reset_password_email(&address(name)).await.unwrap();
        self.newest_link().await
    }

    /// The link in the newest mail.
    pub(crate) async fn newest_link(&self) -> Link {
        self.worker.deliver_due().await.unwrap();
        let url = Url::parse(&self.mailbox.messages().last().unwrap().links[0]).unwrap();
        assert!(url.as_str().starts_with(PUBLIC_URL));
        let value = |name| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        Link {
            path: url.path().to_owned(),
            token: value("token"),
            token_id: value("tokenId"),
        }
    }

    /// How many mails have been delivered.
    pub(crate) async fn mails(&self) -> usize {
        self.worker.deliver_due().await.unwrap();
        self.mailbox.messages().len()
    }

    /// Whether this name can log in with this password: `yes`, or the reason of the refusal.
    pub(crate) async fn log_in(&self, name: &str, password: &str) -> String {
        let credentials = Credentials {
            email: Some(address(name)),
            password: Password::new(password.to_owned()),
            device: None,
        };
        let attempt = self.accounts.begin_login().await.unwrap();
        match attempt.log_in(&credentials).await {
            Ok(_) => "yes".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(
            Request::get(path)
                .header("host", "localhost:9090")
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    /// Opens a link, as a click does.
    pub(crate) async fn open(&self, link: &Link) -> Reply {
        self.get(&link.url()).await
    }

    /// Sends the form of a page as a browser without scripts does: its hidden fields, and the given ones.
    pub(crate) async fn submit(&self, page: &Reply, fields: &[(&str, &str)]) -> Reply {
        let form = page.form();
        assert_eq!(form.method, "post");
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.post(&form.action, &hidden.chain(fields.iter().copied()).collect::<Vec<_>>())
            .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        Reply::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Every row of every table, one per line.
    pub(crate) async fn rows(&self) -> String {
        let file = self.files.path().join("test.sqlite");
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}?mode=ro", file.display()))
            .await
            .unwrap();
        let tables = "SELECT m.name, group_concat('quote(\"' || c.name || '\")', ' || '','' || ') \
                      FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name";
        let tables: Vec<(String, String)> = sqlx::query_as(tables).fetch_all(&mut connection).await.unwrap();
        let mut all = String::new();
        for (table, columns) in tables {
            let select = format!("SELECT {columns} FROM \"{table}\" ORDER BY 1");
            let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(select))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            all.extend(rows.into_iter().map(|(row,)| format!("{table}: {row}\n")));
        }
        all
    }
}

impl Link {
    pub(crate) fn url(&self) -> String {
        format!("{}?token={}&tokenId={}", self.path, self.token, self.token_id)
    }

    pub(crate) fn fields(&self) -> [(&str, &str); 2] {
        [("token", &self.token), ("tokenId", &self.token_id)]
    }

    pub(crate) fn parse(&self) -> doorward_core::TokenPair {
        doorward_core::TokenPair::parse(&self.token, &self.token_id).unwrap()
    }

    /// This link with its last character changed.
    pub(crate) fn forged(&self) -> Self {
        let (rest, last) = self.token.split_at(self.token.len() - 1);
        Self {
            token: format!("{rest}{}", if last == "0" { "1" } else { "0" }),
            ..self.clone()
        }
    }
}

pub(crate) fn address(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

fn router(accounts: &Accounts, mailbox: &DevMailbox) -> Router {
    pages(PageParts {
        accounts: accounts.clone(),
        links: Arc::new(Links::new(PUBLIC_URL).unwrap()),
    })
    .merge(development_mailbox(mailbox.clone()))
}
