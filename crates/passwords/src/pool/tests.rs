mod stage;

use std::sync::mpsc::{self, Sender};
use std::time::Instant;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, CustomizedPasswordHasher, Params, PasswordVerifier};
use tokio::task::{JoinSet, yield_now};

use self::stage::Director;
use super::*;
use crate::engine::tests::wrapped;
use crate::engine::{Hasher, HasherError};
use crate::worker::GROUP;

const SMALL: Parameters = Parameters {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
const SALT: [u8; 16] = *b"sixteen bytes ok";

fn config(threads: usize) -> PoolConfig {
    PoolConfig {
        threads,
        parameters: SMALL,
        ..PoolConfig::default()
    }
}

/// One pool for each engine of this build.
fn pools() -> Vec<PasswordPool> {
    engine::candidates()
        .into_iter()
        .map(|candidate| PasswordPool::start_with(config(1), vec![candidate]).unwrap())
        .collect()
}

/// Occupies a thread of the pool until the test opens the gate.
async fn occupy(pool: &PasswordPool, director: &Director, tasks: &mut JoinSet<Result<String, PoolError>>) {
    let pool = pool.clone();
    tasks.spawn(async move { pool.hash(b"wait", SALT).await });
    yield_now().await;
    // If the thread comes too late, it refuses the job and never enters; then the test fails here and does not hang.
    director
        .entered
        .recv_timeout(Duration::from_mins(1))
        .expect("a thread takes the job within its deadline");
}

#[tokio::test]
async fn a_password_verifies_and_no_other_does() {
    for pool in pools() {
        let password = [&b"p\0ssword "[..], &[0xff; 80]].concat();
        let phc = pool.hash(&password, SALT).await.unwrap();
        assert!(pool.verify(&password, &phc).await.unwrap());
        for index in 0..password.len() {
            let mut other = password.clone();
            other[index] ^= 1;
            assert!(
                !pool.verify(&other, &phc).await.unwrap(),
                "{}: byte {index}",
                pool.engine()
            );
        }
        for other in [&password[..72], &password[..1], &password[..password.len() - 1], b""] {
            assert!(!pool.verify(other, &phc).await.unwrap(), "{}: shorter", pool.engine());
        }
        assert_ne!(pool.hash(&password, [0; 16]).await.unwrap(), phc);
    }
}

#[tokio::test]
async fn an_empty_password_is_a_password() {
    for pool in pools() {
        let phc = pool.hash(b"", SALT).await.unwrap();
        assert!(pool.verify(b"", &phc).await.unwrap());
        assert!(!pool.verify(b"\0", &phc).await.unwrap());
    }
}

#[tokio::test]
async fn hashes_are_understood_by_the_other_engine_and_by_the_argon2_crate() {
    let pools = pools();
    for maker in &pools {
        let phc = maker.hash(b"password", SALT).await.unwrap();
        let read = PasswordHash::new(&phc).unwrap();
        Argon2::default().verify_password(b"password", &read).unwrap();
        assert!(Argon2::default().verify_password(b"passwore", &read).is_err());
        for verifier in &pools {
            assert!(verifier.verify(b"password", &phc).await.unwrap());
            assert!(!verifier.verify(b"passwore", &phc).await.unwrap());
        }
    }
}

#[tokio::test]
async fn hashes_of_the_argon2_crate_are_verified_whatever_their_parameters() {
    for (memory_kib, passes, lanes, tag_len) in [(64, 1, 1, 32), (32, 3, 4, 16), (1024, 1, 1, 64), (8, 10, 1, 10)] {
        let params = Params::new(memory_kib, passes, lanes, Some(tag_len)).unwrap();
        let phc = Argon2::from(params.clone())
            .hash_password_customized(
                b"password",
                b"somesalt",
                Some(Algorithm::Argon2id.as_str()),
                None,
                params,
            )
            .unwrap()
            .to_string();
        for pool in pools() {
            assert!(
                pool.verify(b"password", &phc).await.unwrap(),
                "{}: {phc}",
                pool.engine()
            );
            assert!(
                !pool.verify(b"passwore", &phc).await.unwrap(),
                "{}: {phc}",
                pool.engine()
            );
        }
    }
}

#[tokio::test]
async fn s07_default_parameters() {
    let pool = PasswordPool::start(PoolConfig {
        threads: 1,
        ..PoolConfig::default()
    })
    .unwrap();
    let phc = pool.hash(b"password", SALT).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    let read = PasswordHash::new(&phc).unwrap();
    assert_eq!((read.salt.unwrap().len(), read.hash.unwrap().len()), (16, 32));
}

#[tokio::test]
async fn a_malformed_hash_costs_nothing() {
    let (pool, director) = Director::start(config(1));
    for phc in [
        "",
        "password",
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
    ] {
        assert!(matches!(pool.verify(b"password", phc).await, Err(PoolError::Malformed)));
    }
    assert!(director.hashed().is_empty());
}

#[tokio::test]
async fn s58_verify_nothing_does_the_work_of_verify() {
    let (pool, director) = Director::start(config(1));
    let phc = pool.hash(b"password", SALT).await.unwrap();
    director.hashed();
    pool.verify(b"wrong", &phc).await.unwrap();
    let for_somebody = director.hashed();
    pool.verify_nothing(b"wrong").await.unwrap();
    assert_eq!(director.hashed(), for_somebody);
    assert_eq!(for_somebody, [(SMALL, 16, 32)]);
    assert_eq!(pool.metrics().hashes.get(), 3);
    assert_eq!(pool.metrics().queue_wait.count(), 3);
}

#[tokio::test]
async fn s12_a_full_pool_refuses_immediately_and_recovers() {
    let parameters = Parameters {
        memory_kib: 4096,
        ..SMALL
    };
    let config = PoolConfig {
        threads: 1,
        // Longer than a busy machine suspends a thread.
        queue_deadline: Duration::from_secs(2),
        parameters,
    };
    let (pool, director) = Director::start(config);
    let mut tasks = JoinSet::new();
    occupy(&pool, &director, &mut tasks).await;
    // The only thread is blocked, so a refusal can only be an immediate one.
    let refused = loop {
        let pool = pool.clone();
        tasks.spawn(async move { pool.hash(b"password", SALT).await });
        yield_now().await;
        if let Some(result) = tasks.try_join_next() {
            break result.unwrap();
        }
        assert!(tasks.len() < 10_000, "the queue has no end");
    };
    match refused {
        Err(PoolError::Busy { retry_after }) => assert!(retry_after > Duration::from_secs(2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.metrics().refusals.get(), 1);
    director.gate.send(()).unwrap();
    // Queued jobs get a hash, or a refusal if the gate has kept them waiting too long.
    while let Some(result) = tasks.join_next().await {
        assert!(matches!(result.unwrap(), Ok(_) | Err(PoolError::Busy { .. })));
    }
    pool.hash(b"password", SALT).await.unwrap();
}

#[tokio::test]
async fn callers_that_go_away_cost_nothing() {
    let (pool, director) = Director::start(config(1));
    let mut tasks = JoinSet::new();
    occupy(&pool, &director, &mut tasks).await;
    let mut impatient = JoinSet::new();
    for _ in 0..50 {
        let pool = pool.clone();
        impatient.spawn(async move { pool.hash(b"password", SALT).await });
    }
    yield_now().await;
    impatient.shutdown().await;
    director.gate.send(()).unwrap();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    pool.verify_nothing(b"password").await.unwrap();
    assert_eq!(director.hashed().len(), 2);
    assert_eq!(pool.metrics().hashes.get(), 2);
}

#[tokio::test]
async fn answers_leave_in_groups_while_jobs_wait_and_immediately_otherwise() {
    let patient = PoolConfig {
        queue_deadline: Duration::from_mins(1),
        ..config(1)
    };
    let (pool, director) = Director::start(patient);
    let mut tasks = JoinSet::new();
    occupy(&pool, &director, &mut tasks).await;
    for _ in 1..GROUP + 2 {
        let pool = pool.clone();
        tasks.spawn(async move { pool.hash(b"password", SALT).await });
    }
    // One more job, which blocks the thread after the others are done, and another one behind it.
    for password in [&b"wait"[..], b"password"] {
        let pool = pool.clone();
        yield_now().await;
        tasks.spawn(async move { pool.hash(password, SALT).await });
    }
    yield_now().await;
    director.gate.send(()).unwrap();
    director.entered.recv_timeout(Duration::from_mins(1)).unwrap();
    // The thread has hashed a whole group, whose answers have been sent, and two more, whose answers have not.
    assert_eq!(director.hashed().len(), GROUP + 2);
    for _ in 0..GROUP {
        tasks.join_next().await.unwrap().unwrap().unwrap();
    }
    yield_now().await;
    assert!(tasks.try_join_next().is_none());
    // No job waits behind the last one, so all answers are sent.
    director.gate.send(()).unwrap();
    for _ in 0..4 {
        tasks.join_next().await.unwrap().unwrap().unwrap();
    }
    assert!(tasks.is_empty());
}

#[tokio::test]
async fn an_answer_waits_for_no_job_whose_caller_has_gone_away() {
    let (pool, director) = Director::start(config(1));
    let mut tasks = JoinSet::new();
    occupy(&pool, &director, &mut tasks).await;
    let impatient = {
        let pool = pool.clone();
        tokio::spawn(async move { pool.hash(b"password", SALT).await })
    };
    yield_now().await;
    impatient.abort();
    assert!(impatient.await.is_err());
    director.gate.send(()).unwrap();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(director.hashed().len(), 1);
}

#[tokio::test]
async fn a_panic_costs_its_caller_an_error_and_the_thread_its_memory() {
    let (pool, director) = Director::start(config(1));
    pool.hash(b"password", SALT).await.unwrap();
    assert_eq!(director.hashers(), 1);
    assert!(matches!(pool.hash(b"panic", SALT).await, Err(PoolError::Failed)));
    let phc = pool.hash(b"password", SALT).await.unwrap();
    assert!(pool.verify(b"password", &phc).await.unwrap());
    assert_eq!(director.hashers(), 2);
    assert!(matches!(pool.hash(b"fail", SALT).await, Err(PoolError::OutOfMemory)));
    pool.hash(b"password", SALT).await.unwrap();
    assert_eq!(pool.metrics().hashes.get(), 4);
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let (pool, director) = Director::start(config(3));
    let other = pool.clone();
    drop(pool);
    other.hash(b"password", SALT).await.unwrap();
    assert!(director.ended.try_recv().is_err());
    drop(other);
    for _ in 0..3 {
        director.ended.recv_timeout(Duration::from_mins(1)).unwrap();
    }
}

#[tokio::test]
async fn all_threads_hash_at_the_same_time() {
    let (pool, director) = Director::start(config(3));
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        occupy(&pool, &director, &mut tasks).await;
    }
    for _ in 0..3 {
        director.gate.send(()).unwrap();
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap().unwrap();
    }
}

#[test]
fn a_pool_that_could_not_work_does_not_start() {
    let refused = |threads, parameters| {
        let config = PoolConfig {
            threads,
            parameters,
            ..PoolConfig::default()
        };
        matches!(PasswordPool::start(config), Err(PoolError::Configuration))
    };
    assert!(refused(0, SMALL));
    assert!(refused(1, Parameters { memory_kib: 7, ..SMALL }));
    assert!(refused(
        1,
        Parameters {
            memory_kib: 2 * 1024 * 1024,
            ..SMALL
        }
    ));
    let nothing = PasswordPool::start_with(config(1), Vec::new());
    assert!(matches!(nothing, Err(PoolError::NoEngine)));
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let pool = PasswordPool::start(config(1)).unwrap();
    pool.hash(b"hunter2", SALT).await.unwrap();
    let printed = format!("{pool:?}");
    assert!(printed.starts_with("PasswordPool { engine: "), "{printed}");
    assert!(
        !printed.contains("argon2id$") && !printed.contains("hunter2"),
        "{printed}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn pool_threads_are_nicer_than_others() {
    use rustix::process::getpriority_process;
    struct Telling(Box<dyn Hasher>, Sender<i32>);
    impl Hasher for Telling {
        fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError> {
            self.1
                .send(getpriority_process(Some(rustix::thread::gettid())).unwrap())
                .unwrap();
            self.0.tag(recipe)
        }
    }
    let (sender, nice) = mpsc::channel();
    let here = getpriority_process(Some(rustix::thread::gettid())).unwrap();
    let candidate = wrapped(Engine::Argon2, move |inner| Box::new(Telling(inner, sender.clone())));
    let pool = PasswordPool::start_with(config(1), vec![candidate]).unwrap();
    // The known answers are computed on the thread that starts the pool.
    assert_eq!(nice.try_iter().collect::<Vec<_>>(), [here, here]);
    pool.hash(b"password", SALT).await.unwrap();
    assert_eq!(nice.recv().unwrap(), (here + 10).min(19));
    assert_eq!(getpriority_process(Some(rustix::thread::gettid())).unwrap(), here);
    // `/proc/self` is the process, that is, its main thread.
    assert_eq!(getpriority_process(None).unwrap(), here);
}

#[test]
fn starting_is_quick() {
    let started = Instant::now();
    for _ in 0..20 {
        PasswordPool::start(PoolConfig {
            threads: 1,
            ..PoolConfig::default()
        })
        .unwrap();
    }
    // A start takes well below a millisecond; one hash at the default parameters would take several.
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
