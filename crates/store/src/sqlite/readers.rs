//! Connections for reads. They never wait for a writer.
//!
//! A pool of sqlx asks a connection whether it still lives when it comes back, which is a trip to the connection's thread and as dear as
//! the read itself. A local file does not go away, so here a connection simply waits for the next read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::sql::store_error;
use crate::error::Failure;

/// How long a read may wait for a free connection before the answer is that the database is busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A bounded number of read-only connections.
pub(super) struct Readers {
    options: SqliteConnectOptions,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
}

impl Readers {
    pub(super) fn new(options: SqliteConnectOptions, places: u32) -> Self {
        let places = Arc::new(Semaphore::new(places.max(1) as usize));
        Self {
            options,
            places,
            idle: Arc::default(),
        }
    }

    /// A connection for one read.
    pub(super) async fn get(&self) -> Result<Reader, StoreError> {
        let place = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| Failure::unavailable("all connections are busy"))?
            .map_err(|_| Failure::unavailable("the database is closed"))?;
        let waiting = lock(&self.idle).pop();
        let connection = match waiting {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| store_error(&error))?,
        };
        Ok(Reader {
            connection: Some(connection),
            settled: false,
            idle: Arc::clone(&self.idle),
            _place: place,
        })
    }

    /// Closes what is idle. Whoever reads now finishes; nobody begins.
    pub(super) async fn close(&self) {
        self.places.close();
        let idle = std::mem::take(&mut *lock(&self.idle));
        for connection in idle {
            // The file is only read through it: nothing is lost when closing fails.
            let _ = connection.close().await;
        }
    }
}

/// A read-only connection for one read.
pub(super) struct Reader {
    /// Only taken by drop.
    connection: Option<SqliteConnection>,
    settled: bool,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        Ok(self
            .connection
            .as_mut()
            .ok_or_else(|| Failure::unavailable("the connection is gone"))?)
    }

    /// Takes note that the read has ended, well or not, so that the connection can serve the next one.
    pub(super) fn settle<T>(&mut self, answer: sqlx::Result<T>) -> Result<T, StoreError> {
        self.settled = answer.is_ok();
        answer.map_err(|error| store_error(&error))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A read that failed or was given up half-way takes its connection with it.
        if self.settled {
            lock(&self.idle).extend(self.connection.take());
        }
    }
}

fn lock(idle: &Mutex<Vec<SqliteConnection>>) -> MutexGuard<'_, Vec<SqliteConnection>> {
    // Nothing between lock and unlock can leave the list half changed.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
