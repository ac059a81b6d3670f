//! What the columns of a log of decisions probably are, and why: the first page of its import. It proposes; the checks of
//! [`super::checks`] say what is wrong with it, and a person decides.

use crate::data::roles::design::{Design, GUESS_P};
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
    match (roles.first(Role::Action), &roles.logging, &roles.guess) {
        (Some(column), _, Some(why)) => questions.push(format!(
            "Were the arms of `{column}` drawn by lot? That is a guess: {why}. Say that they were, or that it is not known how history \
             chose; values stand on it."
        )),
        (Some(_), Logging::Unknown, None) => questions.push(match roles.design(dataset) {
            Design::Even { why, .. } => format!(
                "Were the arms drawn by lot? It may be: {why}. If they were, say so, and the design takes the place of estimated \
                 propensities."
            ),
            Design::Chosen(found) => format!(
                "Were the arms drawn by lot? Their sizes are those of an even draw, and columns tell them apart: {}. So this is taken for \
                 plain history, and values are exploratory. If they were drawn by lot all the same, say so; a column that followed the \
                 action is an outcome, or to be ignored.",
                found.words(GUESS_P)
            ),
            Design::Nothing => "How did history choose its actions? Name the column of logging propensities, or the shares of a \
                                randomised design; until then propensities are estimated and values exploratory."
                .to_owned(),
        }),
        _ => {}
    }
    if roles.first(Role::Action).is_some() && !roles.arms.values().any(|arm| *arm == Arm::NoAction) {
        questions.push("Does a value of the action column stand for no action? None is taken for it.".to_owned());
    }
    if roles.first(Role::Subject).is_none() {
        questions.push("Whom is a row about? Without a subject every row counts as a person of its own.".to_owned());
    }
    Ok(questions)
}
