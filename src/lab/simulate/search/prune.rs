//! Splits that gain no more than chance would find are taken back.
//!
//! The best tree uses every split it may: where one side is settled, the other side's split fits noise. From the leaves up, a split
//! stays only if what it gains on its rows is more than z standard errors of that gain, z being the normal quantile at 1 − 0.05 / columns:
//! the best of so many columns gains as much by luck in one case of twenty. (The cuts of one column are nearly one test.)

use super::matrix::ScoreMatrix;
use super::tree::{Binned, Leaf, Node};
use super::within::Priced;
use crate::distributions::normal_quantile;

/// Chance that the best of all columns gains so much by luck.
const LUCK: f64 = 0.05;

/// The tree without splits that gain no more than chance. A split that a budget is spent by stays against any leaf that would spend
/// more than there is. Gains are measured on `rows`, which the tree was learned from.
pub fn pruned(priced: Priced, columns: &[Binned], matrix: &ScoreMatrix, rows: &[u32], least_support: f64) -> Priced {
    let z = normal_quantile(1.0 - LUCK / columns.len().max(1) as f64);
    let mut tree = priced.tree;
    let pruner = Pruner { columns, matrix, rows, least_support, z };
    // One split at a time, the deepest first: what is above is judged with what is left below.
    let mut judged = 0;
    while let Some(place) = tree.splits().get(judged).cloned() {
        match pruner.shorter(&tree, &place) {
            Some(shorter) => {
                tree = shorter.pruned();
                judged = 0;
            }
            None => judged += 1,
        }
    }
    Priced { tree, price: priced.price }
}

struct Pruner<'a> {
    columns: &'a [Binned],
    matrix: &'a ScoreMatrix,
    rows: &'a [u32],
    least_support: f64,
    z: f64,
}

impl Pruner<'_> {
    /// The tree with a leaf in place of a split: that of the choice which brings most there, is supported and keeps the budgets. `None` when
    /// there is none, or the split does better than by luck.
    fn shorter(&self, tree: &Node, place: &Leaf) -> Option<Node> {
        let inside: Vec<u32> = self.rows.iter().copied().filter(|row| place.holds(self.columns, *row)).collect();
        let supported = |choice: &usize| {
            let weights = || inside.iter().map(|row| self.matrix.weight(*row, *choice));
            let squares: f64 = weights().map(|w| w * w).sum();
            squares > 0.0 && weights().sum::<f64>().powi(2) >= self.least_support * squares
        };
        let mut best: Option<(f64, usize, Node)> = None;
        for choice in (0..self.matrix.choices()).filter(supported) {
            let value: f64 = inside.iter().map(|row| self.matrix.value(*row, choice)).sum();
            if best.as_ref().is_none_or(|known| value > known.0) {
                let other = tree.with_leaf(place, choice);
                if self.keeps(&other) {
                    best = Some((value, choice, other));
                }
            }
        }
        let (_, choice, other) = best?;
        let gain = |row: &u32| {
            let own = tree.choose(self.columns, *row).unwrap_or(choice);
            self.matrix.value(*row, own) - self.matrix.value(*row, choice)
        };
        let total: f64 = inside.iter().map(gain).sum();
        let mean = total / inside.len().max(1) as f64;
        let squares: f64 = inside.iter().map(|row| (gain(row) - mean) * (gain(row) - mean)).sum();
        (total <= self.z * squares.sqrt()).then_some(other)
    }

    fn keeps(&self, tree: &Node) -> bool {
        let choices: Vec<usize> = self.rows.iter().map(|row| tree.choose(self.columns, *row).unwrap_or(0)).collect();
        self.matrix.keeps(self.rows, &choices)
    }
}

impl Node {
    /// The ways to all splits, the deepest first.
    fn splits(&self) -> Vec<Leaf> {
        fn collect(node: &Node, path: &mut Vec<(usize, super::tree::Test, bool)>, found: &mut Vec<Leaf>) {
            if let Node::Split { column, test, yes, no } = node {
                for (side, passed) in [(yes, true), (no, false)] {
                    path.push((*column, *test, passed));
                    collect(side, path, found);
                    path.pop();
                }
                found.push(Leaf { path: path.clone(), choice: 0 });
            }
        }
        let mut found = Vec::new();
        collect(self, &mut Vec::new(), &mut found);
        found.sort_by_key(|place| std::cmp::Reverse(place.path.len()));
        found
    }

    /// The tree with a leaf at the end of a way.
    fn with_leaf(&self, place: &Leaf, choice: usize) -> Node {
        fn replaced(node: &Node, path: &[(usize, super::tree::Test, bool)], choice: usize) -> Node {
            match (node, path.split_first()) {
                (_, None) => Node::Leaf(choice),
                (Node::Leaf(own), _) => Node::Leaf(*own),
                (Node::Split { column, test, yes, no }, Some(((_, _, passed), rest))) => Node::Split {
                    column: *column,
                    test: *test,
                    yes: if *passed { Box::new(replaced(yes, rest, choice)) } else { yes.clone() },
                    no: if *passed { no.clone() } else { Box::new(replaced(no, rest, choice)) },
                },
            }
        }
        replaced(self, &place.path, choice)
    }
}
