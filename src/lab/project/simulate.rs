//! Simulating a policy on a project's history, with the project's goal.

use super::load::Loaded;
use super::parts::{Parts, Scenario};
use crate::error::{Error, Result};
use crate::simulate::{self, Options, Other, Simulation};
use crate::task::Task;
use attune_policy::{Document, Policy};

/// Simulates `policy` on the project's rows; goal, least lift and known history are the project's where `options` leave
/// them open.
///
/// # Errors
/// When the log cannot be read or the task is cancelled.
pub fn simulate(
    policy: &Policy,
    others: &[Other<'_>],
    parts: &Parts,
    loaded: &Loaded,
    options: Options,
    task: &Task,
) -> Result<Simulation> {
    let options = Options {
        goal: options.goal.or_else(|| parts.goal.outcome.clone()),
        least_lift: options.least_lift.or(parts.goal.least_lift),
        history: options.history.or_else(|| loaded.history.clone()),
        ..options
    };
    simulate::run(policy, others, &loaded.dataset, &parts.roles, &options, task)
}

/// Which simulation of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All rows, intervals by resampling, the impact of every rule, and the project's scenarios beside the draft.
    Full,
    /// About this many rows, the draft alone: a quick first answer.
    Preview(usize),
}

/// Simulates the project's assembled draft.
///
/// # Errors
/// As [`simulate`], and when a scenario switches off something that is not there.
pub fn simulate_draft(
    policy: &Policy,
    parts: &Parts,
    loaded: &Loaded,
    asked: Asked,
    task: &Task,
) -> Result<Simulation> {
    match asked {
        Asked::Preview(rows) => simulate(policy, &[], parts, loaded, Options::preview(rows), task),
        Asked::Full => {
            let scenarios: Vec<(&str, Policy)> = parts
                .scenarios
                .iter()
                .map(|s| Ok((s.name.as_str(), s.policy(policy.document())?)))
                .collect::<Result<_>>()?;
            let others: Vec<Other<'_>> = scenarios.iter().map(|(name, policy)| Other { name, policy }).collect();
            simulate(policy, &others, parts, loaded, Options::default(), task)
        }
    }
}

impl Scenario {
    /// The policy of the scenario: the document with its rules and caps switched off.
    ///
    /// # Errors
    /// When it names a rule or cap that is not there, or the rest cannot be compiled.
    pub fn policy(&self, document: &Document) -> Result<Policy> {
        let mut document = document.clone();
        for id in &self.disabled {
            let rules = document.rules.iter_mut().filter(|r| r.id == *id).map(|r| &mut r.enabled);
            let caps = document.caps.iter_mut().filter(|c| c.id == *id).map(|c| &mut c.enabled);
            let mut found = false;
            for enabled in rules.chain(caps) {
                (*enabled, found) = (false, true);
            }
            if !found {
                return Err(Error::new(format!("scenario “{}” switches off `{id}`, which is not there", self.name)));
            }
        }
        Policy::compile(document).map_err(|e| Error::new(e.to_string()))
    }
}
