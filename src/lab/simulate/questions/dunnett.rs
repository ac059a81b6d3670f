//! Several arms against one control: the critical value of Dunnett's test, and p-values after Holm.
//!
//! Sizes are taken as large: the limit of Student's t by the normal. Dunnett, JASA 50 (1955); Holm, Scand. J. Statist. 6 (1979).

use crate::distributions::{normal_cdf, normal_quantile};

/// The d with P(max |Z_i| ≤ d) = 1 − `alpha` for `arms` standard normal Z_i, correlated by `correlation` in [0, 1): the
/// two-sided critical value of comparisons with one control. Arms of size n and a control of size n₀ have n/(n + n₀).
pub fn critical(arms: u32, correlation: f64, alpha: f64) -> f64 {
    let (mut low, mut high) = (0.0, normal_quantile(1.0 - alpha / (2.0 * f64::from(arms.max(1)))) + 1e-9);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if inside(middle, arms, correlation) < 1.0 - alpha { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(max |Z_i| ≤ d): given what the comparisons share, z, they are independent; Simpson's rule over z in ±8.
fn inside(d: f64, arms: u32, correlation: f64) -> f64 {
    const STEPS: usize = 2_000;
    let (shared, own) = (libm::sqrt(correlation), libm::sqrt(1.0 - correlation));
    let width = 16.0 / STEPS as f64;
    let mut total = 0.0;
    for i in 0..=STEPS {
        let z = -8.0 + width * i as f64;
        let one = normal_cdf((d + shared * z) / own) - normal_cdf((shared * z - d) / own);
        let weight = if i == 0 || i == STEPS { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        total += weight * libm::exp(-z * z / 2.0) * one.powi(arms as i32);
    }
    total * width / 3.0 / libm::sqrt(2.0 * std::f64::consts::PI)
}

/// Holm's adjusted p-values, in the order given: the smallest times m, the next times m − 1 …, never falling, at most 1. Rejecting
/// those at most α keeps the probability of any false rejection at most α, whatever their dependence.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        largest = largest.max(p[at] * (p.len() - rank) as f64).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dunnett (1964), Biometrics 20, table II: two-sided, 5 %, infinite degrees of freedom, arms as large as the control.
    #[test]
    fn critical_values_are_the_published_ones() {
        for (arms, published) in
            [(1, 1.96), (2, 2.21), (3, 2.35), (4, 2.44), (5, 2.51), (6, 2.57), (7, 2.61), (8, 2.65), (9, 2.69)]
        {
            let found = critical(arms, 0.5, 0.05);
            assert!((found - published).abs() <= 0.005, "{arms} arms: {found}, published {published}");
        }
        // Without correlation it is Šidák's: Φ⁻¹((1 + 0.95^(1/5))/2).
        let sidak = normal_quantile((1.0 + 0.95_f64.powf(0.2)) / 2.0);
        assert!((critical(5, 0.0, 0.05) - sidak).abs() < 1e-6);
    }

    /// statsmodels.stats.multitest.multipletests, method "holm", by its definition.
    #[test]
    fn holm_adjusts_in_order() {
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        close(holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        close(holm(&[0.9, 0.8]), &[1.0, 1.0]);
        close(holm(&[]), &[]);
    }
}
