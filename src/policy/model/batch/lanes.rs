//! Split conditions as bytes: for each input the rank of its value among the thresholds it is compared with, and for
//! categories a bit per set. A comparison of bytes decides exactly as the comparison of the numbers would.

use super::block::ROWS;
use std::collections::{BTreeMap, HashMap};

/// Thresholds that one byte can rank: it counts from none to all of them.
const SPAN: usize = 255;

/// Up to this many thresholds are counted one by one, over all rows of a block at once.
const FEW: usize = 16;

/// The lanes of all inputs that are split on.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    inputs: BTreeMap<usize, InputLanes>,
    lanes: usize,
}

/// A condition on a lane that is true when a row goes right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The byte is above this one.
    Above { lane: u32, byte: i8 },
    /// The byte has this bit.
    Has { lane: u32, bit: i8 },
}

#[derive(Clone, Debug, Default)]
struct InputLanes {
    /// Distinct, ascending.
    thresholds: Vec<f32>,
    ranks: Vec<RankLane>,
    sets: Vec<SetLane>,
    /// Place of each set among all sets of this input, while lanes are made.
    places: HashMap<(Vec<u64>, bool), usize>,
}

/// Thresholds from `first` on, ranked; a missing value lies below or above all of them.
#[derive(Clone, Debug)]
struct RankLane {
    first: usize,
    missing_right: bool,
    lane: usize,
}

/// Up to eight sets; the byte of a category, by code, has the bits of those that send it right; the last that of missing values.
#[derive(Clone, Debug)]
struct SetLane {
    lane: usize,
    bytes: Vec<i8>,
}

impl Lanes {
    /// Lanes for inputs that are compared with these thresholds: input and threshold, in any order.
    pub fn new(mut thresholds: Vec<(usize, f32)>) -> Lanes {
        // −0 and 0 are one threshold.
        thresholds.iter_mut().for_each(|(_, t)| *t += 0.0);
        thresholds.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        thresholds.dedup();
        let mut lanes = Lanes::default();
        for (input, threshold) in thresholds {
            lanes.inputs.entry(input).or_default().thresholds.push(threshold);
        }
        lanes
    }

    /// How many lanes there are.
    pub fn len(&self) -> usize {
        self.lanes
    }

    /// Has an input read, though no lane is made of it.
    pub fn keep(&mut self, input: usize) {
        self.inputs.entry(input).or_default();
    }

    /// Drops what only making lanes needs.
    pub fn finish(&mut self) {
        self.inputs.values_mut().for_each(|input| input.places = HashMap::new());
    }

    /// The condition that x is not below a threshold, or missing and not to the left.
    pub fn not_below(&mut self, input: usize, threshold: f32, missing_left: bool) -> Right {
        let next = self.lanes;
        let lanes = self.inputs.entry(input).or_default();
        let place = lanes.thresholds.partition_point(|t| *t < threshold);
        let first = place / SPAN * SPAN;
        let found = lanes.ranks.iter().find(|l| l.first == first && l.missing_right != missing_left).map(|l| l.lane);
        let lane = found.unwrap_or_else(|| {
            lanes.ranks.push(RankLane { first, missing_right: !missing_left, lane: next });
            next
        });
        if found.is_none() {
            self.lanes += 1;
        }
        Right::Above { lane: lane as u32, byte: byte(place - first) }
    }

    /// The condition that a category, of `n`, is not in a set, or missing and not to the left.
    pub fn not_in(&mut self, input: usize, set: &[u64], n: u32, missing_left: bool) -> Right {
        let next = self.lanes;
        let lanes = self.inputs.entry(input).or_default();
        let count = lanes.places.len();
        let place = *lanes.places.entry((set.to_vec(), missing_left)).or_insert(count);
        let bit = (1u8 << (place % 8)) as i8;
        if place == count {
            if place.is_multiple_of(8) {
                lanes.sets.push(SetLane { lane: next, bytes: vec![0; n as usize + 2] });
            }
            if let Some(SetLane { bytes, .. }) = lanes.sets.last_mut() {
                let missing = bytes.len() - 1;
                for (code, byte) in bytes.iter_mut().enumerate() {
                    let in_set = set.get(code / 64).is_some_and(|word| word >> (code % 64) & 1 == 1);
                    let left = if code == missing { missing_left } else { in_set };
                    *byte |= if left { 0 } else { bit };
                }
            }
            self.lanes += usize::from(place.is_multiple_of(8));
        }
        let lane = lanes.sets.get(place / 8).map_or(0, |set| set.lane);
        Right::Has { lane: lane as u32, bit }
    }

    /// Writes the lanes of a block; `read` gives the numbers of an input, which `rounded` keeps when it has room for them.
    pub fn encode(
        &self,
        mut read: impl FnMut(usize, &mut [f64; ROWS]),
        lanes: &mut [[i8; ROWS]],
        rounded: &mut [[f32; ROWS]],
    ) {
        let mut numbers = [f64::NAN; ROWS];
        for (at, input) in &self.inputs {
            read(*at, &mut numbers);
            let xs = numbers.map(|x| x as f32);
            if let Some(kept) = rounded.get_mut(*at) {
                *kept = xs;
            }
            if !input.ranks.is_empty() {
                let ranks = ranks(&input.thresholds, &xs);
                for rank in &input.ranks {
                    if let Some(lane) = lanes.get_mut(rank.lane) {
                        rank.write(&ranks, &xs, lane);
                    }
                }
            }
            for SetLane { lane, bytes } in &input.sets {
                let missing = bytes.last().copied().unwrap_or(0);
                if let Some(lane) = lanes.get_mut(*lane) {
                    for (out, x) in lane.iter_mut().zip(&xs) {
                        *out = if x.is_nan() { missing } else { bytes.get(*x as usize).copied().unwrap_or(missing) };
                    }
                }
            }
        }
    }
}

/// A count from 0 to 255 as the byte that compares like it.
fn byte(count: usize) -> i8 {
    (count.min(SPAN) as i16 - 128) as i8
}

/// How many thresholds are at most x; 0 for NaN.
fn ranks(thresholds: &[f32], xs: &[f32; ROWS]) -> [u32; ROWS] {
    let mut ranks = [0u32; ROWS];
    if thresholds.len() <= FEW {
        for t in thresholds {
            ranks.iter_mut().zip(xs).for_each(|(rank, x)| *rank += u32::from(*t <= *x));
        }
    } else {
        ranks.iter_mut().zip(xs).for_each(|(rank, x)| *rank = thresholds.partition_point(|t| *t <= *x) as u32);
    }
    ranks
}

impl RankLane {
    fn write(&self, ranks: &[u32; ROWS], xs: &[f32; ROWS], lane: &mut [i8; ROWS]) {
        let (first, missing) = (self.first as u32, if self.missing_right { 127 } else { -128 });
        for ((out, rank), x) in lane.iter_mut().zip(ranks).zip(xs) {
            let byte = (rank.saturating_sub(first).min(SPAN as u32) as i16 - 128) as i8;
            *out = if x.is_nan() { missing } else { byte };
        }
    }
}
