//! The queue in front of the threads: first in, first out, and no longer than its deadline.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::engine::{Recipe, Tag};
use crate::pace::Pace;
use crate::{Parameters, PoolError, PoolMetrics};

/// Who waits for a hash.
pub(crate) type Reply = oneshot::Sender<Result<Tag, PoolError>>;

/// A hash that somebody waits for.
pub(crate) struct Job {
    pub(crate) recipe: Recipe,
    pub(crate) reply: Reply,
    submitted: Instant,
}

pub(crate) struct Queue {
    threads: usize,
    deadline: Duration,
    /// The work of a hash with the current parameters.
    usual_work: u64,
    metrics: PoolMetrics,
    state: Mutex<State>,
    /// There is a job to take, or the queue has been closed.
    changed: Condvar,
}

struct State {
    waiting: VecDeque<Job>,
    busy_threads: usize,
    pace: Pace,
    open: bool,
}

impl Queue {
    pub(crate) fn new(threads: usize, deadline: Duration, usual: Parameters, pace: Pace, metrics: PoolMetrics) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            busy_threads: 0,
            pace,
            open: true,
        };
        Self {
            threads,
            deadline,
            usual_work: usual.work(),
            metrics,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Queues a hash, or refuses at once when it would probably wait beyond the deadline.
    pub(crate) fn submit(&self, recipe: Recipe) -> Result<oneshot::Receiver<Result<Tag, PoolError>>, PoolError> {
        let mut state = self.lock();
        if !state.open {
            return Err(PoolError::Stopped);
        }
        if self.expected_wait(&state) > self.deadline {
            // Those who have hung up take no time. They are only looked for here, where it matters.
            state.waiting.retain(|job| !job.reply.is_closed());
            let wait = self.expected_wait(&state);
            if wait > self.deadline {
                self.metrics.refusals.inc();
                return Err(PoolError::Busy { retry_after: wait });
            }
        }
        let (reply, answer) = oneshot::channel();
        state.waiting.push_back(Job {
            recipe,
            reply,
            submitted: Instant::now(),
        });
        drop(state);
        self.changed.notify_one();
        Ok(answer)
    }

    /// Waits for the next job that is worth doing and makes the calling thread a busy one, until [`Queue::finish`].
    /// `None`: the queue is closed.
    pub(crate) fn take(&self) -> Option<Job> {
        loop {
            if let Some(job) = self.take_waiting() {
                return Some(job);
            }
            let mut state = self.lock();
            while state.waiting.is_empty() {
                if !state.open {
                    return None;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The same, of the jobs that are waiting now.
    pub(crate) fn take_waiting(&self) -> Option<Job> {
        loop {
            let mut state = self.lock();
            let job = state.waiting.pop_front()?;
            if job.reply.is_closed() {
                continue;
            }
            let waited = job.submitted.elapsed();
            if waited <= self.deadline {
                state.busy_threads += 1;
                self.metrics.queue_wait.observe(waited.as_secs_f64());
                return Some(job);
            }
            let retry_after = self.expected_wait(&state);
            drop(state);
            self.metrics.refusals.inc();
            // It fails when the caller has gone away in this moment, which is as well.
            _ = job.reply.send(Err(PoolError::Busy { retry_after }));
        }
    }

    /// Whether no job is waiting now.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// The calling thread has done what it took; `took` is missing when it failed.
    pub(crate) fn finish(&self, work: u64, took: Option<Duration>) {
        let mut state = self.lock();
        state.busy_threads -= 1;
        if let Some(took) = took {
            state.pace.measure(work, took);
        }
    }

    /// Lets the threads end. Nobody waits for what is dropped here: a waiting caller holds the pool, and with it the
    /// queue, open.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = false;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// How long a job submitted now would wait for a thread.
    fn expected_wait(&self, state: &State) -> Duration {
        if state.busy_threads + state.waiting.len() < self.threads {
            return Duration::ZERO;
        }
        // The threads are in the middle of something: one of them is free after a share of a usual hash.
        let waiting_work: u64 = state.waiting.iter().map(Job::work).sum();
        state.pace.time(waiting_work + self.usual_work, self.threads)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that could panic half-way through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    pub(crate) fn work(&self) -> u64 {
        self.recipe.parameters.work()
    }
}

#[cfg(test)]
mod tests;
