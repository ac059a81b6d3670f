//! Trees over a block of rows without a branch: every node that sends a row to one side crosses out the leaves of the other, a
//! bit each; the first leaf left is the row's. Nodes are compared for all rows of the block at once, byte by byte.
//!
//! After QuickScorer (Lucchese et al., 2015) and its vectorised forms. Of the two subtrees of a node the smaller one lies
//! first, so that most nodes cross out leaves of a single byte. Trees of more than [`MOST_LEAVES`] leaves are walked.

use super::block::ROWS;
use super::lanes::{Lanes, Right};
use super::walk::Walk;
use crate::model::forest::{Forest, Split};
use std::ops::Range;

/// Leaves whose bits fit one word.
const MOST_LEAVES: usize = 64;

/// The bytes of such a word.
const PLANES: usize = MOST_LEAVES / 8;

/// Trees laid out for blocks.
#[derive(Clone, Debug, Default)]
pub struct Ensemble {
    lanes: Lanes,
    trees: Vec<Layout>,
    cuts: Vec<Cut>,
    planes: Vec<Plane>,
    leaves: Vec<f32>,
    /// Inputs whose numbers walked trees read; 0 when none is walked.
    kept: usize,
}

#[derive(Clone, Debug)]
enum Layout {
    Bits { planes: Range<usize>, leaves: Range<usize> },
    Walk(Walk),
}

/// What a node crosses out in one byte, and when.
#[derive(Clone, Copy, Debug)]
struct Cut {
    lane: u32,
    byte: i8,
    mask: u8,
}

/// The cuts of one byte of a tree: where those of each test end.
#[derive(Clone, Copy, Debug, Default)]
struct Plane {
    start: u32,
    ends: [u32; 4],
}

/// When a cut is made: the byte of the row's lane against its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Above,
    Below,
    Has,
    Lacks,
}

const TESTS: [Test; 4] = [Test::Above, Test::Below, Test::Has, Test::Lacks];

impl Ensemble {
    /// Lays out the trees of a forest.
    pub fn new(forest: &Forest) -> Ensemble {
        let counts: Vec<Vec<u32>> = (0..forest.len()).map(|tree| forest.leaf_counts(tree)).collect();
        let small = |counts: &[u32]| counts.first().is_some_and(|leaves| *leaves as usize <= MOST_LEAVES);
        let (mut thresholds, mut kept) = (Vec::new(), Vec::new());
        for (tree, counts) in counts.iter().enumerate() {
            for split in (0..counts.len()).filter_map(|at| forest.split(tree, at)) {
                match split {
                    Split::Below { input, .. } | Split::In { input, .. } if !small(counts) => kept.push(input),
                    Split::Below { input, threshold, .. } => thresholds.push((input, threshold)),
                    Split::In { .. } => {}
                }
            }
        }
        let mut ensemble = Ensemble { lanes: Lanes::new(thresholds), ..Ensemble::default() };
        for input in kept {
            ensemble.lanes.keep(input);
            ensemble.kept = forest.inputs();
        }
        for (tree, counts) in counts.iter().enumerate() {
            let layout = match small(counts) {
                true => ensemble.push(forest, tree, counts),
                false => Layout::Walk(Walk::new(forest, tree)),
            };
            ensemble.trees.push(layout);
        }
        ensemble.lanes.finish();
        ensemble
    }

    fn push(&mut self, forest: &Forest, tree: usize, counts: &[u32]) -> Layout {
        let count = |at: usize| counts.get(at).copied().unwrap_or(0) as usize;
        let first_leaf = self.leaves.len();
        self.leaves.resize(first_leaf + count(0), 0.0);
        let mut cuts: Vec<(usize, Test, Cut)> = Vec::new();
        let mut stack = vec![(0, 0)];
        while let Some((at, from)) = stack.pop() {
            let Some(split) = forest.split(tree, at) else {
                if let Some(leaf) = self.leaves.get_mut(first_leaf + from) {
                    *leaf = forest.leaf(tree, at);
                }
                continue;
            };
            let (left, right) = (at + 1, forest.right(tree, at));
            let condition = match split {
                Split::Below { input, threshold, missing_left } => self.lanes.not_below(input, threshold, missing_left),
                Split::In { input, set, categories, missing_left } => {
                    self.lanes.not_in(input, set, categories, missing_left)
                }
            };
            // A row that goes right crosses out the left leaves when those come first, and the other way round.
            let left_first = count(left) <= count(right);
            let (first, second) = if left_first { (left, right) } else { (right, left) };
            stack.push((first, from));
            stack.push((second, from + count(first)));
            let (test, lane, byte) = match (condition, left_first) {
                (Right::Above { lane, byte }, true) => (Test::Above, lane, byte),
                // Not above is below the next; no threshold has the highest byte.
                (Right::Above { lane, byte }, false) => (Test::Below, lane, byte.saturating_add(1)),
                (Right::Has { lane, bit }, true) => (Test::Has, lane, bit),
                (Right::Has { lane, bit }, false) => (Test::Lacks, lane, bit),
            };
            let bits = (u64::MAX >> (MOST_LEAVES - count(first).clamp(1, MOST_LEAVES))) << (from % MOST_LEAVES);
            for (plane, mask) in bits.to_le_bytes().into_iter().enumerate().filter(|(_, mask)| *mask != 0) {
                cuts.push((plane, test, Cut { lane, byte, mask }));
            }
        }
        let planes = self.planes.len();
        for at in 0..count(0).div_ceil(8) {
            let mut plane = Plane { start: self.cuts.len() as u32, ..Plane::default() };
            for (test, end) in TESTS.iter().zip(&mut plane.ends) {
                let own = cuts.iter().filter(|(plane, other, _)| *plane == at && other == test);
                self.cuts.extend(own.map(|(_, _, cut)| *cut));
                *end = self.cuts.len() as u32;
            }
            self.planes.push(plane);
        }
        Layout::Bits { planes: planes..self.planes.len(), leaves: first_leaf..self.leaves.len() }
    }

    /// How many lanes a block needs.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many inputs are kept as numbers.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Writes the lanes of a block; see [`Lanes::encode`].
    pub fn encode(
        &self,
        read: impl FnMut(usize, &mut [f64; ROWS]),
        lanes: &mut [[i8; ROWS]],
        rounded: &mut [[f32; ROWS]],
    ) {
        self.lanes.encode(read, lanes, rounded);
    }

    /// Adds the leaf of every tree, in order, to the sum of each row.
    pub fn add(&self, lanes: &[[i8; ROWS]], rounded: &[[f32; ROWS]], sums: &mut [f32; ROWS]) {
        for tree in &self.trees {
            match tree {
                Layout::Bits { planes, leaves } => {
                    let planes = self.planes.get(planes.clone()).unwrap_or(&[]);
                    let leaves = self.leaves.get(leaves.clone()).unwrap_or(&[]);
                    if planes.len() <= 4 {
                        self.add_word::<4, u32>(planes, leaves, lanes, sums);
                    } else {
                        self.add_word::<PLANES, u64>(planes, leaves, lanes, sums);
                    }
                }
                Layout::Walk(walk) => walk.add(rounded, sums),
            }
        }
    }

    /// Adds the leaf of one tree whose leaves fit a word.
    fn add_word<const N: usize, W: Word<N>>(
        &self,
        planes: &[Plane],
        leaves: &[f32],
        lanes: &[[i8; ROWS]],
        sums: &mut [f32; ROWS],
    ) {
        let mut crossed = [[0u8; ROWS]; N];
        for (plane, crossed) in planes.iter().zip(&mut crossed) {
            let [above, below, has, lacks] = plane.ends;
            let cuts = |from: u32, to: u32| self.cuts.get(from as usize..to as usize).unwrap_or(&[]);
            cross(crossed, lanes, cuts(plane.start, above), |x, byte| x > byte);
            cross(crossed, lanes, cuts(above, below), |x, byte| x < byte);
            if lacks > below {
                cross(crossed, lanes, cuts(below, has), |x, bit| x & bit != 0);
                cross(crossed, lanes, cuts(has, lacks), |x, bit| x & bit == 0);
            }
        }
        let words = W::interleave(&crossed);
        // One length for all trees: the place of a leaf needs no check then.
        let mut table = [0.0f32; MOST_LEAVES];
        table.iter_mut().zip(leaves).for_each(|(to, leaf)| *to = *leaf);
        for (sum, word) in sums.iter_mut().zip(&words) {
            if let Some(leaf) = table.get(word.first_left() % MOST_LEAVES) {
                *sum += *leaf;
            }
        }
    }
}

/// Crosses out what each cut says for the rows that pass its test.
#[inline(always)]
fn cross(crossed: &mut [u8; ROWS], lanes: &[[i8; ROWS]], cuts: &[Cut], test: impl Fn(i8, i8) -> bool) {
    // A copy stays in registers from the first cut to the last.
    let mut rows = *crossed;
    for cut in cuts {
        let Cut { lane, byte, mask } = *cut;
        let Some(lane) = lanes.get(lane as usize) else { continue };
        for (row, x) in rows.iter_mut().zip(lane) {
            *row |= mask & u8::from(test(*x, byte)).wrapping_neg();
        }
    }
    *crossed = rows;
}

/// A word of bits, one per leaf.
trait Word<const N: usize>: Copy {
    /// The words of all rows from their bytes.
    fn interleave(planes: &[[u8; ROWS]; N]) -> [Self; ROWS];
    /// The place of the lowest bit not set.
    fn first_left(self) -> usize;
}

impl Word<4> for u32 {
    #[inline(always)]
    fn interleave([a, b, c, d]: &[[u8; ROWS]; 4]) -> [u32; ROWS] {
        let mut words = [0; ROWS];
        for ((((word, a), b), c), d) in words.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *word = u32::from_le_bytes([*a, *b, *c, *d]);
        }
        words
    }

    #[inline(always)]
    fn first_left(self) -> usize {
        self.trailing_ones() as usize
    }
}

impl Word<8> for u64 {
    #[inline(always)]
    fn interleave([a, b, c, d, e, f, g, h]: &[[u8; ROWS]; 8]) -> [u64; ROWS] {
        let low = <u32 as Word<4>>::interleave(&[*a, *b, *c, *d]);
        let high = <u32 as Word<4>>::interleave(&[*e, *f, *g, *h]);
        let mut words = [0; ROWS];
        for ((word, low), high) in words.iter_mut().zip(&low).zip(&high) {
            *word = u64::from(*low) | u64::from(*high) << 32;
        }
        words
    }

    #[inline(always)]
    fn first_left(self) -> usize {
        self.trailing_ones() as usize
    }
}
