//! How scores follow one column: partial dependence, curves of single rows, accumulated local effects, and how much two columns
//! work together. Scores are calibrated ones, as rules read them.
//!
//! Partial dependence asks what the average score would be if *every* row had a value, also where no real row could; accumulated
//! local effects add up what small steps change among the rows that stand there. Where columns move together the two differ, and
//! the second is the one to read.

use super::probe::{GRID, Grid, Point, Probe};
use crate::data::cells::Cells;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Most single rows whose curves are drawn.
pub const CURVES: usize = 40;

/// Most rows whose values are crossed to find how two columns work together.
pub const CROSSED: usize = 150;

/// Mean score by value of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// The column.
    pub field: String,
    /// The values.
    pub points: Vec<Point>,
    /// Mean score over all rows if they had the value (Friedman 2001).
    pub mean: Vec<f64>,
    /// Scores of some rows if they had the value, less their score at the first value (Goldstein et al. 2015, centred).
    pub curves: Vec<Vec<f64>>,
    /// Rows that were asked about.
    pub rows: u64,
}

/// Accumulated local effects of a column (Apley and Zhu 2020).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accumulated {
    /// The column.
    pub field: String,
    /// The values; for numbers, ends of the steps. Missing values have no place in an order and are left out.
    pub points: Vec<Point>,
    /// Effect on the score, mean 0 over the rows.
    pub effect: Vec<f64>,
    /// Rows that each step was measured on; one less than points.
    pub steps: Vec<u64>,
}

/// How much two columns work together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    /// The columns.
    pub fields: (String, String),
    /// Friedman and Popescu's H² (2008): the share of the variance of their joint partial dependence that is not the sum of
    /// their own, 0 to about 1.
    pub h2: f64,
    /// Its root in units of the score: how far the two together stray from the sum, typically.
    pub strays: f64,
    /// Rows whose values were crossed.
    pub rows: u64,
}

/// Partial dependence of a column, with the curves of some rows.
///
/// # Errors
/// When the model does not read the column, it has no value, or the task is cancelled.
pub fn partial(probe: &Probe<'_>, field: &str, task: &Task) -> Result<Partial> {
    let grid = probe.grid(field, GRID)?;
    let n = probe.rows().len();
    let all: Vec<u32> = (0..n as u32).collect();
    // Rows evenly over the sample, which was drawn at random.
    let shown: Vec<usize> = (0..n.min(CURVES)).map(|i| i * n / n.min(CURVES)).collect();
    let mut out = Partial { field: field.to_owned(), rows: n as u64, ..Partial::default() };
    out.curves = vec![Vec::with_capacity(grid.len()); shown.len()];
    for at in 0..grid.len() {
        task.tick(at as f32 / grid.len() as f32)?;
        let scores = probe.ask(&all, &[(field, &grid.cells, &vec![at as u32; n])])?;
        out.mean.push(scores.iter().sum::<f64>() / n as f64);
        out.curves.iter_mut().zip(&shown).for_each(|(curve, &row)| curve.push(scores[row]));
    }
    for curve in &mut out.curves {
        let first = curve[0];
        curve.iter_mut().for_each(|score| *score -= first);
    }
    out.points = grid.points;
    Ok(out)
}

/// Accumulated local effects of a column. Numbers are cut into steps of about equal count; other values are taken in the order
/// given, or by the mean score of the rows that have them.
///
/// # Errors
/// When the model does not read the column, fewer than two values are known, `order` names other values than the column has, or the
/// task is cancelled.
pub fn accumulated(probe: &Probe<'_>, field: &str, order: Option<&[&str]>, task: &Task) -> Result<Accumulated> {
    let cells = probe.cells(field)?;
    let grid = probe.grid(field, GRID)?;
    task.tick(0.0)?;
    let numeric = matches!(cells, Cells::Integer(_) | Cells::Number(_));
    let known = grid.points.len() - usize::from((0..grid.len()).any(|at| grid.cells.is_missing(at)));
    if known < 2 {
        return Err(Error::new("has only one known value among the rows asked about").in_column(field));
    }
    let out = if numeric {
        steps_of_numbers(probe, field, cells, &grid, known)
    } else {
        categories(probe, field, cells, &grid, known, order)
    };
    task.tick(1.0)?;
    out
}

/// Each row in step (z_{k−1}, z_k] is asked at both ends.
fn steps_of_numbers(probe: &Probe<'_>, field: &str, cells: &Cells, grid: &Grid, known: usize) -> Result<Accumulated> {
    let ends: Vec<f64> = grid.points[..known].iter().filter_map(|point| point.number).collect();
    let (mut rows, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for (at, &row) in (0..).zip(probe.rows()) {
        let Some(x) = cells.value(row as usize).as_f64() else { continue };
        let step = ends.partition_point(|end| *end < x).clamp(1, known - 1) as u32;
        rows.push(at);
        high.push(step);
        low.push(step - 1);
    }
    let above = probe.ask(&rows, &[(field, &grid.cells, &high)])?;
    let below = probe.ask(&rows, &[(field, &grid.cells, &low)])?;
    let (mut sums, mut counts) = (vec![0.0; known - 1], vec![0_u64; known - 1]);
    for ((step, above), below) in low.iter().zip(above).zip(below) {
        sums[*step as usize] += above - below;
        counts[*step as usize] += 1;
    }
    let mut effect = vec![0.0];
    for (sum, &count) in sums.iter().zip(&counts) {
        effect.push(effect[effect.len() - 1] + if count > 0 { sum / count as f64 } else { 0.0 });
    }
    // The mean over the rows, each at the middle of its step.
    let total: u64 = counts.iter().sum();
    let mean = counts.iter().enumerate().map(|(k, &n)| n as f64 * (effect[k] + effect[k + 1]) / 2.0).sum::<f64>()
        / total.max(1) as f64;
    effect.iter_mut().for_each(|effect| *effect -= mean);
    Ok(Accumulated { field: field.to_owned(), points: grid.points[..known].to_vec(), effect, steps: counts })
}

/// Rows that have either of two neighbouring values are asked at both.
fn categories(
    probe: &Probe<'_>,
    field: &str,
    cells: &Cells,
    grid: &Grid,
    known: usize,
    order: Option<&[&str]>,
) -> Result<Accumulated> {
    let mut of: Vec<Vec<u32>> = vec![Vec::new(); known];
    for (at, &row) in (0..).zip(probe.rows()) {
        let text = cells.text(row as usize);
        if let Some(value) = text.and_then(|text| grid.points[..known].iter().position(|point| point.label == text)) {
            of[value].push(at);
        }
    }
    let places: Vec<usize> = match order {
        Some(order) => {
            let place = |name: &&str| grid.points[..known].iter().position(|point| point.label == **name);
            let places: Vec<usize> = order.iter().filter_map(place).collect();
            let mut once = places.clone();
            once.sort_unstable();
            once.dedup();
            if once.len() != known || order.len() != known {
                let names: Vec<&str> = grid.points[..known].iter().map(|point| point.label.as_str()).collect();
                return Err(Error::new("the order given does not name each of its values once")
                    .in_column(field)
                    .hint(format!("its values: {}", names.join(", "))));
            }
            places
        }
        None => {
            let scores = probe.scores()?;
            let mean = |value: &usize| {
                let rows = &of[*value];
                rows.iter().map(|&row| scores[row as usize]).sum::<f64>() / rows.len().max(1) as f64
            };
            let mut places: Vec<usize> = (0..known).collect();
            places.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
            places
        }
    };
    let (mut effect, mut steps) = (vec![0.0], Vec::new());
    for pair in places.windows(2) {
        let rows = [of[pair[0]].as_slice(), of[pair[1]].as_slice()].concat();
        let at = |value: usize| probe.ask(&rows, &[(field, &grid.cells, &vec![value as u32; rows.len()])]);
        let (above, below) = (at(pair[1])?, at(pair[0])?);
        let change = above.iter().zip(&below).map(|(a, b)| a - b).sum::<f64>() / rows.len().max(1) as f64;
        effect.push(effect[effect.len() - 1] + change);
        steps.push(rows.len() as u64);
    }
    let weights: Vec<f64> = places.iter().map(|&value| of[value].len() as f64).collect();
    let total: f64 = weights.iter().sum();
    let mean = effect.iter().zip(&weights).map(|(effect, weight)| effect * weight).sum::<f64>() / total.max(1.0);
    effect.iter_mut().for_each(|effect| *effect -= mean);
    let points = places.iter().map(|&value| grid.points[value].clone()).collect();
    Ok(Accumulated { field: field.to_owned(), points, effect, steps })
}

/// How much two columns work together, by crossing the values of up to [`CROSSED`] rows.
///
/// # Errors
/// When the model does not read both, they are one, or the task is cancelled.
pub fn interaction(probe: &Probe<'_>, first: &str, second: &str, task: &Task) -> Result<Interaction> {
    if first == second {
        return Err(Error::new("is the same column twice").in_column(first));
    }
    let n = probe.rows().len().min(CROSSED);
    let rows: Vec<u32> = (0..n).map(|i| (i * probe.rows().len() / n) as u32).collect();
    let positions: Vec<u32> = rows.iter().map(|&row| probe.rows()[row as usize]).collect();
    let own = |field: &str| -> Result<Cells> { Ok(probe.cells(field)?.select(&positions)) };
    let (a, b) = (own(first)?, own(second)?);
    let (mut both, mut one, mut two) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mean = |scores: Vec<f64>| scores.iter().sum::<f64>() / n as f64;
    for i in 0..n as u32 {
        task.tick(i as f32 / n as f32)?;
        let (a, b, same) = ((first, &a), (second, &b), vec![i; n]);
        both.push(mean(probe.ask(&rows, &[(a.0, a.1, &same), (b.0, b.1, &same)])?));
        one.push(mean(probe.ask(&rows, &[(a.0, a.1, &same)])?));
        two.push(mean(probe.ask(&rows, &[(b.0, b.1, &same)])?));
    }
    for values in [&mut both, &mut one, &mut two] {
        let center = values.iter().sum::<f64>() / n as f64;
        values.iter_mut().for_each(|value| *value -= center);
    }
    let stray: f64 = both.iter().zip(&one).zip(&two).map(|((both, one), two)| (both - one - two).powi(2)).sum();
    let all: f64 = both.iter().map(|both| both * both).sum();
    Ok(Interaction {
        fields: (first.to_owned(), second.to_owned()),
        h2: if all > 0.0 { stray / all } else { 0.0 },
        strays: (stray / n as f64).sqrt(),
        rows: n as u64,
    })
}

#[cfg(test)]
#[path = "dependence_tests.rs"]
mod tests;
