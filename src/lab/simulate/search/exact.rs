//! Exact policy trees of depth 0 to 2, and of depth 3 with one look ahead, that maximise Σ Γ\[i, π(xᵢ)\].
//!
//! Athey & Wager (2021), "Policy learning with observational data"; Zhou, Athey & Wager (2023), "Offline multi-action policy
//! learning"; the R package policytree does the same. There every split sorts the rows again; here a pair of columns is counted
//! once into a table of bins, and all trees over the two are found in the table: O(n p²) for the rows, and nothing of n after that,
//! which is what a search for the price of a budget asks again and again.
//!
//! A tree of depth 3 takes its first split from the exact tree of depth 2 and is exact below it (policytree's hybrid).

use super::constrained::constrained;
use super::matrix::{ScoreMatrix, Sums};
use super::tables::{Space, Tables};
use super::tree::{Binned, Node, Test};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;
use std::collections::HashMap;

/// Deepest tree: deeper ones are not read by anybody.
pub const DEEPEST: usize = 3;

/// What every search over the same rows shares.
pub struct Learner<'a> {
    columns: &'a [Binned],
    matrix: &'a ScoreMatrix,
    rows: &'a [u32],
    /// Least effective sample size of a leaf's choice among the rows of the leaf.
    least_support: f64,
    tables: Option<Tables>,
    /// Tables of both sides of a first split, for trees of depth 3.
    below: HashMap<(usize, Test), [Tables; 2]>,
}

/// What is best on one side of a split.
#[derive(Clone, Copy, Debug)]
struct Side {
    score: f64,
    choice: usize,
    split: Option<(usize, Test, usize, usize)>,
}

/// What a search asks of sums.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub choices: usize,
    pub price: f64,
    pub least_support: f64,
}

impl Ask {
    /// Whether the log supports a choice in a leaf.
    pub fn supports(&self, sums: Sums<'_>, choice: usize) -> bool {
        let (weight, squares) = (sums[self.choices + choice], sums[2 * self.choices + choice]);
        // A weight is 1 or more: below a half there is none but rounding.
        squares >= 0.5 && weight * weight >= self.least_support * squares
    }

    /// The best supported choice of a leaf; minus infinity when no choice is.
    fn leaf(&self, sums: Sums<'_>) -> (f64, usize) {
        let mut best = (f64::NEG_INFINITY, 0);
        for choice in (0..self.choices).filter(|choice| self.supports(sums, *choice)) {
            let score = sums[choice] - self.price * sums[3 * self.choices + choice];
            if score > best.0 {
                best = (score, choice);
            }
        }
        best
    }
}

impl<'a> Learner<'a> {
    /// A search over `rows` of the matrix and of the columns.
    pub fn new(columns: &'a [Binned], matrix: &'a ScoreMatrix, rows: &'a [u32], least_support: f64) -> Learner<'a> {
        Learner { columns, matrix, rows, least_support, tables: None, below: HashMap::new() }
    }

    /// The tree of at most `depth` splits on a way that maximises Σ (Γ − price · use); `None` when no choice has support.
    /// Among equals the one with fewer splits, then that of the earlier column.
    ///
    /// # Errors
    /// When there are too many columns for the memory, or the task is cancelled.
    pub fn tree(&mut self, depth: usize, price: f64, task: &Task) -> Result<Option<Node>> {
        let ask = Ask { choices: self.matrix.choices(), price, least_support: self.least_support };
        let tables = self.counted(depth >= 2, task)?;
        let found = match depth {
            0 => Some(ask.leaf(&tables.total)).filter(|best| best.0.is_finite()).map(|best| Node::Leaf(best.1)),
            1 => one_split(&tables, self.columns, ask),
            _ => two_splits(&tables, self.columns, ask, task)?,
        };
        self.tables = Some(tables);
        match found {
            Some(Node::Split { column, test, yes, no }) if depth >= 3 => {
                self.below(column, test, [*yes, *no], ask, task).map(Some)
            }
            found => Ok(found.map(Node::pruned)),
        }
    }

    /// The best tree of at most two splits on a way whose mean use over the rows is at most 1, whatever the price; of depth 2 where
    /// `depth` is more. `None` when there is none.
    ///
    /// # Errors
    /// As [`Learner::tree`].
    pub fn constrained(&mut self, depth: usize, task: &Task) -> Result<Option<Node>> {
        let ask = Ask { choices: self.matrix.choices(), price: 0.0, least_support: self.least_support };
        let tables = self.counted(depth >= 2, task)?;
        let found = constrained(&tables, self.columns, ask, self.rows.len() as f64, depth, task);
        self.tables = Some(tables);
        Ok(found?.map(Node::pruned))
    }

    /// The sums by bin, counted at the first call.
    fn counted(&mut self, pairs: bool, task: &Task) -> Result<Tables> {
        match self.tables.take() {
            Some(tables) if tables.has_pairs() || !pairs => Ok(tables),
            _ => Tables::new(self.columns, self.matrix, self.rows, pairs, task),
        }
    }

    /// The exact trees of depth 2 on both sides of a split.
    fn below(&mut self, column: usize, test: Test, sides: [Node; 2], ask: Ask, task: &Task) -> Result<Node> {
        let parts = match self.below.remove(&(column, test)) {
            Some(parts) => parts,
            None => {
                let part = |passed: bool| {
                    let inside = |row: &u32| self.columns[column].passes(test, *row) == Some(passed);
                    let rows: Vec<u32> = self.rows.iter().copied().filter(inside).collect();
                    Tables::new(self.columns, self.matrix, &rows, true, task)
                };
                [part(true)?, part(false)?]
            }
        };
        let [yes, no] = sides;
        let deeper = |known: Node, tables: &Tables| -> Result<Box<Node>> {
            Ok(Box::new(two_splits(tables, self.columns, ask, task)?.unwrap_or(known)))
        };
        let (yes, no) = (deeper(yes, &parts[0])?, deeper(no, &parts[1])?);
        self.below.insert((column, test), parts);
        Ok(Node::Split { column, test, yes, no }.pruned())
    }
}

/// The best tree of one split at most.
fn one_split(tables: &Tables, columns: &[Binned], ask: Ask) -> Option<Node> {
    let mut best = Side::leaf(&tables.total, ask);
    tables.splits(columns, |k, test, yes, no| best.improve(k, test, yes, no, ask, tables.tolerance));
    best.node()
}

/// The best tree of two splits on a way at most.
fn two_splits(tables: &Tables, columns: &[Binned], ask: Ask, task: &Task) -> Result<Option<Node>> {
    let leaf = Side::leaf(&tables.total, ask);
    let roots = (0..columns.len())
        .into_par_iter()
        .map(|j| if task.is_cancelled() { Err(Error::Cancelled) } else { Ok(root(tables, j, columns, ask)) })
        .collect::<Result<Vec<_>>>()?;
    // In the order of the columns, whatever the threads did.
    let mut best = (leaf.score, leaf.node());
    for (score, node) in roots.into_iter().flatten() {
        if score > best.0 + tables.tolerance {
            best = (score, Some(node));
        }
    }
    Ok(best.1)
}

/// The best tree whose first split is on column `j`.
fn root(tables: &Tables, j: usize, columns: &[Binned], ask: Ask) -> Option<(f64, Node)> {
    let mut space = Space::new(tables.total.len());
    let totals = tables.totals(j, columns);
    let mut sides: Vec<[Side; 2]> =
        totals.iter().map(|[yes, no]| [Side::leaf(yes, ask), Side::leaf(no, ask)]).collect();
    tables.sides(j, columns, |at, way, k, sums| {
        let side = &mut sides[at][way];
        space.each(&columns[k], sums, &totals[at][way], |test, yes, no| {
            side.improve(k, test, yes, no, ask, tables.tolerance);
        });
    });
    let mut best: Option<(f64, Node)> = None;
    for (test, [yes, no]) in columns[j].tests.iter().zip(&sides) {
        let score = yes.score + no.score;
        if score.is_finite()
            && best.as_ref().is_none_or(|b| score > b.0 + tables.tolerance)
            && let (Some(yes), Some(no)) = (yes.node(), no.node())
        {
            best = Some((score, Node::Split { column: j, test: *test, yes: Box::new(yes), no: Box::new(no) }));
        }
    }
    best
}

impl Side {
    fn leaf(sums: Sums<'_>, ask: Ask) -> Side {
        let (score, choice) = ask.leaf(sums);
        Side { score, choice, split: None }
    }

    /// Takes a split when it beats what is known.
    fn improve(&mut self, k: usize, test: Test, yes: Sums<'_>, no: Sums<'_>, ask: Ask, tolerance: f64) {
        let (a, b) = (ask.leaf(yes), ask.leaf(no));
        let score = a.0 + b.0;
        if score.is_finite() && score > self.score + tolerance {
            *self = Side { score, choice: self.choice, split: Some((k, test, a.1, b.1)) };
        }
    }

    fn node(&self) -> Option<Node> {
        if !self.score.is_finite() {
            return None;
        }
        Some(match self.split {
            None => Node::Leaf(self.choice),
            Some((column, test, yes, no)) => {
                Node::Split { column, test, yes: Box::new(Node::Leaf(yes)), no: Box::new(Node::Leaf(no)) }
            }
        })
    }
}
