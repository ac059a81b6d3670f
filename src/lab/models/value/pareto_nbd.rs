//! Pareto/NBD: purchases at a rate, and a lifetime, that each differ by customer (Schmittlein, Morrison & Colombo,
//! Management Science 33, 1987; derivations: Fader & Hardie, "A note on deriving the Pareto/NBD model", 2005).
//!
//! The hypergeometric functions of the likelihood are taken through Euler's transformation to 2F1(1, ·; ·; z), which has a
//! continued fraction of positive terms; differences are taken of numbers on one scale.

use super::history::History;
use super::special::{integrate, ln_add, ln_hyp2f1_one};

/// ln L of one customer. Parameters r, α of the purchase rate, s, β of the rate of leaving.
pub fn log_likelihood([r, alpha, s, beta]: [f64; 4], h: &History) -> f64 {
    let front = libm::lgamma(r + h.x) - libm::lgamma(r) + r * alpha.ln() + s * beta.ln();
    let (alive, left) = parts([r, alpha, s, beta], h);
    front + ln_add(alive, left)
}

/// P(alive at T | history).
pub fn p_alive(params: [f64; 4], h: &History) -> f64 {
    let (alive, left) = parts(params, h);
    1.0 / (1.0 + (left - alive).exp())
}

/// Logarithms of the two ways to the history, but for a common factor: alive at T, (α + T)^−(r+x) (β + T)^−s; and left at some
/// τ between t_x and T, s ∫ (α + τ)^−(r+x) (β + τ)^−(s+1) dτ.
fn parts([r, alpha, s, beta]: [f64; 4], h: &History) -> (f64, f64) {
    let alive = -(r + h.x) * (alpha + h.t).ln() - s * (beta + h.t).ln();
    let width = h.t - h.t_x;
    if width <= 0.0 {
        return (alive, f64::NEG_INFINITY);
    }
    // Over a short gap the two tails of the integral nearly cancel; quadrature there has no such trouble.
    if (r + h.x + s + 1.0) * width < 4.0 * (alpha.min(beta) + h.t_x) {
        let log = |tau: f64| -(r + h.x) * (alpha + tau).ln() - (s + 1.0) * (beta + tau).ln();
        let top = log(h.t_x);
        let integral = integrate(h.t_x, h.t, |tau| (log(tau) - top).exp());
        return (alive, s.ln() + top + integral.ln());
    }
    let (from, to) = (log_tail([r, alpha, s, beta], h.x, h.t_x), log_tail([r, alpha, s, beta], h.x, h.t));
    (alive, from + (-(to - from).min(0.0).exp()).ln_1p())
}

/// ln s ∫_t^∞ (α + τ)^−(r+x) (β + τ)^−(s+1) dτ.
fn log_tail([r, alpha, s, beta]: [f64; 4], x: f64, t: f64) -> f64 {
    let c = r + s + x + 1.0;
    let share = s.ln() - (r + s + x).ln();
    if alpha >= beta {
        let z = (alpha - beta) / (alpha + t);
        share - (r + x) * (alpha + t).ln() - s * (beta + t).ln() + ln_hyp2f1_one(r + x, c, z)
    } else {
        let z = (beta - alpha) / (beta + t);
        share - (s + 1.0) * (beta + t).ln() - (r + x - 1.0) * (alpha + t).ln() + ln_hyp2f1_one(s + 1.0, c, z)
    }
}

/// Mean and second moment of the purchases in `t` periods of a customer known by `h`.
pub fn future([r, alpha, s, beta]: [f64; 4], h: &History, t: f64) -> (f64, f64) {
    let alive = p_alive([r, alpha, s, beta], h);
    let (mean, square) = moments([r + h.x, alpha + h.t, s, beta + h.t], t);
    (alive * mean, alive * square)
}

/// Mean and second moment of the purchases in `t` periods of someone alive of whom nothing else is known:
/// E[λ] E[min(τ, t)], and E[λ] E[min(τ, t)] + E[λ²] E[min(τ, t)²].
pub fn moments([r, alpha, s, beta]: [f64; 4], t: f64) -> (f64, f64) {
    if t <= 0.0 {
        return (0.0, 0.0);
    }
    let rate = r / alpha;
    let square_rate = r * (r + 1.0) / (alpha * alpha);
    // E[min(τ, t)] = ∫₀ᵗ (β/(β+u))^s du = β (1 − e^−(s−1)y) / (s − 1) with y = ln(1 + t/β); expm1 fills the hole at s = 1.
    let y = (t / beta).ln_1p();
    let lived = beta * y * relative(-(s - 1.0) * y);
    // ∫₀ᵗ 2u (β/(β+u))^s du with u = β(e^v − 1), in pieces short enough for the quadrature.
    let pieces = (y * (1.0 + s.abs()) / 4.0).ceil().clamp(1.0, 10_000.0);
    let width = y / pieces;
    let square_lived: f64 = (0..pieces as usize)
        .map(|i| {
            let low = width * i as f64;
            integrate(low, low + width, |v| 2.0 * beta * v.exp_m1() * ((1.0 - s) * v).exp() * beta)
        })
        .sum();
    let mean = rate * lived;
    (mean, mean + square_rate * square_lived)
}

/// Probability of a purchase within `t` periods of someone alive at the end of `h`: ∫₀ᵗ r/(α+u) (α/(α+u))^r (β/(β+u))^s du, the
/// parameters those of the customer then.
pub fn p_purchase_if_alive([r, alpha, s, beta]: [f64; 4], h: &History, t: f64) -> f64 {
    First { r: r + h.x, alpha: alpha + h.t, s, beta: beta + h.t }.by((t / (alpha + h.t)).ln_1p())
}

/// Periods by which someone alive has bought with probability `p`; `None` when that takes ten thousand times α + T or never
/// happens.
pub fn next_purchase_if_alive([r, alpha, s, beta]: [f64; 4], h: &History, p: f64) -> Option<f64> {
    let first = First { r: r + h.x, alpha: alpha + h.t, s, beta: beta + h.t };
    let (mut low, mut high) = (0.0, 1e4f64.ln_1p());
    if p <= 0.0 {
        return Some(0.0);
    }
    if first.by(high) < p {
        return None;
    }
    // Newton's method inside a bracket that shrinks.
    let mut y = (p / first.density(0.0)).min(0.5 * high);
    for _ in 0..60 {
        let missing = p - first.by(y);
        if missing > 0.0 {
            low = y
        } else {
            high = y
        }
        let step = missing / first.density(y);
        if step.abs() <= 1e-13 * y {
            break;
        }
        y = if low < y + step && y + step < high { y + step } else { 0.5 * (low + high) };
    }
    Some(first.alpha * y.exp_m1())
}

/// The first purchase of someone alive, over y = ln(1 + u/α).
struct First {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl First {
    fn density(&self, y: f64) -> f64 {
        self.r * (-self.r * y - self.s * (self.alpha * y.exp_m1() / self.beta).ln_1p()).exp()
    }

    /// The integral of the density from 0 to `y`, in pieces short enough for the quadrature.
    fn by(&self, y: f64) -> f64 {
        let pieces = (y * (self.r + self.s + self.s * self.alpha / self.beta) / 4.0).ceil().clamp(1.0, 10_000.0);
        let width = y / pieces;
        let piece = |i: usize| integrate(width * i as f64, width * (i + 1) as f64, |y| self.density(y));
        (0..pieces as usize).map(piece).sum()
    }
}

/// (e^x − 1) / x, 1 at 0.
fn relative(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x.exp_m1() / x }
}

#[cfg(test)]
#[path = "pareto_nbd_tests.rs"]
mod tests;
