//! Truth for the tests of this module: mixtures by brute-force quadrature, and customers generated from known parameters.

use super::history::History;
use super::model::Kind;
use crate::random::Random;

/// E[f(λ)] for λ ~ gamma(shape r, rate α), by the trapezoidal rule over ln λ, which converges exponentially here.
pub fn over_gamma(r: f64, alpha: f64, f: impl Fn(f64) -> f64) -> f64 {
    const STEP: f64 = 0.125;
    let front = r * alpha.ln() - libm::lgamma(r);
    let (low, high) = (-40.0 / r - alpha.ln(), 6.0 + (r + 1.0).ln() - alpha.ln());
    let points = ((high - low) / STEP) as usize;
    (0..=points)
        .map(|i| {
            let w = low + STEP * i as f64;
            (front + r * w - alpha * w.exp()).exp() * f(w.exp())
        })
        .sum::<f64>()
        * STEP
}

/// E[f(p)] for p ~ beta(a, b), by the trapezoidal rule over the logit of p. `f` gets p and 1 − p.
pub fn over_beta(a: f64, b: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    const STEP: f64 = 0.125;
    let front = -super::special::ln_beta(a, b);
    let (low, high) = (-40.0 / a, 40.0 / b);
    let points = ((high - low) / STEP) as usize;
    (0..=points)
        .map(|i| {
            let w = low + STEP * i as f64;
            let (p, q) = (1.0 / (1.0 + (-w).exp()), 1.0 / (1.0 + w.exp()));
            (front + a * p.ln() + b * q.ln()).exp() * f(p, q)
        })
        .sum::<f64>()
        * STEP
}

/// Gamma with shape r and rate α (Marsaglia & Tsang, 2000).
pub fn gamma(random: &mut Random, r: f64, alpha: f64) -> f64 {
    if r < 1.0 {
        return gamma(random, r + 1.0, alpha) * (1.0 - random.uniform()).powf(1.0 / r);
    }
    let d = r - 1.0 / 3.0;
    loop {
        let x = random.normal();
        let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
        if v > 0.0 && (1.0 - random.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v / alpha;
        }
    }
}

/// A generated customer: the history up to the end, purchases in `after` periods then, and whether alive at the end.
pub struct Generated {
    pub history: History,
    pub later: f64,
    pub alive: bool,
    /// Periods from the end to the next purchase, however late; infinite for those who left.
    pub next: f64,
}

/// A customer known for `t` periods and followed for `after` more.
pub fn generate(random: &mut Random, kind: Kind, parameters: [f64; 4], t: f64, after: f64) -> Generated {
    let [r, alpha, c, d] = parameters;
    let rate = gamma(random, r, alpha);
    let (leaves, mut lifetime) = match kind {
        Kind::ParetoNbd => (0.0, random.exponential() / gamma(random, c, d)),
        Kind::BgNbd | Kind::MbgNbd => {
            let (left, right) = (gamma(random, c, 1.0), gamma(random, d, 1.0));
            (left / (left + right), f64::INFINITY)
        }
    };
    if kind == Kind::MbgNbd && random.chance(leaves) {
        lifetime = 0.0;
    }
    let mut g =
        Generated { history: History { x: 0.0, t_x: 0.0, t }, later: 0.0, alive: lifetime > t, next: f64::INFINITY };
    let mut now = 0.0;
    loop {
        now += random.exponential() / rate;
        if now > lifetime {
            return g;
        }
        if now <= t {
            g.history.x += 1.0;
            g.history.t_x = now;
        } else {
            g.next = g.next.min(now - t);
            if now > t + after {
                return g;
            }
            g.later += 1.0;
        }
        if kind != Kind::ParetoNbd && random.chance(leaves) {
            lifetime = now;
            g.alive = now > t;
        }
    }
}

/// Generated customers with ages between half of `t` and `t`.
pub fn customers(seed: u64, n: usize, kind: Kind, parameters: [f64; 4], t: f64, after: f64) -> Vec<Generated> {
    let mut random = Random::new(seed);
    (0..n)
        .map(|_| {
            let age = t * (0.5 + 0.5 * random.uniform());
            generate(&mut random, kind, parameters, age, after)
        })
        .collect()
}
