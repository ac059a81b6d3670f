//! A purchase model with its parameters: what it says of one customer, whichever model it is.
//!
//! Times are in the periods of the histories it was fitted to (weeks, usually).

use super::history::History;
use super::special::integrate;
use super::{bg_nbd, mbg_nbd, pareto_nbd};
use serde::{Deserialize, Serialize};

/// Which model of purchases and survival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// BG/NBD.
    BgNbd,
    /// MBG/NBD.
    MbgNbd,
    /// Pareto/NBD.
    ParetoNbd,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::BgNbd, Kind::MbgNbd, Kind::ParetoNbd];

    /// Its name in the literature.
    pub fn name(self) -> &'static str {
        match self {
            Kind::BgNbd => "BG/NBD",
            Kind::MbgNbd => "MBG/NBD",
            Kind::ParetoNbd => "Pareto/NBD",
        }
    }

    /// Names of its parameters, as in the papers: the shape and rate of how often, then of how long.
    pub fn parameters(self) -> [&'static str; 4] {
        match self {
            Kind::BgNbd | Kind::MbgNbd => ["r", "alpha", "a", "b"],
            Kind::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// Which parameters are in units of time.
    pub(super) fn is_time(self) -> [bool; 4] {
        match self {
            Kind::BgNbd | Kind::MbgNbd => [false, true, false, false],
            Kind::ParetoNbd => [false, true, false, true],
        }
    }
}

/// A purchase model: how often customers buy while they are customers, and how long they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurchaseModel {
    /// Which.
    pub kind: Kind,
    /// Its parameters, in the order of [`Kind::parameters`]; all above 0.
    pub parameters: [f64; 4],
}

impl PurchaseModel {
    /// Log-likelihood of one history.
    pub fn log_likelihood(&self, h: &History) -> f64 {
        match self.kind {
            Kind::BgNbd => bg_nbd::log_likelihood(self.parameters, h),
            Kind::MbgNbd => mbg_nbd::log_likelihood(self.parameters, h),
            Kind::ParetoNbd => pareto_nbd::log_likelihood(self.parameters, h),
        }
    }

    /// Probability that the customer is still one at the end of the history, 0 to 1.
    pub fn p_alive(&self, h: &History) -> f64 {
        match self.kind {
            Kind::BgNbd => bg_nbd::p_alive(self.parameters, h),
            Kind::MbgNbd => mbg_nbd::p_alive(self.parameters, h),
            Kind::ParetoNbd => pareto_nbd::p_alive(self.parameters, h),
        }
    }

    /// Expected purchases in the `t` periods after the history.
    pub fn expected(&self, h: &History, t: f64) -> f64 {
        self.moments(h, t).0
    }

    /// Mean and variance of the purchases in the `t` periods after the history.
    pub fn mean_and_variance(&self, h: &History, t: f64) -> (f64, f64) {
        let (mean, square) = self.moments(h, t);
        (mean, (square - mean * mean).max(0.0))
    }

    fn moments(&self, h: &History, t: f64) -> (f64, f64) {
        match self.kind {
            Kind::BgNbd => bg_nbd::future(self.parameters, h, t),
            Kind::MbgNbd => mbg_nbd::future(self.parameters, h, t),
            Kind::ParetoNbd => pareto_nbd::future(self.parameters, h, t),
        }
    }

    /// Expected repeat purchases in the first `t` periods of a customer of whom nothing is known.
    pub fn expected_by(&self, t: f64) -> f64 {
        let [r, alpha, a, b] = self.parameters;
        match self.kind {
            Kind::BgNbd => bg_nbd::moments(r, alpha, a, b, t).0,
            Kind::MbgNbd => mbg_nbd::random_customer(self.parameters, t).0,
            Kind::ParetoNbd => pareto_nbd::moments(self.parameters, t).0,
        }
    }

    /// Probability of at least one purchase in the `t` periods after the history.
    pub fn p_purchase(&self, h: &History, t: f64) -> f64 {
        let [r, alpha, s, beta] = self.parameters;
        let (r, alpha, beta) = (r + h.x, alpha + h.t, beta + h.t);
        let if_alive = match self.kind {
            // Alive customers stay until they buy.
            Kind::BgNbd | Kind::MbgNbd => -(-r * (t / alpha).ln_1p()).exp_m1(),
            // ∫₀ᵗ r/(α+u) (α/(α+u))^r (β/(β+u))^s du with u = α(e^v − 1), in pieces short enough for the quadrature.
            Kind::ParetoNbd => {
                let y = (t / alpha).ln_1p();
                let pieces = (y * (r + s + s * alpha / beta) / 4.0).ceil().clamp(1.0, 10_000.0);
                let width = y / pieces;
                let density = |v: f64| r * (-r * v - s * (alpha * v.exp_m1() / beta).ln_1p()).exp();
                (0..pieces as usize).map(|i| integrate(width * i as f64, width * (i + 1) as f64, density)).sum()
            }
        };
        self.p_alive(h) * if_alive.clamp(0.0, 1.0)
    }

    /// Periods after the history by which the next purchase has happened with probability `p`; `None` when it never
    /// becomes that likely, because the customer may have left.
    pub fn next_purchase(&self, h: &History, p: f64) -> Option<f64> {
        let [r, alpha, ..] = self.parameters;
        let (r, alpha) = (r + h.x, alpha + h.t);
        if self.kind != Kind::ParetoNbd {
            let left = 1.0 - p / self.p_alive(h);
            return (left > 0.0).then(|| alpha * (-left.ln() / r).exp_m1());
        }
        // Bisection over the logarithm of time; what takes longer than ten thousand times the history never happens.
        let (mut low, mut high) = (0.0, (1e4 * (alpha + h.t)).ln_1p());
        if self.p_purchase(h, high.exp_m1()) < p {
            return None;
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.p_purchase(h, middle.exp_m1()) < p { low = middle } else { high = middle }
        }
        Some(high.exp_m1())
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
