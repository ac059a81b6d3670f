//! Trees: leaves are means of their rows, forests are means of trees and stop when told.

use super::super::learner::Fits;
use super::super::metrics::auc;
use super::*;
use crate::random::Random;
use crate::task::Task;
use hessboost::model::Iterations;
use std::collections::BTreeMap;

fn sample(rows: usize) -> (Matrix, Vec<f64>) {
    let mut s = Random::new(2);
    let (mut values, mut y) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let row = [s.normal(), s.normal() * 1e6, (s.uniform() * 4.0).floor()];
        y.push(f64::from(u8::from(s.uniform() < if (row[0] > 0.3) == (row[1] > 0.0) { 0.8 } else { 0.2 })));
        values.extend(row.map(|x| if s.uniform() < 0.1 { f64::NAN } else { x }));
    }
    (Matrix::new(rows, 3, values).unwrap(), y)
}

fn grown(growth: &Growth, examples: &Examples<'_>) -> FittedForest {
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    growth.fit(examples, &fits.watch(0)).unwrap()
}

const TREE: Growth = Growth { trees: 1, depth: 4, min_rows: 30.0, column_sample: 1.0, seed: 0 };
const FOREST: Growth = Growth { trees: 30, depth: 8, min_rows: 5.0, column_sample: 0.6, seed: 4 };

#[test]
fn each_leaf_of_a_tree_is_the_mean_of_its_rows() {
    let (x, y) = sample(3000);
    let amounts: Vec<f64> = y.iter().enumerate().map(|(row, y)| 1e5 + 100.0 * y + (row % 7) as f64).collect();
    for (goal, y) in [(Goal::Propensity, &y), (Goal::Amount, &amounts)] {
        let weights: Vec<f64> = (0..3000).map(|row| 1.0 + f64::from(row % 3)).collect();
        for weights in [None, Some(weights.as_slice())] {
            let examples = Examples { weights, ..Examples::new(&x, y, goal) };
            let tree = grown(&TREE, &examples);
            let mut leaves: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
            for (row, p) in tree.predict(&x).unwrap().iter().enumerate() {
                let leaf = leaves.entry(p.to_bits()).or_default();
                let weight = examples.weight(row);
                *leaf = (leaf.0 + weight * y[row], leaf.1 + weight, leaf.2 + 1.0);
            }
            assert!(leaves.len() > 4 && leaves.len() <= 16);
            for (p, (sum, weight, rows)) in leaves {
                let (p, mean) = (f64::from_bits(p), sum / weight);
                assert!((p - mean).abs() < 3e-6 * mean.max(1.0), "{p} is not {mean}");
                assert!(rows >= if weights.is_none() { 30.0 } else { 15.0 });
            }
        }
    }
}

#[test]
fn the_lowered_mean_is_that_of_the_learners_own_batches() {
    let (x, y) = sample(2000);
    let forest = grown(&FOREST, &Examples::new(&x, &y, Goal::Propensity));
    let data = super::super::boosted::dense(&x).unwrap();
    let mut own = vec![0.0; x.rows()];
    for batch in &forest.batches {
        let margins = batch.predict_margin(&data, Iterations::Best).unwrap();
        own.iter_mut().zip(margins.as_slice()).for_each(|(sum, z)| *sum += f64::from(*z) / 30.0);
    }
    let p = forest.predict(&x).unwrap();
    for (p, own) in p.iter().zip(own) {
        assert!((p - own).abs() < 5e-6 && (0.0..=1.0).contains(p), "{p} {own}");
    }
    let labels: Vec<bool> = y.iter().map(|&y| y > 0.0).collect();
    assert!(auc(&p, &labels) > 0.8);
    assert_eq!(forest.trees().count(), 30);
    assert_eq!(p, grown(&FOREST, &Examples::new(&x, &y, Goal::Propensity)).predict(&x).unwrap());
    let other = grown(&Growth { seed: 5, ..FOREST }, &Examples::new(&x, &y, Goal::Propensity));
    assert_ne!(p, other.predict(&x).unwrap());
}

#[test]
fn a_cancelled_forest_stops() {
    let (x, y) = sample(500);
    let task = Task::default();
    task.cancel();
    let fits = Fits::new(&task, 1);
    let stopped = FOREST.fit(&Examples::new(&x, &y, Goal::Propensity), &fits.watch(0));
    assert!(stopped.is_err_and(|error| error.is_cancelled()));
}
