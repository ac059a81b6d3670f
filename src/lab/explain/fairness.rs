//! How evenly a threshold on scores falls on groups of people. It measures scores, before rules; the fairness of decisions is
//! measured where decisions are simulated. The column need not be an input of the model: leaving a column out does not make scores
//! even.

use super::groups::Groups;
use super::intervals::mean_interval;
use super::segments::{LEAST_OUTCOMES, LEAST_ROWS};
use crate::error::{Error, Result};
use crate::models::report::Estimate;
use crate::simulate::bootstrap::{Sums, percentile_interval, resample};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// The four-fifths rule: a group selected at less than this share of the reference group's rate.
pub const FOUR_FIFTHS: f64 = 0.8;

/// Resamples behind the intervals.
const RESAMPLES: usize = 1000;

/// Scores by group of one column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fairness {
    /// The column.
    pub field: String,
    /// Rows of at least this score are selected.
    pub threshold: f64,
    /// The group that others are compared with: the largest one measured; empty when none is.
    pub reference: String,
    /// Every group.
    pub groups: Vec<Group>,
    /// What was found, for people, one sentence per finding.
    pub findings: Vec<String>,
}

/// One group of people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The group.
    pub group: String,
    /// Its rows.
    pub rows: u64,
    /// Of these, rows where the outcome happened.
    pub positives: u64,
    /// Share of rows selected.
    pub selected: Estimate,
    /// What is measured; `None` where there are too few rows.
    pub measured: Option<Compared>,
    /// Why nothing is; empty where something is.
    pub not_evaluated: String,
}

/// A group compared with the reference group; of the latter itself ratio 1 and differences 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Share selected over that of the reference group.
    pub ratio: Estimate,
    /// Share selected less that of the reference group.
    pub difference: Estimate,
    /// Equal opportunity: share selected among rows with the outcome, less that of the reference group; `None` where either has
    /// fewer than [`LEAST_OUTCOMES`] of them.
    pub opportunity: Option<Estimate>,
    /// Calibration within the group: mean score less share of outcomes.
    pub gap: Estimate,
}

/// Fairness of scores `p` of labels `y` at a threshold. Intervals are 95 % ones of 1,000 paired resamples of rows, or of whole
/// `subjects` (a code per row) where these repeat; that of calibration is normal.
///
/// # Errors
/// When the lengths differ, the threshold is no number, or the task is cancelled.
pub fn fairness(
    field: &str,
    p: &[f64],
    y: &[bool],
    groups: &Groups,
    subjects: Option<&[u32]>,
    threshold: f64,
    seed: u64,
    task: &Task,
) -> Result<Fairness> {
    if p.len() != y.len() || p.len() != groups.of.len() || subjects.is_some_and(|s| s.len() != p.len()) {
        return Err(Error::new("scores, outcomes and groups are not of the same rows"));
    }
    if threshold.is_nan() {
        return Err(Error::new("the threshold is not a number"));
    }
    let selected: Vec<f64> = p.iter().map(|&p| f64::from(u8::from(p >= threshold))).collect();
    let count = groups.names.len();
    // Per group: its rows, then its rows with the outcome.
    let indicator = |group: usize, outcome: bool| -> Vec<f64> {
        let inside = groups.of.iter().zip(y).map(|(of, &y)| *of as usize == group && (y || !outcome));
        inside.map(|inside| f64::from(u8::from(inside))).collect()
    };
    let weights: Vec<Vec<f64>> = (0..2 * count).map(|i| indicator(i % count.max(1), i >= count)).collect();
    let slices: Vec<&[f64]> = weights.iter().map(Vec::as_slice).collect();
    let total = |weights: &[f64]| Sums {
        weight: weights.iter().sum(),
        reward: weights.iter().zip(&selected).map(|(w, s)| w * s).sum(),
    };
    let whole: Vec<Sums> = slices.iter().map(|w| total(w)).collect();
    let drawn = resample(&slices, &selected, subjects, RESAMPLES, seed, task)?;
    let rate = |sums: &[Sums], i: usize| sums[i].reward / sums[i].weight;
    let estimate = |of: &dyn Fn(&[Sums]) -> f64| {
        let value = of(&whole);
        let (low, high) =
            percentile_interval(drawn.iter().map(|sums| of(sums))).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        Estimate { value, low, high }
    };

    let rows = |group: usize| whole[group].weight as u64;
    let positives = |group: usize| whole[count + group].weight as u64;
    let evaluated: Vec<usize> = (0..count).filter(|&group| rows(group) >= LEAST_ROWS).collect();
    let reference = evaluated.iter().copied().reduce(|a, b| if rows(b) > rows(a) { b } else { a });
    let mut out = Fairness {
        field: field.to_owned(),
        threshold,
        reference: reference.map_or_else(String::new, |group| groups.names[group].clone()),
        ..Fairness::default()
    };
    for (group, name) in groups.names.iter().enumerate() {
        let too_few = rows(group) < LEAST_ROWS;
        let measured = reference.filter(|_| !too_few).map(|reference| {
            let errors: Vec<f64> = (0..p.len())
                .filter(|&row| groups.of[row] as usize == group)
                .map(|row| p[row] - f64::from(u8::from(y[row])))
                .collect();
            let enough = |group: usize| positives(group) >= LEAST_OUTCOMES;
            Compared {
                ratio: estimate(&|sums| rate(sums, group) / rate(sums, reference)),
                difference: estimate(&|sums| rate(sums, group) - rate(sums, reference)),
                opportunity: (enough(group) && enough(reference))
                    .then(|| estimate(&|sums| rate(sums, count + group) - rate(sums, count + reference))),
                gap: mean_interval(&errors),
            }
        });
        out.groups.push(Group {
            group: name.clone(),
            rows: rows(group),
            positives: positives(group),
            selected: if rows(group) > 0 { estimate(&|sums| rate(sums, group)) } else { Estimate::default() },
            measured,
            not_evaluated: if too_few {
                format!("{} rows, fewer than {LEAST_ROWS}", rows(group))
            } else {
                String::new()
            },
        });
    }
    out.findings = findings(&out);
    Ok(out)
}

fn findings(out: &Fairness) -> Vec<String> {
    let mut findings = Vec::new();
    for group in out.groups.iter().filter(|group| group.group != out.reference) {
        let Some(m) = &group.measured else {
            findings.push(format!("`{}` is not evaluated: {}", group.group, group.not_evaluated));
            continue;
        };
        let (name, other) = (&group.group, &out.reference);
        let percent = |x: f64| format!("{:.1} %", 100.0 * x);
        if m.ratio.value < FOUR_FIFTHS || m.ratio.value > 1.0 / FOUR_FIFTHS {
            let sure = if m.ratio.high < FOUR_FIFTHS || m.ratio.low > 1.0 / FOUR_FIFTHS {
                ""
            } else {
                ", though the interval allows less"
            };
            findings.push(format!(
                "`{name}` is selected {:.2} times as often as `{other}` ({:.2} to {:.2}): outside four fifths{sure}",
                m.ratio.value, m.ratio.low, m.ratio.high
            ));
        }
        if let Some(o) = m.opportunity.filter(|o| o.low > 0.0 || o.high < 0.0) {
            findings.push(format!(
                "of those with the outcome, {} {} of `{name}` are selected than of `{other}` ({} to {})",
                percent(o.value.abs()),
                if o.value < 0.0 { "fewer" } else { "more" },
                percent(o.low),
                percent(o.high)
            ));
        }
        if m.gap.low > 0.02 || m.gap.high < -0.02 {
            let what = if m.gap.value > 0.0 { "above" } else { "below" };
            findings.push(format!("scores of `{name}` lie {} {what} what happened", percent(m.gap.value.abs())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Groups of 3,000, 1,500 and 50 rows; the second is scored lower by `shift` than it deserves.
    fn world(shift: f64, seed: u64) -> (Vec<f64>, Vec<bool>, Groups) {
        let mut random = Random::new(seed);
        let (mut p, mut y, mut of) = (Vec::new(), Vec::new(), Vec::new());
        for (group, rows) in [(0, 3000), (1, 1500), (2, 50)] {
            for _ in 0..rows {
                let deserved = 0.2 + 0.6 * random.uniform();
                y.push(random.chance(deserved));
                p.push(if group == 1 { deserved - shift } else { deserved });
                of.push(group);
            }
        }
        (p, y, Groups { names: ["a", "b", "few"].map(String::from).to_vec(), of })
    }

    #[test]
    fn an_uneven_score_is_measured_and_an_even_one_is_not_blamed() {
        let (p, y, groups) = world(0.15, 1);
        let out = fairness("g", &p, &y, &groups, None, 0.6, 7, &Task::default()).unwrap();
        assert_eq!(out.reference, "a");
        let b = out.groups[1].measured.unwrap();
        // P(deserved − 0.15 ≥ 0.6) = 1/12 against 1/3.
        assert!(b.ratio.low < 0.25 && 0.25 < b.ratio.high, "{b:?}");
        assert!(b.difference.low < -0.25 && -0.25 < b.difference.high);
        assert!(b.opportunity.unwrap().high < -0.1 && b.gap.low < -0.14 && b.gap.high < -0.1);
        assert!(out.groups[2].measured.is_none() && out.groups[2].not_evaluated == "50 rows, fewer than 100");
        assert_eq!(out.findings.len(), 4, "{:#?}", out.findings);
        let a = out.groups[0].measured.unwrap();
        assert_eq!((a.ratio.value, a.ratio.low, a.ratio.high, a.difference.value), (1.0, 1.0, 1.0, 0.0));
        // Naively.
        let rate = |g: u32| {
            let own: Vec<usize> = (0..p.len()).filter(|&i| groups.of[i] == g).collect();
            own.iter().filter(|&&i| p[i] >= 0.6).count() as f64 / own.len() as f64
        };
        assert!((b.ratio.value - rate(1) / rate(0)).abs() < 1e-12);
        let (p, y, groups) = world(0.0, 2);
        let out = fairness("g", &p, &y, &groups, None, 0.6, 7, &Task::default()).unwrap();
        assert!(out.findings.iter().all(|finding| finding.contains("`few`")), "{:#?}", out.findings);
        let b = out.groups[1].measured.unwrap();
        assert!(b.ratio.low < 1.0 && 1.0 < b.ratio.high);
    }

    #[test]
    fn intervals_hold_the_truth_and_grow_when_subjects_repeat() {
        let mut inside = 0;
        for seed in 0..60 {
            let (p, y, groups) = world(0.15, seed);
            let b =
                fairness("g", &p, &y, &groups, None, 0.6, seed, &Task::default()).unwrap().groups[1].measured.unwrap();
            inside += usize::from(b.difference.low <= -0.25 && -0.25 <= b.difference.high);
        }
        assert!(inside >= 52, "{inside} of 60");
        // Every row four times: as rows it looks like four times the people, as subjects it does not.
        let (p, y, groups) = world(0.15, 1);
        let four = |n: usize| (0..n).flat_map(|i| [i; 4]).collect::<Vec<usize>>();
        let of = four(p.len());
        let (p, y): (Vec<f64>, Vec<bool>) = of.iter().map(|&i| (p[i], y[i])).unzip();
        let repeated = Groups { names: groups.names.clone(), of: of.iter().map(|&i| groups.of[i]).collect() };
        let subjects: Vec<u32> = of.iter().map(|&i| i as u32).collect();
        let width = |subjects: Option<&[u32]>| {
            let b = fairness("g", &p, &y, &repeated, subjects, 0.6, 3, &Task::default()).unwrap().groups[1]
                .measured
                .unwrap();
            b.difference.high - b.difference.low
        };
        let ratio = width(Some(&subjects)) / width(None);
        assert!((1.8..2.2).contains(&ratio), "{ratio}");
        assert!(fairness("g", &p, &y, &repeated, Some(&[]), 0.6, 3, &Task::default()).is_err());
    }
}
