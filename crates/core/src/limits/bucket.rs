//! A bucket of permits that refills at an even pace.
//!
//! Its whole state is one moment: when it will be full again. Every permit taken moves that moment one interval later,
//! and the bucket is empty when it lies the whole capacity ahead. This is the generic cell rate algorithm; the
//! database does the same sums in `doorward-store`.

use std::time::Duration;

use crate::Timestamp;

/// The size and the pace of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// How many permits it holds.
    pub burst: u32,
    /// How long it takes until another permit is there.
    pub refill: Duration,
}

impl Bucket {
    /// How long an empty bucket takes to be full.
    pub fn capacity(self) -> Duration {
        self.refill * self.burst
    }

    /// The moment at which a bucket is full again after one more permit is taken from it; or, where it has none, how
    /// long it takes until there is one.
    pub(super) fn take(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, Duration> {
        let after = full_at.max(now).plus(self.refill);
        let last = now.plus(self.capacity());
        if after <= last {
            Ok(after)
        } else {
            Err(after.since(last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: Bucket = Bucket {
        burst: 3,
        refill: Duration::from_secs(10),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_permit_at_each_interval() {
        let mut full_at = at(0);
        for _ in 0..3 {
            full_at = BUCKET.take(full_at, at(100)).unwrap();
        }
        assert_eq!(BUCKET.take(full_at, at(100)), Err(Duration::from_secs(10)));
        assert_eq!(BUCKET.take(full_at, at(104)), Err(Duration::from_secs(6)));
        let full_at = BUCKET.take(full_at, at(110)).unwrap();
        assert_eq!(BUCKET.take(full_at, at(110)), Err(Duration::from_secs(10)));
    }

    #[test]
    fn an_idle_bucket_gets_no_fuller_than_full() {
        let full_at = BUCKET.take(at(0), at(1_000_000)).unwrap();
        assert_eq!(full_at, at(1_000_010));
    }
}
