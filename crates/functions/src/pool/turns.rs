//! Whose turn it is: as many calls at once as there may be, first come, first served, and nobody waits beyond the deadline.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::CallError;

/// What one more measurement counts against all before it.
const SHARE: f64 = 0.1;

pub(super) struct Turns {
    concurrency: usize,
    deadline: Duration,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Seconds that a call runs, as far as is known: a moving average.
    usual: Mutex<f64>,
}

impl Turns {
    pub(super) fn new(concurrency: usize, deadline: Duration) -> Self {
        Self {
            concurrency,
            deadline,
            free: Arc::new(Semaphore::new(concurrency)),
            waiting: AtomicUsize::new(0),
            usual: Mutex::new(0.0),
        }
    }

    /// Waits for a turn, or refuses: at once when it would probably take beyond the deadline, and at the deadline.
    pub(super) async fn take(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let _waiter = Waiter::count(&self.waiting);
        if self.expected_wait() > self.deadline && self.free.available_permits() == 0 {
            return Err(self.refusal());
        }
        match timeout(self.deadline, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(CallError::Stopped),
            Err(_) => Err(self.refusal()),
        }
    }

    /// A call has come to its end.
    pub(super) fn measure(&self, took: Duration) {
        let mut usual = self.usual.lock().unwrap_or_else(PoisonError::into_inner);
        *usual += (took.as_secs_f64() - *usual) * SHARE;
    }

    /// Those who wait hear that there are no more turns.
    pub(super) fn close(&self) {
        self.free.close();
    }

    /// How long the last in the queue will wait.
    fn expected_wait(&self) -> Duration {
        let usual = *self.usual.lock().unwrap_or_else(PoisonError::into_inner);
        // Sizes of queues are far below what a float can tell apart.
        let places = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let wait = usual * places(self.waiting.load(Ordering::Relaxed)) / places(self.concurrency.max(1));
        Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX)
    }

    fn refusal(&self) -> CallError {
        // Nobody comes back sooner than after a second; and an estimate should not lock anybody out for long.
        let retry_after = self
            .expected_wait()
            .clamp(Duration::from_secs(1), Duration::from_mins(1));
        CallError::Busy { retry_after }
    }
}

/// Counts the caller as waiting for as long as it lives, also when the caller gives up.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starting is not tried again and again when it fails: the pause doubles with each failure.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    pub(super) fn is_pausing(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self) {
        let pause = Duration::from_millis(100) * 2_u32.pow(self.failures.min(7));
        self.failures += 1;
        self.until = Some(Instant::now() + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_would_wait_too_long_is_refused_at_once() {
        let turns = Turns::new(1, Duration::from_secs(5));
        let held = turns.take().await.unwrap();
        for _ in 0..100 {
            turns.measure(Duration::from_secs(20));
        }
        let before = Instant::now();
        let Err(CallError::Busy { retry_after }) = turns.take().await else {
            panic!("it was not refused");
        };
        assert!(before.elapsed() < Duration::from_secs(2));
        assert!((15..=25).contains(&retry_after.as_secs()), "{retry_after:?}");
        drop(held);
        assert!(
            turns.take().await.is_ok(),
            "a free turn is taken, however slow the calls are"
        );
    }
}
