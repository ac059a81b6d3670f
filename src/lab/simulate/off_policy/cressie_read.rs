//! The Cressie–Read estimator: empirical likelihood with power divergence −2, robust where the effective sample is small.
//!
//! It looks for the distribution nearest the log under which the mean weight is 1 and reads the value there (Karampatziakis,
//! Langford & Mineiro 2020); point and interval are those of the package `vw-estimators` 0.2.2. It knows the least and the largest
//! possible weight; the empirical ones widen them.

use super::estimator::{mean, sums_per_subject};
use crate::distributions::f_quantile_upper;
use crate::simulate::estimate::sum;
use std::borrow::Cow;

/// What bounds the weights and rewards, known beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Least and largest possible weight; the largest may be infinite.
    pub weights: (f64, f64),
    /// Least and largest possible reward.
    pub rewards: (f64, f64),
}

/// Point and interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CressieRead {
    /// Expected reward per round.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The estimate and its interval at `alpha` (0.05: 95 %). Rewards outside the range widen it. Where weights are all 1 nothing is
/// reweighted and the value is the ordinary mean. `None` of no rounds.
///
/// With `clusters` (subject of each round) the observations are subjects: G of them weigh (G/n) Σ w, with Σ w r / Σ w for a reward, so
/// that a subject's rounds stand or fall together and the weights still average that of the rounds.
pub fn cressie_read(
    weights: &[f64],
    rewards: &[f64],
    clusters: Option<&[u32]>,
    range: Range,
    alpha: f64,
) -> Option<CressieRead> {
    let products = || weights.iter().zip(rewards).map(|(w, r)| w * r);
    let (own, earned): (Cow<'_, [f64]>, Vec<f64>) = match clusters {
        None => (Cow::Borrowed(weights), products().collect()),
        Some(clusters) => {
            let mut own = sums_per_subject(weights.iter().copied(), clusters);
            let mut earned = sums_per_subject(products(), clusters);
            let scale = own.len() as f64 / weights.len() as f64;
            own.iter_mut().chain(&mut earned).for_each(|x| *x *= scale);
            (Cow::Owned(own), earned)
        }
    };
    let n = own.len() as f64;
    if own.is_empty() {
        return None;
    }
    let widest =
        |values: &[f64], (low, high): (f64, f64)| values.iter().fold((low, high), |(a, b), x| (a.min(*x), b.max(*x)));
    let moments = Moments::new(&own, &earned, widest(&own, range.weights));
    let (least, most) = widest(rewards, range.rewards);
    // `isf(alpha)` of F(1, n).
    let delta = f_quantile_upper(alpha, n);
    let phi = (-moments.spread() - delta) / (2.0 * (1.0 + n));
    let inside = |x: f64| x.clamp(least, most);
    let mean_reward = mean(rewards);
    Some(CressieRead {
        // Where no weight but 1 is possible nothing can be reweighted.
        value: moments.point(mean_reward).or_else(|| own.iter().all(|w| *w == 1.0).then_some(mean_reward))?,
        low: inside(moments.bound(least, 1.0, phi).unwrap_or(least)),
        high: inside(-moments.bound(most, -1.0, phi).unwrap_or(-most)),
    })
}

/// Sums over observations, rounds or subjects, and the extreme weights.
struct Moments {
    n: f64,
    least: f64,
    most: f64,
    w: f64,
    ww: f64,
    wr: f64,
    wwr: f64,
    wwrr: f64,
}

impl Moments {
    /// From the weights and what weight times reward is.
    fn new(weights: &[f64], earned: &[f64], (least, most): (f64, f64)) -> Moments {
        let over = |f: fn(f64, f64) -> f64| sum(weights.iter().zip(earned).map(|(w, wr)| f(*w, *wr)));
        Moments {
            n: weights.len() as f64,
            least,
            most,
            w: over(|w, _| w),
            ww: over(|w, _| w * w),
            wr: over(|_, wr| wr),
            wwr: over(|w, wr| w * wr),
            wwrr: over(|_, wr| wr * wr),
        }
    }

    /// The weight of the round that is imagined beside the logged ones, so that weights can average 1.
    fn imagined(&self) -> f64 {
        if self.w < self.n { self.most } else { self.least }
    }

    fn point(&self, mean_reward: f64) -> Option<f64> {
        let (n, w) = (self.n, self.imagined());
        let (gamma, beta) = if w.is_infinite() {
            (-(1.0 + n) / n, 0.0)
        } else {
            let (a, b) = ((w + self.w) / (1.0 + n), (w * w + self.ww) / (1.0 + n));
            let below = a * a - b;
            if below >= 0.0 {
                return None;
            }
            ((b - a) / below, (1.0 - a) / below)
        };
        let value = (-gamma * self.wr - beta * self.wwr) / (1.0 + n);
        let missing = (1.0 - (-gamma * self.w - beta * self.ww) / (1.0 + n)).max(0.0);
        Some(value + missing * mean_reward)
    }

    /// How far the log is from a mean weight of 1, in units of its own spread.
    fn spread(&self) -> f64 {
        let (n, w) = (self.n, self.imagined());
        if w.is_infinite() {
            return 1.0 + 1.0 / n;
        }
        let (a, b) = ((w + self.w) / (1.0 + n), (w * w + self.ww) / (1.0 + n));
        (1.0 + n) * (a - 1.0) * (a - 1.0) / (b - a * a)
    }

    /// Least sign·value among the distributions near enough, with an imagined round of reward `r`.
    fn bound(&self, r: f64, sign: f64, phi: f64) -> Option<f64> {
        const NEAR: f64 = 1e-9;
        let n = self.n;
        let least = |x: f64, y: f64, z: f64| {
            if (y * z).abs() <= NEAR * NEAR {
                Some(x - std::f64::consts::SQRT_2 * NEAR)
            } else if z <= 0.0 && y * z >= 0.0 {
                Some(x - (2.0 * y * z).sqrt())
            } else {
                None
            }
        };
        let with = |w: f64| {
            if w.is_infinite() {
                let x = sign * (r + (self.wr - self.w * r) / n);
                let y = (r * self.w - self.wr).powi(2) / (n * (1.0 + n))
                    - (r * r * self.ww - 2.0 * r * self.wwr + self.wwrr) / (1.0 + n);
                return least(x, y, phi + 1.0 / (2.0 * n));
            }
            let mean = |imagined: f64, logged: f64| (imagined + logged) / (1.0 + n);
            let (a, b) = (mean(w, self.w), mean(w * w, self.ww));
            let (c, d) = (sign * mean(w * r, self.wr), sign * mean(w * w * r, self.wwr));
            let e = mean(w * w * r * r, self.wwrr);
            let spread = b - a * a;
            if spread <= 0.0 {
                return None;
            }
            let x = c + (1.0 - a) * (d - a * c) / spread;
            let y = (d - a * c).powi(2) / spread - (e - c * c);
            least(x, y, phi + 0.5 * (1.0 - a) * (1.0 - a) / spread)
        };
        [with(self.least), with(self.most)].into_iter().flatten().reduce(f64::min)
    }
}
