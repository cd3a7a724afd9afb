//! Chance comes in through the door, so that tests can seed it.

/// The only source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with bytes that nobody can predict.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, by way of the cryptographic library.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // It fails only where the system has no generator at all; to go on with predictable ids would be worse than to stop.
        aws_lc_rs::rand::fill(bytes).expect("the operating system's random generator works");
    }
}
