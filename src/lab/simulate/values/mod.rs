//! Values of several policies on one set of rows: weights, support, estimates, paired differences, one bootstrap for all.

mod lists;
mod model;
mod weigh;

use lists::ListSet;
use model::MOST_ROWS;
pub use model::{Expected, expectations};
use weigh::Other;
pub(super) use weigh::{Names, Odds, Target, Weighed, weigh};

use crate::error::Result;
use crate::simulate::Options;
use crate::simulate::bootstrap::{Resamples, Sums, resample, spread_interval};
use crate::simulate::estimate::{Rounds, Z95, snips, snips_difference, unspread};
use crate::simulate::estimators::{Material, Resampling, every};
use crate::simulate::keep::{Keep, KeepNothing, part};
use crate::simulate::log::DecisionLog;
use crate::simulate::off_policy::Logged;
use crate::simulate::replay::Replay;
use crate::simulate::report::{ByEstimator, Estimate, ListValue, Method, Refusal, RewardReport, Support, Value};
use crate::task::Task;
use std::borrow::Cow;

/// Where a set keeps its parts, and under which name.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub keep: &'a dyn Keep,
    pub of: &'a str,
}

impl Parts<'static> {
    /// Nothing is kept.
    pub fn none() -> Parts<'static> {
        Parts { keep: &KeepNothing, of: "" }
    }
}

/// Policies valued together on the same rows.
pub(super) struct ValueSet<'a> {
    log: &'a DecisionLog,
    replays: Vec<&'a Replay>,
    /// Rows with a known arm and logging propensity.
    pub rows: Vec<u32>,
    /// One per policy; none where the log has lists.
    pub policies: Vec<Weighed>,
    /// One per outcome of the log; empty where it has lists.
    outcomes: Vec<Rewards>,
    /// In their place, where rows are places of lists.
    lists: Option<ListSet<'a>>,
    /// Whether the first policy is the one that the report is about, and told of by every estimator.
    main: bool,
    /// Why there is no reward model, where there is none.
    no_model: String,
}

/// Why weights are not multiplied along subjects: rows stand alone, or subjects do.
pub(super) const NO_TIMES: &str = "rows have no times, so that no decision bears on a later one";
/// The other reason.
pub(super) const NO_REPEATS: &str = "no subject is decided for twice";
/// Those of weights alone whose λ is chosen among many.
const TUNED: [Method; 2] = [Method::ClippedIps, Method::SgIps];
/// The estimators of weights alone of policies that the report is not about.
const BRIEF: [Method; 5] = [Method::Snips, Method::Ips, Method::IpsEmpirical, Method::Replay, Method::Trajectory];

struct Rewards {
    /// Positions of the rows whose outcome is known; `None` when all are.
    known: Option<Vec<u32>>,
    values: Vec<f64>,
    clusters: Option<Vec<u32>>,
    /// Sums per resample and policy.
    resamples: Vec<Vec<Sums>>,
    /// What reward models say; `None` until they are learned.
    modelled: Option<model::OfOutcome>,
}

impl<'a> ValueSet<'a> {
    /// Weighs the decisions of every replay on the usable ones of `rows`, or on the whole lists that begin there; each replay must have
    /// decided all of them.
    pub fn new(
        log: &'a DecisionLog,
        rows: &[u32],
        replays: &[&'a Replay],
        options: &Options,
        parts: Parts<'_>,
        task: &Task,
    ) -> Result<ValueSet<'a>> {
        let lists = log.lists.as_ref().map(|known| ListSet::new(log, known, rows, replays, options.even_so));
        let rows: Vec<u32> = rows.iter().copied().filter(|row| log.is_usable(*row as usize)).collect();
        let mut set = ValueSet {
            log,
            replays: replays.to_vec(),
            rows,
            policies: Vec::new(),
            outcomes: Vec::with_capacity(log.outcomes.len()),
            lists,
            main: false,
            no_model: String::new(),
        };
        if set.lists.is_some() {
            return Ok(set);
        }
        let rows = &set.rows;
        let weigh = |replay: &&Replay| weigh(log, rows, &replay.positions(rows), *replay, options.even_so);
        let policies: Vec<Weighed> = replays.iter().map(weigh).collect();
        for (i, outcome) in log.outcomes.iter().enumerate() {
            let all: Vec<f64> = rows.iter().map(|row| outcome.values[*row as usize]).collect();
            let known = known(&all);
            let clusters: Option<Vec<u32>> =
                log.clusters.as_ref().map(|c| rows.iter().map(|row| c[*row as usize]).collect());
            let mut rewards = Rewards {
                values: pick(all, known.as_deref()).into_owned(),
                clusters: clusters.map(|c| pick(c, known.as_deref()).into_owned()),
                known,
                resamples: Vec::new(),
                modelled: None,
            };
            if options.bootstrap > 0 && !rewards.values.is_empty() {
                task.stage(&format!("Intervals of {}", outcome.name))?;
                let weights: Vec<Cow<'_, [f64]>> =
                    policies.iter().map(|p| pick(&p.weights, rewards.known.as_deref())).collect();
                let slices: Vec<&[f64]> = weights.iter().map(AsRef::as_ref).collect();
                let seed = options.seed.wrapping_add(i as u64);
                let (values, clusters) = (&rewards.values, rewards.clusters.as_deref());
                let fits = |found: &Resamples| found.fit(options.bootstrap, slices.len());
                rewards.resamples = part(parts.keep, &format!("resamples-{}-{i}", parts.of), fits, || {
                    resample(&slices, values, clusters, options.bootstrap, seed, task).map(Resamples)
                })?
                .0;
            }
            set.outcomes.push(rewards);
        }
        set.policies = policies;
        Ok(set)
    }

    /// Support of a policy, and why it has no value.
    pub fn judgement(&self, policy: usize) -> (Support, Option<Refusal>) {
        match &self.lists {
            Some(lists) => lists.judgement(policy),
            None => (self.policies[policy].support, self.policies[policy].refusal.clone()),
        }
    }

    /// What is said of a policy's lists; empty where the log has none.
    pub fn lists(&self, policy: usize) -> Vec<ListValue> {
        self.lists.as_ref().map(|lists| lists.report(policy)).unwrap_or_default()
    }

    /// The answer of a policy in an outcome, with a normal interval; `None` when refused.
    pub fn answer(&self, policy: usize, outcome: usize) -> Option<Estimate> {
        if let Some(lists) = &self.lists {
            return lists.answer(policy, outcome);
        }
        let (own, rewards) = (&self.policies[policy], &self.outcomes[outcome]);
        match own.refusal {
            Some(_) => None,
            None => snips(rewards.rounds(&pick(&own.weights, rewards.known.as_deref()))),
        }
    }

    /// Value of a policy in every outcome; empty when refused.
    pub fn values(&self, policy: usize) -> Vec<Value> {
        if let Some(lists) = &self.lists {
            return (0..self.log.outcomes.len()).filter_map(|outcome| lists.value(policy, outcome)).collect();
        }
        if self.policies[policy].refusal.is_some() {
            return Vec::new();
        }
        (0..self.outcomes.len()).filter_map(|outcome| self.value(policy, outcome)).collect()
    }

    fn value(&self, policy: usize, outcome: usize) -> Option<Value> {
        let own = &self.policies[policy];
        let rewards = &self.outcomes[outcome];
        let weights = pick(&own.weights, rewards.known.as_deref());
        let rounds = rewards.rounds(&weights);
        let resampled = |statistic: fn(&Sums) -> f64| {
            spread_interval(rewards.resamples.iter().map(|sums| statistic(&sums[policy])))
        };
        let main = self.main && policy == 0;
        let modelled = rewards.modelled.as_ref().and_then(|own| own.policies.get(policy)).filter(|own| !own.is_empty());
        // All estimators of a policy are told on the same draws, where more than one has some.
        let common = modelled.and_then(|own| own.iter().find(|row| row.method == Method::Snips)?.estimate?.bootstrap);
        let bootstrap = common.or(resampled(|s| s.reward / s.weight));
        let answer = Estimate { bootstrap, ..snips(rounds)? };
        let mut estimators: Vec<ByEstimator> = modelled.cloned().unwrap_or_default();
        if !main || estimators.is_empty() {
            let logged = Logged { clusters: rounds.clusters, ..Logged::new(rounds.weights, rounds.rewards) };
            let wanted: &[Method] = if main { &Method::ALL } else { &BRIEF };
            // Without resamples there is nothing to wait for.
            let resampling = Resampling { replicates: 0, seed: 0, task: &Task::default() };
            for method in wanted {
                if TUNED.contains(method) && self.rows.len() > MOST_ROWS {
                    let why = format!("λ is not chosen from more than {MOST_ROWS} rows; a sample has it");
                    estimators.push(ByEstimator::absent(*method, why));
                    continue;
                }
                // One after the other: what all of them are given is more than memory should hold of a large log.
                let own = [*method];
                estimators.extend(
                    every(&self.material(policy, outcome, logged, &own), &own, main, &[], resampling).ok()?.rows,
                );
            }
            estimators.retain(|row| main || row.absent.is_none());
        }
        estimators.sort_by_key(|row| Method::ALL.iter().position(|method| *method == row.method));
        if let Some(own) = estimators.iter_mut().find(|row| row.method == Method::Snips) {
            own.estimate = Some(answer);
        }
        let missing = (self.rows.len() - rewards.values.len()) as u64;
        Some(Value { outcome: self.log.outcomes[outcome].name.clone(), answer, estimators, missing })
    }

    /// What the estimators of `wanted` can be given of a policy in an outcome; there is no model made for it yet.
    fn material<'b>(&self, policy: usize, outcome: usize, logged: Logged<'b>, wanted: &[Method]) -> Material<'b> {
        let (own, rewards, replay) = (&self.policies[policy], &self.outcomes[outcome], self.replays[policy]);
        let other = |method: Method, which: Other| {
            let asked = wanted.contains(&method);
            let weights = asked.then(|| own.other(which, self.log, &self.rows, replay)).flatten();
            weights.map(|weights| pick(weights, rewards.known.as_deref()).into_owned())
        };
        let matched = || match other(Method::Replay, Other::Drawn) {
            // A policy that draws chose what was logged where its own draw says so, not where it might have.
            Some(drawn) => drawn,
            None => logged.weights.iter().map(|w| f64::from(u8::from(*w > 0.0))).collect(),
        };
        let no_order = match replay.stateful {
            false => NO_TIMES,
            true => NO_REPEATS,
        };
        let least = || {
            let known = pick(&self.rows, rewards.known.as_deref());
            known.iter().map(|row| self.log.propensity[*row as usize]).fold(1.0, f64::min)
        };
        Material {
            logged,
            no_model: self.no_model.clone(),
            estimated: self.log.is_estimated(),
            most_weight: if wanted.contains(&Method::CressieRead) { 1.0 / least() } else { f64::INFINITY },
            empirical: other(Method::IpsEmpirical, Other::Empirical)
                .ok_or_else(|| "history did not draw the arms in constant shares".to_owned()),
            matched: if wanted.contains(&Method::Replay) { Ok(matched()) } else { Err(String::new()) },
            trajectory: other(Method::Trajectory, Other::Trajectory).ok_or_else(|| no_order.to_owned()),
            mrdr: Err(self.no_model.clone()),
        }
    }

    /// The reward models that were learned, one per outcome.
    pub fn reward_reports(&self) -> Vec<RewardReport> {
        self.outcomes.iter().filter_map(|own| own.modelled.as_ref()).map(|own| own.report.clone()).collect()
    }

    /// Doubly robust value of the first policy less that of `other` in an outcome; `None` without a reward model.
    pub fn robust_difference(&self, other: usize, outcome: usize) -> Option<Estimate> {
        *self.outcomes.get(outcome)?.modelled.as_ref()?.differences.get(other)?
    }

    /// The interval of the difference of the first policy's value from that of `other` where their rounds show too little of its spread.
    fn unspread(&self, other: usize, outcome: usize) -> Option<(f64, f64)> {
        let rewards = &self.outcomes[outcome];
        let [a, b] = [0, other].map(|policy| pick(&self.policies[policy].weights, rewards.known.as_deref()));
        unspread(rewards.rounds(&a), rewards.rounds(&b), self.alike(0, other), Z95)
    }

    /// Value (SNIPS) of policy `a` less that of `b` in an outcome, with both values; `None` when either is refused.
    pub fn difference(&self, a: usize, b: usize, outcome: usize) -> Option<(f64, f64, Estimate)> {
        if let Some(lists) = &self.lists {
            return lists.difference(a, b, outcome);
        }
        if self.policies[a].refusal.is_some() || self.policies[b].refusal.is_some() {
            return None;
        }
        let rewards = &self.outcomes[outcome];
        let wa = pick(&self.policies[a].weights, rewards.known.as_deref());
        let wb = pick(&self.policies[b].weights, rewards.known.as_deref());
        let (ra, rb) = (rewards.rounds(&wa), rewards.rounds(&wb));
        let differences = rewards.resamples.iter().map(|s| s[a].reward / s[a].weight - s[b].reward / s[b].weight);
        let (alike, bootstrap) = (self.alike(a, b), spread_interval(differences));
        Some((snips(ra)?.value, snips(rb)?.value, snips_difference(ra, rb, alike, bootstrap)?))
    }

    /// Whether two policies made the same choices on every row, and weigh all of them alike.
    fn alike(&self, a: usize, b: usize) -> bool {
        let [own, other] = [a, b].map(|at| self.replays[at]);
        let does = |replay: &'a Replay, at: usize| {
            let chosen = replay.candidates.get(replay.chosen[at] as usize);
            chosen.map(|c| (c.action.as_str(), c.treatment.as_str()))
        };
        let mut pairs = own.places(&self.rows).zip(other.places(&self.rows));
        self.policies[a].weights == self.policies[b].weights
            && pairs.all(|(at, there)| does(own, at) == does(other, there))
    }
}

impl Rewards {
    fn rounds<'b>(&'b self, weights: &'b [f64]) -> Rounds<'b> {
        Rounds { weights, rewards: &self.values, clusters: self.clusters.as_deref() }
    }
}

/// Positions of what is known; `None` where all of it is.
pub(super) fn known(values: &[f64]) -> Option<Vec<u32>> {
    let some = || values.iter().zip(0u32..).filter(|(x, _)| !x.is_nan()).map(|(_, at)| at).collect();
    values.iter().any(|x| x.is_nan()).then(some)
}

/// The entries at some positions; without positions all of them, as they are: a copy of a large log's would be held beside it.
pub(super) fn pick<'v, T: Copy + 'v>(values: impl Into<Cow<'v, [T]>>, positions: Option<&[u32]>) -> Cow<'v, [T]> {
    let values = values.into();
    match positions {
        None => values,
        Some(positions) => positions.iter().map(|i| values[*i as usize]).collect(),
    }
}

impl Replay {
    /// Positions of `rows` (ascending, all decided) among the decided ones.
    pub(super) fn positions(&self, rows: &[u32]) -> Vec<usize> {
        self.places(rows).collect()
    }

    fn places<'b>(&'b self, rows: &'b [u32]) -> impl Iterator<Item = usize> + 'b {
        let mut at = 0;
        rows.iter().filter_map(move |row| {
            while self.rows.get(at).is_some_and(|r| r < row) {
                at += 1;
            }
            (self.rows.get(at) == Some(row)).then_some(at)
        })
    }
}
