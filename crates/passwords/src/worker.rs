//! What a thread of the pool does all day.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::engine::{Candidate, Hasher, Recipe, Tag};
use crate::queue::{Job, Queue, Reply};
use crate::{Parameters, PoolError, PoolMetrics, priority};

/// So many answers leave together while jobs are waiting. What an answer sets off runs on caches that the hashes have emptied: done for
/// four at a time it costs half as much, and that half is hashes. See `docs/adr/0016-answers-leave-in-groups.md`.
pub(crate) const GROUP: usize = 4;

/// Answers that have not left.
type Answers = Vec<(Reply, Result<Tag, PoolError>)>;

/// Hashes until the queue is closed.
pub(crate) fn run(queue: &Queue, candidate: &Candidate, block: Parameters, metrics: &PoolMetrics) {
    priority::lower_this_thread();
    let mut hasher = (candidate.hasher)(block);
    let mut answers = Answers::with_capacity(GROUP);
    while let Some(job) = next(queue, &mut answers) {
        let started = Instant::now();
        let result = contained(hasher.as_mut(), &job.recipe);
        queue.finish(job.work(), result.is_ok().then(|| started.elapsed()));
        if result.is_ok() {
            metrics.hashes.inc();
        } else {
            // Whatever state a failure left behind goes with the old hasher and its memory.
            hasher = (candidate.hasher)(block);
        }
        answers.push((job.reply, result));
    }
}

/// The next job. Answers are only kept back while there is another one behind it: whom they send on their way may be back with a job before
/// a thread has none.
fn next(queue: &Queue, answers: &mut Answers) -> Option<Job> {
    let job = queue.take_waiting();
    if answers.len() == GROUP || job.is_none() || queue.is_empty() {
        for (reply, result) in answers.drain(..) {
            // It fails when the caller has gone away.
            _ = reply.send(result);
        }
    }
    job.or_else(|| queue.take())
}

/// A panic in one hash costs its caller an error, not the server a thread.
fn contained(hasher: &mut dyn Hasher, recipe: &Recipe) -> Result<Tag, PoolError> {
    catch_unwind(AssertUnwindSafe(|| hasher.tag(recipe)))
        .map_err(|_| PoolError::Failed)
        .and_then(|result| result.map_err(PoolError::from))
}
