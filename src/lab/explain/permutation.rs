//! How much worse the model orders rows when a column's values are shuffled among them: on the model that decides, on rows it did
//! not learn from, with intervals.

use super::scoring::Scoring;
use crate::error::Result;
use crate::features::Matrix;
use crate::models::metrics::{auc, placements};
use crate::models::report::Estimate;
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::Model;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shuffles of each column.
pub const SHUFFLES: u64 = 10;

/// What a column is worth to the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// The column.
    pub field: String,
    /// AUC lost when its values are shuffled, mean over the shuffles (Breiman 2001; Fisher, Rudin and Dominici 2019). The 95 %
    /// interval holds both the chance of the rows (DeLong's, paired) and that of the shuffles.
    pub auc: Estimate,
}

/// What a column is worth to the model of an amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rise {
    /// The column.
    pub field: String,
    /// Root mean squared error gained when its values are shuffled, mean over the shuffles, in units of the amount. The 95 % interval
    /// holds the chance of the rows (paired, by the delta method) and that of the shuffles.
    pub rmse: Estimate,
    /// Mean absolute error gained, likewise.
    pub mae: Estimate,
}

/// Drops of all columns that the model reads, largest first, for rows `x` (its inputs) with labels `y`. Columns that move together
/// stand in for each other: each alone can look useless.
///
/// # Errors
/// When rows do not have the model's inputs, or the task is cancelled.
pub fn permutation(model: &Model, x: &Matrix, y: &[bool], seed: u64, task: &Task) -> Result<Vec<Drop>> {
    let base = Scoring::new(model)?.scores(x)?;
    let (up, down) = placements(&base, y);
    let whole = auc(&base, y);
    let mut out = each_column(model, x, seed, task, |field, shuffled| {
        let (mut drops, mut up_lost, mut down_lost) = (Vec::new(), vec![0.0; up.len()], vec![0.0; down.len()]);
        for shuffle in 0..SHUFFLES {
            let scores = shuffled(shuffle)?;
            drops.push(whole - auc(&scores, y));
            let (other_up, other_down) = placements(&scores, y);
            up_lost.iter_mut().zip(up.iter().zip(other_up)).for_each(|(lost, (own, other))| *lost += own - other);
            down_lost.iter_mut().zip(down.iter().zip(other_down)).for_each(|(lost, (own, other))| *lost += own - other);
        }
        // Placements are summed over the shuffles; the variance of their mean over rows, and what shuffles add to it.
        let rows = variance(&up_lost) / up.len().max(1) as f64 + variance(&down_lost) / down.len().max(1) as f64;
        Ok(Drop { field: field.to_owned(), auc: estimate(&drops, rows / (SHUFFLES * SHUFFLES) as f64) })
    })?;
    out.sort_by(|a, b| b.auc.value.total_cmp(&a.auc.value).then_with(|| a.field.cmp(&b.field)));
    Ok(out)
}

/// As [`permutation`] for the model of an amount: errors gained, largest first, for rows `x` with amounts `y`.
///
/// # Errors
/// As [`permutation`].
pub fn permutation_of_amounts(model: &Model, x: &Matrix, y: &[f64], seed: u64, task: &Task) -> Result<Vec<Rise>> {
    let base = Scoring::new(model)?.scores(x)?;
    let n = y.len().max(1) as f64;
    let errors = |scores: &[f64]| -> (Vec<f64>, Vec<f64>) {
        let gaps = || scores.iter().zip(y).map(|(p, y)| p - y);
        (gaps().map(|e| e * e).collect(), gaps().map(f64::abs).collect())
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (squares, sizes) = errors(&base);
    let (rmse, mae) = (mean(&squares).sqrt(), mean(&sizes));
    let mut out = each_column(model, x, seed, task, |field, shuffled| {
        let (mut of_rmse, mut of_mae) = (Vec::new(), Vec::new());
        let (mut rows_rmse, mut rows_mae) = (vec![0.0; y.len()], vec![0.0; y.len()]);
        for shuffle in 0..SHUFFLES {
            let (other_squares, other_sizes) = errors(&shuffled(shuffle)?);
            let other = mean(&other_squares).sqrt();
            of_rmse.push(other - rmse);
            of_mae.push(mean(&other_sizes) - mae);
            // What each row adds to the root, to first order; nothing where nothing errs.
            let slope = |root: f64| if root > 0.0 { 0.5 / root } else { 0.0 };
            for row in 0..y.len() {
                rows_rmse[row] += other_squares[row] * slope(other) - squares[row] * slope(rmse);
                rows_mae[row] += other_sizes[row] - sizes[row];
            }
        }
        let of_rows = |rows: &[f64]| variance(rows) / n / (SHUFFLES * SHUFFLES) as f64;
        Ok(Rise {
            field: field.to_owned(),
            rmse: estimate(&of_rmse, of_rows(&rows_rmse)),
            mae: estimate(&of_mae, of_rows(&rows_mae)),
        })
    })?;
    out.sort_by(|a, b| b.rmse.value.total_cmp(&a.rmse.value).then_with(|| a.field.cmp(&b.field)));
    Ok(out)
}

/// The mean over the shuffles, with the variance that rows give it and what shuffles add to it.
fn estimate(shuffles: &[f64], of_rows: f64) -> Estimate {
    let value = shuffles.iter().sum::<f64>() / SHUFFLES as f64;
    let half = super::intervals::Z95 * (of_rows + variance(shuffles) / SHUFFLES as f64).sqrt();
    Estimate { value, low: value - half, high: value + half }
}

/// Asks of each column that the model reads what becomes of the scores when it is shuffled, all inputs made of it together; `one` is
/// given the column and the scores of a shuffle by its number.
fn each_column<T: Send>(
    model: &Model,
    x: &Matrix,
    seed: u64,
    task: &Task,
    one: impl Fn(&str, &dyn Fn(u64) -> Result<Vec<f64>>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let scoring = Scoring::new(model)?;
    let mut fields: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, input) in model.inputs.iter().enumerate() {
        match fields.iter_mut().find(|(field, _)| *field == input.field) {
            Some((_, inputs)) => inputs.push(at),
            None => fields.push((&input.field, vec![at])),
        }
    }
    let rows = scoring.scores(x)?.len() as u32;
    let done = AtomicUsize::new(0);
    let ask = |(number, (field, inputs)): (usize, &(&str, Vec<usize>))| {
        let shuffled = |shuffle: u64| -> Result<Vec<f64>> {
            task.tick(done.fetch_add(1, Ordering::Relaxed) as f32 / (fields.len() as u64 * SHUFFLES) as f32)?;
            let mut random = Random::stream(seed, (number as u64) << 32 | shuffle);
            let mut from: Vec<u32> = (0..rows).collect();
            for i in (1..from.len()).rev() {
                from.swap(i, random.below(i + 1));
            }
            scoring.scores(&x.shuffled(inputs, &from))
        };
        one(field, &shuffled)
    };
    fields.par_iter().enumerate().map(ask).collect()
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::model::{Encode, Function, Input, Link};

    #[test]
    fn errors_of_amounts_rise_by_what_the_column_explains() {
        // y = 3 a + b + noise of 1, scored by what is true: without `a` the squared error is 1 + 2 · 9 (its values and those it is
        // shuffled to vary alike), without `b` 1 + 2.
        let mut random = Random::new(4);
        let (mut values, mut y) = (Vec::new(), Vec::new());
        for _ in 0..4000 {
            let (a, b) = (random.normal(), random.normal());
            values.extend([a, b]);
            y.push(3.0 * a + b + random.normal());
        }
        let x = Matrix::new(4000, 2, values).unwrap();
        let input = |field: &str| Input { field: field.into(), encode: Encode::Number };
        let function = Function::Linear { intercept: 0.0, coefficients: vec![3.0, 1.0], link: Link::Identity };
        let model = Model { inputs: vec![input("a"), input("b")], function, ..Model::default() };
        let out = permutation_of_amounts(&model, &x, &y, 3, &Task::default()).unwrap();
        for (rise, truth) in out.iter().zip([19f64.sqrt() - 1.0, 3f64.sqrt() - 1.0]) {
            assert!((rise.rmse.value - truth).abs() < 0.1, "{rise:?} {truth}");
            assert!(
                rise.rmse.low < truth && truth < rise.rmse.high && rise.rmse.high - rise.rmse.low < 0.4,
                "{rise:?}"
            );
            // Of normal errors the mean size is √(2/π) of the root.
            assert!((rise.mae.value - truth * (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.1, "{rise:?}");
        }
        assert_eq!(out.iter().map(|rise| rise.field.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_the_model_leans_on_is_lost_and_what_it_ignores_is_not() {
        let mut random = Random::new(9);
        let (mut values, mut y) = (Vec::new(), Vec::new());
        for _ in 0..2000 {
            let (a, b, c) = (random.normal(), random.normal(), random.normal());
            values.extend([a, b, c]);
            y.push(random.chance(Link::Logistic.apply(1.5 * a + 0.4 * b)));
        }
        let x = Matrix::new(2000, 3, values).unwrap();
        let input = |field: &str| Input { field: field.into(), encode: Encode::Number };
        // Two inputs of one column are shuffled together.
        let model = Model {
            inputs: vec![input("a"), input("b"), input("a")],
            function: Function::Linear { intercept: 0.0, coefficients: vec![1.5, 0.4, 0.0], link: Link::Logistic },
            ..Model::default()
        };
        let out = permutation(&model, &x, &y, 3, &Task::default()).unwrap();
        assert_eq!(out.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(out[0].auc.low > 0.2 && out[1].auc.low > 0.0 && out[1].auc.high < 0.05, "{out:?}");
        // Without `a` what is left is the order by `b`, spoilt by noise: better than nothing, worse than `b` alone.
        let order =
            |score: &dyn Fn(&[f64]) -> f64| auc(&(0..2000).map(|row| score(x.row(row))).collect::<Vec<_>>(), &y);
        let whole = order(&|row| 1.5 * row[0] + 0.4 * row[1]);
        assert!((whole - order(&|row| row[1])..whole - 0.5).contains(&out[0].auc.value), "{out:?}");
        let blind = Model { function: Function::Constant(0.5), ..model };
        assert!(permutation(&blind, &x, &y, 3, &Task::default()).unwrap().iter().all(|d| d.auc == Estimate::default()));
    }
}
