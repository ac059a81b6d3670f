//! Trees for evaluation: one array of nodes, each tree in preorder, so that a left child follows its parent.

use super::Tree;
use super::batch::Ensemble;
use super::encoder::Kind;

/// A sum of trees.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    base: f32,
    roots: Vec<u32>,
    nodes: Vec<Node>,
    /// The value of each node that is a leaf.
    leaves: Vec<f32>,
    /// Categories that go left at categorical splits, a bit each.
    sets: Vec<u64>,
    /// Categories per input, 0 for numbers.
    categories: Vec<u32>,
    /// The same trees for many rows at once.
    ensemble: Ensemble,
}

/// A split, as other layouts are made from it.
pub enum Split<'a> {
    /// `x < threshold` goes left.
    Below { input: usize, threshold: f32, missing_left: bool },
    /// A category of the set goes left, a bit each; there are so many categories.
    In { input: usize, set: &'a [u64], categories: u32, missing_left: bool },
}

/// A split. The left child is the next node. A leaf sends everything right, which is itself.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Split point, or the bits of the place of a set in words; −∞ at a leaf.
    threshold: f32,
    /// Input index; [`MISSING_LEFT`] says that a missing input goes left, [`CATEGORICAL`] that a set decides.
    feature: u32,
    /// Right child.
    right: u32,
}

const MISSING_LEFT: u32 = 1 << 31;
const CATEGORICAL: u32 = 1 << 30;
/// A leaf; it reads input 0, whatever that is.
const LEAF: u32 = 1 << 29;
/// The input index among the bits of `feature`.
const INPUT: u32 = LEAF - 1;

/// Words of all sets: a short file must not ask for all memory.
const MOST_WORDS: usize = 1 << 22;

/// Trees that are walked together, so that the wait for a node of one is spent on the others.
const TOGETHER: usize = 8;

impl Forest {
    /// Checks the trees and lays them out.
    ///
    /// # Errors
    /// One sentence per tree at fault: lengths, numbers, children out of range, nodes with two parents or none.
    pub fn compile(base: f32, trees: &[Tree], kinds: &[Kind]) -> Result<Forest, Vec<String>> {
        let mut forest =
            Forest { base, roots: Vec::with_capacity(trees.len()), nodes: Vec::new(), ..Forest::default() };
        forest.categories = kinds.iter().map(|kind| if let Kind::Category(n) = kind { *n } else { 0 }).collect();
        let mut findings = Vec::new();
        if !base.is_finite() {
            findings.push("the base of the trees is not a finite number".into());
        }
        for (i, tree) in trees.iter().enumerate() {
            if let Err(message) = forest.push(tree, kinds) {
                findings.push(format!("tree {}: {message}", i + 1));
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        forest.ensemble = Ensemble::new(&forest);
        Ok(forest)
    }

    fn push(&mut self, tree: &Tree, kinds: &[Kind]) -> Result<(), String> {
        let (n, inputs) = (tree.feature.len(), kinds.len());
        let lengths = [tree.threshold.len(), tree.left.len(), tree.right.len(), tree.missing_left.len()];
        if n == 0 {
            return Err("has no node".into());
        }
        if lengths.iter().any(|length| *length != n) {
            return Err(format!("its five arrays must be equally long; their lengths are {n} and {lengths:?}"));
        }
        if !tree.categorical.is_sorted_by(|a, b| a.node < b.node) {
            return Err("its categorical splits must stand in the order of their nodes, none twice".into());
        }
        let mut splits = 0;
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
                let itself = u32::try_from(here).map_err(|_| too_large())?;
                self.nodes.push(Node { threshold: f32::NEG_INFINITY, feature: LEAF, right: itself });
                self.leaves.push(threshold);
                continue;
            };
            let Some(kind) = kinds.get(feature as usize).filter(|_| feature < INPUT) else {
                return Err(format!("node {at} reads input {feature}, but there are {inputs} inputs, counted from 0"));
            };
            if let Kind::Items(_) = kind {
                return Err(format!("node {at} reads input {feature}, which lists items; only neighbours can"));
            }
            let (Some(&left), Some(&right), Some(&missing_left)) =
                (tree.left.get(i), tree.right.get(i), tree.missing_left.get(i))
            else {
                return Err(format!("node {at} has no children"));
            };
            let mut node = Node { threshold, feature, right: 0 };
            if let Ok(split) = tree.categorical.binary_search_by_key(&at, |split| split.node) {
                splits += 1;
                let left = tree.categorical.get(split).map_or(&[][..], |split| &split.left);
                let start = self.push_set(left, *kind).map_err(|problem| format!("node {at} {problem}"))?;
                node.threshold = f32::from_bits(start);
                node.feature |= CATEGORICAL;
            }
            if missing_left {
                node.feature |= MISSING_LEFT;
            }
            self.nodes.push(node);
            self.leaves.push(0.0);
            stack.push((right, Some(here)));
            stack.push((left, None));
        }
        if let Some(lost) = visited.iter().position(|visited| !visited) {
            return Err(format!("node {lost} cannot be reached from node 0"));
        }
        if splits != tree.categorical.len() {
            return Err("a categorical split names a node that is a leaf, or that is not there".into());
        }
        Ok(())
    }

    /// Adds the set of the codes that go left; its place in words.
    fn push_set(&mut self, left: &[u32], kind: Kind) -> Result<u32, String> {
        let Kind::Category(n) = kind else {
            return Err("splits by category, but its input is not encoded as `Category`".into());
        };
        if !left.is_sorted_by(|a, b| a < b) {
            return Err("lists categories that do not ascend, or one twice".into());
        }
        if let Some(code) = left.iter().find(|code| **code > n) {
            return Err(format!(
                "sends category {code} left, but its input has {n}, counted from 0, and {n} for all others"
            ));
        }
        let words = n as usize / 64 + 1;
        if self.sets.len() + words > MOST_WORDS {
            return Err(format!(
                "is one categorical split too many for an input of {n} categories; group the rare ones"
            ));
        }
        let start = self.sets.len() as u32;
        let mut set = vec![0u64; words];
        for code in left {
            if let Some(word) = set.get_mut(*code as usize / 64) {
                *word |= 1 << (code % 64);
            }
        }
        self.sets.extend(set);
        Ok(start)
    }

    /// `base + Σ leaf` in f32, in the order of the trees. NaN inputs are missing.
    pub fn sum(&self, inputs: &[f32]) -> f32 {
        if self.sets.is_empty() { self.walk::<false>(inputs) } else { self.walk::<true>(inputs) }
    }

    fn walk<const SETS: bool>(&self, inputs: &[f32]) -> f32 {
        let mut sum = self.base;
        for roots in self.roots.chunks(TOGETHER) {
            let mut at = [0; TOGETHER];
            at.iter_mut().zip(roots).for_each(|(at, root)| *at = *root);
            // Every step goes to a later node, or stays at a leaf, so this ends.
            let mut moved = 1;
            while moved != 0 {
                moved = 0;
                for at in &mut at {
                    let next = self.step::<SETS>(*at, inputs);
                    moved |= next ^ *at;
                    *at = next;
                }
            }
            for (at, _) in at.iter().zip(roots) {
                sum += self.leaves.get(*at as usize).copied().unwrap_or(f32::NAN);
            }
        }
        sum
    }

    /// The node after this one. Without a branch that depends on the row.
    #[inline(always)]
    fn step<const SETS: bool>(&self, at: u32, inputs: &[f32]) -> u32 {
        let Some(node) = self.nodes.get(at as usize) else { return at };
        let x = inputs.get((node.feature & INPUT) as usize).copied().unwrap_or(f32::NAN);
        let left = if SETS && node.feature & CATEGORICAL != 0 && !x.is_nan() {
            let code = x as usize;
            let word = self.sets.get(node.threshold.to_bits() as usize + code / 64);
            u32::from(word.is_some_and(|word| word >> (code % 64) & 1 == 1))
        } else {
            u32::from(x < node.threshold) | (u32::from(x.is_nan()) & (node.feature >> MISSING_LEFT.trailing_zeros()))
        };
        // Arithmetic in place of a choice, which compilers make a branch that processors guess wrong.
        node.right ^ ((node.right ^ (at + 1)) & left.wrapping_neg())
    }

    /// The constant that leaves are added to.
    pub fn base(&self) -> f32 {
        self.base
    }

    /// The trees for many rows at once.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Number of trees.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.categories.len()
    }

    /// The nodes of a tree, in preorder.
    fn nodes(&self, tree: usize) -> &[Node] {
        let start = self.roots.get(tree).map_or(self.nodes.len(), |root| *root as usize);
        let end = self.roots.get(tree + 1).map_or(self.nodes.len(), |root| *root as usize);
        self.nodes.get(start..end).unwrap_or(&[])
    }

    /// Leaves below each node of a tree, itself included; nodes in preorder.
    pub fn leaf_counts(&self, tree: usize) -> Vec<u32> {
        let nodes = self.nodes(tree);
        let mut counts = vec![1u32; nodes.len()];
        // Children stand behind their parents.
        for (at, node) in nodes.iter().enumerate().rev() {
            if node.feature & LEAF == 0 {
                let below = |child: usize| counts.get(child).copied().unwrap_or(0);
                let count = below(at + 1) + below(self.right(tree, at));
                if let Some(slot) = counts.get_mut(at) {
                    *slot = count;
                }
            }
        }
        counts
    }

    /// The split at a node of a tree; `None` for a leaf.
    pub fn split(&self, tree: usize, at: usize) -> Option<Split<'_>> {
        let node = self.nodes(tree).get(at).filter(|node| node.feature & LEAF == 0)?;
        let (input, missing_left) = ((node.feature & INPUT) as usize, node.feature & MISSING_LEFT != 0);
        if node.feature & CATEGORICAL == 0 {
            return Some(Split::Below { input, threshold: node.threshold, missing_left });
        }
        let categories = self.categories.get(input).copied().unwrap_or(0);
        let start = node.threshold.to_bits() as usize;
        let set = self.sets.get(start..start + categories as usize / 64 + 1).unwrap_or(&[]);
        Some(Split::In { input, set, categories, missing_left })
    }

    /// The right child of a node of a tree; the left one is the next node.
    pub fn right(&self, tree: usize, at: usize) -> usize {
        let root = self.roots.get(tree).map_or(0, |root| *root as usize);
        self.nodes(tree).get(at).map_or(0, |node| (node.right as usize).saturating_sub(root))
    }

    /// The value of a leaf; 0 at a split.
    pub fn leaf(&self, tree: usize, at: usize) -> f32 {
        let root = self.roots.get(tree).map_or(0, |root| *root as usize);
        self.leaves.get(root + at).copied().unwrap_or(0.0)
    }

    /// The inputs that splits read, ascending.
    pub fn reads(&self) -> Vec<usize> {
        let splits = self.nodes.iter().filter(|node| node.feature & LEAF == 0);
        let mut reads: Vec<usize> = splits.map(|node| (node.feature & INPUT) as usize).collect();
        reads.sort_unstable();
        reads.dedup();
        reads
    }
}
