//! `doorward serve`: everything is put together here, in the order in which it starts.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use doorward_appdir::LoadedApp;
use doorward_core::{
    Accounts, App, Clock, Entropy, Links, OsEntropy, Parts, PasswordPool, PoolConfig, Store, SystemClock, TokenKeys,
    TriggerWorker, TriggerWorkerSettings, Wake,
};
use doorward_functions::{Confinement, FunctionHost};
use doorward_http::{Api, Apps, HttpLimits, HttpMetrics, Readiness, ServedApp, TrustedProxies};
use doorward_mail::{
    DevMailbox, MailFrom, MailMetrics, OutboxWorker, SmtpTransport, Transport, WorkerParts, WorkerSettings,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::{app_links, apps, functions, keys, listener, logging, metrics, startup};

mod database;
mod retention;
mod stop;

use database::Database;

/// Runs until it is told to stop.
pub(crate) fn serve(config: Config) -> Result<()> {
    logging::start(config.log_format, config.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> Result<()> {
    let stop = stop::on_signal()?;
    // A start that waits, for a database or for another server's migration, can be called off.
    match stop.run_until_cancelled(start(config)).await {
        Some(server) => server?.run(stop).await,
        None => Ok(()),
    }
}

/// A server that is ready to run: nothing that comes now can fail for a reason that the operator could have been told before.
struct Server {
    http: TcpSocket,
    metrics: Option<(TcpSocket, Router)>,
    router: Router,
    readiness: Readiness,
    accounts: Arc<Accounts>,
    functions: Arc<FunctionHost>,
    worker: Option<OutboxWorker>,
    triggers: TriggerWorker,
    database: Database,
    clock: Arc<dyn Clock>,
    greeting: String,
}

async fn start(config: Config) -> Result<Server> {
    // Everything that can be wrong with the input is found before anything is made.
    let loaded = apps::load(&config.apps, &config.secrets)?;
    let app_links = config.app_links.as_deref().map(app_links::read).transpose()?;
    let http = listener::reserve(config.listen)?;
    let metrics_socket = config.metrics_listen.map(listener::reserve).transpose()?;
    let bound = http.local_addr()?;
    let links = Arc::new(public_links(&config, bound)?);
    let mail = MailOut::choose(&config, bound, &links)?;
    if mail.is_none() && loaded.iter().any(apps::sends_mail) {
        bail!(
            "--smtp is needed: accounts send mail, and the development mailbox is only for servers that nobody else can reach"
        );
    }

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let mut registry = Registry::with_prefix("doorward");
    create_private_dir(&config.data_dir)?;
    let database = Database::open(&config.database, &mut registry).await?;
    let store = database.store();
    let token_keys = Arc::new(keys::mail_keys(&config.data_dir)?);
    let served = serve_apps(&config, &loaded, &*store, &*clock, &*entropy).await?;
    let all_apps: Vec<App> = served.iter().map(|served| served.app.clone()).collect();

    let limits = functions::limits(config.settings.function_timeout, config.function_workers);
    let parts = functions::HostParts {
        limits: &limits,
        http_allow: &config.function_http_allow,
        secrets: &config.secrets,
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        mail: mail.is_some(),
    };
    let functions = Arc::new(parts.host(&loaded, &all_apps, &mut registry)?);

    let passwords = start_passwords(config.password_threads)?;
    passwords.metrics().register(&mut registry);
    let engine = passwords.engine();

    let (outbox, triggers) = (Wake::default(), Wake::default());
    let accounts = Arc::new(Accounts::new(
        Parts {
            store: Arc::clone(&store),
            passwords,
            token_keys: Arc::clone(&token_keys),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            functions: Arc::clone(&functions) as _,
            outbox: outbox.clone(),
            triggers: triggers.clone(),
        },
        config.settings.clone(),
    ));
    let triggers = trigger_worker(&accounts, &all_apps, triggers, &database, limits.workers);
    let readiness = Readiness::new(Arc::clone(&store));
    let http_metrics = HttpMetrics::default();
    http_metrics.register(&mut registry);
    let pages = pages(&accounts, &all_apps, &links, mail.as_ref())
        .merge(doorward_pages::app_links(app_links.into_iter().flatten()));
    let api = Api {
        accounts: Arc::clone(&accounts),
        apps: Arc::new(Apps::new(served)),
        links: Arc::clone(&links),
        limits: HttpLimits::default(),
        trusted_proxies: TrustedProxies::new(config.trusted_proxies.iter().copied()),
        metrics: http_metrics,
        readiness: readiness.clone(),
    };

    let greeting = startup::greeting(&startup::Report {
        links: &links,
        loaded: &loaded,
        bound,
        mail: mail.as_ref(),
        database: &config.database,
        metrics: metrics_socket.as_ref().map(TcpSocket::local_addr).transpose()?,
        engine,
    });
    let worker = mail.as_ref().map(|mail| {
        mail_worker(
            mail,
            &database,
            &all_apps,
            &links,
            token_keys,
            &clock,
            &entropy,
            outbox,
            &mut registry,
        )
    });
    Ok(Server {
        http,
        metrics: metrics_socket.map(|socket| (socket, metrics::router(registry, store))),
        router: doorward_http::router(api, pages),
        readiness,
        accounts,
        functions,
        worker,
        triggers,
        database,
        clock,
        greeting,
    })
}

impl Server {
    async fn run(self, stop: CancellationToken) -> Result<()> {
        // Only now can anybody connect: who is let in is served.
        let http = listener::listen(self.http)?;
        if let Some((socket, router)) = self.metrics {
            metrics::serve(listener::listen(socket)?, router);
        }
        let triggers = TaskTracker::new();
        let stop_triggers = CancellationToken::new();
        triggers.spawn(self.triggers.run(stop_triggers.clone()));
        triggers.close();
        let background = TaskTracker::new();
        let stop_background = CancellationToken::new();
        if let Some(worker) = self.worker {
            background.spawn(worker.run(stop_background.clone()));
        }
        background.spawn(retention::run(
            self.database.store(),
            self.clock,
            stop_background.clone(),
        ));
        background.close();
        startup::say(&self.greeting);
        // Not before: an answer need not wait for a worker that may never be called.
        tokio::spawn(prepare_workers(Arc::clone(&self.functions)));

        let stopping = stop.clone();
        let readiness = self.readiness;
        tokio::spawn(async move {
            stopping.cancelled().await;
            readiness.stop();
        });
        listener::serve(http, doorward_http::tidy_requests(self.router), stop).await;
        // What a client has stopped waiting for is finished all the same: a function may have decided about an account.
        self.accounts.finish().await;
        // So is what a trigger is being told: it is not to be told again.
        stop_triggers.cancel();
        triggers.wait().await;
        self.functions.stop(Duration::ZERO).await;
        // Requests are finished, so no more mails are promised. Those that a worker has in hand are finished too; the others wait in
        // the outbox for the next start.
        stop_background.cancel();
        background.wait().await;
        self.database.close().await;
        Ok(())
    }
}

/// The pages for people, and the development mailbox where mails stay here.
fn pages(accounts: &Arc<Accounts>, apps: &[App], links: &Arc<Links>, mail: Option<&MailOut>) -> Router {
    let pages = doorward_pages::pages(doorward_pages::PageParts {
        accounts: Arc::clone(accounts),
        apps: apps.to_vec(),
        links: Arc::clone(links),
    });
    match mail.and_then(|mail| mail.mailbox.clone()) {
        Some(mailbox) => pages.merge(doorward_pages::development_mailbox(mailbox)),
        None => pages,
    }
}

/// Every app with the id that its data is kept under and the keys that its tokens are signed with.
async fn serve_apps(
    config: &Config,
    loaded: &[LoadedApp],
    store: &dyn Store,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Vec<ServedApp>> {
    let mut served = Vec::new();
    for app in loaded {
        let app = apps::adopt(app, store, clock, entropy).await?;
        let keys = keys::app_keys(&config.data_dir, &app.id, config.access_token_algorithm)?;
        served.push(ServedApp { app, keys });
    }
    Ok(served)
}

/// Starts the first workers, and says what this machine does not have to confine them with.
async fn prepare_workers(functions: Arc<FunctionHost>) {
    for prepared in functions.prepare().await {
        match prepared {
            Ok(Confinement {
                resource_limits: true,
                landlock: true,
                seccomp: true,
            }) => {}
            Ok(confinement) => tracing::warn!(
                resource_limits = confinement.resource_limits,
                landlock = confinement.landlock,
                seccomp = confinement.seccomp,
                "functions are not fully confined on this system"
            ),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "functions have no worker"),
        }
    }
}

fn start_passwords(threads: Option<usize>) -> Result<PasswordPool> {
    let defaults = PoolConfig::default();
    let threads = threads.unwrap_or(defaults.threads);
    PasswordPool::start(PoolConfig { threads, ..defaults }).context("the password pool cannot start")
}

/// The public URL that was given, or that of the address itself where only this machine can reach it.
fn public_links(config: &Config, bound: SocketAddr) -> Result<Links> {
    match &config.public_url {
        Some(url) => Links::new(url).with_context(|| format!("--public-url {url}")),
        None if bound.ip().is_loopback() => Ok(Links::new(&format!("http://{bound}"))?),
        None => bail!("--public-url is needed to listen on {bound}: the origin under which clients reach this server"),
    }
}

/// How mail leaves this server.
pub(crate) struct MailOut {
    transport: Arc<dyn Transport>,
    from: MailFrom,
    pub(crate) mailbox: Option<DevMailbox>,
}

impl MailOut {
    /// The relay that the operator names, or the development mailbox where only this machine can reach the server.
    fn choose(config: &Config, bound: SocketAddr, links: &Links) -> Result<Option<Self>> {
        if let Some(smtp) = &config.smtp {
            let from = smtp
                .from
                .parse()
                .with_context(|| format!("--mail-from {}", smtp.from))?;
            let transport = SmtpTransport::from_url(&smtp.url.0).context("--smtp")?;
            return Ok(Some(Self {
                transport: Arc::new(transport),
                from,
                mailbox: None,
            }));
        }
        if !(bound.ip().is_loopback() && startup::is_loopback_url(links.public_url())) {
            return Ok(None);
        }
        let mailbox = DevMailbox::new();
        let from = "Doorward <doorward@localhost>"
            .parse()
            .context("the sender of development mails")?;
        Ok(Some(Self {
            transport: Arc::new(mailbox.clone()),
            from,
            mailbox: Some(mailbox),
        }))
    }
}

#[expect(clippy::too_many_arguments, reason = "wiring: each part is named once, here")]
fn mail_worker(
    mail: &MailOut,
    database: &Database,
    apps: &[App],
    links: &Links,
    token_keys: Arc<TokenKeys>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    wake: Wake,
    registry: &mut Registry,
) -> OutboxWorker {
    let metrics = MailMetrics::default();
    metrics.register(registry);
    let apps: std::collections::HashMap<_, _> = apps.iter().map(|app| (app.object_id, Arc::new(app.clone()))).collect();
    OutboxWorker::new(WorkerParts {
        store: database.store(),
        apps: Arc::new(move |id| apps.get(&id).cloned()),
        links: links.clone(),
        token_keys,
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
        transport: Arc::clone(&mail.transport),
        from: mail.from.clone(),
        wake,
        metrics,
        settings: if database.is_shared() {
            WorkerSettings::shared()
        } else {
            WorkerSettings::alone()
        },
    })
}

fn trigger_worker(
    accounts: &Arc<Accounts>,
    apps: &[App],
    wake: Wake,
    database: &Database,
    function_workers: usize,
) -> TriggerWorker {
    // At least half of the processes stay for calls that somebody waits for, unless there is only one.
    let concurrency = (function_workers / 2).max(1);
    let settings = if database.is_shared() {
        TriggerWorkerSettings::shared(concurrency)
    } else {
        TriggerWorkerSettings::alone(concurrency)
    };
    TriggerWorker::new(Arc::clone(accounts), apps.iter().cloned(), wake, settings)
}

fn create_private_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .with_context(|| format!("cannot make the data directory {}", dir.display()))
}
