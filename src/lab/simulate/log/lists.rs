//! Ranked lists in a log: the rows of one decision are the places of one list, the top one first.
//!
//! A list is one decision, made where its top row stands. One with a gap or a place twice, or with a row whose arm or logging propensity is
//! not known, cannot be valued as a list; it was decided all the same. It values nothing itself.

use super::DecisionLog;
use crate::data::cells::Dictionary;
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};

/// The lists of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists {
    /// Columns of the decision and of the position.
    columns: (String, String),
    /// The row at which each decision was made, ascending: the top row of its list, the row itself where it is of no list.
    decided: Vec<u32>,
    /// Where the rows of each whole list begin; one more than there are lists.
    starts: Vec<u32>,
    /// Rows of the whole lists, each from the top down; lists in the order of their top rows.
    rows: Vec<u32>,
    /// Places of the longest whole list.
    depth: usize,
}

impl Lists {
    /// Finds the lists of a log whose arms and propensities have been read; `None` where every decision has one row.
    ///
    /// # Errors
    /// When a column with a role is not in the dataset.
    pub(super) fn read(dataset: &Dataset, roles: &Roles, log: &DecisionLog) -> Result<Option<Lists>> {
        let (Some(decision), Some(position)) = (roles.first(Role::Decision), roles.first(Role::Position)) else {
            return Ok(None);
        };
        let ids = dataset.dictionary(decision)?.codes;
        let places = dataset.numbers(position)?;
        let place = |row: u32| places[row as usize];
        let top = places.iter().copied().filter(|place| !place.is_nan()).fold(f64::INFINITY, f64::min);
        let (mut listed, mut decided): (Vec<u32>, Vec<u32>) =
            (0..dataset.rows() as u32).partition(|row| ids[*row as usize] != Dictionary::MISSING);
        listed.sort_by(|a, b| {
            let code = |row: &u32| ids[*row as usize];
            code(a).cmp(&code(b)).then(place(*a).total_cmp(&place(*b))).then(a.cmp(b))
        });
        let mut whole: Vec<&[u32]> = Vec::new();
        let mut longest = 0;
        for list in listed.chunk_by(|a, b| ids[*a as usize] == ids[*b as usize]) {
            longest = longest.max(list.len());
            decided.push(list[0]);
            let in_order = list.iter().enumerate().all(|(i, row)| place(*row) == top + i as f64);
            if in_order && list.iter().all(|row| log.is_usable(*row as usize)) {
                whole.push(list);
            }
        }
        if longest < 2 {
            return Ok(None);
        }
        decided.sort_unstable();
        whole.sort_unstable_by_key(|list| list[0]);
        let (mut starts, mut rows) = (vec![0], Vec::with_capacity(listed.len()));
        for list in &whole {
            rows.extend_from_slice(list);
            starts.push(rows.len() as u32);
        }
        let depth = whole.iter().map(|list| list.len()).max().unwrap_or(0);
        Ok(Some(Lists { columns: (decision.to_owned(), position.to_owned()), decided, starts, rows, depth }))
    }

    /// Places of the longest list.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Rows of a list, from the top down.
    pub fn list(&self, number: usize) -> &[u32] {
        &self.rows[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// Numbers of the whole lists whose top row is among `rows` (ascending).
    pub fn among(&self, rows: &[u32]) -> Vec<usize> {
        let mut rows = rows.iter().peekable();
        let top = |number: usize| self.rows[self.starts[number] as usize];
        let is_there = |number: &usize| {
            while rows.next_if(|row| **row < top(*number)).is_some() {}
            rows.peek().is_some_and(|row| **row == top(*number))
        };
        (0..self.starts.len() - 1).filter(is_there).collect()
    }
}

impl DecisionLog {
    /// Places of its lists below the top one; 0 where it has none.
    pub fn places_below(&self) -> usize {
        self.lists.as_ref().map_or(0, |lists| lists.depth.saturating_sub(1))
    }

    /// Those of `rows` (ascending) at which a decision was made: all of them, or the top row of each list.
    pub fn decisions(&self, mut rows: Vec<u32>) -> Vec<u32> {
        if let Some(lists) = &self.lists {
            let mut decided = lists.decided.iter().peekable();
            rows.retain(|row| {
                while decided.next_if(|own| **own < *row).is_some() {}
                decided.peek().is_some_and(|own| **own == *row)
            });
        }
        rows
    }

    /// Refuses lists on behalf of `what` that values decisions of one action.
    ///
    /// # Errors
    /// When the log has lists.
    pub fn refuse_lists(&self, what: &str) -> Result<()> {
        let Some(Lists { columns: (decision, position), .. }) = &self.lists else { return Ok(()) };
        Err(Error::new(format!(
            "the log has lists (rows of one `{decision}` are the places of one list, by `{position}`), and {what} values decisions \
             of one action"
        ))
        .hint(format!(
            "`attune simulate` values whole lists, of several policies with --compare; where each place was decided by itself, give \
             `{position}` the role context"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use crate::data::{Arm, Logging};

    #[test]
    fn whole_lists_are_found_from_the_top_down_and_broken_ones_are_decided_all_the_same() {
        // d1 is upside down, d2 has a gap, d3 is whole, d4 has no arm below the top, the last row is of no decision.
        let texts = |values: &[&str]| Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)));
        let log = Dataset::from_columns(
            "log",
            vec![
                ("id".to_owned(), texts(&["d1", "d1", "d2", "d2", "d3", "d4", "d4", ""])),
                ("place".to_owned(), Cells::Integer(vec![2, 1, 1, 3, 1, 1, 2, 1])),
                ("did".to_owned(), texts(&["a", "b", "a", "b", "a", "a", "", "b"])),
                ("p".to_owned(), Cells::Number(vec![0.5; 8])),
            ],
        )
        .unwrap();
        let mut roles = Roles { logging: Logging::Column, ..Roles::default() };
        for (name, role) in
            [("id", Role::Decision), ("place", Role::Position), ("did", Role::Action), ("p", Role::LoggingPropensity)]
        {
            roles.columns.insert(name.into(), role);
        }
        for value in ["a", "b"] {
            let arm = Arm::Candidate { action: value.into(), treatment: "email".into() };
            roles.arms.insert(value.into(), arm);
        }
        let read = DecisionLog::new(&log, &roles, None).unwrap();
        let lists = read.lists.as_ref().unwrap();
        assert_eq!(read.decisions((0..8).collect()), [1, 2, 4, 5, 7]);
        assert_eq!(read.decisions(vec![0, 2, 7]), [2, 7]);
        let found = |rows: &[u32]| lists.among(rows).into_iter().map(|i| lists.list(i).to_vec()).collect::<Vec<_>>();
        assert_eq!(found(&[0, 1, 2, 3, 4, 5, 6, 7]), [vec![1, 0], vec![4]]);
        assert_eq!((found(&[0, 4]), lists.depth()), (vec![vec![4]], 2));
        let refused = read.refuse_lists("a sweep").unwrap_err().to_string();
        assert!(refused.contains("`place`") && refused.contains("--compare"), "{refused}");

        // Rows of their own are no lists.
        let alone = log.select(&[1, 2, 4, 5]);
        let read = DecisionLog::new(&alone, &roles, None).unwrap();
        assert!(read.lists.is_none() && read.refuse_lists("a sweep").is_ok());
        assert_eq!(read.decisions(vec![0, 2]), [0, 2]);
    }
}
