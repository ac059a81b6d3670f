//! What is wrong with roles on a dataset.

use super::design::{Design, GUESS_P};
use super::{Arm, Logging, Role, Roles};
use crate::data::dataset::Dataset;
use crate::data::profile::chi_square;
use crate::data::quality::{CheckId, Problem, Severity};
use attune_policy::suggest::nearest;
use attune_policy::value::Type;
use std::collections::BTreeSet;

/// Below this probability the counts of the arms contradict the design.
const MISMATCH_P: f64 = 0.001;

pub fn check(roles: &Roles, dataset: &Dataset) -> Vec<Problem> {
    let mut problems = Vec::new();
    vanished(roles, dataset, &mut problems);
    one_each(roles, dataset, &mut problems);
    outcomes(roles, dataset, &mut problems);
    for name in roles.with_role(dataset, Role::Time) {
        if dataset.column(name).is_some_and(|c| c.type_ != Type::Time) {
            let message = format!("`{name}` has the role time and does not hold times");
            let hint = "set its type to time when importing, or choose another column";
            problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(name), message, hint));
        }
    }
    arms(roles, dataset, &mut problems);
    logging(roles, dataset, &mut problems);
    problems
}

fn vanished(roles: &Roles, dataset: &Dataset, problems: &mut Vec<Problem>) {
    // Later outcomes become columns when their tables are at hand.
    let later = |name: &str| roles.delayed.iter().any(|delayed| delayed.name == name);
    for (name, role) in roles
        .columns
        .iter()
        .filter(|(name, role)| **role != Role::Ignored && dataset.column(name).is_none() && !later(name))
    {
        let message = format!("`{name}` has the role {} and is not in the data any more", role.label());
        let hint = match nearest(name, dataset.columns().iter().map(|c| c.name.as_str())) {
            Some(near) => format!("did you mean `{near}`? Else take its role away"),
            None => "import a file that has it, or take its role away".to_owned(),
        };
        problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(name), message, &hint));
    }
}

fn one_each(roles: &Roles, dataset: &Dataset, problems: &mut Vec<Problem>) {
    let single: BTreeSet<Role> = roles.columns.values().copied().filter(|role| role.is_single()).collect();
    for role in single {
        let names = roles.with_role(dataset, role);
        if let [_, second, ..] = names.as_slice() {
            let message = format!("{} columns have the role {}: {}", names.len(), role.label(), names.join(", "));
            problems.push(Problem::new(
                CheckId::Roles,
                Severity::Error,
                Some(second),
                message,
                "leave it to one of them",
            ));
        }
    }
}

fn outcomes(roles: &Roles, dataset: &Dataset, problems: &mut Vec<Problem>) {
    for name in roles.with_role(dataset, Role::Outcome) {
        if dataset.column(name).is_some_and(|c| !matches!(c.type_, Type::Bool | Type::Integer | Type::Number)) {
            let message = format!("`{name}` is an outcome and holds no numbers");
            let hint = "an outcome is a number or true/false: set the column's type when importing";
            problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(name), message, hint));
        }
    }
}

fn arms(roles: &Roles, dataset: &Dataset, problems: &mut Vec<Problem>) {
    let Some(column) = roles.first(Role::Action) else { return };
    let Ok(dictionary) = dataset.dictionary(column) else { return };
    for (code, value) in dictionary.values.iter().enumerate() {
        if !roles.arms.contains_key(&**value) {
            let rows = dictionary.codes.iter().enumerate().filter(|(_, c)| **c as usize == code);
            let rows = rows.map(|(row, _)| dataset.row_number(row));
            let message = format!("`{value}` of `{column}` has no meaning");
            let hint = "say which action it stands for, or that nothing was done";
            problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(column), message, hint).at_rows(rows));
        }
    }
    for (value, _) in roles.arms.iter().filter(|(value, _)| !dictionary.values.iter().any(|v| **v == ***value)) {
        let message = format!("no row has `{value}` in `{column}`");
        let hint = "what was never done cannot be learned or valued; take the arm away";
        problems.push(Problem::new(CheckId::Roles, Severity::Warning, Some(column), message, hint));
    }
    let meanings: Vec<&Arm> = roles.arms.values().collect();
    for (i, arm) in meanings.iter().enumerate() {
        if meanings[..i].contains(arm) {
            let message = format!("two values of `{column}` stand for the same arm");
            let hint = "that is allowed when both were the same thing; else give them different treatments";
            problems.push(Problem::new(CheckId::Roles, Severity::Note, Some(column), message, hint));
        }
    }
}

fn logging(roles: &Roles, dataset: &Dataset, problems: &mut Vec<Problem>) {
    let Some(action) = roles.first(Role::Action) else { return };
    if let Some(why) = &roles.guess {
        let message = format!("that the arms of `{action}` were drawn by lot is a guess: {why}");
        let hint = "say that they were, or how history chose; values stand on it";
        problems.push(Problem::new(CheckId::Roles, Severity::Warning, Some(action), message, hint));
    }
    match &roles.logging {
        Logging::Unknown => {
            let hint = "say that it was a randomised trial, or name the column of logging propensities; until then values are exploratory";
            let message = match roles.design(dataset) {
                Design::Chosen(found) => format!(
                    "how history chose its actions is not known: its arms have the sizes of an even draw, and columns tell them apart: {}",
                    found.words(GUESS_P)
                ),
                _ => "how history chose its actions is not known".to_owned(),
            };
            problems.push(Problem::new(CheckId::Roles, Severity::Warning, Some(action), message, hint));
        }
        Logging::Column => {
            let Some(name) = roles.first(Role::LoggingPropensity) else {
                // The probabilities of the eligible hold that of what was logged; the checks of a log read them.
                if roles.first(Role::Probabilities).is_some() {
                    return;
                }
                let message = "logging propensities are said to be in a column, and no column has that role";
                problems.push(Problem::new(
                    CheckId::Roles,
                    Severity::Error,
                    None,
                    message,
                    "give the column the role logging propensity",
                ));
                return;
            };
            let Ok(numbers) = dataset.numbers(name) else {
                let message = format!("`{name}` has the role logging propensity and holds no numbers");
                problems.push(Problem::new(
                    CheckId::Roles,
                    Severity::Error,
                    Some(name),
                    message,
                    "choose a column of probabilities",
                ));
                return;
            };
            let bad = |p: &f64| *p <= 0.0 || *p > 1.0;
            let rows: Vec<u64> =
                numbers.iter().enumerate().filter(|(_, p)| bad(p)).map(|(row, _)| dataset.row_number(row)).collect();
            if !rows.is_empty() {
                let message = format!("`{name}` is no probability above 0 and up to 1 in {} rows", rows.len());
                let hint = "a logged action had some probability of being chosen; correct the source";
                problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(name), message, hint).at_rows(rows));
            }
        }
        Logging::Randomised(design) => randomised(roles, dataset, action, design, problems),
    }
}

fn randomised(
    roles: &Roles,
    dataset: &Dataset,
    action: &str,
    design: &std::collections::BTreeMap<String, f64>,
    problems: &mut Vec<Problem>,
) {
    for value in roles.arms.keys().filter(|value| !design.contains_key(*value)) {
        let message = format!("the design gives no logging propensity for `{value}`");
        problems.push(Problem::new(
            CheckId::Roles,
            Severity::Error,
            Some(action),
            message,
            "say with which probability it was drawn",
        ));
    }
    if let Some((value, p)) = design.iter().find(|(_, p)| !(**p > 0.0 && **p <= 1.0)) {
        let message = format!("the logging propensity {p} of `{value}` is no probability above 0 and up to 1");
        problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(action), message, "correct it"));
        return;
    }
    let sum: f64 = design.values().sum();
    if (sum - 1.0).abs() > 1e-6 {
        let message = format!("the logging propensities of the design sum to {sum}, not to 1");
        problems.push(Problem::new(
            CheckId::Roles,
            Severity::Error,
            Some(action),
            message,
            "correct them: every row had one of the arms",
        ));
        return;
    }
    let Ok(dictionary) = dataset.dictionary(action) else { return };
    let count = |value: &str| {
        let code = dictionary.values.iter().position(|v| **v == *value);
        dictionary.codes.iter().filter(|c| Some(**c as usize) == code).count() as u64
    };
    let counts: Vec<u64> = design.keys().map(|value| count(value)).collect();
    let shares: Vec<f64> = design.values().copied().collect();
    if let Some(test) = chi_square::test(&counts, &shares).filter(|test| test.p < MISMATCH_P) {
        let found: Vec<String> = design.keys().zip(&counts).map(|(value, n)| format!("{value} {n}")).collect();
        let message = format!(
            "sample ratio mismatch: the arms have {} rows, which the design makes improbable (χ² = {:.1} with {} degrees of \
             freedom, p = {:.1e})",
            found.join(", "),
            test.statistic,
            test.degrees,
            test.p
        );
        let hint = "rows were probably lost or added after the draw; find out before trusting any effect";
        problems.push(Problem::new(CheckId::Roles, Severity::Error, Some(action), message, hint));
    }
}
