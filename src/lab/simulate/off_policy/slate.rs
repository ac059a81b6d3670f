//! Ranked lists: several positions shown at once, each with its own action, propensity and reward.
//!
//! Three assumptions about how positions bear on each other, each an estimator (McInerney et al. 2020; names of Open Bandit Pipeline):
//! the whole list matters (standard), what stands above matters (cascade), nothing else matters (independent).

use super::bootstrap::means;
use super::estimator::{Answer, mean};
use crate::distributions::{clopper_pearson, hybrid, spread_interval};
use crate::error::{Error, Result};
use crate::simulate::estimate::{Z95, around, clustered_squares, normal, possible, reach, sum, units, yes_or_no};
use crate::simulate::estimators::Resampling;
use crate::simulate::report::{Estimate, ListValue, Method, Support};
use crate::simulate::support::{advise, refusal_of_weights, support};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// What is taken to bear on the reward of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assumption {
    /// The whole list: weights multiplied over all positions. Unbiased, and of huge variance.
    Standard,
    /// The position and those above it: a reader goes from the top down.
    Cascade,
    /// The position alone.
    Independent,
}

/// Logged positions. A list's positions stand together, the top one first.
#[derive(Clone, Copy, Debug)]
pub struct Slates<'a> {
    /// Number of the list of each entry, ascending.
    pub list: &'a [u32],
    /// w = π/p of the action shown there, given those above.
    pub weights: &'a [f64],
    /// Reward at that position.
    pub rewards: &'a [f64],
}

/// Expected sum of a list's rewards under the target policy; `normalised` divides by the mean weight at each position.
///
/// # Errors
/// When the slices differ in length, lists do not stand together, or there are fewer than two.
pub fn slate(slates: Slates<'_>, assumption: Assumption, normalised: bool) -> Result<Answer> {
    let n = slates.list.len();
    if slates.weights.len() != n || slates.rewards.len() != n {
        return Err(Error::new("lists, weights and rewards must have one entry per position"));
    }
    if let Some(at) = (1..n).find(|&i| slates.list[i] < slates.list[i - 1]) {
        return Err(Error::new("lists must stand one after the other, in ascending order").at_row(at as u64 + 1));
    }
    let bounds: Vec<(usize, usize)> = {
        let starts: Vec<usize> = (0..n).filter(|&i| i == 0 || slates.list[i] != slates.list[i - 1]).collect();
        starts.iter().zip(starts.iter().skip(1).chain([&n])).map(|(a, b)| (*a, *b)).collect()
    };
    if bounds.len() < 2 {
        return Err(Error::new("fewer than two lists are too few to estimate anything"));
    }
    let weights: Vec<f64> =
        bounds.iter().flat_map(|&(from, to)| place_weights(&slates.weights[from..to], assumption)).collect();
    let deepest = bounds.iter().map(|(from, to)| to - from).max().unwrap_or(0);
    let mut scale = vec![1.0; deepest];
    if normalised {
        for (position, scale) in scale.iter_mut().enumerate() {
            let at: Vec<f64> =
                bounds.iter().filter(|(a, b)| b - a > position).map(|(a, _)| weights[a + position]).collect();
            *scale = mean(&at);
        }
    }
    let own = |i: usize, from: usize| {
        let scale = scale[i - from];
        if scale > 0.0 { weights[i] * slates.rewards[i] / scale } else { 0.0 }
    };
    let sums: Vec<f64> = bounds.iter().map(|&(from, to)| (from..to).map(|i| own(i, from)).sum()).collect();
    let (lists, value) = (sums.len() as f64, mean(&sums));
    let squares: f64 = sums.iter().map(|x| (x - value) * (x - value)).sum();
    let se = (squares / (lists - 1.0) / lists).sqrt();
    let (low, high) = around(value, se, Z95);
    Ok(Answer { value, se, low, high })
}

/// The weights of a list's places under an assumption, from the weight of each place given those above.
pub fn place_weights(weights: &[f64], assumption: Assumption) -> Vec<f64> {
    let down = weights.iter().scan(1.0, |product, w| {
        *product *= w;
        Some(*product)
    });
    match assumption {
        Assumption::Independent => weights.to_vec(),
        Assumption::Cascade => down.collect(),
        Assumption::Standard => vec![weights.iter().product(); weights.len()],
    }
}

/// Values of resampled lists; empty without resamples.
#[derive(Default)]
pub(crate) struct Draws {
    /// Self-normalised.
    pub normalised: Vec<f64>,
    /// By the weights as they are.
    pub plain: Vec<f64>,
}

/// Weights and rewards per list and place, the top one first.
pub(crate) struct Places {
    pub weights: Vec<Vec<f64>>,
    pub rewards: Vec<Vec<f64>>,
    /// Subject of each list, where subjects repeat.
    pub clusters: Option<Vec<u32>>,
}

impl Places {
    pub fn depth(&self) -> usize {
        self.weights.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn estimate(&self, method: Method, value: f64, influence: &[f64]) -> Option<Estimate> {
        let n = influence.len();
        let (squares, groups) = clustered_squares(influence.iter().copied(), self.clusters.as_deref(), n);
        let groups = groups as f64;
        (groups > 1.0).then(|| normal(method, value, (squares * groups / (groups - 1.0)).sqrt() / n as f64, n))
    }

    /// The estimate, with an interval that has a width where no list brought anything or, where it has none, every place all it can: a list
    /// not seen does otherwise with a probability of at most Clopper and Pearson's, of a yes or no per place by no more than its weights,
    /// `most`, add up to; of an amount nothing bounds it.
    fn spread(&self, estimate: Estimate, most: f64) -> Estimate {
        let seen = || self.weights.iter().flatten().zip(self.rewards.iter().flatten());
        let all = |reward: f64| seen().all(|(w, r)| *w == 0.0 || *r == reward);
        let (nothing, rewards) = (all(0.0), self.rewards.concat());
        let yes_or_no = yes_or_no(&rewards);
        let everything = yes_or_no && all(1.0) && estimate.low.is_infinite();
        if !(nothing || everything) {
            return estimate;
        }
        if !yes_or_no {
            return Estimate { low: possible(&rewards).0, high: f64::INFINITY, ..estimate };
        }
        let lists = units(self.clusters.as_deref(), self.weights.len(), |_| true);
        let reach = reach(self.clusters.as_deref(), self.weights.len());
        let unseen = most * reach * clopper_pearson(0, lists, 0.95).1;
        let deepest = self.depth() as f64;
        match nothing {
            true => Estimate { low: 0.0, high: unseen.min(deepest), ..estimate },
            false => {
                Estimate { low: (estimate.value - unseen).max(0.0), high: deepest.max(estimate.value), ..estimate }
            }
        }
    }

    /// The most that the weights of a list add up to.
    fn most(&self) -> f64 {
        self.weights.iter().map(|own| own.iter().sum()).fold(0.0, f64::max)
    }

    /// Mean over the lists of what each makes of its places.
    fn mean(&self, method: Method, most: f64, of: impl Fn(&[f64], &[f64]) -> f64) -> Option<Estimate> {
        let sums: Vec<f64> = self.weights.iter().zip(&self.rewards).map(|(w, r)| of(w, r)).collect();
        let value = sum(sums.iter().copied()) / sums.len() as f64;
        let own = self.estimate(method, value, &sums.iter().map(|x| x - value).collect::<Vec<_>>())?;
        Some(self.spread(own, most))
    }

    /// Mean over the lists of Σ w r over their places.
    pub fn ips(&self) -> Option<Estimate> {
        self.mean(Method::Ips, self.most(), |weights, rewards| weights.iter().zip(rewards).map(|(w, r)| w * r).sum())
    }

    /// Mean over the lists as they were shown.
    pub fn logged(&self) -> Option<Estimate> {
        let shown = Places {
            weights: self.weights.iter().map(|own| vec![1.0; own.len()]).collect(),
            rewards: self.rewards.clone(),
            clusters: self.clusters.clone(),
        };
        shown.mean(Method::Mean, shown.most(), |_, rewards| rewards.iter().sum())
    }

    /// Values in resamples of lists, or of whole subjects: the draws are those of every bootstrap of as many units.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub(in crate::simulate) fn draws(&self, resampling: Resampling<'_>) -> Result<Draws> {
        let Resampling { replicates, seed, task } = resampling;
        if replicates == 0 {
            return Ok(Draws::default());
        }
        let at = |place: usize, of: fn(f64, f64) -> f64| -> Vec<f64> {
            let cell = |(w, r): (&Vec<f64>, &Vec<f64>)| Some(of(*w.get(place)?, *r.get(place)?));
            self.weights.iter().zip(&self.rewards).map(|own| cell(own).unwrap_or(0.0)).collect()
        };
        let columns =
            (0..self.depth()).flat_map(|place| [at(place, |_, _| 1.0), at(place, |w, _| w), at(place, |w, r| w * r)]);
        let drawn = means(columns.collect(), self.clusters.as_deref(), replicates, seed, task)?;
        let sum = |of: fn(f64, f64, f64) -> f64| -> Vec<f64> {
            let value = |b: usize| drawn.chunks_exact(3).map(|own| of(own[0][b], own[1][b], own[2][b])).sum();
            (0..replicates).map(value).collect()
        };
        Ok(Draws { normalised: sum(|has, w, wr| has * wr / w), plain: sum(|_, _, wr| wr) })
    }

    pub fn snips(&self, assumption: Assumption) -> Option<Estimate> {
        let (value, influence) = self.normalised()?;
        Some(self.spread(self.estimate(Method::lists(assumption), value, &influence)?, self.most()))
    }

    /// Value of these lists less that of `other`, the same lists under another policy, with both values. Where no list of one brought
    /// anything the interval is Newcombe's, from those of both.
    pub fn difference(&self, other: &Places, assumption: Assumption) -> Option<(f64, f64, Estimate)> {
        let ((a, ours), (b, theirs)) = (self.normalised()?, other.normalised()?);
        let influence: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a - b).collect();
        let own = self.estimate(Method::lists(assumption), a - b, &influence)?;
        let (low, high) = match a == 0.0 || b == 0.0 {
            true => {
                let of = |places: &Places| places.snips(assumption).map(|own| (own.value, own.low, own.high));
                hybrid(of(self)?, of(other)?)
            }
            false => (own.low, own.high),
        };
        Some((a, b, Estimate { low, high, ..own }))
    }

    /// Σ over places of the share of lists that have it times Σwr/Σw there; and the influence of each list, for the delta method.
    pub fn normalised(&self) -> Option<(f64, Vec<f64>)> {
        let n = self.weights.len();
        let mut value = 0.0;
        let mut influence = vec![0.0; n];
        for place in 0..self.depth() {
            let at =
                || self.weights.iter().zip(&self.rewards).filter_map(|(w, r)| Some((*w.get(place)?, *r.get(place)?)));
            let total = sum(at().map(|(w, _)| w));
            if total <= 0.0 {
                return None;
            }
            let have = at().count() as f64;
            let (share, own, scale) = (have / n as f64, sum(at().map(|(w, r)| w * r)) / total, total / have);
            value += share * own;
            for ((slot, weights), rewards) in influence.iter_mut().zip(&self.weights).zip(&self.rewards) {
                *slot += match (weights.get(place), rewards.get(place)) {
                    (Some(w), Some(r)) => w * (r - own) / scale + (1.0 - share) * own,
                    _ => -share * own,
                };
            }
        }
        Some((value, influence))
    }
}

/// Logged lists of one outcome: per list its places from the top down.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// w = π/p of what was shown at each place, given what stands above.
    pub weights: Vec<Vec<f64>>,
    /// Reward at each place.
    pub rewards: Vec<Vec<f64>>,
    /// Subject of each list, where subjects repeat.
    pub clusters: Option<Vec<u32>>,
    /// Lists left out since places are missing.
    pub dropped: u64,
    /// Per place, lists in which the target policy puts there what was never logged; as far as its actions are named.
    pub unlogged: Vec<usize>,
    /// What that is.
    pub unlogged_actions: Vec<String>,
}

/// The value of a policy's lists under every assumption, each with the support at the place that has least of it; one without support has
/// no value, only the reasons, unless one is asked for `even_so`. `replicates` resamples of lists, or of whole subjects, give the bootstrap
/// intervals; all see the same draws.
///
/// # Errors
/// When the task is cancelled.
pub fn evaluate_lists(
    lists: &Lists,
    outcome: &str,
    even_so: bool,
    (replicates, seed): (usize, u64),
    task: &Task,
) -> Result<Vec<ListValue>> {
    let resampling = Resampling { replicates, seed, task };
    let of = |assumption: Assumption| {
        let places = Places {
            weights: lists.weights.iter().map(|own| place_weights(own, assumption)).collect(),
            rewards: lists.rewards.clone(),
            clusters: lists.clusters.clone(),
        };
        let (mut least, mut refused, mut advice) = (Support::default(), Vec::new(), String::new());
        for place in 0..places.depth() {
            let at: Vec<f64> = places.weights.iter().filter_map(|list| list.get(place).copied()).collect();
            let own = support(&at, lists.unlogged.get(place).copied().unwrap_or(0));
            if place == 0 || own.effective_sample_size < least.effective_sample_size {
                least = own;
            }
            let Some(why) = refusal_of_weights(&own, &at, &lists.unlogged_actions) else { continue };
            refused.extend(why.reasons.into_iter().map(|why| format!("place {}: {why}", place + 1)));
            advise(&mut advice, &why.advice);
        }
        if places.depth() == 0 {
            refused.push("no list is whole".into());
            advise(
                &mut advice,
                "Look at the columns of lists and places: a whole list has a row for each place from the top down, and its reward.",
            );
        }
        let shown = places.depth() > 0 && (refused.is_empty() || even_so);
        let (answer, ips) = match shown {
            true => (places.snips(assumption), places.ips()),
            false => (None, None),
        };
        let draws = if answer.is_some() { places.draws(resampling)? } else { Draws::default() };
        Ok(ListValue {
            outcome: outcome.to_owned(),
            assumption,
            lists: lists.weights.len() as u64,
            dropped: lists.dropped,
            places: places.depth() as u64,
            support: least,
            answer: answer.map(|own| Estimate { bootstrap: spread_interval(draws.normalised), ..own }),
            ips: ips.map(|own| Estimate { bootstrap: spread_interval(draws.plain), ..own }),
            logged: places.logged(),
            refused,
            advice,
        })
    };
    [Assumption::Independent, Assumption::Cascade, Assumption::Standard].into_iter().map(of).collect()
}
