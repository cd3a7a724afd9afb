//! The only module that knows which code computes Argon2id. See `docs/adr/0004-argon2id-engine.md`.
//!
//! `argon2-rust` is by far the faster crate, but young and unaudited, so at every start it must compute the known
//! answers; otherwise the `argon2` crate, with its memory reused, takes its place.

mod argon2_crate;
#[cfg(not(feature = "argon2-only"))]
mod argon2_rust_crate;
mod known_answer;

use std::fmt;
use std::sync::Arc;

use argon2::Version;
use zeroize::Zeroizing;

use crate::pace::Pace;
use crate::{Parameters, PoolError};

/// The code that computes the hashes. All engines compute the same hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The `argon2-rust` crate: AVX-512, AVX2, SSE2 or NEON, chosen at run time.
    Argon2Rust,
    /// The `argon2` crate of the `RustCrypto` project.
    Argon2,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argon2Rust => "argon2-rust",
            Self::Argon2 => "argon2",
        })
    }
}

/// All inputs of one Argon2id hash.
pub(crate) struct Recipe {
    pub(crate) password: Zeroizing<Vec<u8>>,
    pub(crate) salt: Vec<u8>,
    /// Empty except in the known answers, like `associated`.
    pub(crate) secret: &'static [u8],
    pub(crate) associated: &'static [u8],
    pub(crate) version: Version,
    pub(crate) parameters: Parameters,
    pub(crate) tag_len: usize,
}

/// The output of a hash.
pub(crate) type Tag = Zeroizing<Vec<u8>>;

/// One thread's engine, with the memory block that it reuses.
///
/// The block is allocated at the first hash, is as large as the parameters that the hasher was made for, and never
/// grows: a recipe that needs more gets memory of its own. Both are wiped after each hash: the last block reveals the
/// tag, and after a single pass the first blocks let an attacker who reads them test guesses at the price of a fast
/// hash each.
pub(crate) trait Hasher {
    fn tag(&mut self, recipe: &Recipe) -> Result<Tag, HasherError>;
}

/// Why there is no tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HasherError {
    OutOfMemory,
    Refused,
}

impl From<HasherError> for PoolError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::OutOfMemory => Self::OutOfMemory,
            HasherError::Refused => Self::Failed,
        }
    }
}

/// An engine that may be chosen, and how to make a thread's hasher with it.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) engine: Engine,
    pub(crate) hasher: Arc<dyn Fn(Parameters) -> Box<dyn Hasher> + Send + Sync>,
}

/// The engines of this build, best first.
pub(crate) fn candidates() -> Vec<Candidate> {
    vec![
        #[cfg(not(feature = "argon2-only"))]
        Candidate {
            engine: Engine::Argon2Rust,
            hasher: Arc::new(|block| Box::new(argon2_rust_crate::Reusing::new(block))),
        },
        Candidate {
            engine: Engine::Argon2,
            hasher: Arc::new(|block| Box::new(argon2_crate::Reusing::new(block))),
        },
    ]
}

/// The first candidate that computes the known answers, and a first guess of its pace.
pub(crate) fn choose(candidates: Vec<Candidate>) -> Result<(Candidate, Pace), PoolError> {
    for candidate in candidates {
        if let Some(pace) = known_answer::check(&candidate) {
            return Ok((candidate, pace));
        }
        tracing::error!(
            engine = %candidate.engine,
            "an Argon2id engine does not compute the known answers and will not be used"
        );
    }
    Err(PoolError::NoEngine)
}

#[cfg(test)]
pub(crate) mod tests;
