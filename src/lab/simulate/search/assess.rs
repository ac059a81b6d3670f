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
use crate::simulate::estimate::{Rounds, ips, snips, snips_difference};
use crate::simulate::log::{DecisionLog, NO_ARM};
use crate::simulate::replay::{NO_ACTION, Replay};
use crate::simulate::report::{Estimate, Method};
use crate::simulate::support::{refusal, support};
use crate::task::Task;
use std::collections::BTreeSet;

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
        let arms: Vec<Vec<u16>> = policies.iter().map(|policy| arms_of(&policy.replay, rows)).collect();
        let weights: Vec<Vec<f64>> = arms.iter().map(|arms| self.weights(arms)).collect();
        let supports: Vec<_> = policies
            .iter()
            .zip(arms.iter().zip(&weights))
            .map(|(policy, (arms, weights))| {
                let unlogged = arms.iter().filter(|arm| **arm == NO_ARM).count();
                let positions = policy.replay.positions(rows);
                let names: BTreeSet<String> = (arms.iter().zip(positions))
                    .filter(|(arm, _)| **arm == NO_ARM)
                    .map(|(_, at)| policy.replay.chosen_names(at).0.to_owned())
                    .collect();
                let found = support(weights, unlogged);
                (found, refusal(&found, &names.into_iter().collect::<Vec<_>>()))
            })
            .collect();
        for (at, policy) in policies.iter().enumerate() {
            task.tick(at as f32 / policies.len() as f32)?;
            let sound = supports[at].1.is_none();
            let chosen = policy.replay.positions(rows).into_iter();
            let contacted = chosen.filter(|p| policy.replay.chosen[*p] != NO_ACTION).count();
            trial.policies.push(PolicyValue {
                name: policy.name.clone(),
                value: sound.then(|| self.value(&arms[at])).flatten(),
                snips: sound.then(|| snips(self.rounds(&weights[at]))).flatten().map(|e| measured(&e, None)),
                share_contacted: contacted as f64 / rows.len().max(1) as f64,
                cost: self.mean_of(&arms[at], self.costs),
                support: supports[at].0,
            });
        }
        for (at, policy) in policies.iter().enumerate().skip(CURRENT) {
            if supports[0].1.is_none() && supports[at].1.is_none() {
                let others = (policies.len() - 2).max(1);
                let share = if at == CURRENT { 0.05 } else { 0.05 / others as f64 };
                trial.differences.extend(self.gap(
                    &policy.name,
                    (&arms[0], &weights[0]),
                    (&arms[at], &weights[at]),
                    share,
                ));
            }
        }
        for budget in budgets {
            let used = |scored: &Scored| {
                let arms = arms_of(&policies[0].replay, &scored.rows);
                self.mean_of(&arms, &budget.uses)
            };
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
        trial.refusal = supports[0].1.clone().or_else(|| supports[CURRENT].1.clone());
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

    /// Doubly robust value of some arms.
    fn value(&self, arms: &[u16]) -> Option<Measured> {
        let values: Vec<f64> = arms
            .iter()
            .enumerate()
            .map(|(at, arm)| if *arm == NO_ARM { f64::NAN } else { self.held_out.of(at, *arm) })
            .collect();
        self.mean(&values)
    }

    /// Mean of values by held-out row, those that are no numbers left out, with its intervals.
    pub fn mean(&self, values: &[f64]) -> Option<Measured> {
        let known: Vec<usize> = (0..values.len()).filter(|at| !values[*at].is_nan()).collect();
        let rewards: Vec<f64> = known.iter().map(|at| values[*at]).collect();
        let clusters: Option<Vec<u32>> =
            self.held_out.clusters.as_ref().map(|c| known.iter().map(|at| c[*at]).collect());
        let ones = vec![1.0; rewards.len()];
        let rounds = Rounds { weights: &ones, rewards: &rewards, clusters: clusters.as_deref() };
        let estimate = ips(rounds, Method::Mean)?;
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
        (means.len() >= 20).then(|| (quantile(&means, share / 2.0), quantile(&means, 1.0 - share / 2.0)))
    }

    fn gap(&self, than: &str, own: (&[u16], &[f64]), other: (&[u16], &[f64]), share: f64) -> Option<Gap> {
        let differences: Vec<f64> = (own.0.iter().zip(other.0).enumerate())
            .map(|(at, (a, b))| match (*a, *b) {
                (a, b) if a == b => 0.0,
                (NO_ARM, _) | (_, NO_ARM) => f64::NAN,
                (a, b) => self.held_out.of(at, a) - self.held_out.of(at, b),
            })
            .collect();
        let difference = self.mean(&differences)?;
        let known: Vec<usize> = (0..differences.len()).filter(|at| !differences[*at].is_nan()).collect();
        let rewards: Vec<f64> = known.iter().map(|at| differences[*at]).collect();
        let clusters: Option<Vec<u32>> =
            self.held_out.clusters.as_ref().map(|c| known.iter().map(|at| c[*at]).collect());
        let z = crate::distributions::normal_quantile(1.0 - share / 2.0);
        let joint = self
            .resampled(&rewards, clusters.as_deref(), share)
            .unwrap_or((difference.value - z * difference.se, difference.value + z * difference.se));
        let joint = if share == 0.05 { difference.interval() } else { joint };
        let verdict = match joint {
            _ if difference.value == 0.0 && difference.se == 0.0 => format!("decides as {than} does"),
            (low, _) if low > 0.0 => format!("better than {than}"),
            (_, high) if high < 0.0 => format!("worse than {than}"),
            _ => format!("no better than {than}, as far as these rows can tell"),
        };
        let snips = snips_difference(self.rounds(own.1), self.rounds(other.1)).map(|e| measured(&e, None));
        Some(Gap { than: than.to_owned(), difference, joint, snips, verdict })
    }

    fn rounds<'b>(&'b self, weights: &'b [f64]) -> Rounds<'b> {
        Rounds { weights, rewards: &self.held_out.rewards, clusters: self.held_out.clusters.as_deref() }
    }

    /// 1\[the arm is the logged one\]/p of each held-out row.
    fn weights(&self, arms: &[u16]) -> Vec<f64> {
        let weight = |(arm, row): (&u16, &u32)| {
            let row = *row as usize;
            if *arm != NO_ARM && *arm == self.log.arm[row] { 1.0 / self.log.propensity[row] } else { 0.0 }
        };
        arms.iter().zip(&self.held_out.rows).map(weight).collect()
    }

    fn mean_of(&self, arms: &[u16], by_arm: &[f64]) -> f64 {
        let total: f64 = arms.iter().filter(|arm| **arm != NO_ARM).map(|arm| by_arm[usize::from(*arm)]).sum();
        total / arms.len().max(1) as f64
    }
}

/// The arms that a replay chose on some of its rows (ascending).
pub(super) fn arms_of(replay: &Replay, rows: &[u32]) -> Vec<u16> {
    replay.positions(rows).into_iter().map(|at| replay.arm[at]).collect()
}

fn measured(estimate: &Estimate, bootstrap: Option<(f64, f64)>) -> Measured {
    let Estimate { value, se, low, high, n, .. } = *estimate;
    Measured { value, se, low, high, bootstrap, n }
}
