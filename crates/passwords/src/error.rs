//! What can go wrong with the pool. Nothing here holds a password, a hash or a PHC string.

use std::time::Duration;

/// Why the pool did not start, or did not compute a hash.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The job would have waited, or has waited, beyond the queue deadline. Nothing was hashed.
    #[error("the password queue is full")]
    Busy {
        /// When the jobs that are waiting now will probably be finished, at the current pace.
        retry_after: Duration,
    },
    /// The stored hash is not an Argon2id PHC string with parameters within the bounds of this server.
    #[error("the stored password hash is not understood")]
    Malformed,
    /// The pool is stopping.
    #[error("the password pool has stopped")]
    Stopped,
    /// The memory for the hash could not be allocated.
    #[error("there is not enough memory for a password hash")]
    OutOfMemory,
    /// The engine refused or failed; the thread goes on with fresh memory.
    #[error("the password could not be hashed")]
    Failed,
    /// At start: no threads, or parameters that are out of bounds.
    #[error("the password pool is configured with no threads or with parameters out of bounds")]
    Configuration,
    /// At start: no engine computes the known answers. The processor, its memory or the build is broken.
    #[error("no Argon2id engine computes the known answers")]
    NoEngine,
    /// At start: a thread could not be started.
    #[error("a thread of the password pool could not be started")]
    Thread(#[source] std::io::Error),
}
