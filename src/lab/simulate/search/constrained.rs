//! The best tree of depth 2 at most that keeps a budget outright, without a price.
//!
//! Prices find only trees on the upper hull of value against use: where everybody who is helped is helped alike, a price takes all of
//! them or nobody. Here both sides of every first split keep their best value for every amount used, and the best pair that fits is
//! taken. Amounts are kept in steps of the budget, so a tree that fits by less than two steps may be passed over.

use super::exact::Ask;
use super::matrix::Sums;
use super::tables::{Space, Tables};
use super::tree::{Binned, Node, Test};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;

/// Steps of the budget.
const STEPS: usize = 512;

/// What is done on one side of a split.
#[derive(Clone, Copy, Debug)]
enum Way {
    Leaf(usize),
    Split(usize, Test, usize, usize),
}

/// The best way for every amount used, in steps of the budget.
struct Front {
    best: Vec<Option<(f64, f64, Way)>>,
    budget: f64,
}

impl Front {
    fn new(budget: f64) -> Front {
        Front { best: vec![None; STEPS + 1], budget }
    }

    fn offer(&mut self, value: f64, used: f64, way: Way, tolerance: f64) {
        if used > self.budget * (1.0 + 1e-12) {
            return;
        }
        let step = ((used / self.budget).max(0.0) * STEPS as f64).ceil().min(STEPS as f64) as usize;
        let slot = &mut self.best[step];
        if slot.is_none_or(|known| value > known.0 + tolerance) {
            *slot = Some((value, used, way));
        }
    }

    /// Every supported choice for all.
    fn leaf(&mut self, sums: Sums<'_>, ask: Ask, tolerance: f64) {
        for choice in (0..ask.choices).filter(|choice| ask.supports(sums, *choice)) {
            self.offer(sums[choice], sums[3 * ask.choices + choice], Way::Leaf(choice), tolerance);
        }
    }

    /// Every pair of supported choices on both sides of a test.
    fn split(&mut self, k: usize, test: Test, yes: Sums<'_>, no: Sums<'_>, ask: Ask, tolerance: f64) {
        let n = ask.choices;
        for a in (0..n).filter(|a| ask.supports(yes, *a)) {
            for b in (0..n).filter(|b| *b != a && ask.supports(no, *b)) {
                self.offer(yes[a] + no[b], yes[3 * n + a] + no[3 * n + b], Way::Split(k, test, a, b), tolerance);
            }
        }
    }

    /// The best of all.
    fn top(&self, tolerance: f64) -> Option<(f64, f64, Way)> {
        best_of(self.best.iter().flatten().copied(), tolerance)
    }

    /// The best pair of a way here and one there that keeps the budget together: value and ways.
    fn with(&self, other: &Front, tolerance: f64) -> Option<(f64, Way, Way)> {
        // The best of the other side up to each step.
        let mut up_to: Vec<Option<(f64, f64, Way)>> = Vec::with_capacity(STEPS + 1);
        for slot in &other.best {
            let before = up_to.last().copied().flatten();
            up_to.push(best_of(before.into_iter().chain(*slot), tolerance));
        }
        let mut best: Option<(f64, Way, Way)> = None;
        for (step, own) in self.best.iter().enumerate() {
            let Some(own) = own else { continue };
            let (safe, edge) = (up_to[STEPS - step], other.best.get(STEPS - step + 1).copied().flatten());
            let fits = |there: &(f64, f64, Way)| own.1 + there.1 <= self.budget * (1.0 + 1e-12);
            for there in safe.into_iter().chain(edge.filter(fits)) {
                let value = own.0 + there.0;
                if best.is_none_or(|known| value > known.0 + tolerance) {
                    best = Some((value, own.2, there.2));
                }
            }
        }
        best
    }
}

/// The best tree of `depth` 0, 1 or 2 (the least of `depth` and 2) whose use over all rows is at most `budget`.
pub(super) fn constrained(
    tables: &Tables,
    columns: &[Binned],
    ask: Ask,
    budget: f64,
    depth: usize,
    task: &Task,
) -> Result<Option<Node>> {
    let tolerance = tables.tolerance;
    let mut flat = Front::new(budget);
    flat.leaf(&tables.total, ask, tolerance);
    if depth >= 1 {
        tables.splits(columns, |k, test, yes, no| flat.split(k, test, yes, no, ask, tolerance));
    }
    let mut best = flat.top(tolerance).map(|(value, _, way)| (value, way.node()));
    if depth >= 2 {
        let roots = (0..columns.len())
            .into_par_iter()
            .map(|j| match task.is_cancelled() {
                true => Err(Error::Cancelled),
                false => Ok(root(tables, j, columns, ask, budget)),
            })
            .collect::<Result<Vec<_>>>()?;
        for (value, node) in roots.into_iter().flatten() {
            if best.as_ref().is_none_or(|known| value > known.0 + tolerance) {
                best = Some((value, node));
            }
        }
    }
    Ok(best.map(|(_, node)| node))
}

/// The best tree whose first split is on column `j`.
fn root(tables: &Tables, j: usize, columns: &[Binned], ask: Ask, budget: f64) -> Option<(f64, Node)> {
    let tolerance = tables.tolerance;
    let mut space = Space::new(tables.total.len());
    let totals = tables.totals(j, columns);
    let mut fronts: Vec<[Front; 2]> = totals.iter().map(|_| [Front::new(budget), Front::new(budget)]).collect();
    for (fronts, totals) in fronts.iter_mut().zip(&totals) {
        fronts.iter_mut().zip(totals).for_each(|(front, sums)| front.leaf(sums, ask, tolerance));
    }
    tables.sides(j, columns, |at, way, k, sums| {
        let front = &mut fronts[at][way];
        space.each(&columns[k], sums, &totals[at][way], |test, yes, no| front.split(k, test, yes, no, ask, tolerance));
    });
    let mut best: Option<(f64, Node)> = None;
    for (test, [yes, no]) in columns[j].tests.iter().zip(&fronts) {
        if let Some((value, a, b)) = yes.with(no, tolerance)
            && best.as_ref().is_none_or(|known| value > known.0 + tolerance)
        {
            let (yes, no) = (Box::new(a.node()), Box::new(b.node()));
            best = Some((value, Node::Split { column: j, test: *test, yes, no }));
        }
    }
    best
}

fn best_of(ways: impl Iterator<Item = (f64, f64, Way)>, tolerance: f64) -> Option<(f64, f64, Way)> {
    ways.fold(None, |best: Option<(f64, f64, Way)>, way| match best {
        Some(best) if way.0 <= best.0 + tolerance => Some(best),
        _ => Some(way),
    })
}

impl Way {
    fn node(self) -> Node {
        match self {
            Way::Leaf(choice) => Node::Leaf(choice),
            Way::Split(column, test, yes, no) => {
                Node::Split { column, test, yes: Box::new(Node::Leaf(yes)), no: Box::new(Node::Leaf(no)) }
            }
        }
    }
}
