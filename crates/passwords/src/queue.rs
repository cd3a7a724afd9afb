//! The queue in front of the threads: first in, first out, and no longer than its deadline.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::engine::{Recipe, Tag};
use crate::pace::Pace;
use crate::{Parameters, PoolError, PoolMetrics};

/// Sends a result to the caller that waits for a hash.
pub(crate) type Reply = oneshot::Sender<Result<Tag, PoolError>>;

/// A hash to compute, and the caller that waits for it.
pub(crate) struct Job {
    pub(crate) recipe: Recipe,
    pub(crate) reply: Reply,
    submitted: Instant,
}

pub(crate) struct Queue {
    threads: usize,
    deadline: Duration,
    /// The work of one hash with the current parameters.
    usual_work: u64,
    metrics: PoolMetrics,
    state: Mutex<State>,
    /// Signals a new job, or that the queue has been closed.
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

    /// The longest time that a job waits.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Queues a hash, or refuses it immediately when it would probably wait beyond the deadline.
    pub(crate) fn submit(&self, recipe: Recipe) -> Result<oneshot::Receiver<Result<Tag, PoolError>>, PoolError> {
        let mut state = self.lock();
        if !state.open {
            return Err(PoolError::Stopped);
        }
        if self.expected_wait(&state) > self.deadline {
            // Callers that have hung up take no time. They are removed only here, where it decides about a refusal.
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

    /// Waits for the next job whose caller still waits and counts the calling thread as busy until [`Queue::finish`].
    /// Returns `None` when the queue is closed.
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

    /// Takes a job as [`Queue::take`] does, but does not wait for one: returns `None` when no job is waiting now.
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
            // Sending fails if the caller has hung up just now, which does no harm.
            _ = job.reply.send(Err(PoolError::Busy { retry_after }));
        }
    }

    /// Whether no job is waiting now.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// The calling thread has finished its job; `took` is `None` if the hash failed.
    pub(crate) fn finish(&self, work: u64, took: Option<Duration>) {
        let mut state = self.lock();
        state.busy_threads -= 1;
        if let Some(took) = took {
            state.pace.measure(work, took);
        }
    }

    /// Lets the threads end. No caller waits for the jobs that are dropped here: a waiting caller holds the pool, and
    /// thus keeps the queue open.
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
        // All threads are busy: on average one becomes free after a fraction of a usual hash.
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
