//! Keys: several rows for one key where there should be one, and keys that lead to no customer.

use super::{CheckId, Known, LeaveOut, Problem, Repair, Severity, key_set};
use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::Dataset;
use crate::data::join::canonical;
use crate::data::roles::{Role, Roles};
use std::collections::HashSet;

pub fn check(dataset: &Dataset, roles: &Roles, known: &Known<'_>) -> Vec<Problem> {
    let Some(name) = roles.first(Role::Subject) else { return Vec::new() };
    let Some(cells) = dataset.cells(name) else { return Vec::new() };
    let dictionary = cells.dictionary();
    let source = dataset.column(name).map_or(name, |column| column.source.as_str());
    let mut problems = Vec::new();
    problems.extend(repeated(dataset, roles, known, name, source, &dictionary));
    problems.extend(broken(dataset, known, name, source, cells, &dictionary));
    problems
}

/// Subjects that come more than once, and nothing says when.
fn repeated(
    dataset: &Dataset,
    roles: &Roles,
    known: &Known<'_>,
    name: &str,
    source: &str,
    dictionary: &Dictionary,
) -> Option<Problem> {
    if known.kind.is_timed() || roles.first(Role::Time).is_some() {
        return None;
    }
    let mut seen = vec![false; dictionary.values.len()];
    let mut again = Vec::new();
    for (row, code) in dictionary.codes.iter().enumerate().filter(|(_, code)| **code != Dictionary::MISSING) {
        if std::mem::replace(&mut seen[*code as usize], true) {
            again.push(dataset.row_number(row));
        }
    }
    if again.is_empty() {
        return None;
    }
    let (message, hint) = match known.kind.is_customers() {
        true => (
            format!("{} rows speak of a subject that stood in an earlier row, and no column says when", again.len()),
            "give the column of the date the role time, so that decisions stand in order",
        ),
        false => (
            format!("{} rows have a `{source}` that stood in an earlier row", again.len()),
            "a look-up has one row per key: leave the others out, or import the table as events",
        ),
    };
    let repair = match known.kind.is_customers() {
        true => Repair::ByHand("which column says when, only you can know".to_owned()),
        false => Repair::LeaveOut(LeaveOut::RepeatedKeys { column: name.to_owned() }),
    };
    let severity = if known.kind.is_customers() { Severity::Warning } else { Severity::Error };
    Some(Problem::new(CheckId::RepeatedKeys, severity, Some(name), message, hint).at_rows(again).repaired_by(repair))
}

/// Rows of a table beside the customers whose key is no customer's. Missing keys are told as missing cells.
fn broken(
    dataset: &Dataset,
    known: &Known<'_>,
    name: &str,
    source: &str,
    cells: &Cells,
    dictionary: &Dictionary,
) -> Option<Problem> {
    let (customers, subject) = known.customers?;
    let theirs = customers.cells(subject)?;
    let numeric = [cells, theirs].iter().any(|c| matches!(c, Cells::Integer(_) | Cells::Number(_)));
    let customers_keys: HashSet<String> = key_set(theirs, numeric);
    let lost: Vec<bool> =
        dictionary.values.iter().map(|value| !customers_keys.contains(&*canonical(value, numeric))).collect();
    let rows = (0..dataset.rows()).filter(|row| lost.get(dictionary.codes[*row] as usize) == Some(&true));
    let example = rows.clone().next().and_then(|row| dictionary.get(row)).cloned()?;
    let keys = lost.iter().filter(|lost| **lost).count();
    let message =
        format!("{keys} of {} different `{source}` are no customers, such as `{example}`", dictionary.values.len());
    let hint = "such rows belong to nobody and are not used; import the customers they belong to";
    let rows = rows.map(|row| dataset.row_number(row));
    let all = keys == dictionary.values.len();
    let severity = if all { Severity::Error } else { Severity::Warning };
    let repair = match all {
        true => "no key matches: it is another column, or is written differently; name the key again".to_owned(),
        false => "customers that are not there cannot be made; import them, or use the rows of the others".to_owned(),
    };
    Some(
        Problem::new(CheckId::BrokenKeys, severity, Some(name), message, hint)
            .at_rows(rows)
            .repaired_by(Repair::ByHand(repair)),
    )
}
