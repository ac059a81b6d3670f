//! A proposal on the rows that had no part in the search: valued once, against the current policy first.
//!
//! One question is asked of these rows: does the proposal beat the current policy? The other comparisons come after it, and their
//! intervals hold for all of them together.

use super::SearchOptions;
use super::report::{BudgetUse, Gap, Measured, PolicyValue, Trial, Verdict};
use super::scores::Scored;
use super::stage::Ground;
use crate::error::Result;
use crate::random::Random;
use crate::simulate::bootstrap::{quantile, resample};
use crate::simulate::estimate::{Rounds, around, mean_within, snips, snips_difference};
use crate::simulate::log::DecisionLog;
use crate::simulate::replay::{NO_ACTION, Replay};
use crate::simulate::report::Estimate;
use crate::simulate::values::{Weighed, weigh};
use crate::task::Task;

/// A policy that was decided on all rows.
pub(super) struct Decided {
    /// Name for people.
    pub name: String,
    /// Its decisions.
    pub replay: Replay,
}

/// What assessments share.
pub(super) struct Assessor<'a> {
    pub log: &'a DecisionLog,
    pub learned: &'a Scored,
    pub held_out: &'a Scored,
    /// Cost by arm of the log.
    pub costs: &'a [f64],
    pub bootstrap: usize,
    pub seed: u64,
    pub task: &'a Task,
}

/// A budget: what is limited, how much, and its use by arm of the log.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    pub what: String,
    pub limit: f64,
    pub uses: Vec<f64>,
}

/// The proposal stands first, the current policy second.
const CURRENT: usize = 1;

impl<'a> Assessor<'a> {
    /// On the rows learned from and those held out, and what each was worth.
    pub fn new(
        ground: &'a Ground<'_>,
        (learned, held_out): (&'a Scored, &'a Scored),
        costs: &'a [f64],
        options: &SearchOptions,
        task: &'a Task,
    ) -> Assessor<'a> {
        let SearchOptions { bootstrap, seed, .. } = *options;
        Assessor { log: &ground.log, learned, held_out, costs, bootstrap, seed, task }
    }
}

impl Assessor<'_> {
    /// Values the policies (the proposal, the current one, others) on the held-out rows and fills the trial.
    pub fn assess(&self, policies: &[Decided], budgets: &[Budget], trial: &mut Trial, task: &Task) -> Result<()> {
        task.stage("Valuing the proposal on the held-out rows")?;
        let rows = &self.held_out.rows;
        let sides: Vec<Side<'_>> = policies
            .iter()
            .map(|Decided { replay, .. }| {
                let positions = replay.positions(rows);
                let weighed = weigh(self.log, rows, &positions, replay, false);
                let expected =
                    |(at, position): (usize, &usize)| self.held_out.expected(at, self.log, replay, *position);
                let values = positions.iter().enumerate().map(expected).collect();
                Side { replay, positions, weighed, values }
            })
            .collect();
        for (at, policy) in policies.iter().enumerate() {
            task.tick(at as f32 / policies.len() as f32)?;
            let side = &sides[at];
            let sound = side.weighed.refusal.is_none();
            let contacted = side.positions.iter().filter(|p| policy.replay.chosen[**p] != NO_ACTION).count();
            trial.policies.push(PolicyValue {
                name: policy.name.clone(),
                value: sound.then(|| self.mean(&side.values)).flatten(),
                snips: sound.then(|| snips(self.rounds(&side.weighed.weights))).flatten().map(|e| measured(&e, None)),
                share_contacted: contacted as f64 / rows.len().max(1) as f64,
                cost: mean_of(&policy.replay, &side.positions, self.costs),
                support: side.weighed.support,
            });
        }
        for (at, policy) in policies.iter().enumerate().skip(CURRENT) {
            if sides[0].weighed.refusal.is_none() && sides[at].weighed.refusal.is_none() {
                let others = (policies.len() - 2).max(1);
                let share = if at == CURRENT { 0.05 } else { 0.05 / others as f64 };
                trial.differences.extend(self.gap(&policy.name, &sides[0], &sides[at], share));
            }
        }
        for budget in budgets {
            let replay = &policies[0].replay;
            let used = |scored: &Scored| mean_of(replay, &replay.positions(&scored.rows), &budget.uses);
            trial.budgets.push(BudgetUse {
                what: budget.what.clone(),
                limit: budget.limit,
                learned: used(self.learned),
                held_out: used(self.held_out),
            });
        }
        trial.learned = self.learned.rows.len() as u64;
        trial.held_out = rows.len() as u64;
        trial.exploratory.clone_from(&self.log.exploratory);
        trial.refusal = sides[0].weighed.refusal.clone().or_else(|| sides[CURRENT].weighed.refusal.clone());
        let first = trial.differences.first().filter(|gap| gap.than == policies[CURRENT].name);
        (trial.verdict, trial.words) = match (&trial.refusal, first) {
            (Some(refusal), _) => (
                Verdict::Refused,
                format!("The log cannot say whether the proposal is better: {}.", refusal.reasons.join("; ")),
            ),
            (None, Some(gap)) if gap.difference.interval().0 > 0.0 => (
                Verdict::Better,
                "The proposal beats the current policy on rows that had no part in the search: the interval of the difference lies \
                 above 0."
                    .into(),
            ),
            (None, Some(gap)) if gap.difference.value == 0.0 && gap.difference.se == 0.0 => (
                Verdict::Nothing,
                "Nothing was found that beats the current policy: the best that was found does the same.".into(),
            ),
            _ => (
                Verdict::Nothing,
                "Nothing was found that beats the current policy beyond chance: the interval of the difference holds 0 or lies below."
                    .into(),
            ),
        };
        Ok(())
    }

    /// Mean of values by held-out row, those that are no numbers left out, with its intervals.
    pub fn mean(&self, values: &[f64]) -> Option<Measured> {
        let known: Vec<usize> = (0..values.len()).filter(|at| !values[*at].is_nan()).collect();
        let rewards: Vec<f64> = known.iter().map(|at| values[*at]).collect();
        let clusters: Option<Vec<u32>> =
            self.held_out.clusters.as_ref().map(|c| known.iter().map(|at| c[*at]).collect());
        let estimate = mean_within(&rewards, clusters.as_deref(), (f64::NEG_INFINITY, f64::INFINITY))?;
        Some(measured(&estimate, self.resampled(&rewards, clusters.as_deref(), 0.05)))
    }

    /// Percentile interval of a mean at a level of 1 − `share`.
    fn resampled(&self, rewards: &[f64], clusters: Option<&[u32]>, share: f64) -> Option<(f64, f64)> {
        if self.bootstrap == 0 {
            return None;
        }
        let ones = vec![1.0; rewards.len()];
        // The seed is another one than that of the search.
        let seed = Random::stream(self.seed, 77).bits();
        let mut means: Vec<f64> = resample(&[&ones], rewards, clusters, self.bootstrap, seed, &self.task.silent())
            .ok()?
            .into_iter()
            .map(|sums| sums[0].reward / sums[0].weight)
            .filter(|mean| mean.is_finite())
            .collect();
        means.sort_by(f64::total_cmp);
        let ends = || (quantile(&means, share / 2.0), quantile(&means, 1.0 - share / 2.0));
        (means.len() >= 20).then(ends).filter(|(low, high)| low < high)
    }

    fn gap(&self, than: &str, own: &Side<'_>, other: &Side<'_>, share: f64) -> Option<Gap> {
        let differences: Vec<f64> = (0..self.held_out.rows.len())
            .map(|at| match (own.certain(at), other.certain(at)) {
                // Whatever it is worth.
                (Some(a), Some(b)) if a == b => 0.0,
                _ => own.values[at] - other.values[at],
            })
            .collect();
        let mut places = 0..self.held_out.rows.len();
        let same = places.all(|at| own.certain(at).is_some() && own.certain(at) == other.certain(at));
        let [a, b] = [own, other].map(|side| self.rounds(&side.weighed.weights));
        let snips = snips_difference(a, b, same, None).map(|e| measured(&e, None));
        let mut difference = self.mean(&differences)?;
        let alike = difference.value == 0.0 && difference.se == 0.0;
        if let Some(own) = snips.filter(|_| alike) {
            // Where both decide alike, weights tell how far apart they may be elsewhere; scores do not.
            difference = Measured { low: own.low, high: own.high, ..difference };
        }
        let known: Vec<usize> = (0..differences.len()).filter(|at| !differences[*at].is_nan()).collect();
        let rewards: Vec<f64> = known.iter().map(|at| differences[*at]).collect();
        let clusters: Option<Vec<u32>> =
            self.held_out.clusters.as_ref().map(|c| known.iter().map(|at| c[*at]).collect());
        let z = crate::distributions::normal_quantile(1.0 - share / 2.0);
        let joint = self
            .resampled(&rewards, clusters.as_deref(), share)
            .unwrap_or_else(|| around(difference.value, difference.se, z));
        let joint = match () {
            () if share == 0.05 => difference.interval(),
            // The bound of an event that was never seen grows with the logarithm of its risk.
            () if alike => {
                let wider = (share / 2.0).ln() / 0.025f64.ln();
                (wider * difference.low, wider * difference.high)
            }
            () => joint,
        };
        let verdict = match joint {
            _ if alike => format!("decides as {than} does"),
            (low, _) if low > 0.0 => format!("better than {than}"),
            (_, high) if high < 0.0 => format!("worse than {than}"),
            _ => format!("no better than {than}, as far as these rows can tell"),
        };
        Some(Gap { than: than.to_owned(), difference, joint, snips, verdict })
    }

    fn rounds<'b>(&'b self, weights: &'b [f64]) -> Rounds<'b> {
        Rounds { weights, rewards: &self.held_out.rewards, clusters: self.held_out.clusters.as_deref() }
    }
}

/// A policy on the held-out rows.
struct Side<'a> {
    replay: &'a Replay,
    positions: Vec<usize>,
    weighed: Weighed,
    /// Doubly robust score of its decision by row, NaN where the log cannot tell.
    values: Vec<f64>,
}

impl Side<'_> {
    /// The arm at a row, where nothing is left to chance.
    fn certain(&self, at: usize) -> Option<u16> {
        let position = self.positions[at];
        self.replay.leaves_nothing_to_chance(position).then(|| self.replay.arm[position])
    }
}

/// Mean of what the arms of some decisions have, weighed by their probabilities.
pub(super) fn mean_of(replay: &Replay, positions: &[usize], by_arm: &[f64]) -> f64 {
    let expected = |at: &usize| match replay.leaves_nothing_to_chance(*at) {
        true => by_arm.get(usize::from(replay.arm[*at])).copied().unwrap_or(0.0),
        false => (0u16..).zip(by_arm).map(|(arm, x)| replay.probability(*at, arm) * x).sum(),
    };
    positions.iter().map(expected).sum::<f64>() / positions.len().max(1) as f64
}

/// The arms that a replay chose on some of its rows (ascending).
pub(super) fn arms_of(replay: &Replay, rows: &[u32]) -> Vec<u16> {
    replay.positions(rows).into_iter().map(|at| replay.arm[at]).collect()
}

fn measured(estimate: &Estimate, bootstrap: Option<(f64, f64)>) -> Measured {
    let Estimate { value, se, low, high, n, .. } = *estimate;
    Measured { value, se, low, high, bootstrap, n }
}
