//! A tree laid out for walking many rows at once, with the share of rows that goes left at each split.

use crate::error::{Error, Result};
use attune_policy::model::Tree;

/// Longest path, in splits, that is explained.
pub const MOST_DEPTH: usize = 256;

/// Most different inputs on one path: a bit each.
pub const MOST_INPUTS: usize = 64;

/// A tree; node 0 is the root.
#[derive(Clone, Debug)]
pub struct Flat {
    nodes: Vec<Node>,
    /// Most different inputs on one path.
    inputs: usize,
    /// Longest path in splits.
    depth: usize,
}

/// A split, or a leaf.
#[derive(Clone, Debug)]
pub struct Node {
    /// Which rows go left; `None` for a leaf.
    pub split: Option<Split>,
    /// Left and right child.
    pub children: [u32; 2],
    /// Share of the rows that reached this node which went left; ½ at a split that no row reached.
    pub left_share: f64,
    /// Value of a leaf.
    pub value: f64,
}

/// Which rows go left.
#[derive(Clone, Debug)]
pub struct Split {
    /// The input it reads.
    pub input: usize,
    /// What it asks.
    pub test: Test,
    /// Where missing goes.
    pub missing_left: bool,
}

/// What a split asks.
#[derive(Clone, Debug)]
pub enum Test {
    /// `x < threshold` goes left.
    Below(f32),
    /// Codes whose bit is set go left.
    In(Vec<u64>),
}

impl Split {
    /// Whether a value goes left; NaN is missing.
    pub fn left(&self, x: f32) -> bool {
        if x.is_nan() {
            return self.missing_left;
        }
        match &self.test {
            Test::Below(threshold) => x < *threshold,
            Test::In(set) => set.get(x as usize / 64).is_some_and(|word| word >> (x as usize % 64) & 1 == 1),
        }
    }
}

impl Flat {
    /// Lays out a tree of a model with `inputs` inputs; every split sends half to each side until rows are counted.
    ///
    /// # Errors
    /// When it is no tree, reads an input that is not there, or has longer paths than can be explained.
    pub fn new(tree: &Tree, inputs: usize) -> Result<Flat> {
        let nodes = tree.feature.iter().enumerate().map(|(at, &feature)| node(tree, at, feature, inputs));
        let nodes: Option<Vec<Node>> = nodes.collect();
        let mut flat = Flat { nodes: nodes.ok_or_else(malformed)?, inputs: 0, depth: 0 };
        // Every node once: a child of two nodes, or of its own descendant, is no tree.
        let mut seen = vec![false; flat.nodes.len()];
        let mut stack = vec![(0_u32, 0_usize, Vec::new())];
        while let Some((at, depth, mut path)) = stack.pop() {
            let (Some(node), Some(seen)) = (flat.nodes.get(at as usize), seen.get_mut(at as usize)) else {
                return Err(malformed());
            };
            if std::mem::replace(seen, true) {
                return Err(malformed());
            }
            let Some(split) = &node.split else {
                flat.inputs = flat.inputs.max(path.len());
                flat.depth = flat.depth.max(depth);
                continue;
            };
            if depth == MOST_DEPTH {
                return Err(Error::new(format!("it asks more than {MOST_DEPTH} questions on one path")));
            }
            if !path.contains(&split.input) {
                path.push(split.input);
            }
            stack.extend(node.children.map(|child| (child, depth + 1, path.clone())));
        }
        if flat.inputs > MOST_INPUTS {
            return Err(Error::new(format!("it reads more than {MOST_INPUTS} different inputs on one path")));
        }
        Ok(flat)
    }

    /// The node at a place.
    pub fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    /// Most different inputs on one path.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Longest path in splits.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Value of the leaf that a row falls into; `x` gives its inputs.
    pub fn value(&self, x: impl Fn(usize) -> f32) -> f64 {
        let mut node = &self.nodes[0];
        while let Some(split) = &node.split {
            node = self.node(node.children[usize::from(!split.left(x(split.input)))]);
        }
        node.value
    }

    /// Sets the share that goes left at each split to what it is among `rows` rows; `x` gives input `.1` of row `.0`.
    pub fn count(&mut self, rows: usize, x: impl Fn(usize, usize) -> f32) {
        let mut lefts = vec![[0_u32; 2]; self.nodes.len()];
        for row in 0..rows {
            let mut at = 0;
            while let Some(split) = &self.nodes[at].split {
                let side = usize::from(!split.left(x(row, split.input)));
                lefts[at][side] += 1;
                at = self.nodes[at].children[side] as usize;
            }
        }
        for (node, [left, right]) in self.nodes.iter_mut().zip(lefts) {
            node.left_share =
                if left + right == 0 { 0.5 } else { f64::from(left) / (f64::from(left) + f64::from(right)) };
        }
    }

    /// Mean value when every split sends its shares both ways.
    pub fn expected(&self) -> f64 {
        let mut sum = 0.0;
        let mut stack = vec![(0_u32, 1.0)];
        while let Some((at, share)) = stack.pop() {
            let node = self.node(at);
            if node.split.is_none() {
                sum += share * node.value;
                continue;
            }
            let [left, right] = node.children;
            stack.extend([(right, share * (1.0 - node.left_share)), (left, share * node.left_share)]);
        }
        sum
    }
}

fn node(tree: &Tree, at: usize, feature: i32, inputs: usize) -> Option<Node> {
    let threshold = *tree.threshold.get(at)?;
    let Ok(input) = usize::try_from(feature) else {
        return Some(Node { split: None, children: [0; 2], left_share: 1.0, value: f64::from(threshold) });
    };
    if input >= inputs {
        return None;
    }
    let category = tree.categorical.iter().find(|split| split.node as usize == at);
    let test = match category {
        None => Test::Below(threshold),
        Some(split) => {
            let mut set = vec![0_u64; split.left.last().map_or(0, |&last| last as usize / 64 + 1)];
            for &code in &split.left {
                *set.get_mut(code as usize / 64)? |= 1 << (code % 64);
            }
            Test::In(set)
        }
    };
    let split = Split { input, test, missing_left: *tree.missing_left.get(at)? };
    let children = [*tree.left.get(at)?, *tree.right.get(at)?];
    Some(Node { split: Some(split), children, left_share: 0.5, value: 0.0 })
}

fn malformed() -> Error {
    Error::new("its arrays do not describe a tree").hint("train the model again")
}
