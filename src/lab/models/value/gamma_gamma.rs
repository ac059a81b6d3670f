//! Gamma–Gamma: what a purchase is worth, a customer's own mean drawn towards everybody's by how little is known
//! (Fader & Hardie, "The gamma-gamma model of monetary value", 2013).
//!
//! It takes worth and frequency as unrelated: look at the correlation before believing it.

/// ln L of a customer with `n` purchases of mean worth `mean`. Parameters p, q, v.
pub fn log_likelihood([p, q, v]: [f64; 3], n: f64, mean: f64) -> f64 {
    libm::lgamma(p * n + q) - libm::lgamma(p * n) - libm::lgamma(q)
        + q * v.ln()
        + (p * n - 1.0) * mean.ln()
        + p * n * n.ln()
        - (p * n + q) * (mean * n + v).ln()
}

/// Customers by their number of purchases: most of the likelihood is shared by those of one number.
pub struct Spends {
    /// Number of purchases, customers with it, Σ ln mean over them, and the sum of each one's purchases.
    by_number: Vec<(f64, f64, f64, Vec<f64>)>,
}

impl Spends {
    /// From (number, mean worth) of each customer.
    pub fn new(customers: &[(f64, f64)]) -> Spends {
        let mut sorted = customers.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut by_number: Vec<(f64, f64, f64, Vec<f64>)> = Vec::new();
        for (n, mean) in sorted {
            if by_number.last().is_none_or(|last| last.0 != n) {
                by_number.push((n, 0.0, 0.0, Vec::new()));
            }
            if let Some(last) = by_number.last_mut() {
                last.1 += 1.0;
                last.2 += mean.ln();
                last.3.push(n * mean);
            }
        }
        Spends { by_number }
    }

    /// Σ [`log_likelihood`] over the customers.
    pub fn log_likelihood(&self, [p, q, v]: [f64; 3]) -> f64 {
        use rayon::prelude::*;
        const PIECE: usize = 16_384;
        let of = |(n, count, ln_means, sums): &(f64, f64, f64, Vec<f64>)| {
            let logs: Vec<f64> =
                sums.par_chunks(PIECE).map(|piece| piece.iter().map(|sum| (sum + v).ln()).sum()).collect();
            let shared = libm::lgamma(p * n + q) - libm::lgamma(p * n) - libm::lgamma(q) + q * v.ln() + p * n * n.ln();
            count * shared + (p * n - 1.0) * ln_means - (p * n + q) * logs.iter().sum::<f64>()
        };
        self.by_number.iter().map(of).sum()
    }
}

/// Expected worth of a purchase of a customer with `n` purchases of mean worth `mean`:
/// p (v + n · mean) / (p n + q − 1); of someone unknown with `n` = 0. `None` where it is infinite (p n + q ≤ 1).
pub fn expected([p, q, v]: [f64; 3], n: f64, mean: f64) -> Option<f64> {
    let below = p * n + q - 1.0;
    let seen = if n > 0.0 { n * mean } else { 0.0 };
    (below > 0.0).then(|| p * (v + seen) / below)
}

/// The weight of a customer's own mean in [`expected`]: p n / (p n + q − 1). `None` where everybody's mean is infinite.
pub fn own_weight([p, q, _]: [f64; 3], n: f64) -> Option<f64> {
    (q > 1.0).then(|| p * n / (p * n + q - 1.0))
}

#[cfg(test)]
#[path = "gamma_gamma_tests.rs"]
mod tests;
