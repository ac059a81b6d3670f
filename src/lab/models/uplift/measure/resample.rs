//! Resamples of the rows of a trial: one by one, or whole subjects where they repeat.

use crate::random::Random;
use std::collections::HashMap;

/// What is drawn with replacement.
pub struct Draws {
    rows: usize,
    /// The subject of each row, from 0, and how many there are; `None` where every row is its own.
    subjects: Option<(Vec<u32>, usize)>,
}

impl Draws {
    /// Rows with the code of the subject of each, or without.
    pub fn new(rows: usize, subjects: Option<&[u32]>) -> Draws {
        let mut places: HashMap<u32, u32> = HashMap::new();
        let dense: Option<Vec<u32>> = subjects.map(|codes| {
            codes
                .iter()
                .map(|code| {
                    let next = places.len() as u32;
                    *places.entry(*code).or_insert(next)
                })
                .collect()
        });
        Draws { rows, subjects: dense.map(|dense| (dense, places.len())).filter(|(_, count)| *count < rows) }
    }

    /// How often each row stands in resample number `b`.
    pub fn counts(&self, seed: u64, b: u64) -> Vec<u32> {
        let mut random = Random::stream(seed, b);
        let units = self.subjects.as_ref().map_or(self.rows, |(_, count)| *count);
        let mut counts = vec![0_u32; units];
        (0..units).for_each(|_| counts[random.below(units)] += 1);
        match &self.subjects {
            None => counts,
            Some((subject, _)) => subject.iter().map(|at| counts[*at as usize]).collect(),
        }
    }
}
