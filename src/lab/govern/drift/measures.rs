//! The measures of drift on plain numbers and shares.

use crate::data::cells::{Cells, Dictionary};
use crate::data::profile::chi_square;
use std::collections::HashMap;

/// Least share that a population stability index takes.
const FLOOR: f64 = 1e-4;

/// Σ (c − r) ln(c / r), shares below 0.0001 taken as 0.0001.
pub fn psi(reference: &[f64], current: &[f64]) -> f64 {
    sum(reference, current, |share| share.max(FLOOR))
}

/// The same sum as evidently takes it: only shares of 0 are replaced.
pub fn psi_evidently(reference: &[f64], current: &[f64]) -> f64 {
    let filled = |shares: &[f64]| -> Vec<f64> {
        let least = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
        let filler = if least <= FLOOR { least / 1e6 } else { FLOOR };
        shares.iter().map(|share| if *share == 0.0 { filler } else { *share }).collect()
    };
    sum(&filled(reference), &filled(current), |share| share)
}

fn sum(reference: &[f64], current: &[f64], share: impl Fn(f64) -> f64) -> f64 {
    reference
        .iter()
        .zip(current)
        .map(|(r, c)| {
            let (r, c) = (share(*r), share(*c));
            (c - r) * (c / r).ln()
        })
        .sum()
}

/// Square root of the Jensen–Shannon divergence, logarithms to base 2; 0 to 1.
pub fn jensen_shannon(reference: &[f64], current: &[f64]) -> f64 {
    let half = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).log2() } else { 0.0 };
    let divergence: f64 = reference
        .iter()
        .zip(current)
        .map(|(r, c)| {
            let middle = 0.5 * (r + c);
            0.5 * (half(*r, middle) + half(*c, middle))
        })
        .sum();
    divergence.max(0.0).sqrt()
}

/// The `p` quantile of χ² with `degrees` degrees of freedom, by bisection of its tail.
pub fn chi_square_quantile(p: f64, degrees: f64) -> f64 {
    let tail = |x: f64| chi_square::tail(x, degrees);
    let (mut low, mut high) = (0.0, degrees.max(1.0));
    while tail(high) > 1.0 - p && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if tail(middle) > 1.0 - p { low = middle } else { high = middle }
    }
    high
}

/// Known numbers of a column in ascending order.
pub struct Sorted {
    values: Vec<f64>,
}

impl Sorted {
    pub fn new(cells: &Cells) -> Sorted {
        let mut values = cells.numbers().unwrap_or_default();
        values.retain(|x| !x.is_nan());
        values.sort_unstable_by(f64::total_cmp);
        Sorted { values }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn distinct(&self) -> usize {
        self.values.chunk_by(|a, b| a == b).count()
    }

    /// Values below `x`.
    fn below(&self, x: f64) -> usize {
        self.values.partition_point(|v| *v < x)
    }

    pub fn standard_deviation(&self) -> f64 {
        let n = self.len() as f64;
        let mean = self.values.iter().sum::<f64>() / n;
        (self.values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
    }

    /// The inner edges of bins cut at the tenths, linear between order statistics. Edges that are equal, also to the lowest
    /// or highest value, are one edge, and the outer two of what is left are open ends. Where nothing is left between them,
    /// the cut is beside the value that most have: below the highest where that is it, else just above the lowest; a constant is cut on
    /// both sides, so that any other value is seen.
    pub fn tenths(&self) -> Vec<f64> {
        let last = self.len() - 1;
        let mut edges: Vec<f64> = (0..=10)
            .map(|i| {
                let (whole, tenth) = (i * last / 10, (i * last % 10) as f64 / 10.0);
                let (a, b) = (self.values[whole], self.values[(whole + 1).min(last)]);
                // Rounded as numpy rounds it: from the nearer end.
                if tenth < 0.5 { a + (b - a) * tenth } else { b - (b - a) * (1.0 - tenth) }
            })
            .collect();
        let median = edges[5];
        edges.dedup();
        match edges[..] {
            [only] => vec![only, only.next_up()],
            // A mark such as 999 that most rows have: what matters is how many have another value.
            [lowest, highest] if median == highest && self.below(highest) > self.below(lowest.next_up()) => {
                vec![highest]
            }
            [lowest, _] => vec![lowest.next_up()],
            _ => edges[1..edges.len() - 1].to_vec(),
        }
    }

    /// The bins between such edges, in words.
    pub fn bin_labels(&self, edges: &[f64]) -> Vec<String> {
        let lowest = self.values[0];
        match edges {
            [edge] if *edge == lowest.next_up() => vec![format!("{lowest} and below"), format!("above {lowest}")],
            [low, high] if *high == low.next_up() => {
                vec![format!("below {low}"), format!("{low}"), format!("above {low}")]
            }
            [first, .., last] => {
                let between = edges.windows(2).map(|pair| format!("{} to {}", pair[0], pair[1]));
                [format!("below {first}")].into_iter().chain(between).chain([format!("{last} and above")]).collect()
            }
            [edge] => vec![format!("below {edge}"), format!("{edge} and above")],
            [] => vec!["all".into()],
        }
    }
}

/// Shares of bins or categories, in the reference and now.
pub struct Shares {
    pub reference: Vec<f64>,
    pub current: Vec<f64>,
}

impl Shares {
    /// Of the half-open bins between inner edges.
    pub fn of_bins(before: &Sorted, after: &Sorted, edges: &[f64]) -> Shares {
        let shares = |sorted: &Sorted| -> Vec<f64> {
            let ends: Vec<usize> = edges.iter().map(|edge| sorted.below(*edge)).chain([sorted.len()]).collect();
            let counts = ends.iter().scan(0, |before, end| Some(end - std::mem::replace(before, *end)));
            counts.map(|count| count as f64 / sorted.len() as f64).collect()
        };
        Shares { reference: shares(before), current: shares(after) }
    }

    /// Of bins of equal width over both samples, as many as Sturges says.
    pub fn of_equal_widths(before: &Sorted, after: &Sorted) -> Shares {
        let ends = |sorted: &Sorted| (sorted.values[0], sorted.values[sorted.len() - 1]);
        let ((a, b), (c, d)) = (ends(before), ends(after));
        let (low, high) = (a.min(c), b.max(d));
        let width = (high - low) / (((before.len() + after.len()) as f64).log2() + 1.0);
        let bins = ((high - low) / width).ceil().clamp(1.0, 1e6) as usize;
        let step = (high - low) / bins as f64;
        let edges: Vec<f64> = (1..bins).map(|i| i as f64 * step + low).collect();
        Shares::of_bins(before, after, &edges)
    }

    /// Of each single value.
    pub fn of_values(before: &Sorted, after: &Sorted) -> Shares {
        let mut values: Vec<f64> = before.values.iter().chain(&after.values).copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        Shares::of_bins(before, after, &values[1..])
    }

    /// Of the categories of two columns, by falling share in the reference, then by name; with the known values of each.
    pub fn of_categories(before: &Dictionary, after: &Dictionary) -> (Vec<String>, Shares, [usize; 2]) {
        let mut counts: HashMap<&str, [u64; 2]> = HashMap::new();
        for (which, dictionary) in [before, after].into_iter().enumerate() {
            let mut of_code = vec![0u64; dictionary.values.len()];
            for code in &dictionary.codes {
                if let Some(count) = of_code.get_mut(*code as usize) {
                    *count += 1;
                }
            }
            for (text, count) in dictionary.values.iter().zip(of_code).filter(|(_, count)| *count > 0) {
                counts.entry(&**text).or_default()[which] += count;
            }
        }
        let mut all: Vec<(&str, [u64; 2])> = counts.into_iter().collect();
        all.sort_by(|a, b| b.1[0].cmp(&a.1[0]).then(a.0.cmp(b.0)));
        let known = [0, 1].map(|which| all.iter().map(|(_, count)| count[which]).sum::<u64>());
        let shares = |which: usize| all.iter().map(|(_, n)| n[which] as f64 / known[which].max(1) as f64).collect();
        let shares = Shares { reference: shares(0), current: shares(1) };
        (all.iter().map(|(text, _)| (*text).to_owned()).collect(), shares, known.map(|n| n as usize))
    }
}

/// Calls `step` with each distinct value of both samples, in ascending order, and the shares of each sample up to it.
fn walk(before: &Sorted, after: &Sorted, mut step: impl FnMut(f64, f64, f64)) {
    let (a, b) = (&before.values, &after.values);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let x = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => return,
        };
        while a.get(i).is_some_and(|v| *v <= x) {
            i += 1;
        }
        while b.get(j).is_some_and(|v| *v <= x) {
            j += 1;
        }
        step(x, i as f64 / a.len() as f64, j as f64 / b.len() as f64);
    }
}

/// Greatest distance of the empirical distribution functions, and its asymptotic p-value.
pub fn kolmogorov_smirnov(before: &Sorted, after: &Sorted) -> (f64, f64) {
    let mut distance = 0.0f64;
    walk(before, after, |_, f, g| distance = distance.max((f - g).abs()));
    let (n, m) = (before.len() as f64, after.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    (distance, kolmogorov((root + 0.12 + 0.11 / root) * distance))
}

/// P(K > λ) of Kolmogorov's distribution: 2 Σ (−1)^(k−1) e^(−2k²λ²); below λ = 1 the theta-transformed series.
fn kolmogorov(lambda: f64) -> f64 {
    use std::f64::consts::PI;
    if lambda < 1e-3 {
        return 1.0;
    }
    if lambda < 1.0 {
        let front = (2.0 * PI).sqrt() / lambda;
        let odd = |k: f64| (-(2.0 * k - 1.0).powi(2) * PI * PI / (8.0 * lambda * lambda)).exp();
        return (1.0 - front * (1..=5).map(|k| odd(f64::from(k))).sum::<f64>()).clamp(0.0, 1.0);
    }
    let term = |k: f64| (-2.0 * k * k * lambda * lambda).exp();
    let sum: f64 = (1..=5).map(|k| if k % 2 == 1 { term(f64::from(k)) } else { -term(f64::from(k)) }).sum();
    (2.0 * sum).clamp(0.0, 1.0)
}

/// Area between the empirical distribution functions.
pub fn wasserstein(before: &Sorted, after: &Sorted) -> f64 {
    let (mut area, mut last) = (0.0, None);
    walk(before, after, |x, f, g| {
        if let Some((at, gap)) = last {
            area += gap * (x - at);
        }
        last = Some((x, (f - g).abs()));
    });
    area
}

#[cfg(test)]
#[path = "measures_tests.rs"]
mod tests;
