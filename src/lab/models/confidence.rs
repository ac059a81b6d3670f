//! How far the truth may lie from a score: intervals from rows that the scoring model did not learn from, by bands of the score.
//!
//! Of an **amount** they are conformal (Vovk, Gammerman & Shafer, 2005; Lei et al., 2018): in each band of alike scores, the distance
//! that nine in ten of the out-of-fold amounts keep, with the correction for finite rows. Whatever the model and the distribution of
//! the amounts, nine in ten new amounts of such a score lie inside, as long as new rows are like these. Pooled folds take the place of a
//! single split (cross-conformal: Vovk, 2015); the deployed model learned from all of them, and errs no more.
//!
//! Of a **probability** one outcome says nothing; what can be known is how often the outcome happens among rows of such a score. The
//! interval is Wilson's, 95 %, around the rate of a band, widened to the band's mean score: sampling and miscalibration together.
//!
//! Of an **effect** no row shows any; what can be known is the difference of means among rows of such a score, as for a rate.

use super::curves::wilson;
use super::metrics::ascending;
use super::report::{Band, Confidence, Estimate};
use super::spec::{Goal, ModelSpec};
use super::uplift::check::Means;
use attune_policy::model::Spread;

/// Most bands.
const BANDS: usize = 10;

/// Fewest rows of a band.
const LEAST: usize = 100;

/// The same for effects, whose rows are of two arms.
const LEAST_OF_TRIAL: usize = 400;

/// Share of amounts inside their interval.
const AMOUNTS: f64 = 0.9;

/// Confidence of the interval of a band's rate.
const RATES: f64 = 0.95;

/// Intervals around `p`, the scores of rows whose `truth` the scoring model did not know; `None` for fewer than 100 rows.
pub fn confidence(goal: Goal, p: &[f64], truth: &[f64]) -> Option<Confidence> {
    let half_width = |rows: &[u32]| {
        let (scores, truth): (Vec<f64>, Vec<f64>) = rows.iter().map(|&i| (p[i as usize], truth[i as usize])).unzip();
        match goal {
            Goal::Amount => conformal(&scores, &truth),
            Goal::Propensity => rate(&scores, &truth),
        }
    };
    let bands = bands(p, LEAST, half_width);
    let level = if goal == Goal::Amount { AMOUNTS } else { RATES };
    (!bands.is_empty()).then_some(Confidence { level, bands, held_out: None })
}

/// Intervals around the effects `tau` of rows of a trial whose outcomes the scoring model did not know; `None` for fewer than 400 rows,
/// or where a band lacks an arm.
pub fn of_effects(tau: &[f64], treated: &[bool], y: &[f64]) -> Option<Confidence> {
    let half_width = |rows: &[u32]| {
        let mut means = Means::default();
        rows.iter().for_each(|&i| means.add(treated[i as usize], y[i as usize]));
        let mean = rows.iter().map(|&i| tau[i as usize]).sum::<f64>() / rows.len() as f64;
        let effect = means.estimate();
        (effect.high - mean).abs().max((mean - effect.low).abs())
    };
    let bands = bands(tau, LEAST_OF_TRIAL, half_width);
    let known = !bands.is_empty() && bands.iter().all(|band| band.half_width.is_finite());
    known.then_some(Confidence { level: RATES, bands, held_out: None })
}

/// Bands of alike scores, of `least` rows or more, with the half-width of their rows.
fn bands(p: &[f64], least: usize, half_width: impl Fn(&[u32]) -> f64) -> Vec<Band> {
    let order = ascending(p);
    let mut bands = Vec::new();
    let rows_of = |rows: &[u32]| {
        let end = |row: Option<&u32>| row.map_or(f64::NAN, |&i| p[i as usize]);
        Band { from: end(rows.first()), to: end(rows.last()), rows: rows.len() as u64, half_width: half_width(rows) }
    };
    let count = (order.len() / least).min(BANDS);
    let (mut start, mut band) = (0, 1);
    while band <= count && start < order.len() {
        // Equal scores stay together.
        let mut end = order.len() * band / count;
        while end < order.len() && end > 0 && p[order[end] as usize] == p[order[end - 1] as usize] {
            end += 1;
        }
        band += 1;
        if end >= start + least {
            // What is too little for a band of its own belongs to this one.
            let end = if order.len() - end < least { order.len() } else { end };
            bands.push(rows_of(&order[start..end]));
            start = end;
        }
    }
    bands
}

/// The distance from the score that [`AMOUNTS`] of the rows keep: the ⌈(n + 1) · 0.9⌉-th smallest.
fn conformal(p: &[f64], y: &[f64]) -> f64 {
    let mut distances: Vec<f64> = p.iter().zip(y).map(|(p, y)| (y - p).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let rank = ((distances.len() as f64 + 1.0) * AMOUNTS).ceil() as usize;
    distances.get(rank.min(distances.len()).saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// How far the rate may lie from the mean score.
fn rate(p: &[f64], y: &[f64]) -> f64 {
    let n = p.len() as f64;
    let mean = p.iter().sum::<f64>() / n;
    let interval = wilson(y.iter().filter(|&&y| y > 0.0).count() as f64, n);
    (interval.high - mean).abs().max((mean - interval.low).abs())
}

impl Confidence {
    /// The same as data of a policy.
    pub fn spread(&self) -> Spread {
        match &self.bands[..] {
            [only] => Spread::Constant(only.half_width),
            bands => Spread::Bands {
                edges: bands.iter().skip(1).map(|band| band.from).collect(),
                half_widths: bands.iter().map(|band| band.half_width).collect(),
            },
        }
    }

    /// Share of `truth` inside the interval around its score `p`, with Wilson's 95 % interval.
    pub fn coverage(&self, p: &[f64], truth: &[f64]) -> Option<Estimate> {
        let spread = self.spread();
        let inside = p.iter().zip(truth).filter(|(p, y)| (**y - **p).abs() <= spread.at(**p)).count();
        (!p.is_empty()).then(|| wilson(inside as f64, p.len() as f64))
    }

    /// What the interval means, in words.
    pub fn words(&self, spec: &ModelSpec) -> String {
        let percent = 100.0 * self.level;
        match spec.goal {
            _ if spec.uplift.is_some() => format!(
                "the mean effect on rows with such a score lies within the half-width of it ({percent:.0} %, difference of means, by bands \
                 of the score, from out-of-fold rows)"
            ),
            Goal::Amount => format!(
                "{percent:.0} % of new amounts lie within the half-width of their score (conformal, by bands of the score, from out-of-fold rows)"
            ),
            Goal::Propensity => format!(
                "the rate of rows with such a score lies within the half-width of it ({percent:.0} %, Wilson, by bands of the score, from \
                 out-of-fold rows)"
            ),
        }
    }
}

#[cfg(test)]
#[path = "confidence_tests.rs"]
mod tests;
