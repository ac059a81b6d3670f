//! Eligible sets: which actions history could choose from in each row, and with which probabilities where they were logged.
//!
//! A cell lists values of the action column, divided by `|`, `;` or `,`, in brackets or not; probabilities are a list in the same
//! order, or pairs as in `a:0.5|b:0.5`. It judges nothing; that is for [`super::checks`].

use super::NO_ARM;
use crate::data::cells::Dictionary;
use crate::data::{Arm, Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::simulate::log::LoggedArm;
use std::collections::BTreeSet;

/// The eligible sets of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Eligible {
    /// Set of each row; [`Dictionary::MISSING`] where none was logged.
    of: Vec<u32>,
    /// Distinct sets: arms, ascending.
    sets: Vec<Vec<u16>>,
    /// Whether some set names the untreated arm; where none does, it is always possible.
    names_untreated: bool,
    /// Eligible values that no arm stands for, with how many distinct sets name them.
    pub unknown: Vec<String>,
}

impl Eligible {
    /// Reads the column with the role eligible; `None` where there is none.
    ///
    /// # Errors
    /// When the column is not in the dataset.
    pub(super) fn read(dataset: &Dataset, roles: &Roles, arms: &[LoggedArm]) -> Result<Option<Eligible>> {
        let Some(column) = roles.first(Role::Eligible) else { return Ok(None) };
        let Dictionary { codes, values } = dataset.dictionary(column)?;
        let mut eligible = Eligible { of: codes, ..Eligible::default() };
        let mut unknown = BTreeSet::new();
        for text in values.iter() {
            let mut set = Vec::new();
            for item in items(text) {
                let arm = roles.arms.get(item).and_then(|arm| arms.iter().position(|logged| logged.arm == *arm));
                match arm {
                    Some(arm) => {
                        eligible.names_untreated |= arms[arm].arm == Arm::NoAction;
                        set.push(arm as u16);
                    }
                    None => {
                        unknown.insert(item.to_owned());
                    }
                }
            }
            set.sort_unstable();
            set.dedup();
            eligible.sets.push(set);
        }
        eligible.unknown = unknown.into_iter().collect();
        Ok(Some(eligible))
    }

    /// Whether an arm of the log could be chosen in a row (position). A row without a set allows all.
    pub fn allows(&self, row: usize, arm: u16, arms: &[LoggedArm]) -> bool {
        let Some(set) = self.of.get(row).and_then(|code| self.sets.get(*code as usize)) else { return true };
        let untreated = || arms.get(usize::from(arm)).is_some_and(|own| own.arm == Arm::NoAction);
        arm != NO_ARM && (set.binary_search(&arm).is_ok() || !self.names_untreated && untreated())
    }
}

/// The logging propensity of each row as its list of probabilities has it: by name, or by the place of the action among the eligible. NaN
/// where the row has no list, or none that holds its action.
///
/// # Errors
/// When no column holds such lists, or they cannot be told apart, because they name no actions and no column holds the eligible.
pub(super) fn propensities(dataset: &Dataset, roles: &Roles) -> Result<Vec<f64>> {
    let column = roles.first(Role::Probabilities).ok_or_else(|| {
        Error::new("logging propensities are said to be in a column, and no column has that role")
            .hint("give the column the role logging propensity, or that of the lists the role probabilities")
    })?;
    let action = roles.first(Role::Action).ok_or_else(|| Error::new("no column has the role action"))?;
    let (lists, actions) = (dataset.dictionary(column)?, dataset.dictionary(action)?);
    let sets = roles.first(Role::Eligible).map(|name| dataset.dictionary(name)).transpose()?;
    // Lists and sets repeat from row to row: each is read once.
    let read: Vec<Option<Listed<'_>>> = lists.values.iter().map(|text| probabilities(text)).collect();
    let sets = sets.as_ref().map(|sets| (&sets.codes, sets.values.iter().map(|text| items(text)).collect::<Vec<_>>()));
    if sets.is_none() && !read.iter().flatten().any(|list| list.iter().any(|(name, _)| name.is_some())) {
        return Err(Error::new("lists probabilities without saying whose they are")
            .in_column(column)
            .hint("name the column of the eligible actions, in the same order, or write them as `a:0.5|b:0.5`"));
    }
    let one = |row: usize| -> Option<f64> {
        let list = read.get(lists.codes[row] as usize)?.as_ref()?;
        let own = actions.get(row)?;
        let place = match list.first()? {
            (Some(_), _) => list.iter().position(|(name, _)| *name == Some(&**own)),
            (None, _) => {
                let (codes, sets) = sets.as_ref()?;
                let set = sets.get(codes[row] as usize).filter(|set| set.len() == list.len())?;
                set.iter().position(|item| *item == &**own)
            }
        };
        place.map(|place| list[place].1)
    };
    Ok((0..dataset.rows()).map(|row| one(row).unwrap_or(f64::NAN)).collect())
}

/// The items of a list in a cell.
pub(super) fn items(text: &str) -> Vec<&str> {
    let bare = text.trim().trim_matches(|c| matches!(c, '[' | ']' | '{' | '}' | '(' | ')'));
    let divider = ['|', ';', ','].into_iter().find(|divider| bare.contains(*divider));
    let parts: Vec<&str> = match divider {
        Some(divider) => bare.split(divider).collect(),
        None => vec![bare],
    };
    let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    parts.into_iter().map(|part| part.trim_matches(quotes)).filter(|part| !part.is_empty()).collect()
}

/// Probabilities, each with the action it names where the cell says so.
pub(super) type Listed<'a> = Vec<(Option<&'a str>, f64)>;

/// The probabilities in a cell; `None` where it holds none.
pub(super) fn probabilities(text: &str) -> Option<Listed<'_>> {
    let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let one = |item: &str| -> Option<f64> { item.trim_matches(quotes).parse().ok() };
    items(text)
        .into_iter()
        .map(|item| match item.rsplit_once([':', '=']) {
            Some((name, p)) => Some((Some(name.trim_matches(quotes)), one(p)?)),
            None => Some((None, one(item)?)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_people_write_them() {
        for text in ["a|b c|d", "[a, b c, d]", "[\"a\",\"b c\",'d']", " a ;b c; d ", "{a|b c|d|}"] {
            assert_eq!(items(text), ["a", "b c", "d"], "{text}");
        }
        assert_eq!(items("a"), ["a"]);
        assert!(items("[]").is_empty() && items("").is_empty());
        let pairs = vec![(Some("a"), 0.5), (Some("b"), 0.25)];
        for text in ["a:0.5|b:0.25", "{\"a\": 0.5, \"b\": 0.25}", "a=0.5;b=0.25"] {
            assert_eq!(probabilities(text), Some(pairs.clone()), "{text}");
        }
        assert_eq!(probabilities("0.5|0.5"), Some(vec![(None, 0.5), (None, 0.5)]));
        assert_eq!(probabilities("a:half"), None);
    }
}
