//! The parts of a cross-validation. All rows of a subject fall in one part; where every subject has one row, each part
//! gets its share of both classes. Parts depend on the subjects' keys and the seed, not on the order of rows.

use crate::data::roles::Subjects;
use attune_policy::fingerprint::bucket;
use std::collections::BTreeSet;

/// The part, from 0, of each of `rows`.
pub fn folds(rows: &[u32], labels: &[bool], subjects: &Subjects, count: u32, seed: u64) -> Vec<u32> {
    let salt = format!("attune-folds-{seed}");
    let distinct: BTreeSet<usize> = rows.iter().map(|&row| subjects.code(row as usize)).collect();
    let place: Vec<f64> = rows.iter().map(|&row| bucket(&salt, subjects.key(row as usize))).collect();
    if distinct.len() < rows.len() {
        return place.iter().map(|place| ((place * f64::from(count)) as u32).min(count - 1)).collect();
    }
    let mut folds = vec![0; rows.len()];
    let mut next = 0;
    for class in [true, false] {
        let mut of: Vec<usize> = (0..rows.len()).filter(|&i| labels[i] == class).collect();
        of.sort_by(|&a, &b| place[a].total_cmp(&place[b]));
        for i in of {
            folds[i] = next % count;
            next += 1;
        }
    }
    folds
}

/// Whether some subject has several of `rows`.
pub fn repeats(rows: &[u32], subjects: &Subjects) -> bool {
    let distinct: BTreeSet<usize> = rows.iter().map(|&row| subjects.code(row as usize)).collect();
    distinct.len() < rows.len()
}

#[cfg(test)]
#[path = "folds_tests.rs"]
mod tests;
