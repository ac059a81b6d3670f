//! A large tree over a block of rows: several rows go down at once, so that the wait for one's node is spent on the others.

use super::block::ROWS;
use crate::model::forest::Forest;

/// Rows that go down together.
const TOGETHER: usize = 16;

/// A tree whose leaves lead to themselves, so that every row takes as many steps as the tree is deep.
#[derive(Clone, Debug)]
pub struct Walk {
    nodes: Vec<Step>,
    leaves: Vec<f32>,
    sets: Vec<u64>,
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    threshold: f32,
    input: u32,
    /// Where a row goes that is not to the left, and one that is.
    next: [u32; 2],
    missing_left: bool,
    categorical: bool,
}

impl Walk {
    /// Lays out one tree of a forest.
    pub fn new(forest: &Forest, tree: usize) -> Walk {
        let mut walk = Walk { nodes: Vec::new(), leaves: Vec::new(), sets: Vec::new(), depth: 0 };
        let size = forest.leaf_counts(tree).len();
        let mut depths = vec![0usize; size];
        for at in 0..size {
            use crate::model::forest::Split;
            let (left, right) = (at + 1, forest.right(tree, at));
            let itself = [at as u32; 2];
            let next = [right as u32, left as u32];
            let step = match forest.split(tree, at) {
                None => Step { threshold: 0.0, input: 0, next: itself, missing_left: false, categorical: false },
                Some(Split::Below { input, threshold, missing_left }) => {
                    Step { threshold, input: input as u32, next, missing_left, categorical: false }
                }
                Some(Split::In { input, set, missing_left, .. }) => {
                    let threshold = f32::from_bits(walk.sets.len() as u32);
                    walk.sets.extend_from_slice(set);
                    Step { threshold, input: input as u32, next, missing_left, categorical: true }
                }
            };
            if step.next != itself {
                let below = depths.get(at).map_or(0, |depth| depth + 1);
                for child in [left, right] {
                    if let Some(depth) = depths.get_mut(child) {
                        *depth = below;
                    }
                }
                walk.depth = walk.depth.max(below);
            }
            walk.nodes.push(step);
            walk.leaves.push(forest.leaf(tree, at));
        }
        walk
    }

    /// Adds the leaf of each row to its sum.
    pub fn add(&self, inputs: &[[f32; ROWS]], sums: &mut [f32; ROWS]) {
        for (chunk, sums) in sums.chunks_mut(TOGETHER).enumerate() {
            let mut at = [0u32; TOGETHER];
            for _ in 0..self.depth {
                for (i, at) in at.iter_mut().enumerate() {
                    *at = self.step(*at, inputs, chunk * TOGETHER + i);
                }
            }
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum += self.leaves.get(at as usize).copied().unwrap_or(f32::NAN);
            }
        }
    }

    #[inline(always)]
    fn step(&self, at: u32, inputs: &[[f32; ROWS]], row: usize) -> u32 {
        let Some(node) = self.nodes.get(at as usize) else { return at };
        let x = inputs.get(node.input as usize).and_then(|column| column.get(row)).copied().unwrap_or(f32::NAN);
        let left = if node.categorical && !x.is_nan() {
            let code = x as usize;
            let word = self.sets.get(node.threshold.to_bits() as usize + code / 64);
            word.is_some_and(|word| word >> (code % 64) & 1 == 1)
        } else {
            (x < node.threshold) | (x.is_nan() & node.missing_left)
        };
        let [right, to_left] = node.next;
        if left { to_left } else { right }
    }
}
