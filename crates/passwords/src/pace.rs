//! How fast a pool works, as a running average. The pool of passwords estimates waits by it, and
//! so does the pool of functions.

use std::time::Duration;

/// The time that one unit of work takes on one thread or process of a pool.
///
/// A unit is what the pool counts in. For passwords it is a unit of `Parameters::work` rather than a hash,
/// because a stored hash may have other parameters than the current.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    picos_per_unit: u128,
    measured: bool,
}

impl Pace {
    /// How many measurements the average remembers, more or less.
    const MEMORY: u128 = 8;

    /// A guess, which the first measurement replaces.
    pub fn guess(work: u64, took: Duration) -> Self {
        Self {
            picos_per_unit: picos_per_unit(work, took),
            measured: false,
        }
    }

    /// Takes finished work into account.
    pub fn measure(&mut self, work: u64, took: Duration) {
        let latest = picos_per_unit(work, took);
        self.picos_per_unit = if self.measured {
            (self.picos_per_unit * (Self::MEMORY - 1) + latest) / Self::MEMORY
        } else {
            latest
        };
        self.measured = true;
    }

    /// How long `lanes` threads or processes need for `work`.
    pub fn time(self, work: u64, lanes: usize) -> Duration {
        let nanos = self.picos_per_unit * u128::from(work) / 1000 / (lanes.max(1) as u128);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

fn picos_per_unit(work: u64, took: Duration) -> u128 {
    took.as_nanos() * 1000 / u128::from(work.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_measurement_replaces_the_guess() {
        let mut pace = Pace::guess(100, MS);
        assert_eq!(pace.time(300, 1), 3 * MS);
        pace.measure(1000, 2 * MS);
        assert_eq!(pace.time(1000, 1), 2 * MS);
        assert_eq!(pace.time(1000, 2), MS);
    }

    #[test]
    fn later_measurements_move_the_average_and_do_not_jump() {
        let mut pace = Pace::guess(1000, MS);
        pace.measure(1000, MS);
        pace.measure(1000, 9 * MS);
        assert_eq!(pace.time(1000, 1), 2 * MS);
        for _ in 0..60 {
            pace.measure(1000, 9 * MS);
        }
        assert!(pace.time(1000, 1) > 8 * MS && pace.time(1000, 1) <= 9 * MS);
    }

    #[test]
    fn nothing_overflows() {
        let mut pace = Pace::guess(0, Duration::from_hours(1));
        pace.measure(1, Duration::from_hours(1));
        assert_eq!(pace.time(u64::MAX / 1_000_000, 1), Duration::from_nanos(u64::MAX));
        assert_eq!(pace.time(0, 0), Duration::ZERO);
    }
}
