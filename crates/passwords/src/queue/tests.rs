use std::thread;

use super::*;
use crate::engine::tests::recipe;

const USUAL: Parameters = Parameters {
    memory_kib: 100,
    passes: 2,
    lanes: 1,
};
const HASH: Duration = Duration::from_millis(10);

/// Two threads at 10 ms a hash, and a deadline of 100 ms; the test acts as the threads.
fn queue() -> Queue {
    let pace = Pace::guess(USUAL.work(), HASH);
    Queue::new(2, 10 * HASH, USUAL, pace, PoolMetrics::new())
}

fn submit(queue: &Queue, name: u8) -> Result<oneshot::Receiver<Result<Tag, PoolError>>, PoolError> {
    queue.submit(recipe(&[name], USUAL))
}

/// Submits until the queue refuses.
fn fill(queue: &Queue) -> (Vec<oneshot::Receiver<Result<Tag, PoolError>>>, Duration) {
    let mut answers = Vec::new();
    loop {
        match submit(queue, 0) {
            Ok(answer) => answers.push(answer),
            Err(PoolError::Busy { retry_after }) => return (answers, retry_after),
            Err(error) => panic!("{error}"),
        }
        assert!(answers.len() < 1000, "the queue has no end");
    }
}

#[test]
fn the_queue_takes_what_the_threads_can_do_within_the_deadline() {
    let queue = queue();
    let (answers, retry_after) = fill(&queue);
    // Twenty hashes take two threads 100 ms.
    assert_eq!(answers.len(), 20);
    assert_eq!(queue.metrics.refusals.get(), 1);
    assert!(
        retry_after > queue.deadline && retry_after <= queue.deadline + HASH,
        "{retry_after:?}"
    );
}

#[test]
fn a_full_queue_recovers() {
    let queue = queue();
    let (_answers, _) = fill(&queue);
    let job = queue.take().unwrap();
    queue.finish(job.work(), Some(HASH));
    let _answer = submit(&queue, 0).unwrap();
    assert!(submit(&queue, 0).is_err());
}

#[test]
fn the_limit_follows_the_measured_pace() {
    let queue = queue();
    let _answer = submit(&queue, 1).unwrap();
    let job = queue.take().unwrap();
    queue.finish(job.work(), Some(4 * HASH));
    let (answers, _) = fill(&queue);
    assert_eq!(answers.len(), 5);
}

#[test]
fn expensive_jobs_take_more_of_the_queue() {
    let queue = queue();
    let dear = Parameters {
        memory_kib: 1000,
        passes: 2,
        lanes: 1,
    };
    let _answer = queue.submit(recipe(b"", dear)).unwrap();
    // The expensive job counts for ten.
    assert_eq!(fill(&queue).0.len(), 10);
}

#[test]
fn a_free_thread_is_never_refused() {
    let slow = Pace::guess(1, Duration::from_mins(1));
    let queue = Queue::new(2, HASH, USUAL, slow, PoolMetrics::new());
    let _first = submit(&queue, 1).unwrap();
    let _job = queue.take().unwrap();
    let _second = submit(&queue, 2).unwrap();
    assert!(matches!(submit(&queue, 3), Err(PoolError::Busy { .. })));
}

#[test]
fn first_come_first_served() {
    let queue = queue();
    let _answers: Vec<_> = (0..10).map(|name| submit(&queue, name).unwrap()).collect();
    for name in 0..10 {
        let job = queue.take().unwrap();
        assert_eq!(*job.recipe.password, [name]);
        queue.finish(job.work(), None);
    }
}

#[test]
fn a_caller_that_has_hung_up_is_skipped() {
    let queue = queue();
    let mut answers: Vec<_> = (0..10).map(|name| submit(&queue, name).unwrap()).collect();
    let _seventh = answers.swap_remove(7);
    drop(answers);
    assert_eq!(*queue.take().unwrap().recipe.password, [7]);
    assert_eq!(queue.metrics.queue_wait.count(), 1);
    assert_eq!(queue.metrics.refusals.get(), 0);
}

#[test]
fn a_caller_that_has_hung_up_makes_room() {
    let queue = queue();
    let (answers, _) = fill(&queue);
    drop(answers);
    assert_eq!(fill(&queue).0.len(), 20);
}

#[test]
fn a_job_that_has_waited_too_long_is_refused_and_not_hashed() {
    let queue = Queue::new(1, Duration::ZERO, USUAL, Pace::guess(1, HASH), PoolMetrics::new());
    let late = submit(&queue, 1).unwrap();
    // `take` blocks while no job waits, so the queue is closed as soon as the job is answered.
    thread::scope(|scope| {
        let taker = scope.spawn(|| queue.take().is_none());
        assert!(matches!(late.blocking_recv(), Ok(Err(PoolError::Busy { .. }))));
        queue.close();
        assert!(taker.join().unwrap());
    });
    assert_eq!(queue.metrics.refusals.get(), 1);
    assert_eq!(queue.metrics.queue_wait.count(), 0);
}

#[test]
fn a_closed_queue_takes_nothing_and_gives_nothing() {
    let queue = queue();
    let answer = submit(&queue, 1).unwrap();
    queue.close();
    assert!(queue.take().is_none());
    assert!(answer.blocking_recv().is_err());
    assert!(matches!(submit(&queue, 2), Err(PoolError::Stopped)));
}
