//! All rows of a block through a tree together: at each node, for each row, one bit per input on the path so far, set while the
//! row meets that input's conditions. At a leaf, rows with equal bits share one result.

use super::flat::{Flat, Split, Test};
use super::leaf::{interventional, path_dependent};
use std::ops::{BitAnd, BitOr, Not};

/// Paths of at most so many different inputs have a table with a place per set of bits.
const TABLE: usize = 16;

/// An input on the path to a node.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The input.
    input: usize,
    /// Where its attribution goes.
    column: usize,
    /// Share of the rows that goes on at its splits on this path.
    pub zero: f64,
}

/// Rows of a block, input by input: `values[input * rows + row]`. Explained rows first, background rows behind them.
pub struct Block {
    /// The numbers, as trees read them.
    pub values: Vec<f32>,
    /// All rows.
    pub rows: usize,
    /// Those that are explained.
    pub explained: usize,
}

/// Attributions of a block and the space to compute them in.
pub struct Walk<'a> {
    block: &'a Block,
    /// Column of each input.
    columns: &'a [u32],
    /// Columns of a row.
    width: usize,
    /// Attributions, row by row.
    pub out: Vec<f64>,
    slots: Vec<Slot>,
    narrow: Vec<Vec<u16>>,
    wide: Vec<Vec<u64>>,
    leaves: Leaves,
}

/// What is kept from leaf to leaf.
#[derive(Default)]
struct Leaves {
    /// Place of a set of bits among `shares`, plus `start`; below `start` it was left by an earlier leaf.
    places: Vec<u32>,
    start: u32,
    next: u32,
    /// Attributions per distinct set of bits.
    shares: Vec<f64>,
    /// Distinct sets of the background rows with their weights.
    background: Vec<(u64, f64)>,
    /// Rows by their bits, for paths too long for a table.
    order: Vec<(u64, u32)>,
}

/// A bit per input on a path.
pub trait Mask: Copy + Ord + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// No bit.
    const NONE: Self;
    /// One bit, if `on`.
    fn bit(slot: usize, on: bool) -> Self;
    /// All bits.
    fn bits(self) -> u64;
}

impl Mask for u16 {
    const NONE: u16 = 0;
    fn bit(slot: usize, on: bool) -> u16 {
        u16::from(on) << slot
    }
    fn bits(self) -> u64 {
        u64::from(self)
    }
}

impl Mask for u64 {
    const NONE: u64 = 0;
    fn bit(slot: usize, on: bool) -> u64 {
        u64::from(on) << slot
    }
    fn bits(self) -> u64 {
        self
    }
}

impl<'a> Walk<'a> {
    /// Attributions of 0 for the explained rows of a block.
    pub fn new(block: &'a Block, columns: &'a [u32], width: usize) -> Walk<'a> {
        let out = vec![0.0; block.explained * width];
        let leaves = Leaves { places: vec![0; 1 << TABLE], start: 1, next: 1, ..Leaves::default() };
        Walk { block, columns, width, out, slots: Vec::new(), narrow: Vec::new(), wide: Vec::new(), leaves }
    }

    /// Adds what a tree gives.
    pub fn add(&mut self, tree: &Flat) {
        if tree.inputs() <= TABLE {
            let mut masks = std::mem::take(&mut self.narrow);
            self.start(tree, &mut masks);
            self.narrow = masks;
        } else {
            let mut masks = std::mem::take(&mut self.wide);
            self.start(tree, &mut masks);
            self.wide = masks;
        }
    }

    fn start<M: Mask>(&mut self, tree: &Flat, masks: &mut Vec<Vec<M>>) {
        while masks.len() < tree.depth() + 1 {
            masks.push(vec![M::NONE; self.block.rows]);
        }
        masks[0].fill(M::NONE);
        self.slots.clear();
        self.node(tree, 0, masks);
    }

    /// `masks` holds the bits of this node's rows first, then space for those of the nodes below it.
    fn node<M: Mask>(&mut self, tree: &Flat, at: u32, masks: &mut [Vec<M>]) {
        let node = tree.node(at);
        let Some((own, below)) = masks.split_first_mut() else { return };
        let Some(split) = &node.split else {
            self.leaf(node.value, own);
            return;
        };
        let known = self.slots.iter().position(|slot| slot.input == split.input);
        let x = &self.block.values[split.input * self.block.rows..(split.input + 1) * self.block.rows];
        for (side, share) in [(0, node.left_share), (1, 1.0 - node.left_share)] {
            let to = &mut below[0];
            let before = match known {
                Some(slot) => {
                    rows(split, side == 0, x, own, to, |mask, on| mask & !M::bit(slot, !on));
                    let before = self.slots[slot];
                    self.slots[slot].zero *= share;
                    Some((slot, before))
                }
                None => {
                    let slot = self.slots.len();
                    rows(split, side == 0, x, own, to, |mask, on| mask | M::bit(slot, on));
                    let column = self.columns[split.input] as usize;
                    self.slots.push(Slot { input: split.input, column, zero: share });
                    None
                }
            };
            self.node(tree, node.children[side], below);
            match before {
                Some((slot, before)) => self.slots[slot] = before,
                None => {
                    self.slots.pop();
                }
            }
        }
    }

    fn leaf<M: Mask>(&mut self, value: f64, masks: &[M]) {
        let d = self.slots.len();
        if d == 0 || value == 0.0 {
            return;
        }
        let (masks, background) = masks.split_at(self.block.explained);
        let Leaves { places, start, next, shares, background: distinct, order } = &mut self.leaves;
        distinct.clear();
        if !background.is_empty() {
            let mut sorted: Vec<u64> = background.iter().map(|mask| mask.bits()).collect();
            sorted.sort_unstable();
            let weight = 1.0 / sorted.len() as f64;
            distinct.extend(sorted.chunk_by(|a, b| a == b).map(|same| (same[0], weight * same.len() as f64)));
        }
        let slots = &self.slots;
        let fill = |met: u64, out: &mut [f64]| match distinct.is_empty() {
            true => path_dependent(value, slots, met, out),
            false => interventional(value, d, met, distinct, out),
        };
        if d > TABLE {
            shares.resize(d, 0.0);
            order.clear();
            order.extend(masks.iter().zip(0..).map(|(mask, row)| (mask.bits(), row)));
            order.sort_unstable();
            for same in order.chunk_by(|a, b| a.0 == b.0) {
                fill(same[0].0, shares);
                for (_, row) in same {
                    let line = &mut self.out[*row as usize * self.width..][..self.width];
                    slots.iter().zip(&*shares).for_each(|(slot, share)| line[slot.column] += share);
                }
            }
            shares.clear();
            return;
        }
        if *next > u32::MAX / 2 {
            places.fill(0);
            *next = 1;
        }
        *start = *next;
        shares.clear();
        for (line, mask) in self.out.chunks_exact_mut(self.width).zip(masks) {
            let mut place = places[mask.bits() as usize];
            if place < *start {
                place = *next;
                *next += 1;
                places[mask.bits() as usize] = place;
                let at = shares.len();
                shares.resize(at + d, 0.0);
                fill(mask.bits(), &mut shares[at..]);
            }
            let own = &shares[(place - *start) as usize * d..][..d];
            slots.iter().zip(own).for_each(|(slot, share)| line[slot.column] += share);
        }
    }
}

/// The bits of all rows on one side of a split.
fn rows<M: Mask>(split: &Split, left: bool, x: &[f32], from: &[M], to: &mut [M], set: impl Fn(M, bool) -> M) {
    match (&split.test, left, split.missing_left) {
        // Comparisons without branches, false for NaN, so that many rows are compared at once.
        (Test::Below(t), true, false) => each(x, from, to, &set, |x| x < *t),
        (Test::Below(t), true, true) => each(x, from, to, &set, |x| x < *t || x.is_nan()),
        (Test::Below(t), false, false) => each(x, from, to, &set, |x| x >= *t || x.is_nan()),
        (Test::Below(t), false, true) => each(x, from, to, &set, |x| x >= *t),
        (Test::In(_), ..) => each(x, from, to, &set, |x| split.left(x) == left),
    }
}

fn each<M: Mask>(x: &[f32], from: &[M], to: &mut [M], set: &impl Fn(M, bool) -> M, goes: impl Fn(f32) -> bool) {
    to.iter_mut().zip(from).zip(x).for_each(|((to, from), x)| *to = set(*from, goes(*x)));
}
