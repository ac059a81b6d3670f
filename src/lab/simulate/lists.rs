//! Logs of ranked lists: one row per position, rows of one decision together. The policy decides each list once, by the request of its
//! top row, and what it places is compared with what was shown, place by place.
//!
//! How places bear on each other is an assumption, and each has its own estimate and its own support. A list with a gap, or with a row
//! that cannot be used, is left out and counted.

use crate::data::cells::Dictionary;
use crate::data::{Requests, Role};
use crate::error::Result;
use crate::simulate::estimate::{clustered_squares, normal, sum};
use crate::simulate::log::NO_ARM;
use crate::simulate::off_policy::slate::{Assumption, place_weights};
use crate::simulate::replay::Stage;
use crate::simulate::report::{Estimate, ListValue, Method, Support};
use crate::simulate::support::{refusal, support};
use crate::task::Task;
use attune_policy::history::{History, NoHistory};
use attune_policy::outcome::Scratch;
use attune_policy::policy::Policy;
use attune_policy::request::Request;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Lists decided between two ticks of the task.
const CHUNK: usize = 512;

/// Lists of the log among `rows`, each with its rows from the top down; and how many had to be left out.
struct Lists {
    rows: Vec<Vec<u32>>,
    dropped: u64,
}

/// Values of a policy on the lists among `rows`, for every outcome and assumption; empty where the log has no lists.
///
/// # Errors
/// When a field of the policy is missing in the data, or the task is cancelled.
pub(super) fn lists(policy: &Policy, stage: &Stage<'_>, rows: &[u32], task: &Task) -> Result<Vec<ListValue>> {
    let Some(found) = Lists::find(stage, rows)? else { return Ok(Vec::new()) };
    task.stage(&format!("Deciding {} lists", found.rows.len()))?;
    let requests = Requests::new(stage.dataset, stage.roles, &policy.document().schema)?;
    let arms: Vec<u16> = policy
        .document()
        .actions
        .iter()
        .flat_map(|action| action.treatments.iter().map(|t| stage.log.arm_of(&action.id, &t.id)))
        .collect();
    let none = stage.log.no_action();
    let history: &(dyn History + Sync) = match &stage.options.history {
        Some(history) => &**history,
        None => &NoHistory,
    };
    // Per list and place: 1/p where the policy places what was shown, else 0.
    let parts: Vec<Vec<Vec<f64>>> = found
        .rows
        .par_chunks(CHUNK)
        .map(|lists| {
            let (mut request, mut scratch) = (Request::default(), Scratch::default());
            if task.is_cancelled() {
                return Err(crate::Error::Cancelled);
            }
            Ok(lists
                .iter()
                .map(|list| {
                    requests.fill(list[0] as usize, &mut request);
                    let outcome = policy.decide_into(&request, history, &mut scratch);
                    let placed = |place: usize| match outcome.places().get(place) {
                        Some(own) => arms.get(own.candidate as usize).copied().unwrap_or(NO_ARM),
                        None => none,
                    };
                    let weight = |(place, row): (usize, &u32)| {
                        let row = *row as usize;
                        let same = placed(place) != NO_ARM && placed(place) == stage.log.arm[row];
                        if same { 1.0 / stage.log.propensity[row] } else { 0.0 }
                    };
                    list.iter().enumerate().map(weight).collect()
                })
                .collect())
        })
        .collect::<Result<_>>()?;
    let weights: Vec<Vec<f64>> = parts.into_iter().flatten().collect();
    let mut values = Vec::new();
    for outcome in &stage.log.outcomes {
        let known = |list: &[u32]| list.iter().all(|row| !outcome.values[*row as usize].is_nan());
        let kept: Vec<usize> = (0..found.rows.len()).filter(|i| known(&found.rows[*i])).collect();
        let rewards: Vec<Vec<f64>> =
            kept.iter().map(|i| found.rows[*i].iter().map(|row| outcome.values[*row as usize]).collect()).collect();
        let clusters: Option<Vec<u32>> = (stage.log.clusters.as_ref())
            .map(|clusters| kept.iter().map(|i| clusters[found.rows[*i][0] as usize]).collect());
        for assumption in [Assumption::Independent, Assumption::Cascade, Assumption::Standard] {
            let weights: Vec<Vec<f64>> = kept.iter().map(|i| place_weights(&weights[*i], assumption)).collect();
            let own = Places { weights: &weights, rewards: &rewards, clusters: clusters.as_deref() };
            let (support, refused) = own.support();
            let shown = refused.is_empty();
            values.push(ListValue {
                outcome: outcome.name.clone(),
                assumption,
                lists: kept.len() as u64,
                dropped: found.dropped + (found.rows.len() - kept.len()) as u64,
                places: own.depth() as u64,
                support,
                refused,
                answer: shown.then(|| own.snips()).flatten(),
                ips: shown.then(|| own.ips()).flatten(),
            });
        }
    }
    Ok(values)
}

impl Lists {
    fn find(stage: &Stage<'_>, rows: &[u32]) -> Result<Option<Lists>> {
        let (Some(decision), Some(position)) = (stage.roles.first(Role::Decision), stage.roles.first(Role::Position))
        else {
            return Ok(None);
        };
        let ids = stage.dataset.dictionary(decision)?;
        let places = stage.dataset.numbers(position)?;
        let mut lists: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in rows.iter().filter(|row| ids.codes[**row as usize] != Dictionary::MISSING) {
            lists.entry(ids.codes[*row as usize]).or_default().push(*row);
        }
        let place = |row: &u32| places[*row as usize];
        let top = rows.iter().map(place).filter(|p| !p.is_nan()).fold(f64::INFINITY, f64::min);
        let mut found = Lists { rows: Vec::new(), dropped: 0 };
        for mut list in lists.into_values() {
            list.sort_by(|a, b| place(a).total_cmp(&place(b)).then(a.cmp(b)));
            let whole = list.iter().enumerate().all(|(i, row)| place(row) == top + i as f64);
            if whole && list.iter().all(|row| stage.log.is_usable(*row as usize)) {
                found.rows.push(list);
            } else {
                found.dropped += 1;
            }
        }
        Ok(Some(found).filter(|found| !found.rows.is_empty()))
    }
}

/// Weights and rewards per list and place, the top one first.
struct Places<'a> {
    weights: &'a [Vec<f64>],
    rewards: &'a [Vec<f64>],
    clusters: Option<&'a [u32]>,
}

impl Places<'_> {
    fn depth(&self) -> usize {
        self.weights.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The support of the place that has least of it, and why there is no value.
    fn support(&self) -> (Support, Vec<String>) {
        let mut least = Support::default();
        let mut refused = Vec::new();
        for place in 0..self.depth() {
            let weights: Vec<f64> = self.weights.iter().filter_map(|list| list.get(place).copied()).collect();
            let own = support(&weights, 0);
            if place == 0 || own.effective_sample_size < least.effective_sample_size {
                least = own;
            }
            if let Some(refusal) = refusal(&own, &[]) {
                refused.extend(refusal.reasons.iter().map(|why| format!("place {}: {why}", place + 1)));
            }
        }
        (least, refused)
    }

    fn estimate(&self, method: Method, value: f64, influence: &[f64]) -> Option<Estimate> {
        let n = influence.len();
        let (squares, groups) = clustered_squares(influence.iter().copied(), self.clusters, n);
        let groups = groups as f64;
        (groups > 1.0).then(|| normal(method, value, (squares * groups / (groups - 1.0)).sqrt() / n as f64, n))
    }

    /// Mean over the lists of Σ w r over their places.
    fn ips(&self) -> Option<Estimate> {
        let sums: Vec<f64> = self
            .weights
            .iter()
            .zip(self.rewards)
            .map(|(weights, rewards)| weights.iter().zip(rewards).map(|(w, r)| w * r).sum())
            .collect();
        let value = sum(sums.iter().copied()) / sums.len() as f64;
        self.estimate(Method::Ips, value, &sums.iter().map(|x| x - value).collect::<Vec<_>>())
    }

    /// Σ over places of the share of lists that have it times Σwr/Σw there; standard error by the delta method.
    fn snips(&self) -> Option<Estimate> {
        let n = self.weights.len();
        let mut value = 0.0;
        let mut influence = vec![0.0; n];
        for place in 0..self.depth() {
            let at =
                || self.weights.iter().zip(self.rewards).filter_map(|(w, r)| Some((*w.get(place)?, *r.get(place)?)));
            let total = sum(at().map(|(w, _)| w));
            if total <= 0.0 {
                return None;
            }
            let have = at().count() as f64;
            let (share, own, scale) = (have / n as f64, sum(at().map(|(w, r)| w * r)) / total, total / have);
            value += share * own;
            for ((slot, weights), rewards) in influence.iter_mut().zip(self.weights).zip(self.rewards) {
                *slot += match (weights.get(place), rewards.get(place)) {
                    (Some(w), Some(r)) => w * (r - own) / scale + (1.0 - share) * own,
                    _ => -share * own,
                };
            }
        }
        self.estimate(Method::Snips, value, &influence)
    }
}
