//! Neighbours by hand and beside a naive search; ties share the last place; a yardstick that no policy gets.

use super::*;
use crate::models::learner::Fits;
use crate::models::testing::customers;
use crate::models::{Family, ModelSpec, base, board, train};

fn fitted(
    x: &[f64],
    inputs: usize,
    y: &[f64],
    weights: Option<&[f64]>,
    neighbours: u32,
    by_distance: bool,
) -> Box<dyn Fitted> {
    let x = Matrix::new(y.len(), inputs, x.to_vec()).unwrap();
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    let examples = Examples { weights, ..Examples::new(&x, y, Goal::Amount) };
    base::fit(&Family::Neighbours { neighbours, by_distance }, &examples, 3, &fits.watch(0)).unwrap()
}

fn of(model: &dyn Fitted, at: f64) -> f64 {
    model.predict(&Matrix::new(1, 1, vec![at]).unwrap()).unwrap()[0]
}

#[test]
fn answers_by_hand() {
    let (x, y) = ([0.0, 1.0, 3.0, 7.0], [1.0, 0.0, 4.0, 8.0]);
    let table = [
        // (neighbours, by distance, where, answer)
        (1, false, 0.2, 1.0),
        (2, false, 0.2, 0.5),
        (4, false, 100.0, 3.25),
        (9, false, 100.0, 3.25),
        // 1 and 3 are as near: one place for both.
        (1, false, 2.0, 2.0),
        (2, false, 1.0, 0.5),
        (2, false, 5.0, 6.0),
        (2, true, 4.0, tied()),
        // At a row itself it answers alone.
        (3, true, 3.0, 4.0),
    ];
    for (neighbours, by_distance, at, answer) in table {
        let found = of(fitted(&x, 1, &y, None, neighbours, by_distance).as_ref(), at);
        assert!((found - answer).abs() < 1e-6, "{neighbours} of {at}: {found}, expected {answer}");
    }
    // A row that weighs three times counts three times; one that weighs nothing is not there.
    let weighted = fitted(&x, 1, &y, Some(&[3.0, 1.0, 0.0, 1.0]), 2, false);
    assert!((of(weighted.as_ref(), 0.4) - 0.75).abs() < 1e-9);
}

/// From 4: row 3 at distance 1, rows 1 and 7 both at distance 3 share the second place.
fn tied() -> f64 {
    let (near, far) = (1.0, 1.0 / 3.0);
    (near * 4.0 + 0.5 * far * (0.0 + 8.0)) / (near + 0.5 * far * 2.0)
}

#[test]
fn the_search_is_that_of_a_naive_one_whatever_the_order_of_rows() {
    let mut random = Random::new(5);
    let (rows, inputs, k) = (300, 11, 7);
    let x: Vec<f64> = (0..rows * inputs).map(|_| random.normal()).collect();
    let y: Vec<f64> = (0..rows).map(|_| random.normal()).collect();
    let model = fitted(&x, inputs, &y, None, k, false);
    let asked: Vec<f64> = (0..150 * inputs).map(|_| random.normal()).collect();
    let found = model.predict(&Matrix::new(150, inputs, asked.clone()).unwrap()).unwrap();
    for (row, found) in asked.chunks(inputs).zip(found) {
        let mut by_distance: Vec<(f64, f64)> = x
            .chunks(inputs)
            .zip(&y)
            .map(|(point, y)| (point.iter().zip(row).map(|(a, b)| (a - b) * (a - b)).sum::<f64>(), *y))
            .collect();
        by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
        let naive = by_distance[..k as usize].iter().map(|(_, y)| y).sum::<f64>() / f64::from(k);
        assert!((found - naive).abs() < 1e-9, "{found}, naive {naive}");
    }
    let back: Vec<f64> = x.chunks(inputs).rev().flatten().copied().collect();
    let reversed: Vec<f64> = y.iter().rev().copied().collect();
    let again = fitted(&back, inputs, &reversed, None, k, false);
    let asked = Matrix::new(150, inputs, asked).unwrap();
    let (a, b) = (model.predict(&asked).unwrap(), again.predict(&asked).unwrap());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn they_stand_on_the_board_and_nowhere_else() {
    let (dataset, roles) = customers(2500, 7);
    let rows: Vec<u32> = (0..2500).collect();
    let of = |id: &str, family: Family| ModelSpec { family, folds: 3, ..ModelSpec::new(id, "bought") };
    let specs = [of("near", Family::neighbours()), of("line", Family::logistic())];
    let found = board(&specs, &dataset, &roles, &rows, &Task::default()).unwrap();
    let near = found.entries.iter().find(|entry| entry.spec.id == "near").unwrap();
    assert!(found.failed.is_empty() && near.quality.auc.low > 0.65, "{:?}", near.quality);
    let error = train(&specs[0], &dataset, &roles, &rows, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("no policy can hold it") && error.contains("attune evaluate"), "{error}");
    let task = Task::default();
    let model = fitted(&[0.0, 1.0], 1, &[0.0, 1.0], None, 1, false);
    assert!(matches!(model.lower(), Function::Constant(x) if x.is_nan()), "which no policy takes");
    task.cancel();
    assert!(board(&specs, &dataset, &roles, &rows, &task).unwrap_err().is_cancelled());
}
