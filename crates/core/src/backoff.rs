//! How long to wait before something that failed is tried again: twice as long each time, up to a limit.

use std::time::Duration;

/// Pauses that double. It keeps no state, so the count of failures can be kept in a row of the database.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// The pause after the first failure, and the longest one.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after a failure, by how many came before it in a row: 0 gives the first pause.
    pub fn pause(&self, failures_before: u32) -> Duration {
        self.first
            .saturating_mul(2_u32.saturating_pow(failures_before))
            .min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15));
        let pauses = [0, 1, 2, 3, 4, 5, 1_000].map(|failures| backoff.pause(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15, 15]);
    }
}
