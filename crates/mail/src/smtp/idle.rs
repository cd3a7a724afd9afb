//! Open connections that are kept for the next mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::commands::Rset;
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;

/// The most connections that are kept; those that a burst opened beyond that are closed after it.
const MOST: usize = 8;
/// How long a connection is kept: shorter than the idle timeout of usual relays.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// How long a relay may take to answer `RSET` or `QUIT` on a kept connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Open connections on which no reply is outstanding.
#[derive(Default)]
pub(super) struct IdleConnections(Mutex<Vec<Parked>>);

struct Parked {
    connection: Connection,
    since: Instant,
}

impl IdleConnections {
    /// A kept connection that has just answered, if there is one.
    pub(super) async fn take(&self) -> Option<Connection> {
        let mut parked = self.lock().pop()?;
        // RSET also discards a mail that was refused half-way.
        if let Ok(Ok(_)) = timeout(PATIENCE, parked.connection.smtp.command(Rset)).await {
            return Some(parked.connection);
        }
        // The others are older: trying them one by one would only use up the time of this attempt.
        self.lock().clear();
        None
    }

    /// Keeps a connection for the next mail.
    pub(super) fn put(self: &Arc<Self>, connection: Connection) {
        connection.gate.open();
        let mut parked = self.lock();
        if parked.len() >= MOST {
            drop(parked);
            tokio::spawn(say_goodbye(connection));
            return;
        }
        parked.push(Parked {
            connection,
            since: Instant::now(),
        });
        drop(parked);
        let idle = Arc::downgrade(self);
        tokio::spawn(async move {
            sleep(LONGEST_IDLE).await;
            if let Some(idle) = idle.upgrade() {
                idle.close_the_old().await;
            }
        });
    }

    async fn close_the_old(&self) {
        let old: Vec<Parked> = self
            .lock()
            .extract_if(.., |parked| parked.since.elapsed() >= LONGEST_IDLE)
            .collect();
        for parked in old {
            say_goodbye(parked.connection).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Parked>> {
        // Nothing between lock and unlock can leave the list half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn say_goodbye(mut connection: Connection) {
    // The reply does not matter: the connection closes either way.
    let _ = timeout(PATIENCE, connection.smtp.quit()).await;
}
