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

/// The tree without splits that gain no more than chance, as far as the budgets stay kept. Gains are measured on `rows`, which the
/// tree was learned from.
pub fn pruned(priced: Priced, columns: &[Binned], matrix: &ScoreMatrix, rows: &[u32], least_support: f64) -> Priced {
    let z = normal_quantile(1.0 - LUCK / columns.len().max(1) as f64);
    let mut tree = priced.tree;
    let pruner = Pruner { columns, matrix, price: priced.price, least_support, z };
    // One split at a time, the deepest first: what is above is judged with what is left below.
    let mut judged = 0;
    while let Some(place) = tree.splits().get(judged).cloned() {
        let inside: Vec<u32> = rows.iter().copied().filter(|row| place.holds(columns, *row)).collect();
        let below = tree.at(&place);
        let shorter = below.and_then(|below| pruner.leaf(below, &inside)).map(|choice| tree.with_leaf(&place, choice));
        match shorter.filter(|shorter| pruner.keeps(shorter, rows)) {
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
    price: f64,
    least_support: f64,
    z: f64,
}

impl Pruner<'_> {
    fn score(&self, row: u32, choice: usize) -> f64 {
        let sums = self.matrix.row(row);
        sums[choice] - self.price * sums[3 * self.matrix.choices() + choice]
    }

    /// The one choice that does as well for `rows` as a node, luck granted; `None` when the node does better.
    fn leaf(&self, node: &Node, rows: &[u32]) -> Option<usize> {
        let supported = |choice: &usize| {
            let weights = || rows.iter().map(|row| self.matrix.weight(*row, *choice));
            let squares: f64 = weights().map(|w| w * w).sum();
            squares > 0.0 && weights().sum::<f64>().powi(2) >= self.least_support * squares
        };
        let total = |choice: usize| rows.iter().map(|row| self.score(*row, choice)).sum::<f64>();
        let best = (0..self.matrix.choices())
            .filter(supported)
            .map(|choice| (total(choice), choice))
            .fold(
                None,
                |best: Option<(f64, usize)>, own| if best.is_some_and(|b| b.0 >= own.0) { best } else { Some(own) },
            )?
            .1;
        let n = rows.len() as f64;
        let gains = || {
            let of = |row: &u32| {
                node.choose(self.columns, *row).map_or(0.0, |own| self.score(*row, own) - self.score(*row, best))
            };
            rows.iter().map(of)
        };
        let mean = gains().sum::<f64>() / n;
        let spread = gains().map(|gain| (gain - mean) * (gain - mean)).sum::<f64>();
        (mean * n <= self.z * spread.sqrt()).then_some(best)
    }

    fn keeps(&self, tree: &Node, rows: &[u32]) -> bool {
        let choices: Vec<usize> = rows.iter().map(|row| tree.choose(self.columns, *row).unwrap_or(0)).collect();
        self.matrix.keeps(rows, &choices)
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

    /// The node at the end of a way.
    fn at(&self, place: &Leaf) -> Option<&Node> {
        let mut node = self;
        for (_, _, passed) in &place.path {
            let Node::Split { yes, no, .. } = node else { return None };
            node = if *passed { yes } else { no };
        }
        Some(node)
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
