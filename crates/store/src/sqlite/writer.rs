//! Writers take turns on one connection and share a commit.
//!
//! A group of writers is one SQLite transaction, and each of them but the first a savepoint in it. A writer that commits releases its
//! savepoint, lets the next one in, and is answered after the COMMIT of its group. The first of a group runs that COMMIT: it queues for
//! the connection like everybody else, so whoever is already waiting joins the group before it. One sync of the disk then serves them
//! all.
//!
//! The first needs no savepoint: there is nothing before it that a rollback of the whole transaction could take along. Every statement
//! is a trip to the connection's thread and back, and while the password pool keeps the cores busy each trip costs about as much as ten
//! inserts, so a writer that is alone makes three of them: BEGIN, its statement, COMMIT.
//!
//! Whatever opens, ends or mends a group runs in a task of its own: a caller that goes away cannot leave it half done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_core::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, query};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use super::sql::failure;
use crate::StoreMetrics;
use crate::error::Failure;

/// When a group is full, so that its first member does not wait for ever while others keep coming.
#[derive(Debug, Clone, Copy)]
struct Limits {
    members: usize,
    age: Duration,
}

const LIMITS: Limits = Limits {
    members: 256,
    age: Duration::from_millis(5),
};

/// How long a writer waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The queue for the one connection that writes. The mutex serves in the order of arrival.
pub(super) struct Writer {
    line: Arc<Mutex<Line>>,
    metrics: StoreMetrics,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions, metrics: StoreMetrics) -> Self {
        Self::with_limits(options, metrics, LIMITS)
    }

    fn with_limits(options: SqliteConnectOptions, metrics: StoreMetrics, limits: Limits) -> Self {
        let line = Line {
            options,
            limits,
            metrics: metrics.clone(),
            connection: None,
            group: None,
            groups: 0,
            in_turn: false,
            closed: false,
        };
        Self {
            line: Arc::new(Mutex::new(line)),
            metrics,
        }
    }

    /// Waits for its turn and opens it. Behind a foreign lock on the file everybody waits the same time, not one after the
    /// other.
    pub(super) async fn begin(&self) -> Result<Turn, StoreError> {
        let arrived = Instant::now();
        let mut line = timeout(TURN_TIMEOUT, Arc::clone(&self.line).lock_owned())
            .await
            .map_err(|_| Failure::unavailable("other writers take too long"))?;
        self.metrics.waited(arrived.elapsed());
        let begun = tokio::spawn(async move {
            line.join().await?;
            Ok::<_, Failure>(Turn { line: Some(line) })
        });
        Ok(begun
            .await
            .map_err(|_| Failure::unavailable("the server is shutting down"))??)
    }

    /// Commits the open group, if there is one, and closes the connection for good.
    pub(super) async fn close(&self) {
        let mut line = Arc::clone(&self.line).lock_owned().await;
        let closing = tokio::spawn(async move {
            line.closed = true;
            line.commit().await;
            line.disconnect().await;
        });
        // It fails only if the runtime is being torn down, and then there is nothing left to wait for.
        let _ = closing.await;
    }
}

/// A writer's turn. Dropped without a commit it is rolled back, and the next one waits until that is done.
pub(super) struct Turn {
    /// Only taken by commit and by drop.
    line: Option<OwnedMutexGuard<Line>>,
}

impl Turn {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let connection = self.line.as_mut().and_then(|line| line.connection.as_mut());
        Ok(connection.ok_or_else(not_connected)?)
    }

    /// Ends the turn and waits for the shared COMMIT. Once it has been polled it happens, whether or not anybody waits for it.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let Some(mut line) = self.line.take() else {
            return Err(not_connected().into());
        };
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let Some(group) = line.release(answer).await else {
                return;
            };
            let queue = Arc::clone(OwnedMutexGuard::mutex(&line));
            drop(line);
            let mut line = queue.lock_owned().await;
            if line.group.as_ref().is_some_and(|open| open.number == group) {
                line.commit().await;
            }
        });
        Ok(answered
            .await
            .map_err(|_| Failure::unavailable("the server is shutting down"))??)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Without a runtime nothing can be awaited; the line stays marked as `in_turn`, and that ends the group.
        if let (Some(mut line), Ok(runtime)) = (self.line.take(), Handle::try_current()) {
            runtime.spawn(async move { line.roll_back().await });
        }
    }
}

type Answer = oneshot::Sender<Result<(), Failure>>;

/// What the mutex guards: the connection and the group that is open on it.
struct Line {
    options: SqliteConnectOptions,
    limits: Limits,
    metrics: StoreMetrics,
    /// None before the first use and after a failure.
    connection: Option<SqliteConnection>,
    group: Option<Group>,
    /// How many groups there have been.
    groups: u64,
    /// Whether somebody's turn is open. Found set by anybody else, it means that a turn was neither committed nor rolled back,
    /// and then the group must not be committed.
    in_turn: bool,
    closed: bool,
}

/// An open transaction and those who wait for its COMMIT.
struct Group {
    number: u64,
    opened: Instant,
    members: Vec<Answer>,
}

impl Line {
    async fn join(&mut self) -> Result<(), Failure> {
        if self.closed {
            return Err(Failure::unavailable("the database is closed"));
        }
        if self.in_turn {
            self.give_up(&Failure::unavailable("a writer before this one has gone away"))
                .await;
        }
        if self.group.as_ref().is_some_and(|group| group.is_full(self.limits)) {
            self.commit().await;
        }
        let joined = match self.group {
            Some(_) => self.execute("SAVEPOINT turn").await,
            None => self.open_group().await,
        };
        if let Err(failure) = &joined {
            self.give_up(failure).await;
        }
        self.in_turn = joined.is_ok();
        joined
    }

    async fn open_group(&mut self) -> Result<(), Failure> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await.map_err(|error| failure(&error))?);
        }
        self.execute("BEGIN IMMEDIATE").await?;
        self.groups += 1;
        self.group = Some(Group {
            number: self.groups,
            opened: Instant::now(),
            members: Vec::new(),
        });
        Ok(())
    }

    /// Makes the turn's changes part of the group. Says which group it is, if this is its first member, who has to see to its COMMIT.
    async fn release(&mut self, answer: Answer) -> Option<u64> {
        let released = if self.is_first_turn() {
            Ok(())
        } else {
            self.execute("RELEASE turn").await
        };
        self.in_turn = false;
        match (released, &mut self.group) {
            (Ok(()), Some(group)) => {
                group.members.push(answer);
                (group.members.len() == 1).then_some(group.number)
            }
            (released, _) => {
                let failure = released.err().unwrap_or_else(not_connected);
                self.give_up(&failure).await;
                send(answer, Err(failure));
                None
            }
        }
    }

    /// Takes back the turn's changes and leaves those of the group. A failure means that SQLite has rolled back everything by itself.
    async fn roll_back(&mut self) {
        let rolled_back = if self.is_first_turn() {
            // Nobody would see to the COMMIT of an empty group.
            self.group = None;
            self.execute("ROLLBACK").await
        } else {
            match self.execute("ROLLBACK TO turn").await {
                Ok(()) => self.execute("RELEASE turn").await,
                Err(failure) => Err(failure),
            }
        };
        self.in_turn = false;
        if let Err(failure) = rolled_back {
            self.give_up(&failure).await;
        }
    }

    /// Whether the turn is the whole group so far, and so has no savepoint.
    fn is_first_turn(&self) -> bool {
        self.group.as_ref().is_none_or(|group| group.members.is_empty())
    }

    async fn commit(&mut self) {
        if self.in_turn {
            self.give_up(&Failure::unavailable("a writer of the same commit has gone away"))
                .await;
        }
        let Some(group) = self.group.take() else { return };
        let committed = self.execute("COMMIT").await;
        match &committed {
            Ok(()) => self
                .metrics
                .committed(u32::try_from(group.members.len()).unwrap_or(u32::MAX)),
            Err(_) => self.disconnect().await,
        }
        group.answer(&committed);
    }

    /// Fails the whole group. To close the connection is the one way to roll back that does not depend on what state it is in.
    async fn give_up(&mut self, failure: &Failure) {
        self.in_turn = false;
        self.disconnect().await;
        if let Some(group) = self.group.take() {
            tracing::error!(%failure, members = group.members.len(), "a shared transaction was rolled back");
            group.answer(&Err(failure.clone()));
        }
    }

    async fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Whether or not it closes in good order, SQLite rolls back what was open.
            if let Err(error) = connection.close().await {
                tracing::warn!(error = %failure(&error), "the writing connection did not close in good order");
            }
        }
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or_else(not_connected)?;
        query(sql).execute(connection).await.map_err(|error| failure(&error))?;
        Ok(())
    }
}

impl Group {
    fn is_full(&self, limits: Limits) -> bool {
        self.members.len() >= limits.members || self.opened.elapsed() >= limits.age
    }

    fn answer(self, outcome: &Result<(), Failure>) {
        for member in self.members {
            send(member, outcome.clone());
        }
    }
}

/// A member may have stopped waiting; what it asked for has happened or failed all the same.
fn send(member: Answer, outcome: Result<(), Failure>) {
    let _ = member.send(outcome);
}

fn not_connected() -> Failure {
    Failure::unavailable("the connection was lost")
}

#[cfg(test)]
mod tests;
