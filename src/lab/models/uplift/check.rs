//! Effects among some rows, and whether an order of the rows by score is worth something: model and rule on rows that never train.

use super::report::{Held, Top};
use crate::distributions::{Z95, clopper_pearson, hybrid};
use crate::error::Result;
use crate::models::report::Estimate;
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;

/// Depths at which effects are listed.
const SHARES: [f64; 4] = [0.1, 0.2, 0.3, 0.5];
/// Depths of the curve.
const DEPTHS: usize = 20;
/// Bootstrap resamples.
const RESAMPLES: u64 = 300;

/// The subjects of an arm, where they have several rows: how many, and the rows of the one with the most.
#[derive(Clone, Copy, Debug)]
pub struct Subjects {
    pub number: u64,
    pub most: u64,
}

/// Counts, sums and sums of squares of outcomes, untreated first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Means {
    arms: [[f64; 3]; 2],
}

impl Means {
    pub fn add(&mut self, treated: bool, y: f64) {
        let [n, sum, squares] = &mut self.arms[usize::from(treated)];
        *n += 1.0;
        *sum += y;
        *squares += y * y;
    }

    /// Rows of the smaller arm.
    pub fn least(&self) -> f64 {
        self.arms[0][0].min(self.arms[1][0])
    }

    /// Rows of an arm.
    pub fn n(&self, treated: bool) -> f64 {
        self.arms[usize::from(treated)][0]
    }

    /// Mean of an arm.
    pub fn mean(&self, treated: bool) -> f64 {
        let [n, sum, _] = self.arms[usize::from(treated)];
        sum / n
    }

    /// Difference of means and its standard error (variances of n − 1).
    pub fn effect(&self) -> (f64, f64) {
        let variance = |[n, sum, squares]: [f64; 3]| ((squares - sum * sum / n) / (n - 1.0) / n).max(0.0);
        (self.mean(true) - self.mean(false), (variance(self.arms[0]) + variance(self.arms[1])).sqrt())
    }

    /// The difference of means with its normal interval. Where an arm's outcomes are all the same its spread is not known: of yes or no the
    /// interval is then Clopper and Pearson's of both arms, squared and added (Newcombe 1998); of amounts there is none, its ends are infinite.
    pub fn estimate(&self) -> Estimate {
        self.estimate_with(self.effect().1, None)
    }

    /// The same where subjects repeat: with the standard error `se` of the difference, clustered, and the subjects of each arm.
    pub fn estimate_with(&self, se: f64, subjects: Option<[Subjects; 2]>) -> Estimate {
        let value = self.effect().0;
        if !self.varies_not() {
            return estimate((value, se));
        }
        // Of zeros and ones the sum is that of the squares.
        if self.arms.iter().any(|[n, sum, squares]| *n == 0.0 || sum != squares) {
            return estimate((value, 0.0));
        }
        let [control, treated] = [0, 1].map(|arm| {
            let [n, sum, _] = self.arms[arm];
            let mean = sum / n;
            let (low, high) = match subjects {
                None => clopper_pearson(sum as u64, n as u64, 0.95),
                Some(subjects) if is_same(self.arms[arm]) => {
                    let Subjects { number, most } = subjects[arm];
                    let (low, high) = clopper_pearson(mean as u64 * number, number, 0.95);
                    // A subject not seen weighs as much as the largest seen.
                    let reach = most as f64 * number as f64 / n;
                    ((mean - reach * (mean - low)).max(0.0), (mean + reach * (high - mean)).min(1.0))
                }
                // The error of the difference is all of this arm.
                Some(_) => ((mean - Z95 * se).max(0.0), (mean + Z95 * se).min(1.0)),
            };
            (mean, low, high)
        });
        let (low, high) = hybrid(treated, control);
        Estimate { value, low, high }
    }

    /// Whether an arm's outcomes are all the same.
    pub fn varies_not(&self) -> bool {
        self.arms.iter().any(|arm| is_same(*arm))
    }
}

/// Whether outcomes are all the same but for rounding, from their number, sum and sum of squares.
fn is_same([n, sum, squares]: [f64; 3]) -> bool {
    n > 0.0 && squares * n - sum * sum <= 1e-12 * sum * sum
}

/// A value with its normal interval of 95 %; its ends are infinite where nothing varies.
pub fn estimate((value, se): (f64, f64)) -> Estimate {
    if se <= 1e-12 * value.abs() {
        return Estimate { value, low: f64::NEG_INFINITY, high: f64::INFINITY };
    }
    Estimate { value, low: value - Z95 * se, high: value + Z95 * se }
}

/// Model and rule on the same rows. `key` orders rows of equal score.
///
/// # Errors
/// When the task was cancelled.
pub fn held(
    treated: &[bool],
    y: &[f64],
    model: &[f64],
    rule: Option<&[f64]>,
    seed: u64,
    task: &Task,
) -> Result<Option<Held>> {
    let all = effect(&(0..y.len() as u32).collect::<Vec<_>>(), treated, y);
    if all.least() < 2.0 {
        return Ok(None);
    }
    let order = |scores: &[f64]| -> Vec<u32> {
        let mut random = Random::stream(seed, 77);
        let keys: Vec<u64> = scores.iter().map(|_| random.bits()).collect();
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        order.sort_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            scores[b].total_cmp(&scores[a]).then(keys[a].cmp(&keys[b]))
        });
        order
    };
    let by_model = order(model);
    let by_rule = rule.map(order);
    let top = |order: &[u32], share: f64| {
        effect(&order[..(share * order.len() as f64).round() as usize], treated, y).estimate()
    };
    let once = vec![1_u32; y.len()];
    let point =
        [gain(&by_model, treated, y, &once), by_rule.as_ref().map_or(0.0, |order| gain(order, treated, y, &once))];
    let resamples: Vec<[f64; 2]> = (0..RESAMPLES)
        .into_par_iter()
        .map(|resample| {
            task.tick(resample as f32 / RESAMPLES as f32)?;
            let mut random = Random::stream(seed, resample);
            let mut times = vec![0; y.len()];
            (0..y.len()).for_each(|_| times[random.below(y.len())] += 1);
            let rule = by_rule.as_ref().map_or(0.0, |order| gain(order, treated, y, &times));
            Ok([gain(&by_model, treated, y, &times), rule])
        })
        .collect::<Result<_>>()?;
    let interval = |value: f64, of: &dyn Fn(&[f64; 2]) -> f64| {
        let mut values: Vec<f64> = resamples.iter().map(of).filter(|x| x.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get((share * values.len() as f64) as usize).copied().unwrap_or(value);
        match (at(0.025), at(0.975)) {
            (low, high) if low < high => Estimate { value, low, high },
            // The same in every resample.
            _ => estimate((value, 0.0)),
        }
    };
    Ok(Some(Held {
        treated: all.n(true) as u64,
        control: all.n(false) as u64,
        effect: all.estimate(),
        top: SHARES
            .into_iter()
            .map(|share| Top {
                share,
                model: top(&by_model, share),
                rule: by_rule.as_ref().map(|order| top(order, share)),
            })
            .collect(),
        gain: interval(point[0], &|g| g[0]),
        rule_gain: by_rule.is_some().then(|| interval(point[1], &|g| g[1])),
        against_rule: by_rule.is_some().then(|| interval(point[0] - point[1], &|g| g[0] - g[1])),
    }))
}

fn effect(rows: &[u32], treated: &[bool], y: &[f64]) -> Means {
    let mut means = Means::default();
    rows.iter().for_each(|row| means.add(treated[*row as usize], y[*row as usize]));
    means
}

/// Mean over depths of depth · (effect in the top − effect of all), each row counted `times`.
fn gain(order: &[u32], treated: &[bool], y: &[f64], times: &[u32]) -> f64 {
    let whole: f64 = times.iter().map(|n| f64::from(*n)).sum();
    let mut sums = [[0.0; 2]; 2];
    let mut curve = Vec::with_capacity(DEPTHS);
    let mut seen = 0.0;
    let difference = |sums: &[[f64; 2]; 2]| sums[1][1] / sums[1][0] - sums[0][1] / sums[0][0];
    for row in order {
        let at = *row as usize;
        let n = f64::from(times[at]);
        let [count, sum] = &mut sums[usize::from(treated[at])];
        *count += n;
        *sum += n * y[at];
        seen += n;
        if seen / whole * DEPTHS as f64 >= (curve.len() + 1) as f64 {
            curve.push((seen / whole, difference(&sums)));
        }
    }
    let all = difference(&sums);
    // Where the top holds one arm alone there is no effect to see.
    let area: f64 = curve.iter().map(|(depth, effect)| depth * (effect - all)).filter(|x| x.is_finite()).sum();
    area / DEPTHS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_that_never_varies_leaves_an_interval_with_a_width() {
        let unseen = |n: f64| 1.0 - 0.025f64.powf(1.0 / n);
        let of = |treated: &[f64], control: &[f64]| {
            let mut means = Means::default();
            treated.iter().for_each(|y| means.add(true, *y));
            control.iter().for_each(|y| means.add(false, *y));
            means.estimate()
        };
        let none = of(&[0.0; 50], &[0.0; 60]);
        assert!(none.value == 0.0 && (none.low + unseen(60.0)).abs() < 1e-9 && (none.high - unseen(50.0)).abs() < 1e-9);
        let all = of(&[1.0; 50], &[0.0; 60]);
        assert!(all.value == 1.0 && (all.low - (1.0 - libm::hypot(unseen(50.0), unseen(60.0)))).abs() < 1e-9);
        assert!((all.high - 1.0).abs() < 1e-9, "{all:?}");
        let one = of(&[0.0, 1.0, 0.0, 1.0], &[0.0; 60]);
        // Two of four: from 0.0676 to 0.9324 (Clopper and Pearson).
        let low = 0.5 - libm::hypot(0.5 - 0.067_585_99, unseen(60.0));
        assert!((one.low - low).abs() < 1e-6 && (one.high - 0.932_414_01).abs() < 1e-6, "{one:?}");
        for treated in [vec![2.5; 50], vec![2.5, 0.0, 3.0]] {
            let amounts = of(&treated, &[0.0; 60]);
            assert!(amounts.low == f64::NEG_INFINITY && amounts.high == f64::INFINITY, "{amounts:?}");
        }
        // 60 rows of 20 people, and one of three people of whom two rows each are known.
        let mut means = Means::default();
        (0..60).for_each(|_| means.add(false, 0.0));
        [1.0, 1.0, 0.0, 0.0, 0.0, 0.0].into_iter().for_each(|y| means.add(true, y));
        let people = |number, most| Subjects { number, most };
        let people = means.estimate_with(0.25, Some([people(20, 3), people(3, 2)]));
        let (low, high) = (libm::hypot(1.0 / 3.0, unseen(20.0)), 1.959_963_984_540_054 * 0.25);
        assert!(
            (people.low - (1.0 / 3.0 - low)).abs() < 1e-9 && (people.high - (1.0 / 3.0 + high)).abs() < 1e-9,
            "{people:?}"
        );
        // Where both vary it is the normal one.
        let both = of(&[0.0, 1.0, 0.0, 1.0], &[0.0, 0.0, 1.0]);
        assert!((both.low + both.high - 2.0 * both.value).abs() < 1e-12);
    }
}
