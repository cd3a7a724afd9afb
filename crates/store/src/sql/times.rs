//! From the clock of a node to the clock of the database and back.
//!
//! Nodes that share a database agree on when a lease lapses only if one clock decides. So what they compare with each
//! other (leases, due times, expiry) is stored in times of the database. A SQLite file belongs to one process, whose
//! clock is as good.

use doorward_core::{StoreError, Timestamp};

use super::db::query;
use super::{Connection, Lease, Statements, Transaction, db, rows};

/// How far the clock of the database is ahead of the caller's, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    ahead: i64,
}

impl Times {
    fn new(caller: Timestamp, database: Option<Timestamp>) -> Self {
        let ahead = database.map_or(0, |database| database.as_millis().saturating_sub(caller.as_millis()));
        Self { ahead }
    }

    /// A time of the caller as it is stored.
    pub(super) fn stored(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_add(self.ahead))
    }

    /// A stored time as the caller would tell it.
    pub(super) fn told(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_sub(self.ahead))
    }
}

impl Transaction {
    /// The times of this transaction, for a caller whose clock shows `now`.
    pub(super) fn times(&self, now: Timestamp) -> Times {
        Times::new(now, self.lease().began_at())
    }
}

impl<L: Lease> Statements<L> {
    /// The times of a read, for a caller whose clock shows `now`.
    pub(super) async fn read_times(&mut self, now: Timestamp) -> Result<Times, StoreError> {
        let Some(clock) = self.lease().clock() else {
            return Ok(Times::new(now, None));
        };
        let database = self.run(async |connection| read_clock(connection, clock).await).await?;
        Ok(Times::new(now, Some(database)))
    }
}

async fn read_clock(connection: &mut Connection, clock: &'static str) -> db::Result<Timestamp> {
    let row = query(clock).fetch_one(connection).await?;
    rows::time(&row, "now")
}
