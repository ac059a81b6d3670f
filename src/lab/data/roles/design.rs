//! How history probably chose, where nobody has said: by lot, when the arms are of even size and no fact of a person tells them apart.
//!
//! What is found here is a guess and is marked as one ([`Roles::guess`]): a person confirms it or says otherwise.

use super::{Arm, Logging, Role, Roles};
use crate::data::dataset::Dataset;
use crate::data::profile::balance::{Balance, balance};
use crate::data::profile::chi_square;
use std::collections::BTreeMap;

/// Sizes of the arms that an even draw makes less probable than this are not taken for one; nor are arms that columns tell apart with
/// less probability by lot.
pub const GUESS_P: f64 = 0.01;
/// Rows that every arm needs.
const LEAST_ROWS: u64 = 100;

/// What the data say of how history chose.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    /// Arms of even size that nothing tells apart: perhaps by lot, with these shares.
    Even {
        /// Share per value of the action column.
        shares: BTreeMap<String, f64>,
        /// Why, in words.
        why: String,
    },
    /// Arms of even size that columns tell apart: plain history.
    Chosen(Balance),
    /// Arms of uneven size, none of them untreated, or too few rows: nothing speaks for a draw.
    Nothing,
}

/// What sizes and columns say.
pub fn design(roles: &Roles, dataset: &Dataset) -> Design {
    let Some(column) = roles.first(Role::Action) else { return Design::Nothing };
    let Ok(dictionary) = dataset.dictionary(column) else { return Design::Nothing };
    let mut counts = vec![0_u64; dictionary.values.len()];
    for code in &dictionary.codes {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let share = 1.0 / counts.len().max(1) as f64;
    let Some(test) = chi_square::test(&counts, &vec![share; counts.len()]) else { return Design::Nothing };
    let untreated = roles.arms.values().any(|arm| *arm == Arm::NoAction);
    if test.p <= GUESS_P || !untreated || counts.iter().any(|n| *n < LEAST_ROWS) {
        return Design::Nothing;
    }
    let sizes = format!(
        "the {} arms have the sizes of an even draw (χ² = {:.1}, p = {:.2})",
        counts.len(),
        test.statistic,
        test.p
    );
    let arm = |row: usize| Some(dictionary.codes[row]).filter(|code| (*code as usize) < counts.len());
    let found = balance(dataset, &facts(roles, dataset), arm, subjects(roles, dataset).as_deref());
    let why = match found {
        Some(found) if found.p <= GUESS_P => return Design::Chosen(found),
        Some(found) => format!("{sizes}, and no column tells them apart ({})", found.words(GUESS_P)),
        None => format!("{sizes}, and there is no column that could tell them apart"),
    };
    Design::Even { shares: dictionary.values.iter().map(|value| (value.to_string(), share)).collect(), why }
}

/// The columns that hold facts from before the action: what a draw by lot leaves to chance.
pub fn facts<'a>(roles: &Roles, dataset: &'a Dataset) -> Vec<&'a str> {
    let before = |name: &&str| {
        matches!(roles.role(name), Role::Feature | Role::Context | Role::Consent | Role::Protected | Role::Time)
    };
    dataset.columns().iter().map(|column| column.name.as_str()).filter(before).collect()
}

/// Whether the probabilities of the eligible say which of them is whose: by the order of the eligible, or by names.
fn lists_are_named(roles: &Roles, dataset: &Dataset) -> bool {
    let named = |column: &str| {
        dataset.dictionary(column).is_ok_and(|lists| lists.values.iter().take(50).all(|list| list.contains([':', '='])))
    };
    roles.first(Role::Probabilities).is_some_and(|column| roles.first(Role::Eligible).is_some() || named(column))
}

/// The subject of each row, where subjects repeat.
fn subjects(roles: &Roles, dataset: &Dataset) -> Option<Vec<u32>> {
    roles.first(Role::Subject)?;
    let subjects = roles.subjects(dataset).ok().filter(|subjects| subjects.count() < dataset.rows())?;
    Some((0..dataset.rows()).map(|row| subjects.code(row) as u32).collect())
}

impl Roles {
    /// What the data say of how history chose.
    pub fn design(&self, dataset: &Dataset) -> Design {
        design(self, dataset)
    }

    /// Takes the logging that the data speak for where nobody has said: the column of propensities or of the probabilities of the
    /// eligible, a draw by lot as a guess ([`Roles::guess`]), or that it is not known.
    pub fn suggest_logging(&mut self, dataset: &Dataset) {
        (self.logging, self.guess) = (Logging::Unknown, None);
        if self.first(Role::LoggingPropensity).is_some() || lists_are_named(self, dataset) {
            self.logging = Logging::Column;
        } else if let (None, Design::Even { shares, why }) = (self.first(Role::Probabilities), design(self, dataset)) {
            (self.logging, self.guess) = (Logging::Randomised(shares), Some(why));
        }
    }

    /// How history chose, as a person says it.
    pub fn set_logging(&mut self, logging: Logging) {
        (self.logging, self.guess) = (logging, None);
    }
}
