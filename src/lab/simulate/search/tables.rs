//! Sums of the score matrix by bin of every column and of every pair of columns: what all trees of depth 2 are found in.
//!
//! It counts and visits; what is best is for [`super::exact`] and [`super::constrained`].

use super::matrix::{ScoreMatrix, Sums};
use super::tree::{Binned, Test};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;

/// Numbers kept of one table of pairs.
const MOST_CELLS: usize = 128 << 20;

/// Sums by bin of each column and of each pair of columns.
pub(super) struct Tables {
    one: Vec<Vec<f64>>,
    /// By position of the pair (j, k), j < k: `k(k−1)/2 + j`; bins of j, then bins of k.
    two: Vec<Vec<f64>>,
    pairs: bool,
    /// Sums of all rows.
    pub total: Vec<f64>,
    /// Gains up to this are rounding.
    pub tolerance: f64,
}

/// Space for the sums of a test.
pub(super) struct Space {
    up_to: Vec<f64>,
    yes: Vec<f64>,
    no: Vec<f64>,
}

impl Space {
    pub fn new(stride: usize) -> Space {
        Space { up_to: Vec::new(), yes: vec![0.0; stride], no: vec![0.0; stride] }
    }

    /// The sums on both sides of every test of a column, by its sums by bin.
    pub fn each(
        &mut self,
        column: &Binned,
        table: &[f64],
        total: &[f64],
        mut visit: impl FnMut(Test, Sums<'_>, Sums<'_>),
    ) {
        let stride = total.len();
        let Space { up_to, yes, no } = self;
        up_to.clear();
        up_to.resize((usize::from(column.known) + 1) * stride, 0.0);
        for i in 0..usize::from(column.known) * stride {
            up_to[stride + i] = up_to[i] + table[i];
        }
        let missing = &table[usize::from(column.known) * stride..][..stride];
        for test in &column.tests {
            let (from, to) = (usize::from(test.from) * stride, usize::from(test.to) * stride);
            for i in 0..stride {
                let mut inside = up_to[to + i] - up_to[from + i];
                if test.missing {
                    inside += missing[i];
                }
                (yes[i], no[i]) = (inside, total[i] - inside);
            }
            visit(*test, yes, no);
        }
    }
}

impl Tables {
    /// Sums of `rows`, of pairs of columns where asked for.
    pub fn new(columns: &[Binned], matrix: &ScoreMatrix, rows: &[u32], pairs: bool, task: &Task) -> Result<Tables> {
        let stride = matrix.stride();
        let bins: Vec<usize> = columns.iter().map(Binned::bins).collect();
        let wanted: Vec<(usize, usize)> = match pairs {
            true => (1..columns.len()).flat_map(|k| (0..k).map(move |j| (j, k))).collect(),
            false => Vec::new(),
        };
        if wanted.iter().map(|(j, k)| bins[*j] * bins[*k] * stride).sum::<usize>() > MOST_CELLS {
            return Err(Error::new(format!("{} columns are too many to search all pairs of", columns.len()))
                .hint("name fewer columns, or fewer cuts of each"));
        }
        let stopped = || if task.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) };
        let one = columns
            .par_iter()
            .map(|column| {
                stopped()?;
                let mut table = vec![0.0; column.bins() * stride];
                for row in rows {
                    add(&mut table, usize::from(column.codes[*row as usize]), matrix.row(*row));
                }
                Ok(table)
            })
            .collect::<Result<Vec<_>>>()?;
        let two = wanted
            .par_iter()
            .map(|(j, k)| {
                stopped()?;
                let (first, second) = (&columns[*j].codes, &columns[*k].codes);
                let mut table = vec![0.0; bins[*j] * bins[*k] * stride];
                for row in rows {
                    let at = *row as usize;
                    add(&mut table, usize::from(first[at]) * bins[*k] + usize::from(second[at]), matrix.row(*row));
                }
                Ok(table)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut total = vec![0.0; stride];
        let mut scale = 0.0;
        for row in rows {
            let sums = matrix.row(*row);
            total.iter_mut().zip(sums).for_each(|(t, x)| *t += x);
            scale += sums[..matrix.choices()].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        }
        Ok(Tables { one, two, pairs, total, tolerance: 1e-11 * scale })
    }

    /// Whether pairs were counted.
    pub fn has_pairs(&self) -> bool {
        self.pairs
    }

    /// Visits both sides of every test of every column: column, test, sums where passed and where not.
    pub fn splits(&self, columns: &[Binned], mut visit: impl FnMut(usize, Test, Sums<'_>, Sums<'_>)) {
        let mut space = Space::new(self.total.len());
        for (k, (column, table)) in columns.iter().zip(&self.one).enumerate() {
            space.each(column, table, &self.total, |test, yes, no| visit(k, test, yes, no));
        }
    }

    /// Visits what lies on either side of every test of column `j`: the test's position, the side (0 where it is passed), a column
    /// `k`, and the side's sums by bin of `k`; all tests for one `k` after those for the one before.
    pub fn sides(&self, j: usize, columns: &[Binned], mut visit: impl FnMut(usize, usize, usize, &[f64])) {
        let stride = self.total.len();
        let own = &columns[j];
        let mut oriented = Vec::new();
        let (mut up_to, mut yes, mut no) = (Vec::new(), Vec::new(), Vec::new());
        for (k, column) in columns.iter().enumerate() {
            let width = column.bins() * stride;
            let table: &[f64] = match j.cmp(&k) {
                std::cmp::Ordering::Less => &self.two[k * (k - 1) / 2 + j],
                order => {
                    oriented.clear();
                    oriented.resize(own.bins() * width, 0.0);
                    for a in 0..own.bins() {
                        for b in 0..column.bins() {
                            let from = match order {
                                std::cmp::Ordering::Greater => {
                                    &self.two[j * (j - 1) / 2 + k][(b * own.bins() + a) * stride..][..stride]
                                }
                                _ if a == b => &self.one[j][a * stride..][..stride],
                                _ => continue,
                            };
                            oriented[a * width + b * stride..][..stride].copy_from_slice(from);
                        }
                    }
                    &oriented
                }
            };
            // Sums of the bins of j below each bin: a test is a difference of two of them.
            up_to.clear();
            up_to.resize((usize::from(own.known) + 1) * width, 0.0);
            for a in 0..usize::from(own.known) {
                for i in 0..width {
                    up_to[(a + 1) * width + i] = up_to[a * width + i] + table[a * width + i];
                }
            }
            for (at, test) in own.tests.iter().enumerate() {
                let (from, to) = (usize::from(test.from) * width, usize::from(test.to) * width);
                yes.clear();
                yes.extend((0..width).map(|i| up_to[to + i] - up_to[from + i]));
                if test.missing {
                    let missing = &table[usize::from(own.known) * width..][..width];
                    yes.iter_mut().zip(missing).for_each(|(y, m)| *y += m);
                }
                no.clear();
                no.extend(self.one[k].iter().zip(&yes).map(|(all, y)| all - y));
                visit(at, 0, k, &yes);
                visit(at, 1, k, &no);
            }
        }
    }

    /// The sums on both sides of every test of column `j`.
    pub fn totals(&self, j: usize, columns: &[Binned]) -> Vec<[Vec<f64>; 2]> {
        let mut found = Vec::with_capacity(columns[j].tests.len());
        let mut space = Space::new(self.total.len());
        space.each(&columns[j], &self.one[j], &self.total, |_, yes, no| found.push([yes.to_vec(), no.to_vec()]));
        found
    }
}

fn add(table: &mut [f64], bin: usize, sums: Sums<'_>) {
    let cell = &mut table[bin * sums.len()..][..sums.len()];
    cell.iter_mut().zip(sums).for_each(|(t, x)| *t += x);
}
