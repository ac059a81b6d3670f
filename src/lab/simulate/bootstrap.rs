//! Percentile bootstrap of rounds, or of whole subjects where they repeat.
//!
//! All policies of a report are resampled together, so differences are paired. Rounds that contribute the same sums are
//! one cell; a resample draws the cells' counts from their exact multinomial, which for a binary outcome takes some
//! dozens of draws in place of one per row.

pub use crate::distributions::{percentile_interval, quantile, spread_interval};
use crate::error::Result;
use crate::random::Random;
use crate::simulate::keep::{self, Bytes, Part};
use crate::task::{Cancelled, Task};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Draws of one resample between two looks at the task.
const UNTIL_ASKED: u64 = 1 << 20;

/// Different cells that are recognised: some bytes of each are kept to do so.
const MOST_CELLS: usize = 4_000_000;

/// Sums of one resample per policy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Σ w.
    pub weight: f64,
    /// Σ w r.
    pub reward: f64,
}

/// What is resampled: distinct contributions with their counts, one [`Sums`] per policy each.
struct Cells {
    policies: usize,
    /// Cells seen more than once: how often.
    counts: Vec<u64>,
    /// What each of these contributes.
    many: Vec<Sums>,
    /// What each cell seen once contributes.
    once: Vec<Sums>,
    /// Units: rounds or subjects.
    units: u64,
}

/// `replicates` resamples of the rounds with the given weights per policy. Row b holds one entry per policy; replicate b
/// depends on `seed` and b alone.
///
/// # Errors
/// When the task is cancelled.
pub fn resample(
    weights: &[&[f64]],
    rewards: &[f64],
    clusters: Option<&[u32]>,
    replicates: usize,
    seed: u64,
    task: &Task,
) -> Result<Vec<Vec<Sums>>> {
    let cells = Cells::new(weights, rewards, clusters);
    let done = AtomicUsize::new(0);
    let draw = |b: u64| {
        let sums = cells.draw(&mut Random::stream(seed, b), task)?;
        task.tick((done.fetch_add(1, Ordering::Relaxed) + 1) as f32 / replicates as f32)?;
        Ok(sums)
    };
    (0..replicates as u64).into_par_iter().map(draw).collect()
}

/// The sums of all resamples, as a part that is kept.
pub(super) struct Resamples(pub Vec<Vec<Sums>>);

impl Resamples {
    /// Whether there are so many, of so many policies.
    pub fn fit(&self, replicates: usize, policies: usize) -> bool {
        self.0.len() == replicates && self.0.iter().all(|sums| sums.len() == policies)
    }
}

impl Part for Resamples {
    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = keep::line(&(self.0.len(), self.0.first().map_or(0, Vec::len)))?;
        for sums in self.0.iter().flatten() {
            bytes.extend(sums.weight.to_le_bytes());
            bytes.extend(sums.reward.to_le_bytes());
        }
        Ok(bytes)
    }

    fn read(bytes: &[u8]) -> Option<Resamples> {
        let mut bytes = Bytes(bytes);
        let (replicates, policies): (usize, usize) = bytes.line()?;
        let sums = |_: usize| -> Option<Vec<Sums>> {
            let pairs = bytes.values(2 * policies, f64::from_le_bytes)?;
            Some(pairs.chunks_exact(2).map(|pair| Sums { weight: pair[0], reward: pair[1] }).collect())
        };
        let all = (0..replicates).map(sums).collect::<Option<Vec<_>>>()?;
        bytes.end()?;
        Some(Resamples(all))
    }
}

/// What units contribute.
enum Units<'a> {
    Rounds {
        weights: &'a [&'a [f64]],
        rewards: &'a [f64],
    },
    /// Sums of whole subjects, one per policy each.
    Subjects(Vec<Sums>),
}

impl Units<'_> {
    fn contribution(&self, unit: usize, policies: usize) -> impl Iterator<Item = Sums> + '_ {
        (0..policies).map(move |policy| match self {
            Units::Rounds { weights, rewards } => {
                let weight = weights[policy][unit];
                Sums { weight, reward: weight * rewards[unit] }
            }
            Units::Subjects(sums) => sums[unit * policies + policy],
        })
    }
}

impl Cells {
    fn new(weights: &[&[f64]], rewards: &[f64], clusters: Option<&[u32]>) -> Cells {
        let policies = weights.len();
        let rounds = Units::Rounds { weights, rewards };
        // Subjects that have a round, in their order; all rounds without subjects.
        let (units, present): (Units<'_>, Option<Vec<u32>>) = match clusters {
            None => (rounds, None),
            Some(clusters) => {
                let groups = clusters.iter().max().map_or(0, |m| *m as usize + 1);
                let mut sums = vec![Sums::default(); groups * policies];
                let mut seen = vec![false; groups];
                for (row, group) in clusters.iter().enumerate() {
                    let group = *group as usize;
                    seen[group] = true;
                    for (policy, own) in rounds.contribution(row, policies).enumerate() {
                        let sum = &mut sums[group * policies + policy];
                        sum.weight += own.weight;
                        sum.reward += own.reward;
                    }
                }
                let present = (0..groups as u32).filter(|group| seen[*group as usize]).collect();
                (Units::Subjects(sums), Some(present))
            }
        };
        let total = present.as_ref().map_or(rewards.len(), Vec::len);
        let unit = |number: usize| present.as_ref().map_or(number, |present| present[number] as usize);
        let bits = |sums: Sums| (sums.weight.to_bits(), sums.reward.to_bits());
        let same = |a: usize, b: usize| {
            units.contribution(a, policies).map(bits).eq(units.contribution(b, policies).map(bits))
        };
        // Cells stand in order of first appearance: a resample must not depend on the order of a hash map. A unit whose cell is not
        // recognised is a cell of its own, which draws alike.
        let mut positions: HashMap<u64, u32> = HashMap::new();
        let mut cells: Vec<(u32, u32)> = Vec::new();
        for unit in (0..total).map(unit) {
            let hash = units.contribution(unit, policies).fold(0, |hash, own| {
                let (weight, reward) = bits(own);
                mixed(mixed(hash ^ weight) ^ reward)
            });
            match positions.get(&hash) {
                Some(cell) if same(cells[*cell as usize].0 as usize, unit) => cells[*cell as usize].1 += 1,
                Some(_) => cells.push((unit as u32, 1)),
                None => {
                    if positions.len() < MOST_CELLS {
                        positions.insert(hash, cells.len() as u32);
                    }
                    cells.push((unit as u32, 1));
                }
            }
        }
        let all = |once: bool| {
            let some = cells.iter().filter(move |(_, count)| (*count == 1) == once);
            some.flat_map(|(unit, _)| units.contribution(*unit as usize, policies)).collect()
        };
        Cells {
            policies,
            counts: cells.iter().filter(|(_, count)| *count > 1).map(|(_, count)| u64::from(*count)).collect(),
            many: all(false),
            once: all(true),
            units: total as u64,
        }
    }

    /// Multinomial counts by conditional binomials; the draws left over fall on cells seen once, uniformly.
    fn draw(&self, random: &mut Random, task: &Task) -> Result<Vec<Sums>> {
        let mut out = vec![Sums::default(); self.policies];
        let (mut draws, mut mass) = (self.units, self.units);
        for (count, cell) in self.counts.iter().zip(self.many.chunks(self.policies.max(1))) {
            if draws == 0 {
                break;
            }
            let times = random.binomial(draws, *count as f64 / mass as f64);
            add(&mut out, cell, times as f64);
            draws -= times;
            mass -= count;
        }
        let once = self.once.len() / self.policies.max(1);
        if once > 0 {
            for number in 0..draws {
                if number % UNTIL_ASKED == 0 && task.is_cancelled() {
                    return Err(Cancelled.into());
                }
                let at = random.below(once) * self.policies;
                add(&mut out, &self.once[at..at + self.policies], 1.0);
            }
        }
        Ok(out)
    }
}

/// A number whose bits all depend on all of `x` (SplitMix64).
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn add(out: &mut [Sums], cell: &[Sums], times: f64) {
    for (sum, own) in out.iter_mut().zip(cell) {
        sum.weight += times * own.weight;
        sum.reward += times * own.reward;
    }
}
