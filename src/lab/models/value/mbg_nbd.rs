//! MBG/NBD: as BG/NBD, but a customer may also leave right after the first purchase, so that those who never came back
//! need not all be alive (Batislam, Denizel & Filiztekin, Int. J. of Research in Marketing 24, 2007).

use super::bg_nbd::moments;
use super::history::History;
use super::special::{ln_add, ln_beta};

/// ln L of one customer. Parameters r, α of the rate, a, b of the chance to leave.
pub fn log_likelihood([r, alpha, a, b]: [f64; 4], h: &History) -> f64 {
    let survived = ln_beta(a, b + h.x + 1.0) - ln_beta(a, b);
    let purchases = libm::lgamma(r + h.x) - libm::lgamma(r) + r * alpha.ln();
    purchases + survived - (r + h.x) * (alpha + h.t).ln() + ln_add(0.0, log_odds_left([r, alpha, a, b], h))
}

/// P(alive at T | history): 1 / (1 + a / (b + x) · ((α + T) / (α + t_x))^(r + x)).
pub fn p_alive(params: [f64; 4], h: &History) -> f64 {
    1.0 / (1.0 + log_odds_left(params, h).exp())
}

/// Logarithm of the odds of having left against being alive.
fn log_odds_left([r, alpha, a, b]: [f64; 4], h: &History) -> f64 {
    (a / (b + h.x)).ln() + (r + h.x) * ((h.t - h.t_x) / (alpha + h.t_x)).ln_1p()
}

/// Mean and second moment of the purchases in `t` periods of a customer known by `h`.
pub fn future([r, alpha, a, b]: [f64; 4], h: &History, t: f64) -> (f64, f64) {
    let alive = p_alive([r, alpha, a, b], h);
    let (mean, square) = moments(r + h.x, alpha + h.t, a, b + h.x + 1.0, t);
    (alive * mean, alive * square)
}

/// Mean and second moment of the purchases in `t` periods after the first one of a customer of whom nothing is known.
pub fn random_customer([r, alpha, a, b]: [f64; 4], t: f64) -> (f64, f64) {
    // Whoever stays after the first purchase has a chance to leave that is beta(a, b + 1).
    let stays = b / (a + b);
    let (mean, square) = moments(r, alpha, a, b + 1.0, t);
    (stays * mean, stays * square)
}

#[cfg(test)]
#[path = "mbg_nbd_tests.rs"]
mod tests;
