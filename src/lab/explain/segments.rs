//! How good scores are in each group of rows. A number that looks good over all rows may hide a group in which the model is blind.

use super::groups::Groups;
use super::intervals::{mean_interval, share, top};
use crate::models::amounts;
use crate::models::metrics::{auc_interval, quality};
use crate::models::report::{AmountQuality, Estimate};
use serde::{Deserialize, Serialize};

/// Fewest rows that a group is measured on.
pub const LEAST_ROWS: u64 = 100;

/// Fewest rows with the outcome, and without it, that a group is measured on.
pub const LEAST_OUTCOMES: u64 = 10;

/// Quality in one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The group.
    pub group: String,
    /// Its rows.
    pub rows: u64,
    /// Of these, rows where the outcome happened.
    pub positives: u64,
    /// Share of outcomes with Wilson's 95 % interval.
    pub rate: Estimate,
    /// Mean score.
    pub predicted: f64,
    /// The numbers; `None` where there are too few rows.
    pub measured: Option<Measured>,
    /// Why there are none; empty where there are.
    pub not_evaluated: String,
}

/// What is measured in a group that is large enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// AUC within the group with DeLong's 95 % interval.
    pub auc: Estimate,
    /// Mean score less share of outcomes, with its 95 % interval: above 0 the model promises too much here.
    pub gap: Estimate,
    /// Expected calibration error over ten bins of equal count.
    pub ece: f64,
    /// Share of outcomes in the tenth of the group with the highest scores, over the group's own; the interval is Wilson's of the
    /// former over the latter.
    pub lift: Estimate,
}

/// Quality by group for scores `p` of labels `y`, one per row of `groups`.
pub fn segments(p: &[f64], y: &[bool], groups: &Groups) -> Vec<Segment> {
    let one = |(group, name): (u32, &String)| {
        let rows: Vec<usize> = (0..groups.of.len()).filter(|&row| groups.of[row] == group).collect();
        let p: Vec<f64> = rows.iter().map(|&row| p[row]).collect();
        let y: Vec<bool> = rows.iter().map(|&row| y[row]).collect();
        segment(name, &p, &y)
    };
    (0..).zip(&groups.names).map(one).collect()
}

/// Errors in one group, of a model of an amount.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountSegment {
    /// The group.
    pub group: String,
    /// Its rows.
    pub rows: u64,
    /// Mean amount.
    pub mean: f64,
    /// Mean score.
    pub predicted: f64,
    /// RMSE, MAE, R² and bias (mean score less mean amount: above 0 the model promises too much here); `None` for too few rows.
    pub measured: Option<AmountQuality>,
    /// Why there are none; empty where there are.
    pub not_evaluated: String,
}

/// Errors by group for scores `p` of amounts `y`, one per row of `groups`.
pub fn segments_of_amounts(p: &[f64], y: &[f64], groups: &Groups) -> Vec<AmountSegment> {
    let one = |(group, name): (u32, &String)| {
        let rows: Vec<usize> = (0..groups.of.len()).filter(|&row| groups.of[row] == group).collect();
        let own = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let (p, y, n) = (own(p), own(y), rows.len() as u64);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n.max(1) as f64;
        let enough = n >= LEAST_ROWS;
        AmountSegment {
            group: name.clone(),
            rows: n,
            mean: mean(&y),
            predicted: mean(&p),
            measured: enough.then(|| amounts::quality(&p, &y)),
            not_evaluated: if enough { String::new() } else { format!("{n} rows, fewer than {LEAST_ROWS}") },
        }
    };
    (0..).zip(&groups.names).map(one).collect()
}

fn segment(name: &str, p: &[f64], y: &[bool]) -> Segment {
    let (rows, positives) = (y.len() as u64, y.iter().filter(|&&y| y).count() as u64);
    let why = too_few(rows, positives);
    let measured = why.is_empty().then(|| {
        let errors: Vec<f64> = p.iter().zip(y).map(|(p, &y)| p - f64::from(u8::from(y))).collect();
        let tenth = rows as f64 / 10.0;
        let hits: f64 = top(p, tenth).iter().zip(y).filter(|(_, y)| **y).map(|(part, _)| part).sum();
        let (found, base) = (share(hits, tenth), positives as f64 / rows as f64);
        Measured {
            auc: auc_interval(p, y),
            gap: mean_interval(&errors),
            ece: quality(p, y).ece_quantile,
            lift: Estimate { value: found.value / base, low: found.low / base, high: found.high / base },
        }
    });
    Segment {
        group: name.to_owned(),
        rows,
        positives,
        rate: share(positives as f64, rows as f64),
        predicted: p.iter().sum::<f64>() / rows.max(1) as f64,
        measured,
        not_evaluated: why,
    }
}

/// Why a group is too small to be measured; empty when it is not.
pub fn too_few(rows: u64, positives: u64) -> String {
    if rows < LEAST_ROWS {
        format!("{rows} rows, fewer than {LEAST_ROWS}")
    } else if positives < LEAST_OUTCOMES {
        format!("{positives} rows with the outcome, fewer than {LEAST_OUTCOMES}")
    } else if rows - positives < LEAST_OUTCOMES {
        format!("{} rows without the outcome, fewer than {LEAST_OUTCOMES}", rows - positives)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::metrics::auc;
    use crate::random::Random;

    #[test]
    fn a_blind_group_is_seen_and_a_small_one_not_judged() {
        let mut random = Random::new(3);
        let (mut p, mut y, mut of) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..4060 {
            let group = if i >= 4000 { 2 } else { i % 2 };
            let score = 0.05 + 0.5 * random.uniform();
            p.push(score);
            // Group 0 follows its score; in group 1 the score says nothing and promises too much.
            y.push(random.chance(if group == 0 { score } else { 0.1 }));
            of.push(group);
        }
        let groups = Groups { names: ["told", "blind", "small"].map(String::from).to_vec(), of };
        let out = segments(&p, &y, &groups);
        let [told, blind] = [0, 1].map(|i| out[i].measured.unwrap());
        assert!(told.auc.low > 0.6 && blind.auc.low < 0.5 && blind.auc.high < 0.6, "{told:?} {blind:?}");
        assert!(told.gap.low < 0.0 && told.gap.high > 0.0 && blind.gap.low > 0.15);
        assert!(told.lift.low > 1.2 && blind.lift.low < 1.0 && blind.lift.high > 1.0);
        assert!(out[2].measured.is_none() && out[2].rows == 60, "{:?}", out[2]);
        assert_eq!(out[2].not_evaluated, "60 rows, fewer than 100");
        // Naively, by filtering.
        let own: Vec<usize> = (0..4000).filter(|i| i % 2 == 0).collect();
        let (q, z): (Vec<f64>, Vec<bool>) = own.iter().map(|&i| (p[i], y[i])).unzip();
        assert!((told.auc.value - auc(&q, &z)).abs() < 1e-12);
        assert!((out[0].predicted - q.iter().sum::<f64>() / 2000.0).abs() < 1e-12);
        assert_eq!(out[0].positives, z.iter().filter(|&&y| y).count() as u64);
    }

    #[test]
    fn amounts_have_errors_and_bias_by_group() {
        // Group 0 errs by ±2, group 1 is told 5 too much, group 2 is too small.
        let of: Vec<u32> = (0..440).map(|i| if i >= 400 { 2 } else { i % 2 }).collect();
        let y: Vec<f64> = (0..440).map(|i| f64::from(i % 7)).collect();
        let error = |i: usize| if of[i] == 0 { if i.is_multiple_of(4) { 2.0 } else { -2.0 } } else { 5.0 };
        let p: Vec<f64> = (0..440).map(|i| y[i] + error(i)).collect();
        let out = segments_of_amounts(&p, &y, &Groups { names: ["even", "odd", "few"].map(String::from).to_vec(), of });
        let [even, odd] = [0, 1].map(|i| out[i].measured.unwrap());
        assert!((even.rmse.value - 2.0).abs() < 1e-9 && even.bias.low < 0.0 && even.bias.high > 0.0, "{even:?}");
        assert!((odd.mae.value - 5.0).abs() < 1e-9 && odd.bias.low > 4.9, "{odd:?}");
        assert!(out[2].measured.is_none() && out[2].not_evaluated.starts_with("40 rows"), "{:?}", out[2]);
        assert!((out[1].predicted - out[1].mean - 5.0).abs() < 1e-9);
    }

    #[test]
    fn groups_need_rows_of_both_kinds() {
        for (rows, positives, told) in
            [(99, 50, "99 rows"), (500, 9, "9 rows with"), (500, 491, "9 rows without"), (100, 10, "")]
        {
            assert!(
                too_few(rows, positives).starts_with(told) && too_few(rows, positives).is_empty() == told.is_empty()
            );
        }
    }
}
