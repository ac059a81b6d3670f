//! What a replay keeps of the fates of its candidates: each of them, or where that is more than memory should hold, what is told of them.
//!
//! Counts are made as decisions are, so that they need no fate twice. They are those that would be made of all fates.

use crate::simulate::fates::{Causes, Fate, How, Tally};
use crate::simulate::{filled, weeks};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fates kept one by one, four bytes each: 800 MB.
pub const MOST_FATES: usize = 200_000_000;

/// Marks a decision that has no cause because something was chosen, among [`Counts::furthest`].
pub const CHOSEN: u16 = u16::MAX;

/// What is wanted of fates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Want<'a> {
    /// Nothing.
    Nothing,
    /// Each of them; nothing where they are more than [`MOST_FATES`].
    Each,
    /// What is told of them.
    Told(Told<'a>),
}

/// What is told of fates without keeping each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told<'a> {
    /// Rows that are counted, ascending.
    pub used: &'a [u32],
    /// Rows whose fates are kept all the same, ascending.
    pub sampled: &'a [u32],
    /// Whether each row's furthest cause is wanted.
    pub furthest: bool,
}

/// The fates of a replay's candidates.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fates {
    /// Nothing is kept.
    #[default]
    Nothing,
    /// All of them, row after row.
    Each(Vec<Fate>),
    /// What is told of them.
    Told(Box<Counts>),
}

/// What is told of fates.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    width: usize,
    /// One bit per position among the rows: whether it is counted.
    used: Vec<u64>,
    /// Number of the week of each position.
    week: Vec<u16>,
    /// What was counted.
    pub counted: Counted,
    /// Positions whose fates are kept, ascending, and these.
    sampled: (Vec<u32>, Vec<Fate>),
    /// The cause that ended the candidate which came furthest, per position; [`CHOSEN`] where one was chosen. Empty when not wanted.
    pub furthest: Vec<u16>,
}

/// Counts over the rows that are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Through the stages and per cause.
    pub tally: Tally,
    /// Candidates per week and cause.
    pub hits: BTreeMap<u16, Vec<u64>>,
}

/// Nothing has become of a candidate yet.
const NONE: Fate = Fate { step: 0, how: How::Result, cause: 0 };

impl Fates {
    /// What can be had of what is wanted of so many rows.
    pub fn fit(want: Want<'_>, rows: usize, width: usize) -> Want<'_> {
        match want {
            Want::Each if rows.saturating_mul(width) > MOST_FATES => Want::Nothing,
            want => want,
        }
    }

    /// A place for what is wanted of `rows` at their `times`, for a policy of `width` candidates.
    pub fn new(want: Want<'_>, rows: &[u32], times: &[i64], width: usize, causes: &Causes) -> Fates {
        match Fates::fit(want, rows.len(), width) {
            Want::Each => Fates::Each(filled(NONE, rows.len() * width)),
            Want::Nothing => Fates::Nothing,
            Want::Told(told) => Fates::Told(Box::new(Counts::new(told, rows, times, width, causes.list().len()))),
        }
    }

    /// Takes over the fates of the decisions at some positions, all candidates of one after the other.
    pub fn put(&mut self, at: &[u32], own: &[Fate], width: usize) {
        match self {
            Fates::Nothing => {}
            Fates::Each(fates) => {
                for (at, own) in at.iter().zip(own.chunks_exact(width.max(1))) {
                    let at = *at as usize * width;
                    fates[at..at + width].copy_from_slice(own);
                }
            }
            Fates::Told(counts) => counts.put(at, own),
        }
    }

    /// The fates of the decision at `position`; empty where they were not kept.
    pub fn at(&self, position: usize, width: usize) -> &[Fate] {
        let (fates, place) = match self {
            Fates::Nothing => return &[],
            Fates::Each(fates) => (fates, position),
            Fates::Told(counts) => match counts.sampled.0.binary_search(&(position as u32)) {
                Ok(place) => (&counts.sampled.1, place),
                Err(_) => return &[],
            },
        };
        fates.get(place * width..(place + 1) * width).unwrap_or_default()
    }

    /// All of them, row after row; empty where they were not kept.
    pub fn each(&self) -> &[Fate] {
        match self {
            Fates::Each(fates) => fates,
            _ => &[],
        }
    }
}

impl Counts {
    fn new(told: Told<'_>, rows: &[u32], times: &[i64], width: usize, causes: usize) -> Counts {
        let mut used = vec![0u64; rows.len().div_ceil(64)];
        for at in positions(told.used, rows) {
            used[at as usize / 64] |= 1 << (at % 64);
        }
        let start = times.iter().copied().min().unwrap_or(0);
        let sampled = positions(told.sampled, rows);
        Counts {
            width,
            used,
            week: times.iter().map(|time| weeks::number(*time, start)).collect(),
            counted: Counted { tally: Tally::new(causes), hits: BTreeMap::new() },
            furthest: if told.furthest { vec![CHOSEN; rows.len()] } else { Vec::new() },
            sampled: (sampled.clone(), vec![NONE; sampled.len() * width]),
        }
    }

    /// The fates that are kept.
    pub fn kept(&self) -> &[Fate] {
        &self.sampled.1
    }

    /// Takes over what was counted and kept of the same rows.
    pub fn restore(&mut self, counted: Counted, kept: Vec<Fate>) {
        (self.counted, self.sampled.1) = (counted, kept);
    }

    fn put(&mut self, at: &[u32], fates: &[Fate]) {
        let Counted { tally, hits } = &mut self.counted;
        for (number, at) in at.iter().enumerate() {
            let own = &fates[number * self.width..(number + 1) * self.width];
            let position = *at as usize;
            if self.used[position / 64] >> (at % 64) & 1 == 1 {
                tally.add(own);
                let week = hits.entry(self.week[position]).or_insert_with(|| vec![0; tally.causes.len()]);
                own.iter().for_each(|fate| week[usize::from(fate.cause)] += 1);
            }
            if let Some(furthest) = self.furthest.get_mut(position) {
                *furthest = furthest_cause(own);
            }
            if let Ok(place) = self.sampled.0.binary_search(at) {
                self.sampled.1[place * self.width..(place + 1) * self.width].copy_from_slice(own);
            }
        }
    }
}

/// The cause of the candidate that came furthest, the first of several.
pub fn furthest_cause(fates: &[Fate]) -> u16 {
    let mut best: Option<Fate> = None;
    for fate in fates {
        if best.is_none_or(|best| fate.step > best.step) {
            best = Some(*fate);
        }
    }
    best.map_or(CHOSEN, |fate| fate.cause)
}

/// Positions of ascending `some` among ascending `rows`.
fn positions(some: &[u32], rows: &[u32]) -> Vec<u32> {
    let mut at = 0;
    let place = |row: &u32| {
        while rows.get(at).is_some_and(|own| own < row) {
            at += 1;
        }
        (rows.get(at) == Some(row)).then_some(at as u32)
    };
    some.iter().filter_map(place).collect()
}
