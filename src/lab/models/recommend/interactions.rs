//! Who took what, when: events with names, and the same as a sparse matrix of subjects by items.

use crate::error::{Error, Result};
use std::sync::Arc;

/// One subject took one item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Position in [`Interactions::subjects`].
    pub subject: u32,
    /// Position in [`Interactions::items`].
    pub item: u32,
    /// How much of it: a quantity, a number of plays; above 0.
    pub weight: f64,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub time: i64,
}

/// Events in order of time, with the names of subjects and items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interactions {
    /// Names of subjects.
    pub subjects: Vec<Arc<str>>,
    /// Names of items.
    pub items: Vec<Arc<str>>,
    /// By time, then subject, then item.
    events: Vec<Interaction>,
}

impl Interactions {
    /// Events in any order.
    ///
    /// # Errors
    /// When an event names a subject or item that is not there, or its weight is not a number above 0.
    pub fn new(subjects: Vec<Arc<str>>, items: Vec<Arc<str>>, mut events: Vec<Interaction>) -> Result<Interactions> {
        for (at, event) in events.iter().enumerate() {
            let problem = if event.subject as usize >= subjects.len() {
                format!("names subject {} of {}", event.subject, subjects.len())
            } else if event.item as usize >= items.len() {
                format!("names item {} of {}", event.item, items.len())
            } else if !(event.weight.is_finite() && event.weight > 0.0) {
                format!("has the weight {}, which is no number above 0", event.weight)
            } else {
                continue;
            };
            return Err(Error::new(format!("interaction {} {problem}", at + 1)));
        }
        events.sort_by(|a, b| {
            (a.time, a.subject, a.item).cmp(&(b.time, b.subject, b.item)).then(a.weight.total_cmp(&b.weight))
        });
        Ok(Interactions { subjects, items, events })
    }

    /// The events in order of time.
    pub fn events(&self) -> &[Interaction] {
        &self.events
    }

    /// First and last time; `None` without events.
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.events.first()?.time, self.events.last()?.time))
    }

    /// What each subject took before `until` (all of it when `None`); weights of one item are added up.
    pub fn baskets(&self, until: Option<i64>) -> Baskets {
        let end = until.map_or(self.events.len(), |time| self.events.partition_point(|event| event.time < time));
        self.collect(&self.events[..end])
    }

    /// What each subject took in `[from, until)`.
    pub fn baskets_between(&self, from: i64, until: i64) -> Baskets {
        let at = |time: i64| self.events.partition_point(|event| event.time < time);
        let (from, until) = (at(from), at(until));
        self.collect(&self.events[from..until.max(from)])
    }

    fn collect(&self, events: &[Interaction]) -> Baskets {
        let mut rows: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.subjects.len()];
        for event in events {
            rows[event.subject as usize].push((event.item, event.weight));
        }
        for row in &mut rows {
            // Stable: weights of one item are added in order of time.
            row.sort_by_key(|(item, _)| *item);
            row.dedup_by(|later, first| {
                let same = later.0 == first.0;
                if same {
                    first.1 += later.1;
                }
                same
            });
        }
        Baskets::new(self.items.len(), rows)
    }
}

/// What subjects have: a sparse matrix of weights, a row per subject, items ascending, none twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baskets {
    columns: usize,
    /// Where each row begins, and the end.
    starts: Vec<usize>,
    cells: Vec<(u32, f64)>,
}

impl Baskets {
    /// Rows of (item below `columns`, weight), each ascending by item.
    pub fn new(columns: usize, rows: Vec<Vec<(u32, f64)>>) -> Baskets {
        let mut starts = Vec::with_capacity(rows.len() + 1);
        let mut cells = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        starts.push(0);
        for row in rows {
            debug_assert!(row.is_sorted_by(|a, b| a.0 < b.0) && row.iter().all(|(at, _)| (*at as usize) < columns));
            cells.extend(row);
            starts.push(cells.len());
        }
        Baskets { columns, starts, cells }
    }

    /// Number of subjects.
    pub fn subjects(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.columns
    }

    /// Number of (subject, item) pairs.
    pub fn pairs(&self) -> usize {
        self.cells.len()
    }

    /// The items of a subject with their weights; none beyond the end.
    pub fn row(&self, subject: usize) -> &[(u32, f64)] {
        match (self.starts.get(subject), self.starts.get(subject + 1)) {
            (Some(from), Some(to)) => &self.cells[*from..*to],
            _ => &[],
        }
    }

    /// The items of a subject.
    pub fn basket(&self, subject: usize) -> Vec<u32> {
        self.row(subject).iter().map(|(item, _)| *item).collect()
    }

    /// Subjects per item.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.columns];
        self.cells.iter().for_each(|(item, _)| counts[*item as usize] += 1);
        counts
    }

    /// Subjects with at least one item.
    pub fn active(&self) -> usize {
        self.starts.windows(2).filter(|pair| pair[0] < pair[1]).count()
    }

    /// The same with a row per item.
    pub fn transposed(&self) -> Baskets {
        let counts = self.counts();
        let mut starts = vec![0; self.columns + 1];
        for (item, count) in counts.iter().enumerate() {
            starts[item + 1] = starts[item] + *count as usize;
        }
        let mut next = starts.clone();
        let mut cells = vec![(0, 0.0); self.cells.len()];
        for subject in 0..self.subjects() {
            for (item, weight) in self.row(subject) {
                let at = &mut next[*item as usize];
                cells[*at] = (subject as u32, *weight);
                *at += 1;
            }
        }
        Baskets { columns: self.subjects(), starts, cells }
    }

    /// The same with other weights.
    #[must_use]
    pub fn mapped(&self, weight: impl Fn(f64) -> f64) -> Baskets {
        let cells = self.cells.iter().map(|(item, w)| (*item, weight(*w))).collect();
        Baskets { columns: self.columns, starts: self.starts.clone(), cells }
    }

    /// The same with every weight 1.
    #[must_use]
    pub fn binary(&self) -> Baskets {
        self.mapped(|_| 1.0)
    }
}
