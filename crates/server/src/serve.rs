//! `doorward serve`: puts all parts of the server together, in the order in which they start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use doorward_core::{
    Accounts, Apps, Causes, Clock, Entropy, LimitSweeper, Links, OsEntropy, Parts, PasswordPool, PoolConfig,
    SystemClock, TokenKeys, TriggerWorker, TriggerWorkerSettings, Wake,
};
use doorward_functions::{FunctionHost, HostedFunctions, Workers, WorkersConfig};
use doorward_http::{Api, ApiParts, HttpLimits};
use doorward_mail::{MailMetrics, OutboxWorker, WorkerParts, WorkerSettings};
use doorward_pages::PageParts;
use doorward_tokens::{KeyDirectory, Keyrings};
use doorward_web::{
    ConnectionLimits, ConnectionMetrics, HttpMetrics, Readiness, Surface, TrustedProxies, listener, surface,
    tidy_requests,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::control::{ControlSocket, ControlState};
use crate::database::Database;
use crate::functions::{AppRunner, HostParts};
use crate::loopback::is_loopback_url;
use crate::{app_links, apps, control, files, functions, logging, memory, metrics, open_files, startup};

mod mail;
mod retention;
mod stop;

use mail::MailOut;

/// Runs the server until it gets SIGTERM or SIGINT.
pub(crate) fn serve(config: Config) -> Result<()> {
    let _logging = logging::start(config.logging.log_format, Some(&config.logging.log))?;
    open_files::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(config))
}

async fn run(config: Config) -> Result<()> {
    let stop = stop::on_signal()?;
    // SIGTERM also ends a start that waits for a database or for another server's migration.
    match stop.run_until_cancelled(start(config)).await {
        Some(server) => server?.run(stop).await,
        None => Ok(()),
    }
}

/// A server that is ready to run: every mistake in its configuration has been reported by now.
struct Server {
    http: TcpSocket,
    connections: (ConnectionLimits, ConnectionMetrics),
    metrics: Option<(TcpSocket, Router)>,
    router: Router,
    readiness: Readiness,
    accounts: Accounts,
    functions: FunctionHost,
    hosted: Vec<Arc<HostedFunctions>>,
    worker: Option<OutboxWorker>,
    triggers: TriggerWorker,
    database: Database,
    control: Option<ControlSocket>,
    data_dir: PathBuf,
    clock: Arc<dyn Clock>,
    greeting: String,
}

/// What the parts of the server share.
struct Shared {
    apps: Apps,
    links: Arc<Links>,
    token_keys: Arc<TokenKeys>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    outbox: Wake,
}

#[expect(
    clippy::too_many_lines,
    reason = "wiring: each part is named once, in the order in which it starts"
)]
async fn start(config: Config) -> Result<Server> {
    // All input is checked before anything is created.
    let loaded = apps::load(&config.apps, &config.secrets)?;
    let app_links = config.app_links.as_deref().map(app_links::read).transpose()?;
    let http = reserve(config.network.listen)?;
    let metrics_socket = config.network.metrics_listen.map(reserve).transpose()?;
    let bound = http.local_addr()?;
    let links = Arc::new(public_links(config.network.public_url.as_deref(), bound)?);
    let mail = MailOut::choose(config.smtp.as_ref(), bound, &links)?;
    if mail.is_none() && loaded.iter().any(apps::sends_mail) {
        bail!(
            "--smtp is needed: accounts send mail, and the development mailbox is only for servers that nobody else can reach"
        );
    }

    let settings = config.settings();
    let limits = functions::limits(settings.function_timeout, config.functions.function_workers);
    let sandbox = config.functions.call.sandbox.resolve();
    let workers = Workers::start(WorkersConfig {
        command: functions::worker_command()?,
        limits: limits.clone(),
        sandbox,
    })?;
    if loaded.iter().any(apps::has_scripts) {
        functions::require_sandbox(&workers, sandbox).await?;
    }

    let mut registry = Registry::with_prefix("doorward");
    files::create_private_dir(&config.data_dir)
        .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
    let database = Database::open(&config.database, &mut registry).await?;
    let store = database.store();
    let keys = KeyDirectory::in_data_dir(&config.data_dir);
    let shared = Shared {
        apps: Apps::default(),
        links,
        token_keys: Arc::new(keys.mail_keys()?),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        outbox: Wake::default(),
    };

    let (limited, trusts_a_proxy) = (settings.limits.on, !config.network.trusted_proxy.is_empty());
    workers.metrics().register(&mut registry);
    let function_host = FunctionHost::new(workers, limits.wall_time);
    let trigger_concurrency = limits.workers / 2;
    let places = open_files::connection_places(limits.workers);
    let runner = AppRunner::new(HostParts {
        limits,
        http_allow: config.functions.call.function_http_allow,
        secrets: config.secrets,
        clock: Arc::clone(&shared.clock),
        entropy: Arc::clone(&shared.entropy),
        mail: mail.is_some(),
    });
    let keyrings = Keyrings::default();
    let mut hosted = Vec::new();
    for loaded in &loaded {
        let object_id = apps::adopt(loaded, &*store, &*shared.clock, &*shared.entropy).await?;
        let functions = runner.host(&function_host, loaded, object_id)?;
        let app = apps::app(loaded, object_id, Arc::clone(&functions) as _)?;
        let algorithm = config.tokens.access_token_algorithm.into();
        keyrings.put(object_id, keys.app_keys(&app.id, algorithm)?);
        shared.apps.put(app);
        hosted.push(functions);
    }

    let passwords = start_passwords(config.passwords.password_threads)?;
    passwords.metrics().register(&mut registry);
    let engine = passwords.engine();
    let accounts = Accounts::new(
        Parts {
            apps: shared.apps.clone(),
            store: Arc::clone(&store),
            passwords,
            token_keys: Arc::clone(&shared.token_keys),
            clock: Arc::clone(&shared.clock),
            entropy: Arc::clone(&shared.entropy),
            outbox: shared.outbox.clone(),
            triggers: Wake::default(),
        },
        settings,
    );
    accounts.limit_metrics().register(&mut registry);
    let triggers = trigger_worker(&accounts, &database, trigger_concurrency);
    let readiness = Readiness::new(Arc::clone(&store));
    let http_metrics = HttpMetrics::default();
    http_metrics.register(&mut registry);
    let trusted_proxies = TrustedProxies::new(config.network.trusted_proxy);
    let connection_limits = ConnectionLimits::new(places, trusted_proxies.clone());
    let connection_metrics = ConnectionMetrics::default();
    connection_metrics.register(&mut registry);
    let pages = pages(&accounts, &shared.links, mail.as_ref())
        .merge(doorward_pages::app_links(app_links.into_iter().flatten()));
    let api = Api::new(ApiParts {
        accounts: accounts.clone(),
        keys: keyrings,
        links: Arc::clone(&shared.links),
        limits: HttpLimits::default(),
        readiness: readiness.clone(),
    });
    let around = Surface {
        clock: Arc::clone(&shared.clock),
        entropy: Arc::clone(&shared.entropy),
        trusted_proxies,
        metrics: http_metrics,
    };

    if limited && !trusts_a_proxy && !is_loopback_url(shared.links.public_url()) {
        tracing::warn!(
            "no proxy is trusted: if one stands in front of this server, name it with --trusted-proxy, because otherwise \
             limits take all clients for one"
        );
    }
    let greeting = startup::greeting(&startup::Report {
        links: &shared.links,
        loaded: &loaded,
        bound,
        mail: match &mail {
            Some(MailOut { mailbox: Some(_), .. }) => startup::Mail::DevelopmentMailbox,
            Some(MailOut { mailbox: None, .. }) => startup::Mail::Relay,
            None => startup::Mail::NotNeeded,
        },
        database: &config.database,
        metrics: metrics_socket.as_ref().map(TcpSocket::local_addr).transpose()?,
        engine,
    });
    let worker = mail.map(|mail| mail_worker(mail, &database, &shared, &mut registry));
    Ok(Server {
        http,
        connections: (connection_limits, connection_metrics),
        metrics: metrics_socket.map(|socket| (socket, metrics::router(registry, store))),
        router: surface(around, doorward_http::router(api, pages)),
        readiness,
        accounts,
        functions: function_host,
        hosted,
        worker,
        triggers,
        database,
        control: control_socket(&config.data_dir),
        data_dir: config.data_dir,
        clock: shared.clock,
        greeting,
    })
}

impl Server {
    async fn run(self, stop: CancellationToken) -> Result<()> {
        // The socket listens only from here on, so every client that connects is served.
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
        if let Some(socket) = self.control {
            let state = ControlState {
                data_dir: self.data_dir,
                database: self.database.clone(),
                clock: Arc::clone(&self.clock),
                backups: Arc::new(Semaphore::new(1)),
            };
            background.spawn(control::serve(socket, state, stop_background.clone()));
        }
        background.spawn(retention::run(
            self.database.store(),
            self.clock,
            stop_background.clone(),
        ));
        background.spawn(retention::sweep_limits(
            LimitSweeper::new(self.accounts.clone()),
            stop_background.clone(),
        ));
        let (limits, connections) = self.connections;
        background.spawn(memory::run(connections.clone(), stop_background.clone()));
        background.close();
        startup::say(&self.greeting);
        // Only now: requests need not wait for a worker that may never be called.
        tokio::spawn(prepare_workers(self.functions.clone(), self.hosted));

        let stopping = stop.clone();
        let readiness = self.readiness;
        tokio::spawn(async move {
            stopping.cancelled().await;
            readiness.stop();
        });
        listener::serve(http, tidy_requests(self.router), limits, connections, stop).await;
        // Flows whose client has hung up are finished too: a function may already have decided about an account.
        self.accounts.finish().await;
        // Deliveries in flight are finished too, because they must not be repeated.
        stop_triggers.cancel();
        triggers.wait().await;
        self.functions.stop(Duration::ZERO).await;
        // Requests are finished, so no more mails are queued. The worker finishes its attempts in flight; all other
        // mails wait in the outbox for the next start.
        stop_background.cancel();
        background.wait().await;
        self.database.close().await;
        Ok(())
    }
}

/// Binds an address without letting any client connect yet.
fn reserve(address: SocketAddr) -> Result<TcpSocket> {
    listener::reserve(address).with_context(|| format!("cannot listen on {address}"))
}

/// The hosted pages, and the page of the development mailbox if mails are kept in this process.
fn pages(accounts: &Accounts, links: &Arc<Links>, mail: Option<&MailOut>) -> Router {
    let pages = doorward_pages::pages(PageParts {
        accounts: accounts.clone(),
        links: Arc::clone(links),
    });
    match mail.and_then(|mail| mail.mailbox.clone()) {
        Some(mailbox) => pages.merge(doorward_pages::development_mailbox(mailbox)),
        None => pages,
    }
}

/// The socket for commands. A server without one serves its clients all the same.
fn control_socket(data_dir: &Path) -> Option<ControlSocket> {
    match ControlSocket::bind(data_dir) {
        Ok(Some(socket)) => {
            if let Err(error) = files::remove_temporary(data_dir) {
                tracing::warn!(error = %Causes(&error), "what a killed process left in the data directory is still there");
            }
            Some(socket)
        }
        Ok(None) => {
            tracing::warn!("another server has the control socket of this data directory: commands reach that one");
            None
        }
        Err(error) => {
            tracing::warn!(error = %Causes(&error), "there is no control socket: commands such as backup cannot reach this server");
            None
        }
    }
}

/// Starts the first workers, and logs which layers of the sandbox this machine lacks, if they may be missing.
async fn prepare_workers(host: FunctionHost, apps: Vec<Arc<HostedFunctions>>) {
    for prepared in host.prepare(&apps).await {
        match prepared {
            Ok(confinement) if confinement.missing().is_empty() => {}
            Ok(confinement) => tracing::warn!(
                resource_limits = confinement.resource_limits,
                landlock = confinement.landlock,
                seccomp = confinement.seccomp,
                "functions are not fully confined on this system"
            ),
            Err(error) => tracing::error!(error = %Causes(&error), "functions have no worker"),
        }
    }
}

fn start_passwords(threads: Option<usize>) -> Result<PasswordPool> {
    let defaults = PoolConfig::default();
    let threads = threads.unwrap_or(defaults.threads);
    PasswordPool::start(PoolConfig { threads, ..defaults }).context("the password pool cannot start")
}

/// The configured public URL, or that of the listening address if only this machine can reach it.
fn public_links(public_url: Option<&str>, bound: SocketAddr) -> Result<Links> {
    match public_url {
        Some(url) => Links::new(url).with_context(|| format!("--public-url {url}")),
        None if bound.ip().is_loopback() => Ok(Links::new(&format!("http://{bound}"))?),
        None => bail!("--public-url is needed to listen on {bound}: the origin under which clients reach this server"),
    }
}

fn mail_worker(mail: MailOut, database: &Database, shared: &Shared, registry: &mut Registry) -> OutboxWorker {
    let metrics = MailMetrics::default();
    metrics.register(registry);
    OutboxWorker::new(WorkerParts {
        store: database.store(),
        apps: shared.apps.clone(),
        links: Links::clone(&shared.links),
        token_keys: Arc::clone(&shared.token_keys),
        clock: Arc::clone(&shared.clock),
        entropy: Arc::clone(&shared.entropy),
        transport: mail.transport,
        from: mail.from,
        wake: shared.outbox.clone(),
        metrics,
        settings: if database.is_shared() {
            WorkerSettings::shared()
        } else {
            WorkerSettings::alone()
        },
    })
}

/// Deliveries take at most half of the workers (at least one), so that the others stay free for calls that clients wait
/// for.
fn trigger_worker(accounts: &Accounts, database: &Database, concurrency: usize) -> TriggerWorker {
    let concurrency = concurrency.max(1);
    let settings = if database.is_shared() {
        TriggerWorkerSettings::shared(concurrency)
    } else {
        TriggerWorkerSettings::alone(concurrency)
    };
    TriggerWorker::new(accounts.clone(), settings)
}
