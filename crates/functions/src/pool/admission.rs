//! Admission: so many calls run at once, others wait in the order of their arrival, and none waits beyond the deadline.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::Pace;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::CallError;

/// Bounds of the time after which a refused caller may try again. An estimate should not send a caller away for long.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

pub(super) struct Admission {
    concurrency: usize,
    deadline: Duration,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// How long a call runs.
    run_time: Mutex<Pace>,
}

impl Admission {
    pub(super) fn new(concurrency: usize, deadline: Duration) -> Self {
        Self {
            concurrency,
            deadline,
            permits: Arc::new(Semaphore::new(concurrency)),
            waiting: AtomicUsize::new(0),
            run_time: Mutex::new(Pace::guess(1, Duration::ZERO)),
        }
    }

    /// Waits for a permit to run. It refuses at once if the wait would probably go beyond the deadline, and otherwise
    /// at the deadline.
    pub(super) async fn admit(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let _waiting = Waiting::new(&self.waiting);
        if self.expected_wait() > self.deadline && self.permits.available_permits() == 0 {
            return Err(self.refusal());
        }
        match timeout(self.deadline, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(CallError::Stopped),
            Err(_) => Err(self.refusal()),
        }
    }

    /// Takes a finished call into account.
    pub(super) fn record(&self, took: Duration) {
        self.run_time().measure(1, took);
    }

    /// Refuses everything from now on, also the calls that wait.
    pub(super) fn close(&self) {
        self.permits.close();
    }

    /// How long the last call in the queue will wait.
    fn expected_wait(&self) -> Duration {
        let waiting = self.waiting.load(Ordering::Relaxed);
        self.run_time().time(waiting as u64, self.concurrency)
    }

    fn run_time(&self) -> MutexGuard<'_, Pace> {
        // No code that could panic half-way through a change runs under the lock.
        self.run_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusal(&self) -> CallError {
        let (least, most) = RETRY_AFTER;
        CallError::Busy {
            retry_after: self.expected_wait().clamp(least, most),
        }
    }
}

/// Counts its caller as waiting until it is dropped, also when the caller gives up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_call_that_would_wait_too_long_is_refused_at_once() {
        let admission = Admission::new(1, Duration::from_secs(5));
        let held = admission.admit().await.unwrap();
        for _ in 0..100 {
            admission.record(Duration::from_secs(20));
        }
        let before = Instant::now();
        let Err(CallError::Busy { retry_after }) = admission.admit().await else {
            panic!("it was not refused");
        };
        assert!(before.elapsed() < Duration::from_secs(2));
        assert!((15..=25).contains(&retry_after.as_secs()), "{retry_after:?}");
        drop(held);
        assert!(
            admission.admit().await.is_ok(),
            "a free permit is taken, however slow the calls are"
        );
    }
}
