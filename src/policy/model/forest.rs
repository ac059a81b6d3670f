//! Trees for evaluation: one array of nodes, each tree in preorder, so that a left child follows its parent.

use super::Tree;

/// A sum of trees.
#[derive(Clone, Debug)]
pub struct Forest {
    base: f32,
    roots: Vec<u32>,
    nodes: Vec<Node>,
}

/// A split, or a leaf when `feature` is [`LEAF`]. The left child is the next node.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Split point, or the value of a leaf.
    threshold: f32,
    /// Input index; the highest bit says that a missing input goes left.
    feature: u32,
    /// Right child.
    right: u32,
}

const LEAF: u32 = u32::MAX;
const MISSING_LEFT: u32 = 1 << 31;

impl Forest {
    /// Checks the trees and lays them out.
    ///
    /// # Errors
    /// One sentence per tree at fault: lengths, numbers, children out of range, nodes with two parents or none.
    pub fn compile(base: f32, trees: &[Tree], inputs: usize) -> Result<Forest, Vec<String>> {
        let mut forest = Forest { base, roots: Vec::with_capacity(trees.len()), nodes: Vec::new() };
        let mut findings = Vec::new();
        if !base.is_finite() {
            findings.push("the base of the trees is not a finite number".into());
        }
        for (i, tree) in trees.iter().enumerate() {
            if let Err(message) = forest.push(tree, inputs) {
                findings.push(format!("tree {}: {message}", i + 1));
            }
        }
        if findings.is_empty() { Ok(forest) } else { Err(findings) }
    }

    fn push(&mut self, tree: &Tree, inputs: usize) -> Result<(), String> {
        let n = tree.feature.len();
        let lengths = [tree.threshold.len(), tree.left.len(), tree.right.len(), tree.missing_left.len()];
        if n == 0 {
            return Err("has no node".into());
        }
        if lengths.iter().any(|length| *length != n) {
            return Err(format!("its five arrays must be equally long; their lengths are {n} and {lengths:?}"));
        }
        let too_large = || "has more nodes than can be addressed".to_owned();
        self.roots.push(u32::try_from(self.nodes.len()).map_err(|_| too_large())?);
        // Preorder. An entry is a node of the tree, and the laid-out node whose right child it is, if any.
        let mut stack: Vec<(u32, Option<usize>)> = vec![(0, None)];
        let mut visited = vec![false; n];
        while let Some((at, parent)) = stack.pop() {
            let here = self.nodes.len();
            let i = at as usize;
            let (Some(&feature), Some(&threshold)) = (tree.feature.get(i), tree.threshold.get(i)) else {
                return Err(format!("a child is node {at}, but there are {n} nodes"));
            };
            if visited.get_mut(i).is_none_or(|visited| std::mem::replace(visited, true)) {
                return Err("is not a tree: a node is the child of two nodes, or of its own descendant".into());
            }
            if !threshold.is_finite() {
                return Err(format!("the threshold of node {at} is not a finite number"));
            }
            if let Some(node) = parent.and_then(|p| self.nodes.get_mut(p)) {
                node.right = u32::try_from(here).map_err(|_| too_large())?;
            }
            let Ok(feature) = u32::try_from(feature) else {
                self.nodes.push(Node { threshold, feature: LEAF, right: 0 });
                continue;
            };
            if feature as usize >= inputs || feature >= MISSING_LEFT - 1 {
                return Err(format!("node {at} reads input {feature}, but there are {inputs} inputs, counted from 0"));
            }
            let (Some(&left), Some(&right), Some(&missing_left)) =
                (tree.left.get(i), tree.right.get(i), tree.missing_left.get(i))
            else {
                return Err(format!("node {at} has no children"));
            };
            let feature = if missing_left { feature | MISSING_LEFT } else { feature };
            self.nodes.push(Node { threshold, feature, right: 0 });
            stack.push((right, Some(here)));
            stack.push((left, None));
        }
        if let Some(lost) = visited.iter().position(|visited| !visited) {
            return Err(format!("node {lost} cannot be reached from node 0"));
        }
        Ok(())
    }

    /// `base + Σ leaf` in f32, in the order of the trees. NaN inputs are missing.
    pub fn sum(&self, inputs: &[f32]) -> f32 {
        let mut sum = self.base;
        for root in &self.roots {
            let mut at = *root as usize;
            // Every step goes to a later node, so this ends.
            while let Some(node) = self.nodes.get(at) {
                if node.feature == LEAF {
                    sum += node.threshold;
                    break;
                }
                let x = inputs.get((node.feature & !MISSING_LEFT) as usize).copied().unwrap_or(f32::NAN);
                let left = if x.is_nan() { node.feature & MISSING_LEFT != 0 } else { x < node.threshold };
                at = if left { at + 1 } else { node.right as usize };
            }
        }
        sum
    }
}
