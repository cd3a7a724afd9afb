//! The pool as the rest of the server sees it.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, available_parallelism};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::engine::{self, Candidate, Engine, Recipe, Tag};
use crate::queue::Queue;
use crate::{Parameters, PoolError, PoolMetrics, phc, worker};

/// The size and limits of the pool, and the cost of its hashes.
#[derive(Clone, Copy, Debug)]
pub struct PoolConfig {
    /// Threads, each with memory for one hash of its own. Default: one per core.
    pub threads: usize,
    /// The longest time that a job may wait for a thread. Default: one second.
    pub queue_deadline: Duration,
    /// The cost of new hashes. Stored ones are verified with their own.
    pub parameters: Parameters,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            threads: available_parallelism().map_or(1, usize::from),
            queue_deadline: Duration::from_secs(1),
            parameters: Parameters::default(),
        }
    }
}

/// A handle to the pool, cheap to clone. The threads end when the last one is dropped.
#[derive(Clone)]
pub struct PasswordPool(Arc<Inner>);

struct Inner {
    engine: Engine,
    parameters: Parameters,
    /// The stored hash that stands in for addresses that have none.
    nobody: String,
    metrics: PoolMetrics,
    queue: Arc<Queue>,
}

impl PasswordPool {
    /// Checks the known answers, picks the engine and starts the threads. No large memory is allocated until there is
    /// something to hash.
    pub fn start(config: PoolConfig) -> Result<Self, PoolError> {
        Self::start_with(config, engine::candidates())
    }

    /// The engine that is in use.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// The longest time that a password waits for a thread.
    pub fn queue_deadline(&self) -> Duration {
        self.0.queue.deadline()
    }

    /// Hashes a password with the current parameters into a PHC string. The salt must be random and never used before.
    pub async fn hash(&self, password: &[u8], salt: [u8; 16]) -> Result<String, PoolError> {
        let parameters = self.0.parameters;
        let tag = self.tag(phc::recipe(password, salt, parameters)).await?;
        phc::write(salt, parameters, &tag)
    }

    /// Whether the password is the one of a stored PHC string.
    pub async fn verify(&self, password: &[u8], phc: &str) -> Result<bool, PoolError> {
        let (recipe, expected) = phc::read(password, phc)?;
        let tag = self.tag(recipe).await?;
        Ok(expected.matches(&tag))
    }

    /// Does the work of [`PasswordPool::verify`] for a hash with the current parameters, and returns no verdict: for
    /// addresses that have no hash, so that response times do not distinguish them from those that have.
    pub async fn verify_nothing(&self, password: &[u8]) -> Result<(), PoolError> {
        // The verdict is dropped, so that even a password that hashed to this tag could not succeed.
        self.verify(password, &self.0.nobody).await.map(drop)
    }

    /// The metrics of the pool.
    pub fn metrics(&self) -> &PoolMetrics {
        &self.0.metrics
    }

    /// Does the work of [`PasswordPool::start`]; tests pass other engines.
    pub(crate) fn start_with(config: PoolConfig, candidates: Vec<Candidate>) -> Result<Self, PoolError> {
        let PoolConfig {
            threads,
            queue_deadline,
            parameters,
        } = config;
        if threads == 0 || !parameters.are_bounded() {
            return Err(PoolError::Configuration);
        }
        let (candidate, pace) = engine::choose(candidates)?;
        let metrics = PoolMetrics::new();
        let queue = Arc::new(Queue::new(threads, queue_deadline, parameters, pace, metrics.clone()));
        let nobody = phc::write([0; 16], parameters, &Zeroizing::new(vec![0; phc::TAG_LEN]))?;
        // Made before the threads: if one cannot be started, dropping this stops the others.
        let pool = Self(Arc::new(Inner {
            engine: candidate.engine,
            parameters,
            nobody,
            metrics,
            queue,
        }));
        for number in 0..threads {
            let (queue, metrics) = (Arc::clone(&pool.0.queue), pool.0.metrics.clone());
            let candidate = candidate.clone();
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || worker::run(&queue, &candidate, parameters, &metrics))
                .map_err(PoolError::Thread)?;
        }
        Ok(pool)
    }

    async fn tag(&self, recipe: Recipe) -> Result<Tag, PoolError> {
        self.0.queue.submit(recipe)?.await.map_err(|_| PoolError::Stopped)?
    }
}

impl fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPool")
            .field("engine", &self.0.engine)
            .field("parameters", &self.0.parameters)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests;
