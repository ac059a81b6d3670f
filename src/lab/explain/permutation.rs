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

/// Drops of all columns that the model reads, largest first, for rows `x` (its inputs) with labels `y`. Columns that move together
/// stand in for each other: each alone can look useless.
///
/// # Errors
/// When rows do not have the model's inputs, or the task is cancelled.
pub fn permutation(model: &Model, x: &Matrix, y: &[bool], seed: u64, task: &Task) -> Result<Vec<Drop>> {
    let scoring = Scoring::new(model)?;
    let base = scoring.scores(x)?;
    let (up, down) = placements(&base, y);
    let mut fields: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, input) in model.inputs.iter().enumerate() {
        match fields.iter_mut().find(|(field, _)| *field == input.field) {
            Some((_, inputs)) => inputs.push(at),
            None => fields.push((&input.field, vec![at])),
        }
    }
    let whole = auc(&base, y);
    let done = AtomicUsize::new(0);
    let one = |(number, (field, inputs)): (usize, &(&str, Vec<usize>))| -> Result<Drop> {
        let (mut drops, mut up_lost, mut down_lost) = (Vec::new(), vec![0.0; up.len()], vec![0.0; down.len()]);
        for shuffle in 0..SHUFFLES {
            task.tick(done.fetch_add(1, Ordering::Relaxed) as f32 / (fields.len() as u64 * SHUFFLES) as f32)?;
            let mut random = Random::stream(seed, (number as u64) << 32 | shuffle);
            let mut from: Vec<u32> = (0..y.len() as u32).collect();
            for i in (1..from.len()).rev() {
                from.swap(i, random.below(i + 1));
            }
            let scores = scoring.scores(&x.shuffled(inputs, &from))?;
            drops.push(whole - auc(&scores, y));
            let (other_up, other_down) = placements(&scores, y);
            up_lost.iter_mut().zip(up.iter().zip(other_up)).for_each(|(lost, (own, other))| *lost += own - other);
            down_lost.iter_mut().zip(down.iter().zip(other_down)).for_each(|(lost, (own, other))| *lost += own - other);
        }
        let value = drops.iter().sum::<f64>() / SHUFFLES as f64;
        // Placements are summed over the shuffles; the variance of their mean over rows, and what shuffles add to it.
        let rows = variance(&up_lost) / up.len().max(1) as f64 + variance(&down_lost) / down.len().max(1) as f64;
        let shuffles = variance(&drops) / SHUFFLES as f64;
        let half = super::intervals::Z95 * (rows / (SHUFFLES * SHUFFLES) as f64 + shuffles).sqrt();
        Ok(Drop { field: (*field).to_owned(), auc: Estimate { value, low: value - half, high: value + half } })
    };
    let mut out: Vec<Drop> = fields.par_iter().enumerate().map(one).collect::<Result<_>>()?;
    out.sort_by(|a, b| b.auc.value.total_cmp(&a.auc.value).then_with(|| a.field.cmp(&b.field)));
    Ok(out)
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
