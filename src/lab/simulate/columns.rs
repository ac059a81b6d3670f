//! Columns of any table as logged rounds or as a scored trial, for questions that need no project.
//!
//! Every cell is checked here, and what is wrong is named by its column and row; what the numbers mean is for
//! [`super::off_policy`] and [`super::uplift`].

mod arms;
mod lists;
mod rounds;
#[cfg(test)]
mod tests;

pub use arms::{Arms, TrialColumns};
pub use rounds::{Never, RoundColumns, Rounds};

use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// The numbers of a column, none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no numbers, or the first row that is missing.
pub fn known(dataset: &Dataset, name: &str) -> Result<Vec<f64>> {
    known_at(dataset, name, None)
}

/// The same in some rows, all of them when `None`.
fn known_at(dataset: &Dataset, name: &str, rows: Option<&[u32]>) -> Result<Vec<f64>> {
    let cells = cells_of(dataset, name)?;
    let numbers = (!matches!(cells, Cells::Time(_))).then(|| cells.numbers()).flatten();
    let all = numbers.ok_or_else(|| Error::new("does not hold numbers, which are needed here").in_column(name))?;
    let values = match rows {
        None => all,
        Some(rows) => rows.iter().map(|row| all[*row as usize]).collect(),
    };
    match values.iter().position(|x| x.is_nan()) {
        Some(at) => Err(Error::new("is missing, and every row needs a number")
            .in_column(name)
            .at_row(dataset.row_number(rows.map_or(at, |rows| rows[at] as usize)))
            .hint("fill it, or leave the row out of the file")),
        None => Ok(values),
    }
}

/// The instants of a column (ms since 1970), none of them missing.
///
/// # Errors
/// Names the column that is not there or holds no times, or the first row that is missing.
pub fn instants(dataset: &Dataset, name: &str) -> Result<Vec<i64>> {
    let cells = cells_of(dataset, name)?;
    let wrong = || Error::new("does not hold dates or times").in_column(name).hint("--dates says how they are written");
    let values = cells.numbers().filter(|_| matches!(cells, Cells::Time(_))).ok_or_else(wrong)?;
    match values.iter().position(|t| t.is_nan()) {
        Some(at) => Err(Error::new("is missing, so nobody knows when").in_column(name).at_row(dataset.row_number(at))),
        None => Ok(values.into_iter().map(|t| t as i64).collect()),
    }
}

/// Times (ms since 1970), or the places of any numbers among them, smallest first; none of them missing.
///
/// # Errors
/// Names the column that is not there or holds neither, or the first row that is missing.
pub fn order(dataset: &Dataset, name: &str) -> Result<Vec<i64>> {
    match cells_of(dataset, name)? {
        Cells::Time(_) => instants(dataset, name),
        _ => {
            let numbers = known(dataset, name).map_err(|error| error.hint("an order is dates, times or numbers"))?;
            let mut all = numbers.clone();
            all.sort_by(f64::total_cmp);
            all.dedup();
            let place = |t: &f64| all.partition_point(|own| own < t) as i64;
            Ok(numbers.iter().map(place).collect())
        }
    }
}

/// The values of a column by number, in order of first appearance, and their names; `None` where missing or one of `none`.
///
/// # Errors
/// Names the column that is not there.
pub fn labels(dataset: &Dataset, name: &str, none: &[String]) -> Result<(Vec<Option<u32>>, Vec<String>)> {
    let cells = cells_of(dataset, name)?;
    let mut names: Vec<String> = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let label = |row: usize| {
        let text = cells.text(row).filter(|text| !none.contains(text))?;
        Some(*seen.entry(text).or_insert_with_key(|text| {
            names.push(text.clone());
            names.len() as u32 - 1
        }))
    };
    let rows = (0..dataset.rows()).map(label).collect();
    Ok((rows, names))
}

/// Whether each cell says yes: is one of `yes`, or, where none is given, is true or a number above 0. Missing says no.
///
/// # Errors
/// Names the column that is not there, never holds a value of `yes`, or holds text where no value was given.
pub fn flags(dataset: &Dataset, name: &str, yes: &[String]) -> Result<Vec<bool>> {
    let cells = cells_of(dataset, name)?;
    if yes.is_empty() {
        let numbers = cells.numbers().filter(|_| !matches!(cells, Cells::Time(_))).ok_or_else(|| {
            Error::new("holds neither numbers nor true and false").in_column(name).hint("name the values that mean yes")
        })?;
        return Ok(numbers.into_iter().map(|x| x > 0.0).collect());
    }
    let found: Vec<bool> = (0..dataset.rows()).map(|row| cells.text(row).is_some_and(|t| yes.contains(&t))).collect();
    match found.contains(&true) {
        true => Ok(found),
        false => Err(Error::new(format!("never holds {}", yes.join(" or "))).in_column(name)),
    }
}

/// Rows of one value get one number, from 0 in order of first appearance.
///
/// # Errors
/// Names the column that is not there, or the first row that is missing.
pub fn groups(dataset: &Dataset, name: &str) -> Result<Vec<u32>> {
    let cells = cells_of(dataset, name)?;
    let mut seen: HashMap<String, u32> = HashMap::new();
    (0..dataset.rows())
        .map(|row| {
            let Some(text) = cells.text(row) else {
                let error = Error::new("is missing, so the row belongs to nobody").in_column(name);
                return Err(error.at_row(dataset.row_number(row)));
            };
            let next = seen.len() as u32;
            Ok(*seen.entry(text.to_string()).or_insert(next))
        })
        .collect()
}

/// The same of subjects, of which there must be several: what varies between them is what intervals stand on.
fn several(dataset: &Dataset, name: &str) -> Result<Vec<u32>> {
    let own = groups(dataset, name)?;
    if own.len() > 1 && own.iter().all(|subject| *subject == 0) {
        let error = Error::new(format!("names one subject in all {} rows; intervals need at least two", own.len()));
        return Err(error.in_column(name).hint("leave it unnamed where rows stand alone"));
    }
    Ok(own)
}

/// The actions of a column by number, in order of first appearance; those in `names` keep theirs, new ones are added to it.
pub(super) fn numbered(dataset: &Dataset, name: &str, names: &mut Vec<String>) -> Result<Vec<u32>> {
    let Dictionary { codes, values } = cells_of(dataset, name)?.dictionary();
    let mut numbers: Vec<Option<u32>> = vec![None; values.len()];
    let mut known: HashMap<String, u32> = names.iter().cloned().zip(0..).collect();
    let one = |(row, code): (usize, &u32)| {
        let Some(number) = numbers.get_mut(*code as usize) else {
            let error = Error::new("is missing, so nobody knows what was done").in_column(name);
            return Err(error.at_row(dataset.row_number(row)).hint("write a word where nothing is done, such as none"));
        };
        Ok(*number.get_or_insert_with(|| {
            let text = values[*code as usize].to_string();
            *known.entry(text).or_insert_with_key(|text| {
                names.push(text.clone());
                names.len() as u32 - 1
            })
        }))
    };
    codes.iter().enumerate().map(one).collect()
}

/// The cells of a column by identifier or by its name in the source.
///
/// # Errors
/// When there is no such column; the nearest name is told.
pub fn cells_of<'a>(dataset: &'a Dataset, name: &str) -> Result<&'a Cells> {
    let by_source = || dataset.columns().iter().find(|column| column.source == name).map(|column| column.name.as_str());
    let found = if dataset.column(name).is_some() { Some(name) } else { by_source() };
    found.and_then(|name| dataset.cells(name)).ok_or_else(|| {
        let names: Vec<&str> = dataset.columns().iter().map(|column| column.source.as_str()).collect();
        let error = Error::new(format!("there is no column `{name}` in `{}`", dataset.name()));
        error.hint(match attune_policy::suggest::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the columns are {}", names.join(", ")),
        })
    })
}
