//! Medians and percentiles.

use std::time::Duration;

/// The middle of the samples, or the mean of the two in the middle; `None` without samples.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        return sorted.get(middle).copied();
    }
    Some(f64::midpoint(
        *sorted.get(middle.checked_sub(1)?)?,
        *sorted.get(middle)?,
    ))
}

/// The sample that this many per cent of all do not exceed (nearest rank), in milliseconds; `None` without samples.
pub(crate) fn percentile(samples: &[Duration], per_cent: usize) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|sample| millis(*sample))
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_percentile_is_a_sample() {
        let samples: Vec<_> = (1..=200).rev().map(Duration::from_secs).collect();
        assert_eq!(percentile(&samples, 50), Some(100_000.0));
        assert_eq!(percentile(&samples, 99), Some(198_000.0));
        assert_eq!(percentile(&samples[..1], 99), Some(200_000.0));
        assert_eq!(percentile(&[], 99), None);
    }
}
