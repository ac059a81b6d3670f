//! Whether columns tell the arms of a trial apart: a draw by lot leaves every fact of a person to chance.
//!
//! Two tests, the less probable of them counted twice (Bonferroni). For the whole the omnibus test of balance of Hansen & Bowers (2008,
//! Statistical Science 23), for several arms: Σ_g n_g d_g' S⁻ d_g, where d_g is how far the means of arm g lie from those of all and S is
//! the covariance of all; under a draw by lot χ² with rank(S)·(arms − 1) degrees of freedom. It is the score test of a multinomial logit
//! of the arm, and (n − 1) times Pillai's trace. For each column the χ² test of independence of its table with the arms (Pearson), after
//! Holm over the columns; that names the columns. Numbers are compared in five parts of equal size, so that no shape of dependence hides
//! behind equal means.
//!
//! It looks at rows evenly spread over the table, one of each subject, and says nothing about why arms differ.

use super::chi_square::{ChiSquare, tail};
use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::Dataset;
use crate::random::Random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Most rows that are looked at.
const MOST_ROWS: usize = 200_000;
/// Most cells that are looked at: of a wide table fewer rows.
const MOST_CELLS: usize = 8_000_000;
/// Rows times pairs of columns of the omnibus test: wide tables are tested on fewer rows.
const MOST_WORK: usize = 300_000_000;
/// Rows that an arm needs to be compared.
const LEAST_ROWS: usize = 20;
/// Most arms that are compared, the most frequent ones.
const MOST_ARMS: usize = 50;
/// Parts of a number.
const PARTS: usize = 5;
/// A number of at most so many different values has one part for each.
const FEW_VALUES: usize = 10;
/// Most categories of a text, the most frequent ones; all others are one.
const MOST_CATEGORIES: usize = 20;
/// Rows that the smallest arm must expect in every part (Cochran 1954); rarer parts are one.
const LEAST_EXPECTED: f64 = 5.0;
/// Columns that are named.
const NAMED: usize = 5;

/// Whether columns tell arms apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Rows that were looked at.
    pub rows: u64,
    /// Columns that were compared.
    pub columns: u64,
    /// The omnibus test; `None` where there are too many columns for the rows.
    pub omnibus: Option<Omnibus>,
    /// The probability of differences as large by a draw by lot, both tests counted.
    pub p: f64,
    /// The columns that differ most, least probable first, at most five.
    pub most: Vec<Differing>,
}

/// The omnibus test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Omnibus {
    /// Σ_g n_g d_g' S⁻ d_g.
    pub chi_square: f64,
    /// Rank of the covariance times arms less one.
    pub degrees: f64,
    /// Upper tail probability.
    pub p: f64,
}

/// How a column differs between the arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Differing {
    /// Column (identifier).
    pub column: String,
    /// χ² of its table with the arms.
    pub chi_square: f64,
    /// (parts − 1)·(arms − 1).
    pub degrees: f64,
    /// Upper tail probability, after Holm over all columns.
    pub p: f64,
    /// Cramér's V: 0 where the arms are alike, 1 where the column says the arm.
    pub strength: f64,
}

impl Balance {
    /// The test in words, with the columns that differ beyond `p`.
    pub fn words(&self, p: f64) -> String {
        let named: Vec<String> =
            self.named(p).map(|own| format!("`{}` (V = {:.2})", own.column, own.strength)).collect();
        let test = match &self.omnibus {
            Some(test) => format!("omnibus χ² = {:.1} with {} degrees of freedom, ", test.chi_square, test.degrees),
            None => String::new(),
        };
        let which = if named.is_empty() { String::new() } else { format!("{}; ", named.join(", ")) };
        let p = match self.p {
            p if p < 1e-12 => "p < 1e-12".to_owned(),
            p if p < 0.001 => format!("p = {p:.1e}"),
            p => format!("p = {p:.3}"),
        };
        let columns = if self.columns == 1 { "1 column".to_owned() } else { format!("{} columns", self.columns) };
        format!("{which}{test}{p} over {columns}")
    }

    /// The columns that differ beyond `p` by themselves.
    pub fn named(&self, p: f64) -> impl Iterator<Item = &Differing> {
        self.most.iter().filter(move |own| own.p < p)
    }
}

/// Compares columns (identifiers) between arms. `arm` is the arm of a row, `None` where it is not known; `subjects` numbers the subject
/// of each row from 0 where subjects repeat. `None` when there are fewer than two arms of enough rows, or no column that varies.
pub fn balance(
    dataset: &Dataset,
    columns: &[&str],
    arm: impl Fn(usize) -> Option<u32>,
    subjects: Option<&[u32]>,
) -> Option<Balance> {
    let most = (MOST_CELLS / columns.len().max(1)).clamp(5_000, MOST_ROWS);
    let rows = chosen(dataset.rows(), most, &arm, subjects);
    let (rows, arms) = common_arms(&rows, &arm);
    let sizes = sizes(&arms, arms.iter().max().map_or(0, |most| *most as usize + 1));
    if sizes.len() < 2 {
        return None;
    }
    let smallest = sizes.iter().copied().fold(f64::INFINITY, f64::min) / rows.len() as f64;
    let tables: Vec<(&str, Vec<u8>, usize)> = columns
        .par_iter()
        .filter_map(|name| {
            let mut codes = coded(dataset.cells(name)?, &rows);
            let parts = merged(&mut codes, LEAST_EXPECTED / smallest);
            (parts > 1).then_some((*name, codes, parts))
        })
        .collect();
    if tables.is_empty() {
        return None;
    }
    let mut differing: Vec<Differing> = tables
        .iter()
        .map(|(name, codes, parts)| {
            let test = independence(codes, *parts, &arms, &sizes);
            let widest = (rows.len() * (parts - 1).min(sizes.len() - 1)) as f64;
            let strength = (test.statistic / widest).sqrt();
            Differing {
                column: (*name).to_owned(),
                chi_square: test.statistic,
                degrees: test.degrees,
                p: test.p,
                strength,
            }
        })
        .collect();
    holm(&mut differing);
    let omnibus = omnibus(&tables, &arms, &sizes);
    let least = differing.first().map_or(1.0, |own| own.p);
    let p = omnibus.map_or(least, |test| (2.0 * test.p.min(least)).min(1.0));
    let columns = differing.len() as u64;
    differing.truncate(NAMED);
    Some(Balance { rows: rows.len() as u64, columns, omnibus, p, most: differing })
}

/// At most `most` rows whose arm is known, one by lot of every stretch of the table; where subjects repeat one row of each subject.
fn chosen(rows: usize, most: usize, arm: &impl Fn(usize) -> Option<u32>, subjects: Option<&[u32]>) -> Vec<u32> {
    let known: Vec<u32> = match subjects {
        None => (0..rows as u32).filter(|row| arm(*row as usize).is_some()).collect(),
        Some(subjects) => {
            // Each row draws a number; the subject stands for itself by the row with the least.
            let lot = |row: u32| Random::stream(17, u64::from(row)).bits();
            let mut of: Vec<Option<(u64, u32)>> = vec![None; subjects.iter().max().map_or(0, |m| *m as usize + 1)];
            for row in (0..rows as u32).filter(|row| arm(*row as usize).is_some()) {
                let slot = &mut of[subjects[row as usize] as usize];
                let own = (lot(row), row);
                *slot = Some(slot.map_or(own, |other| other.min(own)));
            }
            let mut rows: Vec<u32> = of.into_iter().flatten().map(|(_, row)| row).collect();
            rows.sort_unstable();
            rows
        }
    };
    let most = most.min(known.len());
    let mut random = Random::new(17);
    // By lot, because arms that take turns down the table would meet an even step.
    let one = |i: usize| {
        let (from, to) = (i * known.len() / most, (i + 1) * known.len() / most);
        known[from + random.below(to - from)]
    };
    (0..most).map(one).collect()
}

/// The rows of arms that have enough of them, and their arms, numbered from 0.
fn common_arms(rows: &[u32], arm: &impl Fn(usize) -> Option<u32>) -> (Vec<u32>, Vec<u32>) {
    let of: Vec<u32> = rows.iter().filter_map(|row| arm(*row as usize)).collect();
    let counts = sizes(&of, of.iter().max().map_or(0, |most| *most as usize + 1));
    let mut frequent: Vec<usize> = (0..counts.len()).filter(|arm| counts[*arm] >= LEAST_ROWS as f64).collect();
    frequent.sort_by(|a, b| counts[*b].total_cmp(&counts[*a]));
    frequent.truncate(MOST_ARMS);
    let mut number = vec![None; counts.len()];
    frequent.iter().enumerate().for_each(|(own, arm)| number[*arm] = Some(own as u32));
    let own = |(row, arm): (&u32, &u32)| number[*arm as usize].map(|own| (*row, own));
    rows.iter().zip(&of).filter_map(own).unzip()
}

fn sizes(arms: &[u32], count: usize) -> Vec<f64> {
    let mut sizes = vec![0.0; count];
    arms.iter().for_each(|arm| sizes[*arm as usize] += 1.0);
    sizes
}

/// The part of each row: a fifth of a number, a category, or that it is missing.
fn coded(cells: &Cells, rows: &[u32]) -> Vec<u8> {
    let number =
        |value: &dyn Fn(usize) -> f64| parts_of(&rows.iter().map(|row| value(*row as usize)).collect::<Vec<_>>());
    match cells {
        Cells::Bool(v) => rows.iter().map(|row| v[*row as usize].map_or(2, u8::from)).collect(),
        Cells::Integer(v) | Cells::Time(v) => {
            number(&|row| if v[row] == Cells::MISSING { f64::NAN } else { v[row] as f64 })
        }
        Cells::Number(v) => number(&|row| v[row]),
        Cells::Text(Dictionary { codes, values }) => {
            let mut counts = vec![0_u32; values.len() + 1];
            // A missing text is a category like any other.
            let at = |row: &u32| (codes[*row as usize] as usize).min(values.len());
            rows.iter().for_each(|row| counts[at(row)] += 1);
            let mut frequent: Vec<usize> = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
            frequent.sort_by_key(|code| std::cmp::Reverse(counts[*code]));
            let mut part = vec![MOST_CATEGORIES as u8; counts.len()];
            frequent.iter().take(MOST_CATEGORIES).enumerate().for_each(|(own, code)| part[*code] = own as u8);
            rows.iter().map(|row| part[at(row)]).collect()
        }
    }
}

fn parts_of(values: &[f64]) -> Vec<u8> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = Vec::new();
    for x in &sorted {
        if cuts.last() != Some(x) {
            cuts.push(*x);
        }
        if cuts.len() > FEW_VALUES {
            cuts = (1..PARTS).map(|part| sorted[sorted.len() * part / PARTS]).collect();
            cuts.dedup();
            break;
        }
    }
    let missing = cuts.len() as u8 + 1;
    let part = |x: &f64| if x.is_nan() { missing } else { cuts.partition_point(|cut| cut <= x) as u8 };
    values.iter().map(part).collect()
}

/// Numbers the parts from 0, those of fewer than `least` rows as one; answers how many there are.
fn merged(codes: &mut [u8], least: f64) -> usize {
    let mut counts = [0_usize; 256];
    codes.iter().for_each(|code| counts[usize::from(*code)] += 1);
    let mut parts: Vec<usize> = (0..256).filter(|code| counts[*code] > 0).collect();
    parts.sort_by_key(|code| (std::cmp::Reverse(counts[*code]), *code));
    let common = parts.iter().filter(|code| counts[**code] as f64 >= least).count();
    let rest: usize = parts[common..].iter().map(|code| counts[*code]).sum();
    // What is left over is a part of its own where it is large enough, else it goes to the smallest of the others.
    let own = rest as f64 >= least;
    let mut number = [0_u8; 256];
    for (at, code) in parts.iter().enumerate() {
        let part = if at < common || own { at.min(common) } else { common.saturating_sub(1) };
        number[*code] = part as u8;
    }
    codes.iter_mut().for_each(|code| *code = number[usize::from(*code)]);
    common + usize::from(own)
}

/// Pearson's test of the table of parts by arms.
fn independence(codes: &[u8], parts: usize, arms: &[u32], sizes: &[f64]) -> ChiSquare {
    let mut counts = vec![0.0; parts * sizes.len()];
    codes.iter().zip(arms).for_each(|(code, arm)| counts[usize::from(*code) * sizes.len() + *arm as usize] += 1.0);
    let n = codes.len() as f64;
    let mut statistic = 0.0;
    for row in counts.chunks(sizes.len()) {
        let total: f64 = row.iter().sum();
        for (count, size) in row.iter().zip(sizes) {
            let expected = total * size / n;
            statistic += (count - expected) * (count - expected) / expected;
        }
    }
    let degrees = ((parts - 1) * (sizes.len() - 1)) as f64;
    ChiSquare { statistic, degrees, p: tail(statistic, degrees) }
}

/// Sorts by probability and makes the probabilities those of Holm (1979).
fn holm(differing: &mut [Differing]) {
    differing.sort_by(|a, b| a.p.total_cmp(&b.p).then(b.strength.total_cmp(&a.strength)));
    let count = differing.len();
    let mut so_far = 0.0_f64;
    for (at, own) in differing.iter_mut().enumerate() {
        so_far = so_far.max(((count - at) as f64 * own.p).min(1.0));
        own.p = so_far;
    }
}

/// The omnibus test over indicators of all parts but the first of each column.
fn omnibus(tables: &[(&str, Vec<u8>, usize)], arms: &[u32], sizes: &[f64]) -> Option<Omnibus> {
    let offsets: Vec<usize> = tables
        .iter()
        .scan(0, |next, (_, _, parts)| {
            *next += parts - 1;
            Some(*next + 1 - parts)
        })
        .collect();
    let width: usize = tables.iter().map(|(_, _, parts)| parts - 1).sum();
    let pairs = (tables.len() * (tables.len() + 1) / 2).max(1);
    let step = arms.len().div_ceil((MOST_WORK / pairs).max(1));
    let rows: Vec<usize> = (0..arms.len()).step_by(step.max(1)).collect();
    let n = rows.len() as f64;
    if width * 10 > rows.len() {
        return None;
    }
    let sizes: Vec<f64> = match step {
        0 | 1 => sizes.to_vec(),
        _ => self::sizes(&rows.iter().map(|row| arms[*row]).collect::<Vec<_>>(), sizes.len()),
    };
    if sizes.iter().any(|size| *size < LEAST_ROWS as f64) {
        return None;
    }
    let mut together = vec![0.0; width * width];
    let mut by_arm = vec![0.0; sizes.len() * width];
    let mut set: Vec<usize> = Vec::with_capacity(tables.len());
    for row in &rows {
        set.clear();
        // The first part of a column is what the others are held against.
        let own = |((_, codes, _), offset): (&(&str, Vec<u8>, usize), &usize)| {
            usize::from(codes[*row]).checked_sub(1).map(|part| offset + part)
        };
        set.extend(tables.iter().zip(&offsets).filter_map(own));
        let arm = arms[*row] as usize * width;
        for (at, i) in set.iter().enumerate() {
            by_arm[arm + i] += 1.0;
            set[..=at].iter().for_each(|j| together[i * width + j] += 1.0);
        }
    }
    let total: Vec<f64> = (0..width).map(|i| together[i * width + i]).collect();
    let mut covariance = together;
    for i in 0..width {
        for j in 0..=i {
            covariance[i * width + j] = (covariance[i * width + j] - total[i] * total[j] / n) / (n - 1.0);
        }
    }
    let kept = factor(&mut covariance, width);
    let mut statistic = 0.0;
    for (arm, size) in sizes.iter().enumerate() {
        let off = |i: usize| by_arm[arm * width + i] / size - total[i] / n;
        let mut solved = vec![0.0; width];
        for i in (0..width).filter(|i| kept[*i]) {
            let before: f64 = (0..i).map(|j| covariance[i * width + j] * solved[j]).sum();
            solved[i] = (off(i) - before) / covariance[i * width + i];
        }
        statistic += size * solved.iter().map(|x| x * x).sum::<f64>();
    }
    let rank = kept.iter().filter(|kept| **kept).count();
    let degrees = (rank * (sizes.len() - 1)) as f64;
    (rank > 0).then(|| Omnibus { chi_square: statistic, degrees, p: tail(statistic, degrees) })
}

/// Cholesky factor in place of the lower triangle. A row that those before it say already is left out: its column is 0.
fn factor(matrix: &mut [f64], width: usize) -> Vec<bool> {
    const AGAIN: f64 = 1e-9;
    let mut kept = vec![false; width];
    for i in 0..width {
        let variance = matrix[i * width + i];
        for j in 0..=i {
            if j < i && !kept[j] {
                matrix[i * width + j] = 0.0;
                continue;
            }
            let dot: f64 = (0..j).map(|k| matrix[i * width + k] * matrix[j * width + k]).sum();
            let rest = matrix[i * width + j] - dot;
            if j < i {
                matrix[i * width + j] = rest / matrix[j * width + j];
            } else if rest > AGAIN * variance && variance > 0.0 {
                kept[i] = true;
                matrix[i * width + i] = rest.sqrt();
            } else {
                (0..=i).for_each(|k| matrix[i * width + k] = 0.0);
            }
        }
    }
    kept
}
