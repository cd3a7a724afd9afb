//! What a thread of the pool does all day.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::engine::{Candidate, Hasher, Recipe, Tag};
use crate::queue::Queue;
use crate::{Parameters, PoolError, PoolMetrics, priority};

/// Hashes until the queue is closed.
pub(crate) fn run(queue: &Queue, candidate: &Candidate, block: Parameters, metrics: &PoolMetrics) {
    priority::lower_this_thread();
    let mut hasher = (candidate.hasher)(block);
    while let Some(job) = queue.take() {
        let started = Instant::now();
        let result = contained(hasher.as_mut(), &job.recipe);
        queue.finish(job.work(), result.is_ok().then(|| started.elapsed()));
        if result.is_ok() {
            metrics.hashes.inc();
        } else {
            // Whatever state a failure left behind goes with the old hasher and its memory.
            hasher = (candidate.hasher)(block);
        }
        // It fails when the caller has gone away.
        _ = job.reply.send(result);
    }
}

/// A panic in one hash costs its caller an error, not the server a thread.
fn contained(hasher: &mut dyn Hasher, recipe: &Recipe) -> Result<Tag, PoolError> {
    catch_unwind(AssertUnwindSafe(|| hasher.tag(recipe)))
        .map_err(|_| PoolError::Failed)
        .and_then(|result| result.map_err(PoolError::from))
}
