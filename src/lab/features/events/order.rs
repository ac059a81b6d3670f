//! Rows and events in order: by subject, then by time. Sorted once, shared by every feature.

use super::{EventTable, Moments, Used};
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The rows of each subject in order of their instants.
pub struct Rows {
    /// Positions of the rows.
    pub rows: Vec<u32>,
    /// Where each subject's rows begin, and where the last one's end.
    pub start: Vec<usize>,
    /// Position of a key among the subjects.
    subjects: HashMap<Arc<str>, u32>,
}

/// The events of each subject in order of time.
#[derive(Clone, Debug)]
pub struct Track {
    /// Positions of the events in their table.
    pub events: Vec<u32>,
    /// Their times.
    pub times: Vec<i64>,
    /// Where each subject's events begin, and where the last one's end.
    pub start: Vec<usize>,
}

impl Rows {
    /// Rows that have a key and an instant, in order.
    pub fn new(moments: &Moments) -> Rows {
        let count = moments.keys.values.len();
        let mut rows: Vec<u32> = (0..moments.len() as u32)
            .filter(|row| {
                let at = *row as usize;
                moments.keys.codes.get(at).is_some_and(|code| *code != Dictionary::MISSING)
                    && moments.as_of[at] != Cells::MISSING
            })
            .collect();
        let key = |row: &u32| (moments.keys.codes[*row as usize], moments.as_of[*row as usize], *row);
        rows.par_sort_unstable_by_key(key);
        let start = starts(count, rows.iter().map(|row| moments.keys.codes[*row as usize]));
        let subjects = moments.keys.values.iter().cloned().zip(0..).collect();
        Rows { rows, start, subjects }
    }

    /// Number of subjects.
    pub fn subjects(&self) -> usize {
        self.start.len() - 1
    }

    /// The events of the subjects, in order; events of one instant stay in the order of their table.
    pub fn events(&self, table: &EventTable<'_>, moments: &Moments) -> Result<(Track, Used)> {
        let dataset = table.dataset;
        let keys = dataset.dictionary(table.key)?;
        let times = match dataset.cells(table.time) {
            Some(Cells::Time(times)) => times,
            Some(_) => {
                return Err(Error::new(format!("is not the time of an event in `{}`: it holds no times", table.name))
                    .in_column(table.time)
                    .hint("set the column's type to time, or name another column"));
            }
            None => {
                return Err(Error::new(format!("there is no such column in `{}`", table.name)).in_column(table.time));
            }
        };
        let subject_of: Vec<Option<u32>> = keys.values.iter().map(|key| self.subjects.get(key).copied()).collect();
        let mut used = Used { table: table.name.to_owned(), events: dataset.rows() as u64, ..Used::default() };
        let mut placed: Vec<(u32, i64, u32)> = Vec::with_capacity(dataset.rows());
        for (event, (code, time)) in keys.codes.iter().zip(times).enumerate() {
            if *code == Dictionary::MISSING || *time == Cells::MISSING {
                used.unplaced += 1;
                continue;
            }
            match subject_of.get(*code as usize).copied().flatten() {
                Some(subject) => placed.push((subject, *time, event as u32)),
                None => used.others += 1,
            }
        }
        placed.par_sort_unstable();
        let start = starts(self.subjects(), placed.iter().map(|(subject, ..)| *subject));
        let track = Track {
            events: placed.iter().map(|(.., event)| *event).collect(),
            times: placed.iter().map(|(_, time, _)| *time).collect(),
            start,
        };
        for subject in 0..self.subjects() {
            // Without rows a subject has no last instant, and all its events are later than none.
            let last = self.rows[self.start[subject]..self.start[subject + 1]].last();
            let last = last.map_or(i64::MIN, |row| moments.as_of[*row as usize]);
            let own = &track.times[track.start[subject]..track.start[subject + 1]];
            used.later += (own.len() - own.partition_point(|time| *time < last)) as u64;
        }
        Ok((track, used))
    }
}

impl Track {
    /// The events for which `keep` holds, in the same order.
    pub fn filter(&self, keep: impl Fn(u32) -> bool) -> Track {
        let mut kept = Track { events: Vec::new(), times: Vec::new(), start: Vec::with_capacity(self.start.len()) };
        kept.start.push(0);
        for own in self.start.windows(2) {
            for at in own[0]..own[1] {
                if keep(self.events[at]) {
                    kept.events.push(self.events[at]);
                    kept.times.push(self.times[at]);
                }
            }
            kept.start.push(kept.events.len());
        }
        kept
    }
}

/// Where each of `count` groups begins in a sorted list of groups, and where the last ends.
fn starts(count: usize, sorted: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut start = vec![0; count + 1];
    for group in sorted {
        start[group as usize + 1] += 1;
    }
    for at in 1..start.len() {
        start[at] += start[at - 1];
    }
    start
}
