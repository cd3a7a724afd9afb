//! The connections to PostgreSQL: each leads to a server that takes writes, or is not lent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use doorward_core::{Backoff, StoreError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, raw_sql};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::errors::{failure, failure_to_connect, read_only};
use super::{PostgresOptions, PostgresUrl};
use crate::error::{Failure, Kind};

/// The server cancels a statement that takes longer, or waits longer for a lock, and rolls back a transaction whose
/// client has vanished. Shorter than [`ANSWER_TIMEOUT`](super::ANSWER_TIMEOUT), so that the server's own answer comes
/// first. Reads outside a transaction, too, are written for this isolation level, whatever the database's default is.
const SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET default_transaction_isolation = 'read committed'";
/// A connection that was idle for longer is tested before it is used; on a busier one a statement would have failed.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How long that test may take; a new connection is cheaper than a longer wait.
const TEST_TIMEOUT: Duration = Duration::from_millis(500);
/// The age at which a connection is replaced, so that a proxy can spread connections anew.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
/// The pauses between attempts to connect, as long as the caller can wait.
const RETRY: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));

/// A pool of connections. Clones share it.
#[derive(Clone)]
pub(super) struct Pool {
    connections: managed::Pool<Connector>,
    limit: Duration,
    lent: TaskTracker,
}

impl Pool {
    /// An empty pool: a connection is opened when one is needed.
    pub(super) fn new(connector: Connector, options: &PostgresOptions) -> Result<Self, Failure> {
        let connections = managed::Pool::builder(connector)
            .max_size(usize::try_from(options.max_connections).unwrap_or(usize::MAX))
            // Few connections that are busy, rather than many that are idle and must be tested.
            .queue_mode(QueueMode::Lifo)
            .build();
        Ok(Self {
            connections: connections.map_err(|error| Failure::unexpected(error.to_string()))?,
            limit: options.acquire_timeout,
            lent: TaskTracker::new(),
        })
    }

    /// Lends a connection to a server that takes writes. While there is none, it tries again until the time limit is
    /// over: a caller does not notice a fail-over that is shorter.
    pub(super) async fn get(&self) -> Result<Lent, StoreError> {
        let mut last = None;
        let connected = timeout(self.limit, async {
            let mut failures = 0;
            loop {
                match self.connections.get().await {
                    Ok(connection) => return Ok(connection),
                    Err(PoolError::Backend(error)) if error.kind == Kind::Unavailable => last = Some(error),
                    Err(PoolError::Backend(error)) => return Err(error),
                    Err(error) => return Err(Failure::unavailable(error.to_string())),
                }
                sleep(RETRY.pause(failures)).await;
                failures += 1;
            }
        });
        let connected = connected.await.unwrap_or_else(|_| {
            Err(last.unwrap_or_else(|| Failure::unavailable("no connection to the database became free in time")))
        });
        Ok(Lent {
            connection: connected?,
            _token: self.lent.token(),
        })
    }

    /// Waits for the connections that are lent, and closes all of them. It lends no more.
    pub(super) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        for link in idle {
            // The server notices a connection that cannot say good-bye, too.
            _ = timeout(TEST_TIMEOUT, link.connection.close()).await;
        }
        self.lent.close();
        self.lent.wait().await;
    }
}

/// A connection on loan. It goes back to the pool when it is dropped.
pub(super) struct Lent {
    connection: Object<Connector>,
    _token: TaskTrackerToken,
}

impl Lent {
    /// The connection.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection.connection
    }

    /// Closes the connection.
    pub(super) fn discard(self) {
        drop(Object::take(self.connection));
    }

    /// Closes the connection because it turned out to be lost. Every other one that was opened before is closed, too,
    /// before it is lent again: a server that restarted or was replaced has broken them all.
    pub(super) fn discard_as_lost(self) {
        if let Some(connector) = Object::pool(&self.connection) {
            connector.manager().doubt();
        }
        self.discard();
    }
}

/// An open connection.
pub(super) struct Link {
    connection: PgConnection,
    opened: Instant,
}

/// Opens connections to whichever server takes writes.
pub(super) struct Connector {
    hosts: Vec<PgConnectOptions>,
    /// The host that took writes last: the first one to try.
    writable: AtomicUsize,
    /// How long one host may take, so that one that does not answer leaves time for the others.
    limit: Duration,
    doubted: Mutex<Option<Instant>>,
}

impl Connector {
    pub(super) fn new(url: &PostgresUrl, options: &PostgresOptions) -> Self {
        let hosts = url.hosts().to_vec();
        let shares = u32::try_from(hosts.len()).unwrap_or(u32::MAX).max(1);
        Self {
            hosts,
            writable: AtomicUsize::new(0),
            limit: options.acquire_timeout / shares,
            doubted: Mutex::new(None),
        }
    }

    /// Opens a connection to the first host that takes writes.
    pub(super) async fn connect(&self) -> Result<PgConnection, Failure> {
        let first = self.writable.load(Ordering::Relaxed);
        let mut failed = Failure::unavailable("there is no database host");
        for host in (0..self.hosts.len()).map(|turn| (first + turn) % self.hosts.len()) {
            // Boxed: every request waits for a connection, and few for a new one, whose future is large.
            let connected = timeout(self.limit, Box::pin(open(&self.hosts[host]))).await;
            let connected =
                connected.unwrap_or_else(|_| Err(Failure::unavailable("the database did not answer in time")));
            match connected {
                Ok(connection) => {
                    self.writable.store(host, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn doubt(&self) {
        // No code between lock and unlock can panic.
        *self.doubted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_doubted(&self, link: &Link) -> bool {
        let doubted = *self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        doubted.is_some_and(|doubted| link.opened <= doubted)
    }
}

impl managed::Manager for Connector {
    type Type = Link;
    type Error = Failure;

    async fn create(&self) -> Result<Link, Failure> {
        // Taken before the server is asked, so that a doubt that arises meanwhile counts.
        let opened = Instant::now();
        let mut connection = self.connect().await?;
        let set = timeout(self.limit, connection.execute(SETTINGS)).await;
        let set = set.map_err(|_| Failure::unavailable("the database did not answer in time"))?;
        set.map_err(|error| failure_to_connect(&error))?;
        Ok(Link { connection, opened })
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<Failure> {
        if self.is_doubted(link) || link.opened.elapsed() > LONGEST_LIFE {
            return Err(RecycleError::message("the connection is replaced"));
        }
        if metrics.last_used() > TRUSTED_IDLE {
            let tested = timeout(TEST_TIMEOUT, check_writable(&mut link.connection)).await;
            if !matches!(tested, Ok(Ok(()))) {
                self.doubt();
                return Err(RecycleError::message("the connection was lost while it was idle"));
            }
        }
        Ok(())
    }
}

async fn open(host: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connecting = PgConnection::connect_with(host).await;
    let mut connection = connecting.map_err(|error| failure_to_connect(&error))?;
    check_writable(&mut connection).await.map_err(|error| failure(&error))?;
    Ok(connection)
}

/// Fails on a standby, and on a server that was made read-only.
pub(super) async fn check_writable(connection: &mut PgConnection) -> sqlx::Result<()> {
    // Not prepared: a proxy that mixes up prepared statements is reported where it matters.
    let asked = raw_sql("SELECT current_setting('transaction_read_only')").fetch_one(connection);
    match asked.await?.try_get::<String, _>(0)?.as_str() {
        "off" => Ok(()),
        _ => Err(read_only()),
    }
}
