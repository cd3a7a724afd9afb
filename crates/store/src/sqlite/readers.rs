//! Connections for reads. They never wait for a writer.
//!
//! A read of a few rows takes some millionths of a second and runs on the thread of its caller: to hand it over would take longer. A
//! local file does not go away, so a connection that comes back simply waits for the next read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::connect::Connect;
use super::db;
use super::sql::store_error;
use crate::error::Failure;

/// How long a read may wait for a free connection before the answer is that the database is busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A bounded number of read-only connections.
pub(super) struct Readers {
    connect: Connect,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(connect: Connect, places: u32) -> Self {
        let places = Arc::new(Semaphore::new(places.max(1) as usize));
        Self {
            connect,
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
            None => self.connect.open().await?,
        };
        Ok(Reader {
            connection: Some(connection),
            settled: false,
            idle: Arc::clone(&self.idle),
            places: Arc::clone(&self.places),
            _place: place,
        })
    }

    /// Closes what is idle. Whoever reads now finishes; nobody begins.
    pub(super) fn close(&self) {
        self.places.close();
        lock(&self.idle).clear();
    }
}

/// A read-only connection for one read.
pub(super) struct Reader {
    /// Only taken by drop.
    connection: Option<Connection>,
    settled: bool,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    pub(super) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        Ok(self
            .connection
            .as_mut()
            .ok_or_else(|| Failure::unavailable("the connection is gone"))?)
    }

    /// Takes note that the read has ended, well or not, so that the connection can serve the next one.
    pub(super) fn settle<T>(&mut self, answer: db::Result<T>) -> Result<T, StoreError> {
        self.settled = answer.is_ok();
        answer.map_err(|error| store_error(&error))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A read that failed or was given up half-way takes its connection with it.
        if self.settled && !self.places.is_closed() {
            lock(&self.idle).extend(self.connection.take());
        }
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    // Nothing between lock and unlock can leave the list half changed.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
