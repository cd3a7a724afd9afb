//! The cost of one hash, and the bounds on the cost of a stored one.

/// The cost of an Argon2id hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Memory in KiB (`m`).
    pub memory_kib: u32,
    /// Passes over the memory (`t`).
    pub passes: u32,
    /// Lanes (`p`). They change the hash; the pool computes them one after the other.
    pub lanes: u32,
}

impl Default for Parameters {
    /// m=19456 (19 MiB), t=2, p=1: the minimum of OWASP's password storage cheat sheet.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Parameters {
    const MAX_MEMORY_KIB: u32 = 1024 * 1024;
    const MAX_PASSES: u32 = 10;
    const MAX_LANES: u32 = 16;
    /// Argon2 needs two blocks in each of the four slices of a lane.
    const MIN_KIB_PER_LANE: u32 = 8;

    /// Whether Argon2 is defined for these parameters, and a hash of them takes seconds at most: a stored hash may come
    /// from an import, and must not be able to exhaust the machine's memory or time.
    pub(crate) fn are_bounded(self) -> bool {
        (1..=Self::MAX_LANES).contains(&self.lanes)
            && (1..=Self::MAX_PASSES).contains(&self.passes)
            && (Self::MIN_KIB_PER_LANE * self.lanes..=Self::MAX_MEMORY_KIB).contains(&self.memory_kib)
    }

    /// The blocks of 1 KiB that a hash computes, to which its time is proportional.
    pub(crate) fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s07_the_default_is_at_the_owasp_floor() {
        assert_eq!(
            Parameters::default(),
            Parameters {
                memory_kib: 19_456,
                passes: 2,
                lanes: 1
            }
        );
        assert!(Parameters::default().are_bounded());
    }

    #[test]
    fn bounds_are_inclusive() {
        let bounded = |memory_kib, passes, lanes| {
            Parameters {
                memory_kib,
                passes,
                lanes,
            }
            .are_bounded()
        };
        assert!(bounded(8, 1, 1) && bounded(1_048_576, 10, 16) && bounded(128, 1, 16));
        assert!(!bounded(7, 1, 1) && !bounded(127, 1, 16) && !bounded(1_048_577, 1, 1));
        assert!(!bounded(64, 0, 1) && !bounded(64, 11, 1));
        assert!(!bounded(1024, 1, 0) && !bounded(1024, 1, 17) && !bounded(u32::MAX, u32::MAX, u32::MAX));
    }
}
