//! Percentile bootstrap of rounds, or of whole subjects where they repeat.
//!
//! All policies of a report are resampled together, so differences are paired. Rounds that contribute the same sums are
//! one cell; a resample draws the cells' counts from their exact multinomial, which for a binary outcome takes some
//! dozens of draws in place of one per row.

pub use crate::distributions::{percentile_interval, quantile};
use crate::random::Random;
use rayon::prelude::*;
use std::collections::HashMap;

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
pub fn resample(
    weights: &[&[f64]],
    rewards: &[f64],
    clusters: Option<&[u32]>,
    replicates: usize,
    seed: u64,
) -> Vec<Vec<Sums>> {
    let cells = Cells::new(weights, rewards, clusters);
    (0..replicates as u64).into_par_iter().map(|b| cells.draw(weights.len(), &mut Random::stream(seed, b))).collect()
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
    fn draw(&self, policies: usize, random: &mut Random) -> Vec<Sums> {
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
            for _ in 0..draws {
                add(&mut out, &self.once[random.below(self.once.len())], 1.0);
            }
        }
        out
    }
}

fn add(out: &mut [Sums], cell: &[Sums], times: f64) {
    for (sum, own) in out.iter_mut().zip(cell) {
        sum.weight += times * own.weight;
        sum.reward += times * own.reward;
    }
}
