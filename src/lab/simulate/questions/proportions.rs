//! Intervals and tests of shares that hold at small n: Wilson, Newcombe, Fisher.

use crate::distributions::normal_cdf;
use crate::simulate::estimate::Z95;

/// Wilson's score interval at 95 % of a share (JASA 22, 1927). (0, 1) when n is 0.
pub fn wilson(hits: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, hits as f64 / n as f64);
    let z2 = Z95 * Z95;
    let center = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * libm::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    // At 0 and n hits the ends are 0 and 1 exactly; rounding must not say otherwise.
    (if p == 0.0 { 0.0 } else { (center - half).max(0.0) }, if p == 1.0 { 1.0 } else { (center + half).min(1.0) })
}

/// Newcombe's interval at 95 % of the difference of two independent shares, a − b, from their Wilson intervals (Statistics in
/// Medicine 17, 1998, method 10).
pub fn newcombe((hits_a, n_a): (u64, u64), (hits_b, n_b): (u64, u64)) -> (f64, f64) {
    let share = |hits: u64, n: u64| if n == 0 { 0.0 } else { hits as f64 / n as f64 };
    let (a, b) = (share(hits_a, n_a), share(hits_b, n_b));
    let ((la, ua), (lb, ub)) = (wilson(hits_a, n_a), wilson(hits_b, n_b));
    (a - b - libm::hypot(a - la, ub - b), a - b + libm::hypot(ua - a, b - lb))
}

/// Two-sided p-value that two shares are equal: z with the pooled variance. 1 when nothing varies.
pub fn z_test((hits_a, n_a): (u64, u64), (hits_b, n_b): (u64, u64)) -> f64 {
    let (na, nb) = (n_a as f64, n_b as f64);
    let pooled = (hits_a + hits_b) as f64 / (na + nb);
    let se = libm::sqrt(pooled * (1.0 - pooled) * (1.0 / na + 1.0 / nb));
    let difference = hits_a as f64 / na - hits_b as f64 / nb;
    if se > 0.0 { 2.0 * normal_cdf(-(difference / se).abs()) } else { 1.0 }
}

/// Fisher's exact test of two shares, two-sided: the probability of all tables with these margins that are no likelier than the one
/// found.
pub fn fisher((hits_a, n_a): (u64, u64), (hits_b, n_b): (u64, u64)) -> f64 {
    let choose = |n: u64, k: u64| {
        let l = |x: u64| libm::lgamma(x as f64 + 1.0);
        l(n) - l(k) - l(n - k)
    };
    let hits = hits_a + hits_b;
    let all = choose(n_a + n_b, hits);
    let log_probability = |x: u64| choose(n_a, x) + choose(n_b, hits - x) - all;
    let own = log_probability(hits_a);
    let tables = hits.saturating_sub(n_b)..=hits.min(n_a);
    // The slack takes in tables that are as likely but for rounding, as scipy's does.
    let total: f64 = tables.map(log_probability).filter(|p| *p <= own + 1e-7).map(libm::exp).sum();
    total.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, what: &str) {
        assert!((found - expected).abs() < 5e-5, "{what}: {found}, expected {expected}");
    }

    /// Newcombe (1998), table II: the published cases, method 10 for the difference; Wilson intervals by scipy 1.17
    /// `binomtest(k, n).proportion_ci(method="wilson")`.
    #[test]
    fn intervals_are_the_published_ones() {
        for (a, b, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
        ] {
            let (l, h) = newcombe(a, b);
            near(l, low, &format!("{a:?} {b:?} low"));
            near(h, high, &format!("{a:?} {b:?} high"));
        }
        let (low, high) = wilson(7, 50);
        near(low, 0.069_508, "wilson low");
        near(high, 0.261_862, "wilson high");
        assert_eq!((wilson(0, 0), wilson(0, 20).0, wilson(20, 20).1), ((0.0, 1.0), 0.0, 1.0));
    }

    #[test]
    fn small_tables_are_tested_exactly() {
        // scipy.stats.fisher_exact([[8, 2], [1, 5]]) = 0.0349650…, its own documentation's example.
        near(fisher((8, 10), (1, 6)), 0.034_965, "fisher");
        near(fisher((0, 10), (0, 20)), 1.0, "no hits");
    }
}
