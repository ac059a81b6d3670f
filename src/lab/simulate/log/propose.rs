//! What the columns of a log of decisions probably are, and why: the first page of its import. It proposes; the checks of
//! [`super::checks`] say what is wrong with it, and a person decides.

use crate::data::profile::chi_square;
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Roles for a log, with reasons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The roles.
    pub roles: Roles,
    /// Why each column (identifier) has its role.
    pub reasons: BTreeMap<String, String>,
    /// What remains to be said by a person.
    pub questions: Vec<String>,
}

/// Proposes roles by names and contents.
///
/// # Errors
/// When a column cannot be read.
pub fn propose(dataset: &Dataset) -> Result<Proposal> {
    let (roles, reasons) = Roles::suggest_with_reasons(dataset);
    let mut proposal = Proposal { roles, reasons, questions: Vec::new() };
    proposal.questions = questions(dataset, &proposal.roles)?;
    Ok(proposal)
}

/// What a person has to say of a log with these roles.
///
/// # Errors
/// When a role names a column that is not there.
pub fn questions(dataset: &Dataset, roles: &Roles) -> Result<Vec<String>> {
    let mut questions = Vec::new();
    if roles.first(Role::Action).is_none() {
        questions.push("Which column says what was done? No name or content speaks for one.".to_owned());
    }
    if !roles.columns.values().any(|role| *role == Role::Outcome) && roles.delayed.is_empty() {
        questions.push("Which column says what followed, or which other file holds it?".to_owned());
    }
    if let (Some(column), Logging::Unknown) = (roles.first(Role::Action), &roles.logging) {
        let actions = dataset.dictionary(column)?;
        let mut counts = vec![0u64; actions.values.len()];
        for code in &actions.codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let share = vec![1.0 / counts.len().max(1) as f64; counts.len()];
        let even = chi_square::test(&counts, &share).is_some_and(|test| test.p > 0.001);
        questions.push(match even {
            true => "Were the arms drawn by chance? Their sizes are those of an even draw; if they were, say so, and the design \
                     takes the place of estimated propensities."
                .to_owned(),
            false => "How did history choose its actions? Name the column of logging propensities, or the shares of a \
                      randomised design; until then propensities are estimated and values exploratory."
                .to_owned(),
        });
    }
    if roles.first(Role::Action).is_some() && !roles.arms.values().any(|arm| *arm == Arm::NoAction) {
        questions.push("Does a value of the action column stand for no action? None is taken for it.".to_owned());
    }
    if roles.first(Role::Subject).is_none() {
        questions.push("Whom is a row about? Without a subject every row counts as a person of its own.".to_owned());
    }
    Ok(questions)
}
