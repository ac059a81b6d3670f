//! Percentile bootstrap of rounds, or of whole subjects where they repeat.
//!
//! All policies of a report are resampled together, so differences are paired. Rounds that contribute the same sums are
//! one cell; a resample draws the cells' counts from their exact multinomial, which for a binary outcome takes some
//! dozens of draws in place of one per row.

pub use crate::distributions::{percentile_interval, quantile};
use crate::error::Result;
use crate::random::Random;
use crate::simulate::keep::{self, Bytes, Part};
use crate::task::{Cancelled, Task};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Draws of one resample between two looks at the task.
const UNTIL_ASKED: u64 = 1 << 20;

/// Sums of one resample per policy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Σ w.
    pub weight: f64,
    /// Σ w r.
    pub reward: f64,
}

/// What is resampled: distinct contributions with their counts.
struct Cells {
    /// Cells seen more than once: count and contribution per policy.
    many: Vec<(u64, Vec<Sums>)>,
    /// Cells seen once.
    once: Vec<Vec<Sums>>,
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
        let sums = cells.draw(weights.len(), &mut Random::stream(seed, b), task)?;
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

impl Cells {
    fn new(weights: &[&[f64]], rewards: &[f64], clusters: Option<&[u32]>) -> Cells {
        let contribution = |row: usize| {
            weights.iter().map(move |w| Sums { weight: w[row], reward: w[row] * rewards[row] }).collect::<Vec<_>>()
        };
        let mut units: Vec<Vec<Sums>> = Vec::new();
        match clusters {
            None => units.extend((0..rewards.len()).map(contribution)),
            Some(clusters) => {
                let groups = clusters.iter().max().map_or(0, |m| *m as usize + 1);
                let mut sums = vec![None; groups];
                for (row, group) in clusters.iter().enumerate() {
                    let sums = sums[*group as usize].get_or_insert_with(|| vec![Sums::default(); weights.len()]);
                    for (sum, own) in sums.iter_mut().zip(contribution(row)) {
                        sum.weight += own.weight;
                        sum.reward += own.reward;
                    }
                }
                units.extend(sums.into_iter().flatten());
            }
        }
        let total = units.len() as u64;
        // Cells stand in order of first appearance: a resample must not depend on the order of a hash map.
        let mut positions: HashMap<Vec<(u64, u64)>, usize> = HashMap::new();
        let mut cells: Vec<(u64, Vec<Sums>)> = Vec::new();
        for unit in units {
            let key = unit.iter().map(|s| (s.weight.to_bits(), s.reward.to_bits())).collect();
            match positions.entry(key) {
                std::collections::hash_map::Entry::Occupied(at) => cells[*at.get()].0 += 1,
                std::collections::hash_map::Entry::Vacant(at) => {
                    at.insert(cells.len());
                    cells.push((1, unit));
                }
            }
        }
        let (many, once): (Vec<_>, Vec<_>) = cells.into_iter().partition(|(count, _)| *count > 1);
        Cells { many, once: once.into_iter().map(|(_, unit)| unit).collect(), units: total }
    }

    /// Multinomial counts by conditional binomials; the draws left over fall on cells seen once, uniformly.
    fn draw(&self, policies: usize, random: &mut Random, task: &Task) -> Result<Vec<Sums>> {
        let mut out = vec![Sums::default(); policies];
        let (mut draws, mut mass) = (self.units, self.units);
        for (count, cell) in &self.many {
            if draws == 0 {
                break;
            }
            let times = random.binomial(draws, *count as f64 / mass as f64);
            add(&mut out, cell, times as f64);
            draws -= times;
            mass -= count;
        }
        if !self.once.is_empty() {
            for number in 0..draws {
                if number % UNTIL_ASKED == 0 && task.is_cancelled() {
                    return Err(Cancelled.into());
                }
                add(&mut out, &self.once[random.below(self.once.len())], 1.0);
            }
        }
        Ok(out)
    }
}

fn add(out: &mut [Sums], cell: &[Sums], times: f64) {
    for (sum, own) in out.iter_mut().zip(cell) {
        sum.weight += times * own.weight;
        sum.reward += times * own.reward;
    }
}
