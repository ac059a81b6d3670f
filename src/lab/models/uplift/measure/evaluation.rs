//! One score on one trial: every number of uplift in both conventions, with bootstrap intervals, and curves ready to draw.

use super::Trial;
use super::curve::{Kind, Ranking, height};
use super::metrics::{TopOf, causalml, each_of_top, sklift_auc, uplift_at, weighted_average_uplift};
use super::profit::{Best, Prices, Profit, best, profit_curve};
use super::rate::rate;
use super::resample::Draws;
use crate::distributions::{ends, spread_interval};
use crate::error::{Error, Result};
use crate::models::report::Estimate;
use crate::models::uplift::check::{Means, Subjects};
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// 95 % percentile bootstrap interval of resampled rows, or subjects where they repeat; `None` where it has no width.
    pub interval: Option<(f64, f64)>,
    /// Why there is no interval, or which other one stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A point of a curve, with the band of the resamples at this depth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Share treated, 0 to 1.
    pub share: f64,
    /// Height: incremental outcomes if the share were treated.
    pub height: f64,
    /// 95 % band, lower end; no number without one, or where it has no width.
    #[serde(with = "ends")]
    pub low: f64,
    /// Upper end.
    #[serde(with = "ends")]
    pub high: f64,
}

/// Everything about one score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows.
    pub n: u64,
    /// Treated rows.
    pub treated: u64,
    /// Average effect of the treatment over all rows.
    pub ate: f64,
    /// Its standard error: √(s_t²/n_t + s_c²/n_c), or clustered where subjects repeat.
    pub ate_se: f64,
    /// Its 95 % interval: normal, or Newcombe's of Clopper and Pearson's where an arm does not vary ([`Means::estimate`]).
    #[serde(with = "ends::pair")]
    pub ate_interval: (f64, f64),
    /// Numbers.
    pub metrics: Vec<Metric>,
    /// Gain curve at 101 depths.
    pub gain: Vec<Point>,
    /// Qini curve at 101 depths.
    pub qini: Vec<Point>,
    /// Profit by depth, at most 200 points, where prices are given.
    pub profit: Vec<Profit>,
    /// Depth of the highest profit.
    pub best: Option<Best>,
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
    // The depths at which profit is shown, and the best, as shares of the people: resamples are looked at there too.
    let rows = trial.rows() as f64;
    let curve = ask.prices.map(|prices| profit_curve(ranking, prices)).unwrap_or_default();
    let highest = best(&curve);
    let mut profit = thinned(curve, 200);
    let depths: Vec<f64> = profit.iter().map(|point| point.rows).chain(highest.map(|best| best.rows)).collect();
    let shown = ask.prices.map(|prices| Shown { prices, shares: depths.iter().map(|depth| depth / rows).collect() });
    let own = Numbers::new(ranking, &straight, None);

    task.stage("Intervals by resampling rows")?;
    let draws = Draws::new(trial.rows(), ask.subjects);
    let resampled: Vec<Numbers> = (0..ask.replicates as u64)
        .into_par_iter()
        .map(|b| {
            if task.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let counts = draws.counts(ask.seed, b);
            Ok(Numbers::new(Ranking { counts: Some(&counts), ..ranking }, &straight, shown.as_ref()))
        })
        .collect::<Result<_>>()?;

    let metrics = definitions(trial.rows())
        .into_iter()
        .enumerate()
        .map(|(i, (key, definition))| {
            let drawn = || resampled.iter().filter_map(|numbers| numbers.metrics[i]);
            let constant = own.metrics[i].and_then(|_| unvaried(ranking, i, ask.subjects));
            let (interval, note) = match (constant, spread_interval(drawn())) {
                _ if ask.replicates == 0 => (None, None),
                (Some((low, high)), _) if low.is_finite() && high.is_finite() => {
                    (Some((low, high)), Some(NEWCOMBE.to_owned()))
                }
                (Some(_), _) => (None, Some(CONSTANT.to_owned())),
                (None, Some(interval)) => (Some(interval), None),
                (None, None) => (None, Some(why_none(drawn().count(), ask.replicates))),
            };
            Metric { key, definition, value: own.metrics[i], interval, note }
        })
        .collect();
    let band = |at: usize, qini: bool| {
        let heights = resampled.iter().map(|n| if qini { n.qini[at] } else { n.gain[at] });
        let height = if qini { own.qini[at] } else { own.gain[at] };
        // Nobody treated gains nothing, whatever the rows.
        let none = if at == 0 { height } else { f64::NAN };
        let (low, high) = spread_interval(heights).unwrap_or((none, none));
        Point { share: at as f64 / (DEPTHS - 1) as f64, height, low, high }
    };
    let at = |depth: usize| spread_interval(resampled.iter().filter_map(|n| n.profit.get(depth).copied()));
    profit.iter_mut().enumerate().for_each(|(depth, point)| point.band = at(depth));
    let best = highest.map(|highest| Best {
        rows: highest.rows,
        profit: highest.profit,
        band: at(profit.len()),
        depth: spread_interval(resampled.iter().filter_map(|n| n.best)).map(|(low, high)| (low * rows, high * rows)),
    });
    let total = ranking.total();
    let all: Vec<usize> = (0..trial.rows()).collect();
    let se = effect_se(trial, &all, ask.subjects);
    let effect = effect(trial, &all, ask.subjects, se);
    Ok(Evaluation {
        n: trial.rows() as u64,
        treated: total.treated as u64,
        ate: total.effect(),
        ate_se: se,
        ate_interval: (effect.low, effect.high),
        metrics,
        gain: (0..DEPTHS).map(|at| band(at, false)).collect(),
        qini: (0..DEPTHS).map(|at| band(at, true)).collect(),
        best,
        profit,
    })
}

/// Keys and definitions of the resampled numbers, in the order of [`Numbers::metrics`].
fn definitions(rows: usize) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("sklift_qini_auc", "Qini coefficient, scikit-uplift: (area − random)/(perfect − random), ties merged"),
        ("sklift_qini_auc_noneg", "the same against a perfect curve without negative effects"),
        ("sklift_uplift_auc", "AUUC, scikit-uplift: (area − random)/(perfect − random) of the gain curve"),
        ("causalml_auuc_norm", "AUUC, causalml: mean of the gain curve over |its last value|"),
        ("causalml_qini_norm", "Qini, causalml: mean of the Qini curve over |its last value|, less the random line"),
        ("causalml_auuc_raw_last", "last value of the gain curve: average effect times rows"),
    ]
    .map(|(key, definition)| (key.to_owned(), definition.to_owned()))
    .into();
    all.push((
        "autoc".to_owned(),
        format!("RATE (AUTOC): the mean over k = 1 to n of TOC(k/n), n = {rows} rows by falling score. {TOC}"),
    ));
    let weighted = "RATE (Qini weights): the mean over k = 1 to n of k/n · TOC(k/n), with n and TOC as for autoc";
    all.push(("rate_qini".to_owned(), weighted.to_owned()));
    for percent in TOPS {
        for (of, words) in [("overall", "of all rows"), ("bygroup", "of each arm")] {
            let definition = format!("difference between the arms' means in the top {percent} % {words}");
            all.push((format!("uplift_at_{percent}_{of}"), definition));
        }
    }
    let weighted = "mean over ten parts by score of the difference between the arms, weighted by the treated";
    all.push(("weighted_avg_uplift".to_owned(), weighted.to_owned()));
    all
}

/// What RATE stands on, in full: METHODS' effect in the top is a mean of scores here.
const TOC: &str = "TOC(k/n) is the mean of Γ among the first k rows less its mean over all n, rows of one score sharing their mean; \
                   Γ = μ₁ − μ₀ + t (y − μ₁)/p − (1 − t)(y − μ₀)/(1 − p), an AIPW score without a fitted model: μ₁ and μ₀ are the means of the \
                   two arms and p is the treated share over these n rows, in a resample over its own. The difference of the arms' means among the \
                   first k, less that of all, is the same only where the treated share among the first k is p";

/// Depths of uplift at k, in percent.
const TOPS: [u32; 4] = [10, 20, 30, 50];
/// The place of the last value of the gain curve among the numbers, and how many stand before uplift at k.
const LAST_GAIN: usize = 5;
const BEFORE_TOPS: usize = 8;
/// All numbers.
const NUMBERS: usize = BEFORE_TOPS + 2 * TOPS.len() + 1;

/// What stands where resamples never saw an arm's outcomes vary, and why nothing does.
const NEWCOMBE: &str = "all outcomes of an arm are the same here: the interval is that of both arms by Clopper and Pearson, squared and added (Newcombe)";
const CONSTANT: &str =
    "all outcomes of an arm are the same here, so that resamples do not know how they vary: no interval";

/// The rows that the number at `position` is a difference of means of, and what it is multiplied by; all rows for those that are none.
fn stands_on(position: usize, rows: usize) -> (f64, TopOf, Option<f64>) {
    let at = position.checked_sub(BEFORE_TOPS).and_then(|at| Some((TOPS.get(at / 2)?, at % 2 == 0)));
    match at {
        Some((percent, overall)) => {
            (f64::from(*percent) / 100.0, if overall { TopOf::Overall } else { TopOf::ByGroup }, Some(1.0))
        }
        None => (1.0, TopOf::Overall, (position == LAST_GAIN).then_some(rows as f64)),
    }
}

/// Whether all outcomes of an arm are the same among the rows that a number stands on, which no resample would show: the interval that takes
/// the place of the resamples' where it is a difference of shares, else with infinite ends. `None` where both arms vary.
fn unvaried(ranking: Ranking<'_>, position: usize, subjects: Option<&[u32]>) -> Option<(f64, f64)> {
    let trial = ranking.trial;
    let (share, top, times) = stands_on(position, trial.rows());
    let mut rows = Vec::new();
    each_of_top(ranking, share, top, |row, _| rows.push(row));
    let mut means = Means::default();
    rows.iter().for_each(|&row| means.add(trial.treated[row], trial.outcomes[row]));
    if !means.varies_not() {
        return None;
    }
    let own = effect(trial, &rows, subjects, effect_se(trial, &rows, subjects));
    Some(times.map_or((f64::NEG_INFINITY, f64::INFINITY), |times| (times * own.low, times * own.high)))
}

/// Why resamples, of which `defined` have the number, give no interval.
fn why_none(defined: usize, replicates: usize) -> String {
    match defined {
        0..20 => format!("{defined} of {replicates} resamples have it; no interval stands on so few"),
        _ => "nothing varies: all resamples say the same, which is no interval".to_owned(),
    }
}

/// The effect among some rows, whose standard error is `se`, with an interval that has a width.
fn effect(trial: Trial<'_>, rows: &[usize], subjects: Option<&[u32]>, se: f64) -> Estimate {
    let mut means = Means::default();
    let mut seen: [BTreeMap<u32, u64>; 2] = Default::default();
    for &row in rows {
        let treated = trial.treated[row];
        means.add(treated, trial.outcomes[row]);
        if let Some(subjects) = subjects {
            *seen[usize::from(treated)].entry(subjects[row]).or_default() += 1;
        }
    }
    let of = |own: &BTreeMap<u32, u64>| Subjects {
        number: own.len() as u64,
        most: own.values().copied().max().unwrap_or_default(),
    };
    let known = seen[0].keys().chain(seen[1].keys()).collect::<BTreeSet<_>>().len();
    means.estimate_with(se, (subjects.is_some() && known < rows.len()).then(|| seen.each_ref().map(of)))
}

/// Where profit is looked at in every resample.
struct Shown {
    prices: Prices,
    /// Shares of the people.
    shares: Vec<f64>,
}

/// What is computed on the trial and on every resample of it.
struct Numbers {
    metrics: Vec<Option<f64>>,
    gain: Vec<f64>,
    qini: Vec<f64>,
    /// Profit at the shares asked for.
    profit: Vec<f64>,
    /// Share of the people at which profit is highest.
    best: Option<f64>,
}

impl Numbers {
    fn new(ranking: Ranking<'_>, straight: &[u32], shown: Option<&Shown>) -> Numbers {
        let total = ranking.total();
        if !total.has_both() {
            let nothing = || vec![f64::NAN; DEPTHS];
            let metrics = vec![None; NUMBERS];
            return Numbers { metrics, gain: nothing(), qini: nothing(), profit: Vec::new(), best: None };
        }
        let rows = total.rows();
        let causalml = causalml(Ranking { order: straight, ..ranking });
        let rate = rate(ranking);
        let heights = |kind| {
            let points = ranking.points(kind);
            (0..DEPTHS).map(|at| height(&points, rows * at as f64 / (DEPTHS - 1) as f64)).collect()
        };
        let mut metrics = vec![
            sklift_auc(ranking, Kind::Qini, true),
            sklift_auc(ranking, Kind::Qini, false),
            sklift_auc(ranking, Kind::Gain, true),
            causalml.map(|c| c.auuc_norm),
            causalml.map(|c| c.qini_norm),
            causalml.map(|c| c.auuc_raw_last),
            rate.map(|r| r.autoc),
            rate.map(|r| r.qini),
        ];
        for percent in TOPS {
            let share = f64::from(percent) / 100.0;
            metrics.extend([TopOf::Overall, TopOf::ByGroup].map(|of| uplift_at(ranking, share, of)));
        }
        metrics.push(weighted_average_uplift(ranking));
        let (mut profit, mut highest) = (Vec::new(), None);
        if let Some(shown) = shown {
            let curve = profit_curve(ranking, shown.prices);
            highest = best(&curve).map(|best| best.rows / rows);
            let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.rows, point.profit)).collect();
            profit = shown.shares.iter().map(|share| height(&points, share * rows)).collect();
        }
        Numbers { metrics, gain: heights(Kind::Gain), qini: heights(Kind::Qini), profit, best: highest }
    }
}

/// Standard error of the difference of the arms' means among some rows; what rows of one subject add to it is added up first.
fn effect_se(trial: Trial<'_>, rows: &[usize], subjects: Option<&[u32]>) -> f64 {
    let arm = |treated: bool| -> Vec<f64> {
        rows.iter().filter(|row| trial.treated[**row] == treated).map(|row| trial.outcomes[*row]).collect()
    };
    let arms = [arm(false), arm(true)];
    let mut groups: HashMap<u32, f64> = HashMap::new();
    if let Some(subjects) = subjects {
        let means = [0, 1].map(|i: usize| arms[i].iter().sum::<f64>() / arms[i].len() as f64);
        for row in rows {
            let (treated, y) = (trial.treated[*row], trial.outcomes[*row]);
            let own = usize::from(treated);
            let sign = if treated { 1.0 } else { -1.0 };
            *groups.entry(subjects[*row]).or_default() += sign * (y - means[own]) / arms[own].len() as f64;
        }
    }
    if groups.is_empty() || groups.len() == rows.len() {
        return (mean_variance(&arms[1]) + mean_variance(&arms[0])).sqrt();
    }
    let mut squares: Vec<f64> = groups.values().map(|u| u * u).collect();
    // A map has no order; the sum must not depend on it.
    squares.sort_by(f64::total_cmp);
    let count = squares.len() as f64;
    (squares.iter().sum::<f64>() * count / (count - 1.0)).sqrt()
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
