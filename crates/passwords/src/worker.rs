//! The loop of a pool thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::engine::{Candidate, Hasher, Recipe, Tag};
use crate::queue::{Job, Queue, Reply};
use crate::{Parameters, PoolError, PoolMetrics, priority};

/// While jobs are waiting, answers are sent in groups of this size. The code that an answer wakes runs on caches that
/// the hashes have emptied: for four answers together it costs half as much, and the time saved goes to hashes. See
/// `docs/adr/0016-answers-leave-in-groups.md`.
pub(crate) const GROUP: usize = 4;

/// Answers that have not been sent.
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
            // The old hasher and its memory are dropped, with whatever state the failure left in them.
            hasher = (candidate.hasher)(block);
        }
        answers.push((job.reply, result));
    }
}

/// The next job. Answers are kept back only while another job waits behind this one: a caller that gets its answer may
/// submit its next job before a thread runs out of work.
fn next(queue: &Queue, answers: &mut Answers) -> Option<Job> {
    let job = queue.take_waiting();
    if answers.len() == GROUP || job.is_none() || queue.is_empty() {
        for (reply, result) in answers.drain(..) {
            // Sending fails if the caller has hung up.
            _ = reply.send(result);
        }
    }
    job.or_else(|| queue.take())
}

/// Turns a panic in one hash into an error for its caller, so that the thread survives.
fn contained(hasher: &mut dyn Hasher, recipe: &Recipe) -> Result<Tag, PoolError> {
    catch_unwind(AssertUnwindSafe(|| hasher.tag(recipe)))
        .map_err(|_| PoolError::Failed)
        .and_then(|result| result.map_err(PoolError::from))
}
