//! Hashes and checks passwords with Argon2id on a fixed pool of threads whose queue is bounded by a deadline.
//! Used by the flows in `doorward-core`; the server starts the pool and shows its metrics.
//! Never chooses a salt, keeps a password after its job, waits longer than the deadline, or knows whose password it is.

mod engine;
mod error;
mod metrics;
mod pace;
mod parameters;
mod phc;
mod pool;
mod priority;
mod queue;
mod worker;

pub use engine::Engine;
pub use error::PoolError;
pub use metrics::PoolMetrics;
pub use pace::Pace;
pub use parameters::Parameters;
pub use pool::{PasswordPool, PoolConfig};
