//! Conflicts between transactions: a unit of work that the database undid because of another one is run again.

use std::time::Duration;

use tokio::time::sleep;

use crate::{Backoff, Entropy, Failure, FlowError, StoreError};

/// How often a unit of work is run again.
const RETRIES: u32 = 5;

/// The pauses before. A random part of up to a half is cut off, so that two transactions that met do not meet again.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(160));

/// An error that may say that the database undid the unit of work.
pub trait MayConflict {
    /// Whether nothing of the unit of work was committed, and the same unit may work at once.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl MayConflict for Failure {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl<R> MayConflict for FlowError<R> {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_conflict())
    }
}

/// Runs a unit of work from its `begin` to its `commit`, and runs it again, up to five times, while it conflicts with
/// other transactions. `work` must do nothing but its statements: it does not hash, call a function or send a mail.
///
/// Not an `AsyncFn`, whose future the compiler cannot send to a thread yet (rust-lang/rust#110338).
pub async fn retry_conflicts<T, E, W>(entropy: &dyn Entropy, work: impl Fn() -> W) -> Result<T, E>
where
    E: MayConflict,
    W: Future<Output = Result<T, E>>,
{
    let mut retries = 0;
    loop {
        match work().await {
            Err(error) if error.is_conflict() && retries < RETRIES => {}
            done => return done,
        }
        sleep(pause(entropy, retries)).await;
        retries += 1;
    }
}

fn pause(entropy: &dyn Entropy, retries: u32) -> Duration {
    let mut random = [0];
    entropy.fill(&mut random);
    let whole = PAUSES.pause(retries);
    whole / 2 + whole * u32::from(random[0]) / 512
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::OsEntropy;

    async fn run(outcomes: impl Fn(u32) -> Result<(), StoreError>) -> (u32, Result<(), StoreError>) {
        let runs = AtomicU32::new(0);
        let done = retry_conflicts(&OsEntropy, || async { outcomes(runs.fetch_add(1, Ordering::Relaxed)) }).await;
        (runs.into_inner(), done)
    }

    #[tokio::test]
    async fn s86_a_conflict_is_tried_again_five_times() {
        let (runs, done) = run(|run| {
            if run < 5 {
                Err(StoreError::Conflict("".into()))
            } else {
                Ok(())
            }
        })
        .await;
        assert!(runs == 6 && done.is_ok(), "{done:?}");
        let (runs, done) = run(|_| Err(StoreError::Conflict("".into()))).await;
        assert!(runs == 6 && done.unwrap_err().is_conflict());
    }

    #[tokio::test]
    async fn what_may_have_been_committed_is_not_tried_again() {
        let (runs, done) = run(|_| Err(StoreError::Unavailable("".into()))).await;
        assert!(runs == 1 && done.is_err());
    }

    #[test]
    fn a_pause_is_cut_by_at_most_a_half() {
        for retries in 0..RETRIES {
            let pause = pause(&OsEntropy, retries);
            assert!(pause * 2 >= PAUSES.pause(retries) && pause < PAUSES.pause(retries));
        }
    }
}
