//! Repeatable randomness.

use std::sync::{Mutex, PoisonError};

use doorward_core::Entropy;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// The same bytes in every run, and no bytes twice in one.
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// Randomness from a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}
