//! Connections for reads. They never wait for a writer.
//!
//! A read of a few rows takes some microseconds and runs on its caller's thread: to hand it over would take longer. A
//! local file does not disconnect, so a connection that comes back needs no check before its next use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::connect::Connect;
use super::sql::Lease;
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

    /// Lends a connection, and opens one if none is idle.
    pub(super) async fn get(&self) -> Result<Reader, StoreError> {
        let place = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| Failure::unavailable("all connections are busy"))?
            .map_err(|_| Failure::unavailable("the database is closed"))?;
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect.open().await?,
        };
        Ok(Reader {
            connection: Some(connection),
            sound: true,
            idle: Arc::clone(&self.idle),
            places: Arc::clone(&self.places),
            _place: place,
        })
    }

    /// Closes the idle connections and refuses later calls. Reads that have begun finish.
    pub(super) fn close(&self) {
        self.places.close();
        lock(&self.idle).clear();
    }
}

/// A read-only connection on loan.
pub(super) struct Reader {
    /// Only taken by drop.
    connection: Option<Connection>,
    sound: bool,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
}

impl Lease for Reader {
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let connection = self.connection.as_mut();
        Ok(connection.ok_or_else(|| Failure::unavailable("the connection is gone"))?)
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.sound
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A read that failed or was abandoned takes its connection with it.
        if self.sound && !self.places.is_closed() {
            lock(&self.idle).extend(self.connection.take());
        }
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    // No code between lock and unlock can panic with the list half changed.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use doorward_core::store::AppReads as _;

    use super::super::connect::Purpose;
    use super::super::sql::Statements;
    use super::*;

    async fn idle_after(reads: u32, schema: &str) -> usize {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        Connection::open(&path).unwrap().execute_batch(schema).unwrap();
        let purpose = Purpose::Reading;
        let readers = Readers::new(Connect { path, purpose }, 1);
        let mut lease = Statements::new(readers.get().await.unwrap());
        for _ in 0..reads {
            let _ = lease.ping().await;
        }
        drop(lease);
        lock(&readers.idle).len()
    }

    #[tokio::test]
    async fn a_reader_comes_back_after_any_number_of_reads() {
        for reads in [0, 1, 5] {
            assert_eq!(idle_after(reads, "CREATE TABLE apps (id)").await, 1, "{reads}");
        }
    }

    #[tokio::test]
    async fn a_reader_whose_read_failed_takes_its_connection_with_it() {
        assert_eq!(idle_after(1, "").await, 0);
        assert_eq!(idle_after(2, "").await, 0);
    }
}
