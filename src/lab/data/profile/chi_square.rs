//! The χ² test of counts against expected shares, for sample-ratio mismatch.

/// χ² statistic, its degrees of freedom, and the probability of one as large under the expected shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// Categories less one.
    pub degrees: f64,
    /// Upper tail probability.
    pub p: f64,
}

/// Tests counts against shares (Pearson). `None` when there are fewer than two categories, a share is not positive, or
/// the shares do not sum to 1.
pub fn test(counts: &[u64], shares: &[f64]) -> Option<ChiSquare> {
    let sum: f64 = shares.iter().sum();
    if counts.len() < 2 || counts.len() != shares.len() || (sum - 1.0).abs() > 1e-6 || shares.iter().any(|s| *s <= 0.0)
    {
        return None;
    }
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return None;
    }
    let statistic = counts
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = total as f64 * share;
            (*count as f64 - expected).powi(2) / expected
        })
        .sum();
    let degrees = counts.len() as f64 - 1.0;
    Some(ChiSquare { statistic, degrees, p: tail(statistic, degrees) })
}

/// P(χ² > statistic): the regularised upper incomplete gamma function Q(a, x) at half of both, by series below a + 1 and
/// by continued fraction above (Numerical Recipes, 6.2).
pub fn tail(statistic: f64, degrees: f64) -> f64 {
    let (a, x) = (degrees / 2.0, statistic / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..10_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let an = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = an * d + b;
        if d.abs() < TINY {
            d = TINY;
        }
        c = b + an / c;
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_probabilities_match_the_table() {
        // Quantiles of the χ² distribution (degrees, statistic, upper tail).
        for (degrees, statistic, p) in [
            (1.0, 3.841_458_820_694_124, 0.05),
            (1.0, 10.827_566_170_662_733, 0.001),
            (2.0, 5.991_464_547_107_979, 0.05),
            (2.0, 0.1, libm::exp(-0.05)),
            (2.0, 40.0, libm::exp(-20.0)),
            (9.0, 16.918_977_604_620_45, 0.05),
            (10.0, 18.307_038_053_275_146, 0.05),
            (10.0, 3.940_299_136_119_056, 0.95),
        ] {
            let found = tail(statistic, degrees);
            assert!((found / p - 1.0).abs() < 1e-9, "{degrees} {statistic}: {found}");
        }
    }

    #[test]
    fn counts_are_tested_against_shares() {
        let even = test(&[100, 100], &[0.5, 0.5]).unwrap();
        assert_eq!((even.statistic, even.p), (0.0, 1.0));
        let skewed = test(&[600, 400], &[0.5, 0.5]).unwrap();
        assert_eq!(skewed.statistic, 40.0);
        assert!(skewed.p < 1e-9);
        for (counts, shares) in
            [(&[1u64][..], &[1.0][..]), (&[1, 2], &[0.5, 0.4]), (&[1, 2], &[1.0, 0.0]), (&[0, 0], &[0.5, 0.5])]
        {
            assert_eq!(test(counts, shares), None, "{counts:?} {shares:?}");
        }
    }
}
