//! BG/NBD: purchases at a rate that differs by customer, and after each one a chance to leave for good
//! (Fader, Hardie & Lee, "Counting your customers the easy way", Marketing Science 24, 2005).
//!
//! Also the sums over a negative binomial count that MBG/NBD shares. Expected purchases are sums of positive terms, not the
//! published differences of hypergeometric functions: those lose their digits near a = 1 and have a hole there.

use super::history::History;
use super::special::{ln_add, ln_beta};

/// ln L of one customer. Parameters r, α of the rate, a, b of the chance to leave.
pub fn log_likelihood([r, alpha, a, b]: [f64; 4], h: &History) -> f64 {
    let survived = ln_beta(a, b + h.x) - ln_beta(a, b);
    let purchases = libm::lgamma(r + h.x) - libm::lgamma(r) + r * alpha.ln();
    purchases + survived - (r + h.x) * (alpha + h.t).ln() + ln_add(0.0, log_odds_left([r, alpha, a, b], h))
}

/// P(alive at T | history): 1 / (1 + a / (b + x − 1) · ((α + T) / (α + t_x))^(r + x)), and 1 for x = 0, because nobody leaves
/// before a repeat purchase.
pub fn p_alive(params: [f64; 4], h: &History) -> f64 {
    1.0 / (1.0 + log_odds_left(params, h).exp())
}

/// Logarithm of the odds of having left against being alive.
fn log_odds_left([r, alpha, a, b]: [f64; 4], h: &History) -> f64 {
    if h.x == 0.0 {
        return f64::NEG_INFINITY;
    }
    (a / (b + h.x - 1.0)).ln() + (r + h.x) * ((h.t - h.t_x) / (alpha + h.t_x)).ln_1p()
}

/// Mean and second moment of the purchases in `t` periods of a customer known by `h`.
pub fn future([r, alpha, a, b]: [f64; 4], h: &History, t: f64) -> (f64, f64) {
    let alive = p_alive([r, alpha, a, b], h);
    let (mean, square) = moments(r + h.x, alpha + h.t, a, b + h.x, t);
    (alive * mean, alive * square)
}

/// Mean and second moment of the number of purchases in `t` periods of someone alive whose rate is gamma(r, α) and who
/// leaves after each purchase with a beta(a, b) chance.
///
/// P(at least k) = B(a, b + k − 1) / B(a, b) · P(N ≥ k), N negative binomial; so the mean is Σ_j P(N = j) Σ_{k ≤ j} of the
/// first factors, and the second moment the same with 2k − 1 before each.
pub fn moments(r: f64, alpha: f64, a: f64, b: f64, t: f64) -> (f64, f64) {
    if t <= 0.0 {
        return (0.0, 0.0);
    }
    let z = t / (alpha + t);
    let log_none = r * (-z).ln_1p();
    // Far counts can be likely while none is not: probabilities start at a scale of their own.
    let (mut log_scale, mut term) = (log_none, 1.0f64);
    let (mut stayed, mut first, mut second) = (1.0f64, 0.0f64, 0.0f64);
    let (mut mean, mut square) = (0.0f64, 0.0f64);
    let peak = r * z / (1.0 - z);
    const MOST_TERMS: usize = 5_000_000;
    for k in 1..=MOST_TERMS {
        let j = k as f64;
        first += stayed;
        second += (2.0 * j - 1.0) * stayed;
        stayed *= (b + j - 1.0) / (a + b + j - 1.0);
        term *= (r + j - 1.0) / j * z;
        if term > 1e200 {
            term *= 1e-200;
            log_scale += 200.0 * std::f64::consts::LN_10;
            mean *= 1e-200;
            square *= 1e-200;
        }
        mean += term * first;
        square += term * second;
        // Beyond the peak terms fall at least geometrically; `second` grows by less than (1 + 2 / j)² a term.
        let ratio = (r + j) / (j + 1.0) * z * (1.0 + 2.0 / j).powi(2);
        if j > peak && ratio < 1.0 && term * second * ratio < 1e-16 * (1.0 - ratio) * square {
            break;
        }
    }
    let scale = log_scale.exp();
    (mean * scale, square * scale)
}

/// Expected repeat purchases by `t` as the published tables have them: the hypergeometric series of the 2004 spreadsheet note, cut
/// after 150 terms. It falls short where t is many times α, and knows no a = 1; [`moments`] is exact. To compare with tables
/// only.
pub fn published_expected([r, alpha, a, b]: [f64; 4], t: f64) -> f64 {
    let z = t / (alpha + t);
    let (mut term, mut sum) = (1.0, 1.0);
    for i in 0..150 {
        let i = f64::from(i);
        term *= (r + i) * (b + i) / ((a + b - 1.0 + i) * (i + 1.0)) * z;
        sum += term;
    }
    (a + b - 1.0) / (a - 1.0) * (1.0 - (1.0 - z).powf(r) * sum)
}

#[cfg(test)]
#[path = "bg_nbd_tests.rs"]
mod tests;
