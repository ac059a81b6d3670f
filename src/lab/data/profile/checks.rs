//! What a person should know of before trusting the data: each check names its rows and what to do.

use super::{ColumnProfile, Problem, Severity};
use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::Dataset;
use crate::data::import::CellParser;
use crate::data::roles::{MAX_CATEGORIES, Role, Roles};
use crate::error::Result;
use crate::task::Task;
use attune_policy::value::Type;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Looks through every column, then through whole rows.
pub fn find(dataset: &Dataset, roles: &Roles, columns: &[ColumnProfile], task: &Task) -> Result<Vec<Problem>> {
    task.stage("Looking for problems")?;
    let mut problems = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        task.tick(i as f32 / columns.len() as f32)?;
        let Some(cells) = dataset.cells(&column.name) else { continue };
        let role = roles.role(&column.name);
        missing(dataset, column, cells, role, &mut problems);
        constant(dataset, column, role, &mut problems);
        categories(dataset, column, role, &mut problems);
        mixed(dataset, column, cells, &mut problems);
        impossible(dataset, column, cells, &mut problems);
    }
    duplicates(dataset, roles, task, &mut problems)?;
    Ok(problems)
}

fn missing(dataset: &Dataset, column: &ColumnProfile, cells: &Cells, role: Role, problems: &mut Vec<Problem>) {
    if column.missing == 0 {
        return;
    }
    let rows = dataset.rows() as u64;
    let share = column.missing as f64 / rows as f64;
    let severity = match role {
        Role::Action | Role::Outcome | Role::LoggingPropensity => Severity::Error,
        Role::Subject | Role::Time => Severity::Warning,
        Role::Feature | Role::Context if share > 0.5 => Severity::Warning,
        _ => Severity::Note,
    };
    let hint = match role {
        Role::Action | Role::Outcome | Role::LoggingPropensity => {
            "rows without it cannot be learned from or valued; leave them out"
        }
        Role::Subject => "each such row counts as a subject of its own",
        Role::Time => "such rows stand at the project's date",
        _ => "models fill it in with the typical value; rules see it as unknown",
    };
    let message = match column.missing == rows {
        true => format!("`{}` has no value at all", column.source),
        false => {
            format!("`{}` is missing in {} of {rows} rows ({:.1} %)", column.source, column.missing, share * 100.0)
        }
    };
    let at = (0..dataset.rows()).filter(|row| cells.is_missing(*row)).map(|row| dataset.row_number(row));
    problems.push(Problem::new(severity, Some(&column.name), message, hint).at_rows(at));
}

fn constant(dataset: &Dataset, column: &ColumnProfile, role: Role, problems: &mut Vec<Problem>) {
    if column.distinct != 1 || dataset.rows() < 2 {
        return;
    }
    let severity = match role {
        Role::Action | Role::Outcome => Severity::Error,
        Role::Feature | Role::Context => Severity::Warning,
        _ => Severity::Note,
    };
    let value = column.top.first().map_or("", |(value, _)| value.as_str());
    let message = format!("`{}` is {value} in every row where it is known", column.source);
    problems.push(Problem::new(severity, Some(&column.name), message, "it tells nothing; ignore the column"));
}

fn categories(dataset: &Dataset, column: &ColumnProfile, role: Role, problems: &mut Vec<Problem>) {
    if column.type_ != Type::Text || !matches!(role, Role::Feature | Role::Context) {
        return;
    }
    let known = dataset.rows() as u64 - column.missing;
    if column.distinct == known && known > 20 {
        let message = format!("`{}` has another value in every row", column.source);
        let hint = "it is an id, not a feature: give it the role subject, or ignore it";
        problems.push(Problem::new(Severity::Warning, Some(&column.name), message, hint));
    } else if column.distinct > MAX_CATEGORIES as u64 {
        let message =
            format!("`{}` has {} different values, more than {MAX_CATEGORIES}", column.source, column.distinct);
        let hint = "models learn little from rare values; group them, or ignore the column";
        problems.push(Problem::new(Severity::Warning, Some(&column.name), message, hint));
    }
}

/// Text columns most of whose cells are numbers.
fn mixed(dataset: &Dataset, column: &ColumnProfile, cells: &Cells, problems: &mut Vec<Problem>) {
    let Cells::Text(dictionary) = cells else { return };
    let parser = CellParser::new(&Default::default());
    let is_number: Vec<bool> = dictionary.values.iter().map(|text| parser.number(text).is_some()).collect();
    let mut numbers = 0u64;
    for code in &dictionary.codes {
        numbers += u64::from(is_number.get(*code as usize) == Some(&true));
    }
    let known = dataset.rows() as u64 - column.missing;
    if numbers * 2 < known || numbers == known {
        return;
    }
    let odd = |row: &usize| is_number.get(dictionary.codes[*row] as usize) == Some(&false);
    let rows = (0..dataset.rows()).filter(odd);
    let example = rows.clone().next().and_then(|row| dictionary.get(row)).cloned().unwrap_or_default();
    let message = format!("`{}` mixes numbers ({numbers} cells) with text such as `{example}`", column.source);
    let hint = "if it is a quantity, set its type to number: the text cells are then listed and count as missing";
    let rows = rows.map(|row| dataset.row_number(row));
    problems.push(Problem::new(Severity::Warning, Some(&column.name), message, hint).at_rows(rows));
}

/// Values that cannot be, judged by the column's name and by far-off magnitudes.
fn impossible(dataset: &Dataset, column: &ColumnProfile, cells: &Cells, problems: &mut Vec<Problem>) {
    let (Some(min), Some(max)) = (column.min, column.max) else { return };
    let parts = words(&column.name);
    let has_word = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
    let (low, high, why) = match column.type_ {
        Type::Time => (-2_208_988_800_000.0, 4_102_444_800_000.0, "lies before 1900 or after 2099"),
        Type::Integer | Type::Number if has_word(&["age"]) => (0.0, 120.0, "is no age in years"),
        Type::Integer | Type::Number if has_word(&["probability", "propensity"]) => (0.0, 1.0, "is no probability"),
        Type::Integer | Type::Number
            if has_word(&["recency", "tenure", "count", "visits", "clicks", "orders", "price", "quantity"]) =>
        {
            (0.0, f64::INFINITY, "is negative")
        }
        _ => return,
    };
    if min >= low && max <= high {
        return;
    }
    let Some(numbers) = cells.numbers() else { return };
    let outside = |row: &usize| numbers[*row] < low || numbers[*row] > high;
    let rows = (0..dataset.rows()).filter(outside);
    let example = rows.clone().next().and_then(|row| cells.text(row)).unwrap_or_default();
    let rows = rows.map(|row| dataset.row_number(row));
    let message = format!("`{}` holds values such as {example}, which {why}", column.source);
    let hint = "correct the source, or let a guard leave such rows out";
    problems.push(Problem::new(Severity::Warning, Some(&column.name), message, hint).at_rows(rows));
}

/// The words of an identifier in lower case: `UnitPrice` and `unit_price` are `unit` and `price`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_ascii_uppercase() && after_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.push(c.to_ascii_lowercase());
        }
        after_lower = c.is_ascii_lowercase();
    }
    words
}

/// Rows that repeat an earlier one cell by cell, and subjects that come more than once.
fn duplicates(dataset: &Dataset, roles: &Roles, task: &Task, problems: &mut Vec<Problem>) -> Result<()> {
    let mut hashes = vec![0u64; dataset.rows()];
    let columns: Vec<&Cells> = dataset.columns().iter().filter_map(|c| dataset.cells(&c.name)).collect();
    for cells in &columns {
        task.tick(0.9)?;
        for (row, hash) in hashes.iter_mut().enumerate() {
            *hash = mix(*hash, bits(cells, row));
        }
    }
    let mut first: HashMap<u64, u32> = HashMap::with_capacity(dataset.rows());
    let mut repeated = Vec::new();
    for (row, hash) in hashes.iter().enumerate() {
        match first.get(hash) {
            // A hash may agree by chance; the cells decide.
            Some(earlier) if columns.iter().all(|cells| bits(cells, row) == bits(cells, *earlier as usize)) => {
                repeated.push(dataset.row_number(row));
            }
            Some(_) => {}
            None => {
                first.insert(*hash, row as u32);
            }
        }
    }
    let by_subject = roles.first(Role::Subject).and_then(|name| dataset.dictionary(name).ok().map(|d| (name, d)));
    if !repeated.is_empty() {
        let message = format!("{} rows repeat an earlier row in every column", repeated.len());
        // Without a subject two customers may well look the same.
        let (severity, hint) = match by_subject {
            Some(_) => (Severity::Warning, "remove them if they are copies: copies count twice"),
            None => (Severity::Note, "without a subject column equal rows may be different customers"),
        };
        problems.push(Problem::new(severity, None, message, hint).at_rows(repeated));
    }
    if let Some((name, dictionary)) = by_subject {
        let mut seen = vec![false; dictionary.values.len()];
        let mut again = Vec::new();
        for (row, code) in dictionary.codes.iter().enumerate().filter(|(_, code)| **code != Dictionary::MISSING) {
            if std::mem::replace(&mut seen[*code as usize], true) {
                again.push(dataset.row_number(row));
            }
        }
        if !again.is_empty() && roles.first(Role::Time).is_none() {
            let message = format!(
                "{} rows speak of a subject that stood in an earlier row, and no column says when",
                again.len()
            );
            let hint = "give the column of the date the role time, so that decisions stand in order";
            problems.push(Problem::new(Severity::Warning, Some(name), message, hint).at_rows(again));
        }
    }
    Ok(())
}

/// A cell as bits; equal bits are equal cells.
fn bits(cells: &Cells, row: usize) -> u64 {
    match cells {
        Cells::Bool(v) => v[row].map_or(2, u64::from),
        Cells::Integer(v) | Cells::Time(v) => v[row] as u64,
        Cells::Number(v) => v[row].to_bits(),
        Cells::Text(d) => u64::from(d.codes[row]),
    }
}

fn mix(hash: u64, bits: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (hash, bits).hash(&mut hasher);
    hasher.finish()
}
