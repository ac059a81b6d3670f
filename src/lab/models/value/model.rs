//! A purchase model with its parameters: what it says of one customer, whichever model it is.
//!
//! Times are in the periods of the histories it was fitted to (weeks, usually).

use super::history::History;
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
        let if_alive = match self.kind {
            // Alive customers stay until they buy.
            Kind::BgNbd | Kind::MbgNbd => {
                let [r, alpha, ..] = self.parameters;
                -(-(r + h.x) * (t / (alpha + h.t)).ln_1p()).exp_m1()
            }
            Kind::ParetoNbd => pareto_nbd::p_purchase_if_alive(self.parameters, h, t),
        };
        self.p_alive(h) * if_alive.clamp(0.0, 1.0)
    }

    /// Periods after the history by which the next purchase has happened with probability `p`; `None` when it never
    /// becomes that likely, because the customer may have left.
    pub fn next_purchase(&self, h: &History, p: f64) -> Option<f64> {
        let if_alive = p / self.p_alive(h);
        match self.kind {
            Kind::BgNbd | Kind::MbgNbd => {
                let [r, alpha, ..] = self.parameters;
                let left = 1.0 - if_alive;
                (left > 0.0).then(|| (alpha + h.t) * (-left.ln() / (r + h.x)).exp_m1())
            }
            Kind::ParetoNbd => pareto_nbd::next_purchase_if_alive(self.parameters, h, if_alive),
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
