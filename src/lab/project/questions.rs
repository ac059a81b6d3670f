//! Questions about a project's policy that take long: simulations, sweeps, comparisons, budgets, in parts that survive the process.

use super::load::Loaded;
use super::parts::Parts;
use super::resume::{Finished, Keeping, resumable};
use crate::error::Result;
use crate::simulate::questions::Knob;
use crate::simulate::questions::budgets::{self, BudgetReport};
use crate::simulate::questions::compare::{self, CompareReport};
use crate::simulate::questions::sweep::{self, SweepReport};
use crate::simulate::{self, Decisions, Expected, Options, Other, Report, RewardModels};
use crate::task::Task;
use attune_policy::Policy;
use serde::Serialize;
use std::path::Path;

/// What questions about a project share.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Folder of the project.
    pub dir: &'a Path,
    /// Its document.
    pub parts: &'a Parts,
    /// Its rows.
    pub loaded: &'a Loaded,
    /// Goal, sample, resamples and seed; what is left open is the project's.
    pub options: &'a Options,
    /// What is done with finished parts.
    pub keeping: Keeping,
}

/// Everything that a report depends on but the policies.
#[derive(Serialize)]
struct Inputs<'a> {
    data: &'a str,
    history: &'a str,
    roles: &'a crate::data::Roles,
    goal: Option<&'a str>,
    least_lift: Option<f64>,
    sample: Option<usize>,
    bootstrap: usize,
    seed: u64,
    impact_rows: usize,
    baselines: bool,
    segment: Option<&'a str>,
    rewards: Option<&'a RewardModels>,
    even_so: bool,
}

impl Asked<'_> {
    fn options(&self) -> Options {
        let own = self.options.clone();
        Options {
            goal: own.goal.or_else(|| self.parts.goal.outcome.clone()),
            least_lift: own.least_lift.or(self.parts.goal.least_lift),
            history: own.history.or_else(|| self.loaded.history.clone()),
            ..own
        }
    }

    fn inputs<'b>(&'b self, options: &'b Options) -> Inputs<'b> {
        Inputs {
            data: &self.loaded.fingerprint,
            history: &self.loaded.history_fingerprint,
            roles: &self.parts.roles,
            goal: options.goal.as_deref(),
            least_lift: options.least_lift,
            sample: options.sample,
            bootstrap: options.bootstrap,
            seed: options.seed,
            impact_rows: options.impact_rows,
            baselines: options.baselines,
            segment: options.segment.as_deref(),
            rewards: options.rewards.as_ref(),
            even_so: options.even_so,
        }
    }
}

/// What a policy would have done and what that is worth, beside others. The rows behind the report are given where they were decided
/// now; [`decisions`] decides those of a report that was finished before.
///
/// # Errors
/// As [`simulate::run`], and when a part cannot be kept.
pub fn simulate_in_parts(
    asked: Asked<'_>,
    policy: &Policy,
    others: &[Other<'_>],
    task: &Task,
) -> Result<(Finished<Report>, Option<Decisions>)> {
    let options = asked.options();
    let inputs = (asked.inputs(&options), policy.revision(), others.iter().map(named).collect::<Vec<_>>());
    let mut decisions = None;
    let finished = resumable(asked.dir, "simulate", &inputs, asked.keeping, task, |keep| {
        let (dataset, roles) = (&asked.loaded.dataset, &asked.parts.roles);
        let made = simulate::run_in_parts(policy, others, dataset, roles, &options, keep, task)?;
        decisions = Some(made.decisions);
        Ok(made.report)
    })?;
    Ok((finished, decisions))
}

/// The rows behind [`simulate_in_parts`].
///
/// # Errors
/// As [`simulate::decisions`].
pub fn decisions(asked: Asked<'_>, policy: &Policy, task: &Task) -> Result<Decisions> {
    simulate::decisions(policy, &asked.loaded.dataset, &asked.parts.roles, &asked.options(), task)
}

/// The reward models' expectations behind the values of [`simulate_in_parts`], one per outcome.
///
/// # Errors
/// As [`simulate::expectations`].
pub fn expectations(
    asked: Asked<'_>,
    decisions: &Decisions,
    report: &Report,
    task: &Task,
) -> Result<Vec<Option<Expected>>> {
    let (dataset, roles) = (&asked.loaded.dataset, &asked.parts.roles);
    simulate::expectations(decisions, report, dataset, roles, &asked.options(), task)
}

/// A policy among the inputs.
fn named(other: &Other<'_>) -> (String, String) {
    (other.name.to_owned(), other.policy.revision().to_owned())
}

/// The policy with other values in one or several places, each setting a part of its own.
///
/// # Errors
/// As [`sweep::sweep`], and when a part cannot be kept.
pub fn sweep(asked: Asked<'_>, policy: &Policy, knobs: &[Knob], task: &Task) -> Result<Finished<SweepReport>> {
    let options = asked.options();
    let places: Vec<(String, &[String])> = knobs.iter().map(|k| (k.path(), k.values.as_slice())).collect();
    let inputs = (asked.inputs(&options), policy.revision(), places);
    resumable(asked.dir, "sweep", &inputs, asked.keeping, task, |keep| {
        sweep::sweep(policy, knobs, &asked.loaded.dataset, &asked.parts.roles, &options, keep, task)
    })
}

/// Policies against today's, each policy and each what-if a part of its own.
///
/// # Errors
/// As [`compare::compare`], and when a part cannot be kept.
pub fn compare(asked: Asked<'_>, ask: compare::Ask<'_>, task: &Task) -> Result<Finished<CompareReport>> {
    let options = asked.options();
    let inputs = (asked.inputs(&options), named(&ask.today), ask.others.iter().map(named).collect::<Vec<_>>());
    resumable(asked.dir, "compare", &inputs, asked.keeping, task, |keep| {
        compare::compare(ask, &asked.loaded.dataset, &asked.parts.roles, &options, keep, task)
    })
}

/// When budgets and stocks run dry, each limit a part of its own.
///
/// # Errors
/// As [`budgets::budgets`], and when a part cannot be kept.
pub fn budgets(asked: Asked<'_>, policy: &Policy, task: &Task) -> Result<Finished<BudgetReport>> {
    let options = asked.options();
    let inputs = (asked.inputs(&options), policy.revision());
    resumable(asked.dir, "budgets", &inputs, asked.keeping, task, |keep| {
        budgets::budgets(policy, &asked.loaded.dataset, &asked.parts.roles, &options, keep, task)
    })
}
