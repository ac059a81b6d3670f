//! Which list a row is a place of, and which place.

use super::{cells_of, known_at, labels};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::simulate::values::pick;
use std::collections::HashMap;

/// The list and the place of each row.
pub(super) struct ListColumns {
    pub number: Vec<u32>,
    pub place: Vec<f64>,
    /// The place at the top.
    pub top: f64,
    /// The column of places.
    pub name: String,
}

impl ListColumns {
    /// Rows that do not count may be of no list, and without a place.
    pub fn read(
        dataset: &Dataset,
        (list, position): &(String, String),
        counts: Option<&[bool]>,
    ) -> Result<ListColumns> {
        let rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| counts.is_none_or(|c| c[*row as usize])).collect();
        known_at(dataset, position, Some(&rows))?;
        let place = cells_of(dataset, position)?.numbers().unwrap_or_default();
        let lists = labels(dataset, list, &[])?.0;
        if let Some(row) = rows.iter().find(|row| lists[**row as usize].is_none()) {
            let error = Error::new("is missing, so the row belongs to no list").in_column(list);
            return Err(error.at_row(dataset.row_number(*row as usize)));
        }
        let number: Vec<u32> = lists.into_iter().map(|list| list.unwrap_or(NO_LIST)).collect();
        let top = most_common_top(&number, &place);
        if !rows.is_empty() && top != 0.0 && top != 1.0 {
            let error = Error::new(format!("is {top} at the least, but the top place of a list is 1, or 0"));
            return Err(error.in_column(position).hint("rows of every place are needed, from the top one down"));
        }
        Ok(ListColumns { number, place, top, name: position.clone() })
    }

    /// Whether each list has a row of which this is true.
    pub fn that(&self, is: impl Fn(usize) -> bool) -> Vec<bool> {
        let own = || self.number.iter().enumerate().filter(|(_, number)| **number != NO_LIST);
        let mut lists = vec![false; own().map(|(_, number)| *number as usize + 1).max().unwrap_or(0)];
        own().for_each(|(row, number)| lists[*number as usize] |= is(row));
        lists
    }

    pub fn among(self, rows: &[u32]) -> ListColumns {
        let (number, place) = (pick(self.number, Some(rows)).into_owned(), pick(self.place, Some(rows)).into_owned());
        ListColumns { number, place, ..self }
    }
}

/// The list of a row that is of none.
const NO_LIST: u32 = u32::MAX;

/// The place with which most lists begin, the least of several: a list that begins elsewhere has a wrong place, not the others.
fn most_common_top(lists: &[u32], places: &[f64]) -> f64 {
    let mut least: HashMap<u32, f64> = HashMap::new();
    for (list, place) in lists.iter().zip(places).filter(|(list, place)| **list != NO_LIST && !place.is_nan()) {
        let own = least.entry(*list).or_insert(*place);
        *own = own.min(*place);
    }
    let mut tops: Vec<f64> = least.into_values().collect();
    tops.sort_by(f64::total_cmp);
    let runs = tops.chunk_by(|a, b| a == b).rev().max_by_key(|run| run.len());
    runs.and_then(|run| run.first().copied()).unwrap_or(f64::INFINITY)
}
