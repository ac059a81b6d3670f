//! When the next purchase comes, by regression on the intervals so far: a log-logistic accelerated-failure-time model, intervals
//! that had not ended at the end of calibration counted as censored.
//!
//! It knows no leaving: those who left show as intervals that never end, which its long tail takes up on the average. The
//! purchase models say it per customer; both are measured on the same holdout.

use super::histories::{Customer, Histories};
use super::optimise::invert;
use super::special::ln_add;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Names of the features of an interval, in the order of the coefficients.
pub const FEATURES: [&str; 4] = ["intercept", "ln mean interval so far", "ln last interval", "ln purchases so far"];
/// How many intervals of everybody's mean length stand beside a customer's own in the mean interval so far.
const PRIOR_INTERVALS: f64 = 1.0;

/// The fitted regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextPurchase {
    /// Effect of each of [`FEATURES`] on the logarithm of the interval, with its standard error (from the curvature of the
    /// likelihood; intervals of one customer taken as independent).
    pub coefficients: Vec<(String, f64, f64)>,
    /// Scale of the logistic error of the logarithm.
    pub scale: f64,
    /// Intervals it was fitted to, and those of them that had not ended.
    pub intervals: (u64, u64),
    /// Mean of the ended intervals, in periods: what a customer without any is taken to have.
    pub usual: f64,
}

/// Whether customers bought within the holdout, as said by several: mean of (bought − probability)², lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brier {
    /// By the regression.
    pub regression: f64,
    /// By the purchase model.
    pub model: f64,
    /// By the share of all customers that bought, known only afterwards.
    pub share: f64,
}

struct Interval {
    features: [f64; FEATURES.len()],
    ln_length: f64,
    ended: bool,
}

impl NextPurchase {
    /// Fits the regression to every interval of every customer up to the end of calibration.
    ///
    /// # Errors
    /// When fewer than ten intervals ended, or the task is cancelled.
    pub fn fit(histories: &Histories, task: &Task) -> Result<NextPurchase> {
        task.stage("Fitting the next purchase")?;
        let ended: Vec<f64> = histories.customers.iter().flat_map(|c| c.gaps.iter().copied()).collect();
        if ended.len() < 10 {
            return Err(Error::new(format!(
                "only {} intervals between purchases are known; too few to learn when the next comes from",
                ended.len()
            ))
            .hint("take a longer time before the end"));
        }
        let usual = ended.iter().sum::<f64>() / ended.len() as f64;
        let mut rows = Vec::new();
        for customer in &histories.customers {
            for k in 0..=customer.gaps.len() {
                let length = customer.gaps.get(k).copied();
                // A purchase on the last day has an interval of no length so far: it says nothing.
                let open = customer.history.t - customer.history.t_x;
                if length.is_some() || open > 0.0 {
                    rows.push(Interval {
                        features: features(&customer.gaps[..k], usual),
                        ln_length: length.unwrap_or(open).ln(),
                        ended: length.is_some(),
                    });
                }
            }
        }
        let (gamma, tau, covariance) = newton(&rows, task)?;
        let coefficients = FEATURES.iter().zip(gamma.iter().enumerate()).map(|(name, (i, gamma))| {
            // β = γ / τ; its variance by the delta method.
            let n = FEATURES.len();
            let (d_gamma, d_tau) = (1.0 / tau, -gamma / (tau * tau));
            let variance = d_gamma * d_gamma * covariance[i][i]
                + 2.0 * d_gamma * d_tau * covariance[i][n]
                + d_tau * d_tau * covariance[n][n];
            ((*name).to_owned(), gamma / tau, variance.max(0.0).sqrt())
        });
        Ok(NextPurchase {
            coefficients: coefficients.collect(),
            scale: 1.0 / tau,
            intervals: (rows.len() as u64, rows.iter().filter(|row| !row.ended).count() as u64),
            usual,
        })
    }

    /// Periods after the end of calibration by which the next purchase has come with probability `p`, 0 < `p` < 1.
    pub fn quantile(&self, customer: &Customer, p: f64) -> f64 {
        let (ln_odds, elapsed) = self.so_far(customer);
        // Odds of having ended by then: S(then) = (1 − p) S(now).
        let odds = (ln_odds.exp() + p) / (1.0 - p);
        ((self.location(customer) + self.scale * odds.ln()).exp() - elapsed).max(0.0)
    }

    /// Probability of a purchase within `t` periods after the end of calibration.
    pub fn p_purchase(&self, customer: &Customer, t: f64) -> f64 {
        let (ln_odds, elapsed) = self.so_far(customer);
        let then = ((elapsed + t).ln() - self.location(customer)) / self.scale;
        // 1 − S(then) / S(now), S = 1 / (1 + odds).
        -(ln_add(0.0, ln_odds) - ln_add(0.0, then)).exp_m1()
    }

    fn location(&self, customer: &Customer) -> f64 {
        let features = features(&customer.gaps, self.usual);
        features.iter().zip(&self.coefficients).map(|(x, (_, b, _))| x * b).sum()
    }

    /// Logarithm of the odds that the interval would have ended by now, and its length so far.
    fn so_far(&self, customer: &Customer) -> (f64, f64) {
        let elapsed = customer.history.t - customer.history.t_x;
        let ln_odds =
            if elapsed > 0.0 { (elapsed.ln() - self.location(customer)) / self.scale } else { f64::NEG_INFINITY };
        (ln_odds, elapsed)
    }
}

/// What is known when an interval begins.
fn features(before: &[f64], usual: f64) -> [f64; FEATURES.len()] {
    let n = before.len() as f64;
    let sum: f64 = before.iter().sum();
    let mean = (sum + PRIOR_INTERVALS * usual) / (n + PRIOR_INTERVALS);
    let last = before.last().copied().unwrap_or(usual);
    [1.0, mean.ln(), last.ln(), (1.0 + n).ln()]
}

type Solution = ([f64; FEATURES.len()], f64, Vec<Vec<f64>>);

/// Newton's method in γ = β / σ and τ = 1 / σ, in which the likelihood is concave: w = τ ln t − γ·z, and
/// ln L = ended (ln τ + w − 2 ln(1 + e^w)) − censored ln(1 + e^w).
fn newton(rows: &[Interval], task: &Task) -> Result<Solution> {
    const N: usize = FEATURES.len() + 1;
    // A little ridge: features that do not vary here get no effect rather than any.
    const RIDGE: f64 = 1e-4;
    let linear = |theta: &[f64; N], row: &Interval| {
        theta[N - 1] * row.ln_length - theta[..N - 1].iter().zip(&row.features).map(|(g, x)| g * x).sum::<f64>()
    };
    let value = |theta: &[f64; N]| -> f64 {
        let ridge: f64 = theta.iter().map(|x| 0.5 * RIDGE * x * x).sum();
        let likelihood: f64 = rows
            .iter()
            .map(|row| {
                let w = linear(theta, row);
                let plus = ln_add(0.0, w);
                if row.ended { theta[N - 1].ln() + w - 2.0 * plus } else { -plus }
            })
            .sum();
        likelihood - ridge
    };
    let mut theta = [0.0; N];
    theta[N - 1] = 1.0;
    let mut at = value(&theta);
    for step in 0..100 {
        task.tick(step as f32 / 100.0)?;
        let mut gradient = theta.map(|x| -RIDGE * x);
        let mut curvature = vec![vec![0.0; N]; N];
        for (i, row) in curvature.iter_mut().enumerate() {
            row[i] = RIDGE;
        }
        for row in rows {
            let p = 1.0 / (1.0 + (-linear(&theta, row)).exp());
            let (slope, bend) = if row.ended { (1.0 - 2.0 * p, 2.0 * p * (1.0 - p)) } else { (-p, p * (1.0 - p)) };
            let mut direction = [0.0; N];
            for (d, x) in direction.iter_mut().zip(&row.features) {
                *d = -x;
            }
            direction[N - 1] = row.ln_length;
            for i in 0..N {
                gradient[i] += slope * direction[i];
                for j in 0..N {
                    curvature[i][j] += bend * direction[i] * direction[j];
                }
            }
            if row.ended {
                gradient[N - 1] += 1.0 / theta[N - 1];
                curvature[N - 1][N - 1] += 1.0 / (theta[N - 1] * theta[N - 1]);
            }
        }
        let Some(covariance) = invert(&curvature) else {
            return Err(Error::new("the intervals between purchases do not differ enough to learn from"));
        };
        let change: Vec<f64> =
            covariance.iter().map(|row| row.iter().zip(&gradient).map(|(c, g)| c * g).sum()).collect();
        let decrement: f64 = change.iter().zip(&gradient).map(|(c, g)| c * g).sum();
        if decrement < 1e-10 {
            let gamma = std::array::from_fn(|i| theta[i]);
            return Ok((gamma, theta[N - 1], covariance));
        }
        let mut length = 1.0;
        loop {
            let next: [f64; N] = std::array::from_fn(|i| theta[i] + length * change[i]);
            let reached = if next[N - 1] > 0.0 { value(&next) } else { f64::NEG_INFINITY };
            if reached > at {
                (theta, at) = (next, reached);
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                let gamma = std::array::from_fn(|i| theta[i]);
                return Ok((gamma, theta[N - 1], covariance));
            }
        }
    }
    Err(Error::new("the regression of intervals between purchases did not settle"))
}

#[cfg(test)]
#[path = "next_purchase_tests.rs"]
mod tests;
