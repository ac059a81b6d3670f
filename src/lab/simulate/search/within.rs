//! Trees within budgets, and how deep a tree the data carry.
//!
//! A budget becomes a price: the tree that maximises Σ (Γ − price · use) is found for ever nearer prices by bisection. Prices pass over
//! trees below the hull of value against use, so trees that keep the budget outright are asked too ([`super::constrained`]); the best
//! that keeps every budget is taken.

use super::exact::Learner;
use super::matrix::ScoreMatrix;
use super::prune::pruned;
use super::tree::{Binned, Node};
use crate::error::{Error, Result};
use crate::task::Task;

/// Halvings of the price.
const HALVINGS: usize = 24;

/// A tree and the price of its budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Priced {
    /// The tree.
    pub tree: Node,
    /// Value of one whole budget, per row; 0 where it does not bind.
    pub price: f64,
}

/// A depth and what cross-validation says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Depth {
    /// Splits on a way at most.
    pub depth: usize,
    /// Mean value of the trees of the parts on the rows they were not learned from.
    pub value: f64,
    /// Standard error of the difference from the best depth.
    pub se: f64,
}

/// The best tree of a depth that keeps every budget on `rows`; `None` when there is none.
///
/// # Errors
/// As [`Learner::tree`].
pub fn within(
    columns: &[Binned],
    matrix: &ScoreMatrix,
    rows: &[u32],
    depth: usize,
    least_support: f64,
    task: &Task,
) -> Result<Option<Priced>> {
    let mut learner = Learner::new(columns, matrix, rows, least_support);
    let mut best: Option<(f64, Priced)> = None;
    let mut consider = |tree: Node, price: f64| -> bool {
        let choices: Vec<usize> = rows.iter().map(|row| tree.choose(columns, *row).unwrap_or(0)).collect();
        let keeps = matrix.keeps(rows, &choices);
        let value: f64 = rows.iter().zip(&choices).map(|(row, choice)| matrix.value(*row, *choice)).sum();
        if keeps && best.as_ref().is_none_or(|(known, _)| value > *known) {
            best = Some((value, Priced { tree, price }));
        }
        keeps
    };
    match learner.tree(depth, 0.0, task)? {
        None => return Ok(None),
        Some(tree) if consider(tree.clone(), 0.0) => return Ok(Some(Priced { tree, price: 0.0 })),
        Some(_) => {}
    }
    let scale = rows.iter().map(|row| (0..matrix.choices()).map(|c| matrix.value(*row, c).abs()).fold(0.0, f64::max));
    let (mut low, mut high) = (0.0, (scale.sum::<f64>() / rows.len().max(1) as f64).max(1e-9));
    let mut fits = |price: f64, learner: &mut Learner<'_>| -> Result<bool> {
        Ok(learner.tree(depth, price, task)?.is_some_and(|tree| consider(tree, price)))
    };
    for _ in 0..HALVINGS {
        if fits(high, &mut learner)? {
            break;
        }
        (low, high) = (high, high * 4.0);
    }
    for step in 0..HALVINGS {
        task.tick(step as f32 / HALVINGS as f32)?;
        let middle = 0.5 * (low + high);
        if fits(middle, &mut learner)? { high = middle } else { low = middle }
    }
    if let Some(tree) = learner.constrained(depth, task)? {
        consider(tree, high);
    }
    Ok(best.map(|(_, priced)| priced))
}

/// Values of the depths `0..=deepest` by cross-validation over the parts of the rows (`part[i]` is that of `rows[i]`): each part is
/// decided by the pruned tree of the others. The depth to take is the least within one standard error of the best.
///
/// # Errors
/// When no choice has support, or as [`Learner::tree`].
pub fn depths(
    columns: &[Binned],
    matrix: &ScoreMatrix,
    rows: &[u32],
    part: &[u32],
    deepest: usize,
    least_support: f64,
    task: &Task,
) -> Result<(usize, Vec<Depth>)> {
    let parts = part.iter().max().map_or(0, |most| most + 1);
    let mut values = vec![vec![0.0; rows.len()]; deepest + 1];
    let mut done = vec![true; deepest + 1];
    for own in 0..parts {
        task.tick(own as f32 / parts as f32)?;
        let others: Vec<u32> = rows.iter().zip(part).filter(|(_, p)| **p != own).map(|(row, _)| *row).collect();
        let share = others.len() as f64 / rows.len().max(1) as f64;
        for (depth, values) in values.iter_mut().enumerate() {
            let Some(found) = within(columns, matrix, &others, depth, least_support * share, task)? else {
                done[depth] = false;
                continue;
            };
            let tree = pruned(found, columns, matrix, &others, least_support * share).tree;
            for ((value, row), _) in values.iter_mut().zip(rows).zip(part).filter(|(_, p)| **p == own) {
                *value = matrix.value(*row, tree.choose(columns, *row).unwrap_or(0));
            }
        }
    }
    let n = rows.len().max(1) as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let sound: Vec<usize> = (0..=deepest).filter(|depth| done[*depth]).collect();
    let best = sound.iter().copied().fold(None, |best: Option<usize>, depth| match best {
        Some(best) if mean(&values[best]) >= mean(&values[depth]) => Some(best),
        _ => Some(depth),
    });
    let Some(best) = best else {
        return Err(Error::new("no choice has enough logged rows to be valued within the budgets")
            .hint("use more rows, a wider budget, or a lower least support"));
    };
    let found: Vec<Depth> = sound
        .iter()
        .map(|depth| {
            let gaps: Vec<f64> = values[best].iter().zip(&values[*depth]).map(|(a, b)| a - b).collect();
            let gap = mean(&gaps);
            let squares: f64 = gaps.iter().map(|x| (x - gap) * (x - gap)).sum();
            Depth { depth: *depth, value: mean(&values[*depth]), se: (squares / (n - 1.0).max(1.0) / n).sqrt() }
        })
        .collect();
    let top = mean(&values[best]);
    let chosen = found.iter().find(|d| top - d.value <= d.se).map_or(best, |d| d.depth);
    Ok((chosen, found))
}
