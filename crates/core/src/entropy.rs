//! Randomness is injected, so that tests can seed it.

/// The only source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, called directly: the cryptographic library's own takes tens of milliseconds at its
/// first use, which would be most of a start.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // It fails only where the system has no generator at all; to go on with predictable
        // ids would be worse than to stop.
        getrandom::fill(bytes).expect("the operating system's random generator works");
    }
}
