//! Values of ranked lists: a policy decides each list once, at its top row, and what it places is compared with what was shown, place by
//! place. The answer is the expected sum of a list's outcome.
//!
//! How places bear on each other is an assumption, and each has its own estimate and its own support. The answer stands on the first of
//! [`ORDER`] that supports most of the policies; weights choose it, outcomes have no say. A policy that explores is weighed by what it drew:
//! the engine states the probability of a place given what it drew above it, not given what was shown there. Lists have no reward model.

use super::weigh::{Names, Odds, judged};
use crate::error::Result;
use crate::simulate::bootstrap::spread_interval;
use crate::simulate::estimators::Resampling;
use crate::simulate::log::{DecisionLog, Lists};
use crate::simulate::off_policy::slate::{Assumption, Places, place_weights};
use crate::simulate::replay::Replay;
use crate::simulate::report::{ByEstimator, Estimate, ListValue, Method, Refusal, Support, Value};
use crate::simulate::srm::mismatch;
use crate::simulate::support::{Beyond, advise, support_of};
use crate::task::Task;

/// Assumptions, the one that is asked for the answer first: what is shown above bears on a place (the usual model of a reader); then the
/// one that takes most for granted; last the one without any, whose weights hardly any log supports.
const ORDER: [Assumption; 3] = [Assumption::Cascade, Assumption::Independent, Assumption::Standard];

/// Policies valued together on the same lists.
pub(super) struct ListSet<'a> {
    log: &'a DecisionLog,
    /// Rows of each list, from the top down.
    lists: Vec<&'a [u32]>,
    /// Decisions that are no whole lists.
    dropped: u64,
    /// On which the answer stands.
    assumption: Assumption,
    /// One per policy.
    policies: Vec<Placed>,
    /// Intervals by the bootstrap, one per outcome; empty until they are asked for.
    resampled: Vec<Resampled>,
}

/// Bootstrap intervals of an outcome, on common draws.
struct Resampled {
    /// Of each policy under each assumption, in the order of [`ORDER`]: self-normalised, and by the weights as they are.
    values: Vec<[Ends; 3]>,
    /// Of the first policy less each, under the assumption of the answer.
    differences: Vec<Option<(f64, f64)>>,
}

/// Ends of two intervals.
type Ends = [Option<(f64, f64)>; 2];

/// A policy's lists beside those that were shown.
struct Placed {
    /// Per list and place π/p of what was shown there.
    weights: Vec<Vec<f64>>,
    /// Per assumption, in the order of [`ORDER`].
    support: [(Support, Option<Refusal>); 3],
}

impl<'a> ListSet<'a> {
    /// Weighs the lists whose top row is among `rows`, which every replay has decided.
    pub fn new(
        log: &'a DecisionLog,
        known: &'a Lists,
        rows: &[u32],
        replays: &[&Replay],
        even_so: bool,
    ) -> ListSet<'a> {
        let lists: Vec<&[u32]> = known.among(rows).into_iter().map(|number| known.list(number)).collect();
        let tops: Vec<u32> = lists.iter().map(|list| list[0]).collect();
        let policies: Vec<Placed> =
            replays.iter().map(|replay| Placed::new(log, &lists, replay, &replay.positions(&tops), even_so)).collect();
        let supported = |at: usize| policies.iter().filter(|policy| policy.support[at].1.is_none()).count();
        // Of several the first.
        let best = (0..ORDER.len()).rev().max_by_key(|at| supported(*at)).unwrap_or(0);
        let dropped = (rows.len() - lists.len()) as u64;
        ListSet { log, lists, dropped, assumption: ORDER[best], policies, resampled: Vec::new() }
    }

    /// Finds bootstrap intervals of every policy and outcome.
    ///
    /// # Errors
    /// When the task is cancelled.
    pub fn resample(&mut self, replicates: usize, seed: u64, task: &Task) -> Result<()> {
        if replicates == 0 {
            return Ok(());
        }
        for (at, outcome) in self.log.outcomes.iter().enumerate() {
            task.stage(&format!("Intervals of {}", outcome.name))?;
            let known = self.known(at);
            let resampling = Resampling { replicates, seed: seed.wrapping_add(at as u64), task };
            let mut own = Resampled { values: Vec::new(), differences: Vec::new() };
            let mut first = Vec::new();
            for policy in 0..self.policies.len() {
                let mut ends = [[None; 2]; 3];
                let mut answer = Vec::new();
                for (ends, assumption) in ends.iter_mut().zip(ORDER) {
                    if self.policies[policy].support[self.place_of(assumption)].1.is_some() {
                        continue;
                    }
                    let draws = self.places(policy, at, &known, assumption).draws(resampling)?;
                    *ends = [spread_interval(draws.normalised.iter().copied()), spread_interval(draws.plain)];
                    if assumption == self.assumption {
                        answer = draws.normalised;
                    }
                }
                if policy == 0 {
                    first.clone_from(&answer);
                }
                let apart: Vec<f64> = first.iter().zip(&answer).map(|(a, b)| a - b).collect();
                own.differences.push(spread_interval(apart));
                own.values.push(ends);
            }
            self.resampled.push(own);
        }
        Ok(())
    }

    /// The bootstrap intervals of a policy in an outcome.
    fn ends(&self, policy: usize, outcome: usize, assumption: Assumption) -> Ends {
        let own = self.resampled.get(outcome).and_then(|own| own.values.get(policy));
        own.map_or([None; 2], |own| own[self.place_of(assumption)])
    }

    /// What a policy's lists are worth under an assumption: self-normalised, and by the weights as they are.
    fn worth(
        &self,
        policy: usize,
        outcome: usize,
        known: &[usize],
        assumption: Assumption,
    ) -> (Option<Estimate>, Option<Estimate>) {
        let places = self.places(policy, outcome, known, assumption);
        let [normalised, plain] = self.ends(policy, outcome, assumption);
        let with = |own: Option<Estimate>, bootstrap| own.map(|own| Estimate { bootstrap, ..own });
        (with(places.snips(assumption), normalised), with(places.ips(), plain))
    }

    /// Support of a policy under the assumption of the answer, and why it has no value.
    pub fn judgement(&self, policy: usize) -> (Support, Option<Refusal>) {
        self.policies[policy].support[self.place_of(self.assumption)].clone()
    }

    fn place_of(&self, assumption: Assumption) -> usize {
        ORDER.iter().position(|own| *own == assumption).unwrap_or(0)
    }

    /// The value of a policy's lists in an outcome; `None` when refused.
    pub fn value(&self, policy: usize, outcome: usize) -> Option<Value> {
        let known = self.known(outcome);
        let answer = self.answer(policy, outcome)?;
        let (_, ips) = self.worth(policy, outcome, &known, self.assumption);
        let mut estimates: Vec<Estimate> = std::iter::once(answer).chain(ips).collect();
        for assumption in ORDER.into_iter().filter(|own| *own != self.assumption) {
            if self.policies[policy].support[self.place_of(assumption)].1.is_none() {
                estimates.extend(self.worth(policy, outcome, &known, assumption).0);
            }
        }
        let mut estimators: Vec<ByEstimator> = estimates.into_iter().map(ByEstimator::new).collect();
        // Its definition is that of one action per decision.
        for ips in estimators.iter_mut().filter(|own| own.method == Method::Ips) {
            ips.definition = format!(
                "Mean over the lists of Σ w r over their places; w as for {}.",
                Method::lists(self.assumption).label()
            );
        }
        let missing = (self.lists.len() - known.len()) as u64;
        Some(Value { outcome: self.log.outcomes[outcome].name.clone(), answer, estimators, missing })
    }

    /// The answer alone.
    pub fn answer(&self, policy: usize, outcome: usize) -> Option<Estimate> {
        if self.judgement(policy).1.is_some() {
            return None;
        }
        self.worth(policy, outcome, &self.known(outcome), self.assumption).0
    }

    /// Value of policy `a` less that of `b` on the same lists, with both values; `None` when either is refused.
    pub fn difference(&self, a: usize, b: usize, outcome: usize) -> Option<(f64, f64, Estimate)> {
        if self.judgement(a).1.is_some() || self.judgement(b).1.is_some() {
            return None;
        }
        let known = self.known(outcome);
        let resampled = self.resampled.get(outcome).filter(|_| a == 0);
        let bootstrap = resampled.and_then(|own| *own.differences.get(b)?);
        let of = |policy| self.places(policy, outcome, &known, self.assumption);
        let (ours, theirs, estimate) = of(a).difference(&of(b), self.assumption)?;
        Some((ours, theirs, Estimate { bootstrap, ..estimate }))
    }

    /// Everything that is said of a policy's lists: every outcome under every assumption.
    pub fn report(&self, policy: usize) -> Vec<ListValue> {
        let mut values = Vec::new();
        for (outcome, name) in self.log.outcomes.iter().map(|outcome| outcome.name.as_str()).enumerate() {
            let known = self.known(outcome);
            for assumption in [Assumption::Independent, Assumption::Cascade, Assumption::Standard] {
                let (support, refusal) = self.policies[policy].support[self.place_of(assumption)].clone();
                let places = self.places(policy, outcome, &known, assumption);
                let (answer, ips) = match refusal {
                    None => self.worth(policy, outcome, &known, assumption),
                    Some(_) => (None, None),
                };
                values.push(ListValue {
                    outcome: name.to_owned(),
                    assumption,
                    lists: known.len() as u64,
                    dropped: self.dropped + (self.lists.len() - known.len()) as u64,
                    places: places.depth() as u64,
                    support,
                    advice: refusal.as_ref().map(|own| own.advice.clone()).unwrap_or_default(),
                    refused: refusal.map(|own| own.reasons).unwrap_or_default(),
                    answer,
                    ips,
                    logged: places.logged(),
                });
            }
        }
        values
    }

    /// Lists all of whose outcomes are known.
    fn known(&self, outcome: usize) -> Vec<usize> {
        let values = &self.log.outcomes[outcome].values;
        let known = |i: &usize| self.lists[*i].iter().all(|row| !values[*row as usize].is_nan());
        (0..self.lists.len()).filter(known).collect()
    }

    fn places(&self, policy: usize, outcome: usize, known: &[usize], assumption: Assumption) -> Places {
        let values = &self.log.outcomes[outcome].values;
        let weights = &self.policies[policy].weights;
        Places {
            weights: known.iter().map(|i| place_weights(&weights[*i], assumption)).collect(),
            rewards: known.iter().map(|i| self.lists[*i].iter().map(|row| values[*row as usize]).collect()).collect(),
            clusters: (self.log.clusters.as_ref())
                .map(|clusters| known.iter().map(|i| clusters[self.lists[*i][0] as usize]).collect()),
        }
    }
}

impl Placed {
    fn new(log: &DecisionLog, lists: &[&[u32]], replay: &Replay, positions: &[usize], even_so: bool) -> Placed {
        let none = log.no_action();
        let arm = |candidate: u32| replay.candidates.get(candidate as usize).map_or(none, |own| own.arm);
        let depth = lists.iter().map(|list| list.len()).max().unwrap_or(0);
        let mut beyond = vec![Beyond::default(); depth];
        let mut weights = Vec::with_capacity(lists.len());
        for (list, at) in lists.iter().zip(positions) {
            let place = |(place, (row, candidate)): (usize, (&u32, u32))| {
                let row = *row as usize;
                let odds = Odds::certain(log, row, arm(candidate));
                beyond[place].never += f64::from(odds.never);
                beyond[place].barred += f64::from(odds.barred);
                if odds.logged > 0.0 { odds.logged / log.propensity[row] } else { 0.0 }
            };
            weights.push(list.iter().zip(replay.placed(*at)).enumerate().map(place).collect::<Vec<f64>>());
        }
        let names = |place: usize| {
            let mut names = Names::default();
            for (list, at) in lists.iter().zip(positions) {
                let (Some(row), Some(candidate)) = (list.get(place), replay.placed(*at).nth(place)) else { continue };
                let action = replay.candidates.get(candidate as usize).map(|own| own.action.clone());
                names.add(log, *row as usize, arm(candidate), || action.unwrap_or_else(|| "NoAction".into()));
            }
            names
        };
        let support = ORDER.map(|assumption| {
            let weights: Vec<Vec<f64>> = weights.iter().map(|own| place_weights(own, assumption)).collect();
            let mut least = Support::default();
            let mut refused = mismatch(log).filter(|_| !even_so);
            for (place, beyond) in beyond.iter().enumerate() {
                let at: Vec<f64> = weights.iter().filter_map(|list| list.get(place).copied()).collect();
                let own = support_of(&at, *beyond);
                if place == 0 || own.effective_sample_size < least.effective_sample_size {
                    least = own;
                }
                let Some(why) = judged(log, &own, || names(place), true) else { continue };
                let reasons = why.reasons.iter().map(|why| format!("place {}: {why}", place + 1));
                let all = refused.get_or_insert_with(|| Refusal { reasons: Vec::new(), advice: String::new() });
                all.reasons.extend(reasons);
                advise(&mut all.advice, &why.advice);
            }
            if depth == 0 {
                refused = Some(Refusal {
                    reasons: vec!["no list is whole".into()],
                    advice: "Each list needs a row for every place from the top one down, with its action and logging propensity."
                        .into(),
                });
            }
            (least, refused)
        });
        Placed { weights, support }
    }
}
