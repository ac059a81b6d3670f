//! Sample-ratio mismatch: do the arms have the sizes that the design says?

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
    let p_value = if degrees == 0 { 1.0 } else { chi_square_tail(chi_square, f64::from(degrees)) };
    let p_value = if chi_square == f64::MAX { 0.0 } else { p_value };
    SampleRatio { chi_square, degrees: degrees as u32, p_value, suspicious: p_value < SUSPICIOUS }
}

/// P(χ²_k > x): the regularised upper incomplete gamma function Q(k/2, x/2), by series below a + 1 and by continued
/// fraction above (Numerical Recipes 6.2).
pub fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    let (a, x) = (degrees / 2.0, x / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut total, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..1000 {
            n += 1.0;
            term *= x / n;
            total += term;
            if term.abs() < total.abs() * 1e-16 {
                break;
            }
        }
        return (1.0 - front * total).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..1000 {
        let an = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = an * d + b;
        d = 1.0 / if d.abs() < 1e-300 { 1e-300 } else { d };
        c = b + an / c;
        c = if c.abs() < 1e-300 { 1e-300 } else { c };
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_meets_tabulated_points() {
        for (x, k, p) in [
            (3.841_458_820_694_124, 1.0, 0.05),
            (5.991_464_547_107_979, 2.0, 0.05),
            (16.918_977_604_620_45, 9.0, 0.05),
            (10.827_566_170_662_73, 1.0, 0.001),
            (0.1, 2.0, libm::exp(-0.05)),
            (40.0, 2.0, libm::exp(-20.0)),
        ] {
            let tail = chi_square_tail(x, k);
            assert!((tail / p - 1.0).abs() < 1e-9, "Q({x}, {k}) = {tail}, expected {p}");
        }
    }

    #[test]
    fn arms_off_their_design_are_seen() {
        let third = 1.0 / 3.0;
        assert!(!sample_ratio(&[21_306, 21_307, 21_387], &[third; 3]).suspicious);
        assert!(sample_ratio(&[21_306, 20_307, 22_387], &[third; 3]).suspicious);
        assert_eq!(sample_ratio(&[100, 5], &[1.0, 0.0]).p_value, 0.0);
    }
}
