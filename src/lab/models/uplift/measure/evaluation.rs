//! One score on one trial: every number of uplift in both conventions, with bootstrap intervals, and curves ready to draw.

use super::Trial;
use super::curve::{Kind, Ranking, height};
use super::metrics::{TopOf, causalml, sklift_auc, uplift_at, weighted_average_uplift};
use super::profit::{Prices, Profit, best, profit_curve};
use super::rate::rate;
use super::resample::Draws;
use crate::distributions::{normal_quantile, percentile_interval};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What is asked of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Resamples of the intervals and bands; 0 leaves them out.
    pub replicates: usize,
    /// Seed of the resamples.
    pub seed: u64,
    /// Prices of the profit curve; `None` leaves it out.
    pub prices: Option<Prices>,
    /// Code of the subject of each row: where subjects repeat, they are resampled and not their rows.
    pub subjects: Option<&'a [u32]>,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Ask { replicates: 1_000, seed: 1, prices: None, subjects: None }
    }
}

/// A number, its definition and its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Key, as in reports.
    pub key: String,
    /// What it is, in a line.
    pub definition: String,
    /// The number; `None` where it is not defined for this trial.
    pub value: Option<f64>,
    /// 95 % percentile bootstrap interval of resampled rows.
    pub interval: Option<(f64, f64)>,
}

/// A point of a curve, with the band of the resamples at this depth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Share treated, 0 to 1.
    pub share: f64,
    /// Height: incremental outcomes if the share were treated.
    pub height: f64,
    /// 95 % band, lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Everything about one score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows.
    pub n: u64,
    /// Treated rows.
    pub treated: u64,
    /// Average effect of the treatment over all rows and its 95 % normal interval.
    pub ate: f64,
    /// Standard error of the average effect.
    pub ate_se: f64,
    /// Numbers.
    pub metrics: Vec<Metric>,
    /// Gain curve at 101 depths.
    pub gain: Vec<Point>,
    /// Qini curve at 101 depths.
    pub qini: Vec<Point>,
    /// Profit by depth, at most 200 points, where prices are given.
    pub profit: Vec<Profit>,
    /// Depth of the highest profit.
    pub best: Option<Profit>,
}

impl Evaluation {
    /// The metric called `key`.
    pub fn metric(&self, key: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.key == key)
    }
}

/// Depths of a curve that is drawn.
const DEPTHS: usize = 101;

/// Evaluates a score.
///
/// # Errors
/// When the trial does not make sense ([`Trial::check`]) or the task was told to stop.
pub fn evaluate(trial: Trial<'_>, ask: Ask<'_>, task: &Task) -> Result<Evaluation> {
    trial.check()?;
    task.stage("Ranking")?;
    let reversed = trial.order(true);
    let straight = trial.order(false);
    let ranking = Ranking { trial, order: &reversed, counts: None };
    let own = Numbers::new(ranking, &straight);

    task.stage("Intervals by resampling rows")?;
    let draws = Draws::new(trial.rows(), ask.subjects);
    let resampled: Vec<Numbers> = (0..ask.replicates as u64)
        .into_par_iter()
        .map(|b| {
            if task.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let counts = draws.counts(ask.seed, b);
            Ok(Numbers::new(Ranking { counts: Some(&counts), ..ranking }, &straight))
        })
        .collect::<Result<_>>()?;

    let mut metrics: Vec<Metric> = DEFINITIONS
        .iter()
        .enumerate()
        .map(|(i, (key, definition))| Metric {
            key: (*key).to_owned(),
            definition: (*definition).to_owned(),
            value: own.metrics[i],
            interval: percentile_interval(resampled.iter().filter_map(|numbers| numbers.metrics[i])),
        })
        .collect();
    metrics.extend(tops(trial, &reversed));
    let band = |at: usize, qini: bool| {
        let heights = resampled.iter().map(|n| if qini { n.qini[at] } else { n.gain[at] });
        let height = if qini { own.qini[at] } else { own.gain[at] };
        let (low, high) = percentile_interval(heights).unwrap_or((f64::NAN, f64::NAN));
        Point { share: at as f64 / (DEPTHS - 1) as f64, height, low, high }
    };
    let profit = ask.prices.map(|prices| profit_curve(ranking, prices)).unwrap_or_default();
    let total = ranking.total();
    Ok(Evaluation {
        n: trial.rows() as u64,
        treated: total.treated as u64,
        ate: total.effect(),
        ate_se: effect_se(trial),
        metrics,
        gain: (0..DEPTHS).map(|at| band(at, false)).collect(),
        qini: (0..DEPTHS).map(|at| band(at, true)).collect(),
        best: best(&profit),
        profit: thinned(profit, 200),
    })
}

/// Keys and definitions of the resampled numbers, in the order of [`Numbers::metrics`].
const DEFINITIONS: [(&str, &str); 8] = [
    ("sklift_qini_auc", "Qini coefficient, scikit-uplift: (area − random)/(perfect − random), ties merged"),
    ("sklift_qini_auc_noneg", "the same against a perfect curve without negative effects"),
    ("sklift_uplift_auc", "AUUC, scikit-uplift: (area − random)/(perfect − random) of the gain curve"),
    ("causalml_auuc_norm", "AUUC, causalml: mean of the gain curve over |its last value|"),
    ("causalml_qini_norm", "Qini, causalml: mean of the Qini curve over |its last value|, less the random line"),
    ("causalml_auuc_raw_last", "last value of the gain curve: average effect times rows"),
    ("autoc", "RATE (AUTOC): mean over q of the effect in the top q less the average effect"),
    ("rate_qini", "RATE (Qini weights): the same weighted by q"),
];

/// What is computed on the trial and on every resample of it.
struct Numbers {
    metrics: [Option<f64>; 8],
    gain: Vec<f64>,
    qini: Vec<f64>,
}

impl Numbers {
    fn new(ranking: Ranking<'_>, straight: &[u32]) -> Numbers {
        let total = ranking.total();
        if !total.has_both() {
            return Numbers { metrics: [None; 8], gain: vec![f64::NAN; DEPTHS], qini: vec![f64::NAN; DEPTHS] };
        }
        let causalml = causalml(Ranking { order: straight, ..ranking });
        let rate = rate(ranking);
        let heights = |kind| {
            let points = ranking.points(kind);
            let rows = total.rows();
            (0..DEPTHS).map(|at| height(&points, rows * at as f64 / (DEPTHS - 1) as f64)).collect()
        };
        Numbers {
            metrics: [
                sklift_auc(ranking, Kind::Qini, true),
                sklift_auc(ranking, Kind::Qini, false),
                sklift_auc(ranking, Kind::Gain, true),
                causalml.map(|c| c.auuc_norm),
                causalml.map(|c| c.qini_norm),
                causalml.map(|c| c.auuc_raw_last),
                rate.map(|r| r.autoc),
                rate.map(|r| r.qini),
            ],
            gain: heights(Kind::Gain),
            qini: heights(Kind::Qini),
        }
    }
}

/// Uplift at depths, whose intervals need no resampling: differences of two means.
fn tops(trial: Trial<'_>, order: &[u32]) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for percent in [10, 20, 30, 50] {
        for (of, suffix, words) in
            [(TopOf::Overall, "overall", "of all rows"), (TopOf::ByGroup, "bygroup", "of each arm")]
        {
            let share = f64::from(percent) / 100.0;
            metrics.push(Metric {
                key: format!("uplift_at_{percent}_{suffix}"),
                definition: format!("difference between the arms' means in the top {percent} % {words}"),
                value: uplift_at(trial, order, share, of),
                interval: top_interval(trial, order, share, of),
            });
        }
    }
    metrics.push(Metric {
        key: "weighted_avg_uplift".into(),
        definition: "mean over ten parts by score of the difference between the arms, weighted by the treated".into(),
        value: weighted_average_uplift(trial, order),
        interval: None,
    });
    metrics
}

/// Normal interval of a difference of two means in the top.
fn top_interval(trial: Trial<'_>, order: &[u32], share: f64, of: TopOf) -> Option<(f64, f64)> {
    let value = uplift_at(trial, order, share, of)?;
    let mut arms: [Vec<f64>; 2] = Default::default();
    let all = |treated: bool| trial.treated.iter().filter(|t| **t == treated).count() as f64;
    let most = [false, true].map(|arm| (all(arm) * share) as usize);
    let overall = (trial.rows() as f64 * share) as usize;
    for (at, row) in order.iter().enumerate() {
        let arm = usize::from(trial.treated[*row as usize]);
        let inside = if of == TopOf::Overall { at < overall } else { arms[arm].len() < most[arm] };
        if inside {
            arms[arm].push(trial.outcomes[*row as usize]);
        }
    }
    let half = normal_quantile(0.975) * (mean_variance(&arms[0]) + mean_variance(&arms[1])).sqrt();
    half.is_finite().then_some((value - half, value + half))
}

/// Standard error of the difference of the arms' means.
fn effect_se(trial: Trial<'_>) -> f64 {
    let arm = |treated: bool| -> Vec<f64> {
        let own = trial.treated.iter().zip(trial.outcomes).filter(|(t, _)| **t == treated);
        own.map(|(_, y)| *y).collect()
    };
    (mean_variance(&arm(true)) + mean_variance(&arm(false))).sqrt()
}

/// Variance of a mean; NaN below two values.
fn mean_variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0) / n
}

/// About `most` points of a curve, first and last among them.
fn thinned(curve: Vec<Profit>, most: usize) -> Vec<Profit> {
    if curve.len() <= most {
        return curve;
    }
    let step = (curve.len() - 1) as f64 / (most - 1) as f64;
    (0..most).map(|i| curve[(i as f64 * step).round() as usize]).collect()
}
