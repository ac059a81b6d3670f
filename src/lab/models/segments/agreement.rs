//! Agreement of two groupings of the same rows, corrected for chance.

use std::collections::BTreeMap;

/// Adjusted Rand index (Hubert & Arabie 1985): 1 for the same groups under any names, 0 on average for groups by chance.
pub fn adjusted_rand(a: &[u32], b: &[u32]) -> f64 {
    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    let mut both: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let (mut first, mut second): (BTreeMap<u32, f64>, BTreeMap<u32, f64>) = Default::default();
    for (a, b) in a.iter().zip(b) {
        *both.entry((*a, *b)).or_default() += 1.0;
        *first.entry(*a).or_default() += 1.0;
        *second.entry(*b).or_default() += 1.0;
    }
    let sum = |counts: &mut dyn Iterator<Item = f64>| counts.map(pairs).sum::<f64>();
    let (index, rows, columns) =
        (sum(&mut both.into_values()), sum(&mut first.into_values()), sum(&mut second.into_values()));
    let expected = rows * columns / pairs(a.len().min(b.len()) as f64);
    let most = (rows + columns) / 2.0;
    // One group on both sides, or every row its own: the same.
    if most == expected || !expected.is_finite() { 1.0 } else { (index - expected) / (most - expected) }
}
