//! Sample-ratio mismatch: do the arms have the sizes that the design says?

use crate::data::profile::chi_square::tail;
use crate::simulate::report::SampleRatio;

/// p below which the arms do not look like the design.
pub const SUSPICIOUS: f64 = 0.001;

/// χ² test of the counts against the design's shares. Arms of share 0 that occur make p 0.
pub fn sample_ratio(counts: &[u64], shares: &[f64]) -> SampleRatio {
    let total: u64 = counts.iter().sum();
    let mut chi_square = 0.0;
    let mut arms = 0;
    for (count, share) in counts.iter().zip(shares) {
        let expected = share * total as f64;
        if expected > 0.0 {
            chi_square += (*count as f64 - expected) * (*count as f64 - expected) / expected;
            arms += 1;
        } else if *count > 0 {
            chi_square = f64::MAX;
        }
    }
    let degrees = arms.max(1) - 1;
    let p_value = if degrees == 0 { 1.0 } else { tail(chi_square, f64::from(degrees)) };
    let p_value = if chi_square == f64::MAX { 0.0 } else { p_value };
    SampleRatio { chi_square, degrees: degrees as u32, p_value, suspicious: p_value < SUSPICIOUS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_off_their_design_are_seen() {
        let third = 1.0 / 3.0;
        assert!(!sample_ratio(&[21_306, 21_307, 21_387], &[third; 3]).suspicious);
        assert!(sample_ratio(&[21_306, 20_307, 22_387], &[third; 3]).suspicious);
        assert_eq!(sample_ratio(&[100, 5], &[1.0, 0.0]).p_value, 0.0);
    }
}
