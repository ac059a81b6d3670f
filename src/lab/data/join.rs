//! One view of the customers: tables with one row per key are joined to them, and no row is ever multiplied or lost.
//!
//! A join is left and many-to-one: every customer keeps its row, and gets the columns of the one row that its key leads to, or
//! missing cells. A table with several rows for a key is refused with its rows: what happened several times becomes features.

use super::cells::{Cells, Dictionary};
use super::dataset::{Column, Dataset};
use super::table::Table;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// How a table is joined to the customers: declared once, done at every loading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Column of the customer view whose values lead to the table's key; it may itself come from another join.
    pub on: String,
    /// Columns of the table (identifiers) and their names in the customer view. Kept apart from the table's own names, so
    /// that a column which appears elsewhere later never renames another.
    pub columns: BTreeMap<String, String>,
}

/// How well a join fits: match rates both ways, and what does not match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JoinReport {
    /// The table.
    pub table: String,
    /// Column of the customer view.
    pub on: String,
    /// Column of the table.
    pub key: String,
    /// Rows of the customer view.
    pub rows: u64,
    /// Rows of the customer view whose key is in the table.
    pub matched: u64,
    /// Rows of the customer view without a value to look up.
    pub without: u64,
    /// Different keys of the table.
    pub keys: u64,
    /// Keys of the table that some row of the customer view leads to.
    pub keys_used: u64,
    /// Rows of the table without a key.
    pub rows_without_key: u64,
    /// Rows of the table that repeat another one exactly; one of each is used.
    pub repeated: u64,
    /// Keys of the customer view that the table does not have, with the first row that has each: at most [`SAMPLED`].
    pub unknown: Vec<(String, u64)>,
    /// Keys of the table that no row leads to, with their row: at most [`SAMPLED`].
    pub unused: Vec<(String, u64)>,
}

/// A key that stands in several rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// Numbers of its rows in the file, at most [`SAMPLED`].
    pub rows: Vec<u64>,
    /// How many rows have it.
    pub count: u64,
}

/// Most keys listed of those that do not match.
pub const SAMPLED: usize = 20;

impl JoinReport {
    /// Share of the customer view's rows that found their row in the table; of no rows it is 1.
    pub fn match_rate(&self) -> f64 {
        if self.rows == 0 { 1.0 } else { self.matched as f64 / self.rows as f64 }
    }

    /// Share of the table's keys that some row leads to; of no keys it is 1.
    pub fn use_rate(&self) -> f64 {
        if self.keys == 0 { 1.0 } else { self.keys_used as f64 / self.keys as f64 }
    }
}

/// The customers with the columns of the joined tables after their own, in the order of the joins, and a report of each.
/// A join whose column comes from another join is done after it, wherever it stands.
///
/// # Errors
/// When a column is not there, a name is taken, or a table has different rows for one key.
pub fn join(customers: &Dataset, tables: &[(&Table, &Join)], task: &Task) -> Result<(Dataset, Vec<JoinReport>)> {
    if tables.is_empty() {
        return Ok((customers.clone(), Vec::new()));
    }
    task.stage("Joining tables")?;
    let mut view = customers.clone();
    let mut reports: Vec<Option<JoinReport>> = vec![None; tables.len()];
    for done in 0..tables.len() {
        task.tick(done as f32 / tables.len() as f32)?;
        let waiting = |i: &usize| reports[*i].is_none();
        let ready = (0..tables.len()).filter(waiting).find(|i| view.column(&tables[*i].1.on).is_some());
        let Some(next) = ready.or_else(|| (0..tables.len()).find(waiting)) else { break };
        let (table, join) = tables[next];
        let (wider, report) = one(&view, table, join)?;
        view = wider;
        reports[next] = Some(report);
    }
    Ok((view, reports.into_iter().flatten().collect()))
}

fn one(view: &Dataset, table: &Table, join: &Join) -> Result<(Dataset, JoinReport)> {
    let name = &table.name;
    let key = table.key.as_deref().ok_or_else(|| {
        Error::new(format!("the table `{name}` has no key column to be joined by"))
            .hint("import it again and name its key column")
    })?;
    let left = view.cells(&join.on).ok_or_else(|| {
        Error::new(format!("the table `{name}` is joined by this column, which the customers do not have"))
            .in_column(&join.on)
            .hint("join it by another column, or bring the column back")
    })?;
    let right = table.dataset.cells(key).ok_or_else(|| {
        Error::new(format!("is the key of the table `{name}` and is not in it any more")).in_column(key)
    })?;
    let numeric = is_numeric(left) || is_numeric(right);
    let index = Index::of(&table.dataset, right, numeric);
    if let Some(error) = index.refusal(name, key) {
        return Err(error);
    }

    let dictionary = left.dictionary();
    let found: Vec<Option<u32>> =
        dictionary.values.iter().map(|value| index.rows.get(&*canonical(value, numeric)).copied()).collect();
    let rows: Vec<u32> =
        dictionary.codes.iter().map(|code| found.get(*code as usize).copied().flatten().unwrap_or(NONE)).collect();
    let report = report(view, table, join, &dictionary, &found, &index);

    let mut columns: Vec<(Column, Cells)> =
        view.columns().iter().filter_map(|c| Some((c.clone(), view.cells(&c.name)?.clone()))).collect();
    for (source, target) in &join.columns {
        let (Some(column), Some(cells)) = (table.dataset.column(source), table.dataset.cells(source)) else {
            return Err(Error::new(format!("is joined from the table `{name}` and is not in it any more"))
                .in_column(source)
                .hint("bring the column back, or take it out of the join"));
        };
        if columns.iter().any(|(known, _)| known.name == *target) {
            return Err(Error::new(format!("is a column already, so the table `{name}` cannot bring another one"))
                .in_column(target)
                .hint("give the joined column another name"));
        }
        let column = Column { name: target.clone(), source: target.clone(), type_: column.type_ };
        columns.push((column, cells.gather(&rows)));
    }
    let numbers = (0..view.rows()).map(|row| view.row_number(row) as u32).collect();
    Ok((Dataset::new(view.name(), columns, view.source().clone(), Some(numbers))?, report))
}

/// No row.
const NONE: u32 = u32::MAX;

/// The rows of a table by their key.
struct Index {
    rows: HashMap<String, u32>,
    duplicates: Vec<DuplicateKey>,
    without: u64,
    repeated: u64,
}

impl Index {
    fn of(dataset: &Dataset, key: &Cells, numeric: bool) -> Index {
        let dictionary = key.dictionary();
        // Several texts may be one key: `7` and ` 07` where keys are numbers.
        let mut rows: HashMap<String, u32> = HashMap::with_capacity(dictionary.values.len());
        let mut number: HashMap<u32, Vec<u32>> = HashMap::new();
        let canonical: Vec<Cow<'_, str>> = dictionary.values.iter().map(|value| canonical(value, numeric)).collect();
        let mut without = 0;
        for (row, code) in dictionary.codes.iter().enumerate() {
            let Some(key) = canonical.get(*code as usize) else {
                without += 1;
                continue;
            };
            match rows.get(&**key) {
                None => {
                    rows.insert(key.to_string(), row as u32);
                }
                Some(first) => number.entry(*first).or_default().push(row as u32),
            }
        }
        let mut repeated = 0;
        let mut duplicates = Vec::new();
        let mut firsts: Vec<(u32, Vec<u32>)> = number.into_iter().collect();
        firsts.sort_unstable();
        for (first, others) in firsts {
            let same = |row: &u32| dataset.rows_are_equal(first as usize, *row as usize);
            if others.iter().all(same) {
                repeated += others.len() as u64;
                continue;
            }
            let rows = std::iter::once(&first).chain(&others);
            duplicates.push(DuplicateKey {
                key: canonical[dictionary.codes[first as usize] as usize].to_string(),
                rows: rows.take(SAMPLED).map(|row| dataset.row_number(*row as usize)).collect(),
                count: others.len() as u64 + 1,
            });
        }
        Index { rows, duplicates, without, repeated }
    }

    /// Why the table cannot be joined: it has different rows for one key.
    fn refusal(&self, table: &str, key: &str) -> Option<Error> {
        if self.duplicates.is_empty() {
            return None;
        }
        let listed = self.duplicates.iter().take(5).map(|duplicate| {
            let rows: Vec<String> = duplicate.rows.iter().take(3).map(u64::to_string).collect();
            let more = if duplicate.count > 3 { ", …" } else { "" };
            format!("`{}` in rows {}{more}", duplicate.key, rows.join(", "))
        });
        let listed: Vec<String> = listed.collect();
        let more = if self.duplicates.len() > 5 { "; …" } else { "" };
        Some(
            Error::new(format!(
                "the table `{table}` has several different rows for {} of its {} keys: {}{more}",
                self.duplicates.len(),
                self.rows.len(),
                listed.join("; ")
            ))
            .in_column(key)
            .hint("only a table with one row per key can be joined; where rows are things that happened, import the table as transactions or events and make features of them"),
        )
    }
}

/// Refuses a table that has several different rows for one key, as [`join`] would.
///
/// # Errors
/// When it has: the keys with their rows, and what to do.
pub fn refuse_repeated_keys(table: &Table) -> Result<()> {
    let Some((key, cells)) = table.key.as_deref().and_then(|key| Some((key, table.dataset.cells(key)?))) else {
        return Ok(());
    };
    match Index::of(&table.dataset, cells, is_numeric(cells)).refusal(&table.name, key) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The keys of a table that stand in several different rows, in order of first appearance; rows that repeat another one
/// exactly are not among them.
///
/// # Errors
/// When the column is not there.
pub fn duplicate_keys(dataset: &Dataset, key: &str) -> Result<Vec<DuplicateKey>> {
    let cells = dataset.cells(key).ok_or_else(|| Error::new("there is no such column").in_column(key))?;
    Ok(Index::of(dataset, cells, is_numeric(cells)).duplicates)
}

fn report(
    view: &Dataset,
    table: &Table,
    join: &Join,
    left: &Dictionary,
    found: &[Option<u32>],
    index: &Index,
) -> JoinReport {
    let mut first_row = vec![NONE; left.values.len()];
    let (mut matched, mut without) = (0, 0);
    for (row, code) in left.codes.iter().enumerate() {
        match found.get(*code as usize) {
            None => without += 1,
            Some(right) => {
                matched += u64::from(right.is_some());
                let first = &mut first_row[*code as usize];
                *first = (*first).min(row as u32);
            }
        }
    }
    let mut unknown: Vec<(u32, &str)> = (0..left.values.len())
        .filter(|i| found[*i].is_none() && first_row[*i] != NONE)
        .map(|i| (first_row[i], &*left.values[i]))
        .collect();
    unknown.sort_unstable();
    let mut used = vec![false; table.dataset.rows()];
    // Texts that no row has any more may still stand in the dictionary.
    for row in (0..found.len()).filter(|i| first_row[*i] != NONE).filter_map(|i| found[i]) {
        used[row as usize] = true;
    }
    let mut unused: Vec<(u32, &str)> =
        index.rows.iter().filter(|(_, row)| !used[**row as usize]).map(|(key, row)| (*row, key.as_str())).collect();
    unused.sort_unstable();
    let keys = index.rows.len() as u64;
    let sample = |keys: &[(u32, &str)], dataset: &Dataset| {
        keys.iter().take(SAMPLED).map(|(row, key)| ((*key).to_owned(), dataset.row_number(*row as usize))).collect()
    };
    JoinReport {
        table: table.name.clone(),
        on: join.on.clone(),
        key: table.key.clone().unwrap_or_default(),
        rows: view.rows() as u64,
        matched,
        without,
        keys,
        keys_used: keys - unused.len() as u64,
        rows_without_key: index.without,
        repeated: index.repeated,
        unknown: sample(&unknown, view),
        unused: sample(&unused, &table.dataset),
    }
}

fn is_numeric(cells: &Cells) -> bool {
    matches!(cells, Cells::Integer(_) | Cells::Number(_))
}

/// A key as it is compared: without blanks around it, and where one side holds numbers without leading zeros or an empty
/// fraction, so that `0071`, `71` and `71.0` are one.
pub fn canonical(text: &str, numeric: bool) -> Cow<'_, str> {
    let text = text.trim();
    if !numeric {
        return text.into();
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let whole = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return text.into(),
        None => digits,
    };
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return text.into();
    }
    match whole.trim_start_matches('0') {
        "" => "0".into(),
        whole if sign.is_empty() => whole.into(),
        whole => format!("{sign}{whole}").into(),
    }
}
