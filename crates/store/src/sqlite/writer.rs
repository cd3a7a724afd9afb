//! Writers take turns on one connection and share a commit.
//!
//! A group of writers is one SQLite transaction, and each writer but the first is a savepoint in it. A writer that
//! commits releases its savepoint, lets the next one in, and gets its answer after the COMMIT of its group. The first
//! writer of a group runs that COMMIT: it queues for the connection like every other writer, so all that are already
//! waiting join the group before it. One sync of the disk then serves them all.
//!
//! The first needs no savepoint: there is nothing before it that a rollback of the whole transaction could take along.
//!
//! Statements run on their caller's thread, without a wait between them, so that no caller can be cancelled and leave
//! one half done. What waits for the disk, for another process or for a connection runs in a task of its own, on a
//! thread that may block.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_core::{Causes, StoreError, Timestamp};
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use super::connect::{Connect, PATIENCE};
use super::sql::Lease;
use super::{db, failure, on_a_waiting_thread};
use crate::StoreMetrics;
use crate::error::Failure;

/// When a group is full. Without a limit, its first member would wait for as long as others keep coming.
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
    pub(super) fn new(connect: Connect, metrics: StoreMetrics) -> Self {
        Self::with_limits(connect, metrics, LIMITS)
    }

    fn with_limits(connect: Connect, metrics: StoreMetrics, limits: Limits) -> Self {
        let line = Line {
            connect,
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

    /// Waits for a turn and opens it. When another process has locked the file, all callers wait for the same time, not
    /// one after the other.
    pub(super) async fn begin(&self) -> Result<Turn, StoreError> {
        let arrived = Instant::now();
        let mut line = timeout(TURN_TIMEOUT, Arc::clone(&self.line).lock_owned())
            .await
            .map_err(|_| Failure::unavailable("other writers take too long"))?;
        self.metrics.waited(arrived.elapsed());
        if line.join_at_once() {
            return Ok(Turn::new(line));
        }
        let begun = tokio::spawn(async move {
            line.join().await?;
            Ok::<_, Failure>(Turn::new(line))
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
            let connection = line.connection.take();
            // The last connection to close folds the log into the file.
            on_a_waiting_thread(move || drop(connection)).await
        });
        // It fails only if the runtime is being torn down, and then no task is left to wait for.
        let _ = closing.await;
    }
}

/// A writer's turn. Dropped without a commit it is rolled back, and the next one waits until that is done.
pub(super) struct Turn {
    /// Only taken by commit and by drop.
    line: Option<OwnedMutexGuard<Line>>,
    sound: bool,
}

impl Lease for Turn {
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        let connection = self.line.as_mut().and_then(|line| line.connection.as_mut());
        Ok(connection.ok_or_else(not_connected)?)
    }

    fn sound(&mut self) -> &mut bool {
        &mut self.sound
    }
}

impl Turn {
    fn new(line: OwnedMutexGuard<Line>) -> Self {
        Self {
            line: Some(line),
            sound: true,
        }
    }

    /// Nothing: a SQLite file has no clock of its own, and the caller's decides.
    #[expect(
        clippy::unused_self,
        reason = "the SQL is written once, and PostgreSQL knows the time of a transaction"
    )]
    pub(super) fn began_at(&self) -> Option<Timestamp> {
        None
    }

    /// Ends the turn and waits for the shared COMMIT. Once polled, the COMMIT happens even if the caller is cancelled.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let Some(mut line) = self.line.take() else {
            return Err(not_connected().into());
        };
        let (answer, answered) = oneshot::channel();
        let first_of = line.release(answer);
        let queue = Arc::clone(OwnedMutexGuard::mutex(&line));
        drop(line);
        if let Some(group) = first_of {
            tokio::spawn(async move {
                let mut line = queue.lock_owned().await;
                if line.group.as_ref().is_some_and(|open| open.number == group) {
                    line.commit().await;
                }
            });
        }
        Ok(answered
            .await
            .map_err(|_| Failure::unavailable("the server is shutting down"))??)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut line) = self.line.take() {
            line.roll_back();
        }
    }
}

type Answer = oneshot::Sender<Result<(), Failure>>;

/// What the mutex guards: the connection and the group that is open on it.
struct Line {
    connect: Connect,
    limits: Limits,
    metrics: StoreMetrics,
    /// `None` before the first use and after a failure.
    connection: Option<Connection>,
    group: Option<Group>,
    /// How many groups there have been.
    groups: u64,
    /// Whether a turn is open. A later turn that finds it set knows that the turn before was neither committed nor
    /// rolled back, and then the group must not be committed.
    in_turn: bool,
    closed: bool,
}

/// An open transaction, and the writers that wait for its COMMIT.
struct Group {
    number: u64,
    opened: Instant,
    members: Vec<Answer>,
}

impl Line {
    /// Joins the open group or opens one, if that can be done without waiting.
    fn join_at_once(&mut self) -> bool {
        let usual = !self.closed && !self.in_turn && self.connection.is_some();
        let full = self.group.as_ref().is_some_and(|group| group.is_full(self.limits));
        if !usual || full {
            return false;
        }
        if self.group.is_none() {
            let begun = self.execute("BEGIN IMMEDIATE").is_ok();
            if begun {
                self.open_group();
            }
            self.in_turn = begun;
            return begun;
        }
        self.in_turn = match self.execute("SAVEPOINT turn") {
            Ok(()) => true,
            Err(failure) => {
                self.give_up(&failure);
                false
            }
        };
        self.in_turn
    }

    /// Joins the open group or opens one, and waits for the file if another process has locked it.
    async fn join(&mut self) -> Result<(), Failure> {
        if self.closed {
            return Err(Failure::unavailable("the database is closed"));
        }
        if self.in_turn {
            self.give_up(&Failure::unavailable("a writer before this one has gone away"));
        }
        if self.group.as_ref().is_some_and(|group| group.is_full(self.limits)) {
            self.commit().await;
        }
        let joined = match self.group {
            Some(_) => self.execute("SAVEPOINT turn"),
            None => self.begin_patiently().await,
        };
        if let Err(failure) = &joined {
            self.give_up(failure);
        }
        self.in_turn = joined.is_ok();
        joined
    }

    /// Opens a group. Another process may have locked the file, so this waits on a thread that may block.
    async fn begin_patiently(&mut self) -> Result<(), Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.open().await?,
        };
        let begin = move || {
            let begun = connection
                .busy_timeout(PATIENCE)
                .map_err(db::Error::from)
                .and_then(|()| db::query("BEGIN IMMEDIATE").execute_now(&connection))
                .and_then(|_| Ok(connection.busy_timeout(Duration::ZERO)?));
            begun.map(|()| connection).map_err(|error| failure(&error))
        };
        self.connection = Some(on_a_waiting_thread(begin).await??);
        self.open_group();
        Ok(())
    }

    fn open_group(&mut self) {
        self.groups += 1;
        self.group = Some(Group {
            number: self.groups,
            opened: Instant::now(),
            members: Vec::new(),
        });
    }

    /// Makes the turn's changes part of the group. If this is the group's first member, which has to run its COMMIT,
    /// the answer is the group's number.
    fn release(&mut self, answer: Answer) -> Option<u64> {
        let released = if self.is_first_turn() {
            Ok(())
        } else {
            self.execute("RELEASE turn")
        };
        self.in_turn = false;
        match (released, &mut self.group) {
            (Ok(()), Some(group)) => {
                group.members.push(answer);
                (group.members.len() == 1).then_some(group.number)
            }
            (released, _) => {
                let failure = released.err().unwrap_or_else(not_connected);
                self.give_up(&failure);
                send(answer, Err(failure));
                None
            }
        }
    }

    /// Takes back the turn's changes and leaves those of the group. A failure means that SQLite has rolled back the
    /// whole transaction by itself.
    fn roll_back(&mut self) {
        let rolled_back = if self.is_first_turn() {
            // An empty group has no member to run its COMMIT.
            self.group = None;
            self.execute("ROLLBACK")
        } else {
            self.execute("ROLLBACK TO turn")
                .and_then(|()| self.execute("RELEASE turn"))
        };
        self.in_turn = false;
        if let Err(failure) = rolled_back {
            self.give_up(&failure);
        }
    }

    /// Whether the turn is the whole group so far, and so has no savepoint.
    fn is_first_turn(&self) -> bool {
        self.group.as_ref().is_none_or(|group| group.members.is_empty())
    }

    async fn commit(&mut self) {
        if self.in_turn {
            self.give_up(&Failure::unavailable("a writer of the same commit has gone away"));
        }
        let Some(group) = self.group.take() else { return };
        let Some(connection) = self.connection.take() else {
            return group.answer(&Err(not_connected()));
        };
        let commit = move || {
            let committed = db::query("COMMIT").execute_now(&connection);
            committed.map(|_| connection).map_err(|error| failure(&error))
        };
        // After a failure the connection is closed, whatever state it is in.
        let committed = on_a_waiting_thread(commit).await.flatten();
        match committed {
            Ok(connection) => {
                self.connection = Some(connection);
                self.metrics
                    .committed(u32::try_from(group.members.len()).unwrap_or(u32::MAX));
                group.answer(&Ok(()));
            }
            Err(failure) => group.answer(&Err(failure)),
        }
    }

    /// Fails the whole group. To close the connection is the one way to roll back that does not depend on its state.
    fn give_up(&mut self, failure: &Failure) {
        self.in_turn = false;
        self.connection = None;
        if let Some(group) = self.group.take() {
            tracing::error!(error = %Causes(failure), members = group.members.len(), "a shared transaction was rolled back");
            group.answer(&Err(failure.clone()));
        }
    }

    fn execute(&mut self, sql: &'static str) -> Result<(), Failure> {
        let connection = self.connection.as_ref().ok_or_else(not_connected)?;
        db::query(sql)
            .execute_now(connection)
            .map_err(|error| failure(&error))?;
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

/// A member may have stopped waiting; its COMMIT has happened or failed all the same.
fn send(member: Answer, outcome: Result<(), Failure>) {
    let _ = member.send(outcome);
}

fn not_connected() -> Failure {
    Failure::unavailable("the connection was lost")
}

#[cfg(test)]
mod tests;
