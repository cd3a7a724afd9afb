//! Connections that wait for the next mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Rset;
use tokio::time::{Instant, sleep, timeout};

/// How many wait at most; what a burst opened beyond that is closed after it.
const MOST: usize = 8;
/// How long one waits: shorter than the patience of usual relays.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// How long a relay may take to say that a connection is still alive, or good-bye.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections on which the relay owes no answer.
#[derive(Default)]
pub(super) struct IdleConnections(Mutex<Vec<Parked>>);

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl IdleConnections {
    /// A connection that has just been heard from, if any waits.
    pub(super) async fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut parked = self.lock().pop()?;
        // RSET also forgets a mail that was refused half-way.
        if let Ok(Ok(_)) = timeout(PATIENCE, parked.connection.command(Rset)).await {
            return Some(parked.connection);
        }
        // The others are older: asking them one by one would only spend the time of this attempt.
        self.lock().clear();
        None
    }

    /// Keeps a connection for a while.
    pub(super) fn put(self: &Arc<Self>, connection: AsyncSmtpConnection) {
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

async fn say_goodbye(mut connection: AsyncSmtpConnection) {
    // Whether it is answered does not matter: the connection closes either way.
    let _ = timeout(PATIENCE, connection.quit()).await;
}
