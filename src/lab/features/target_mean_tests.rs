//! Target encoding: values by hand, no row meets its own outcome, and noise stays noise.

use super::*;
use crate::data::{Role, Roles};
use crate::features::recipe;
use crate::random::Random;
use attune_policy::value::Value;

fn dataset(texts: &[Option<&str>]) -> Dataset {
    Dataset::from_columns("d", vec![("city".into(), Cells::from_texts(texts.iter().copied()))]).unwrap()
}

#[test]
fn means_are_smoothed_towards_that_of_all() {
    let data = dataset(&[Some("a"), Some("a"), Some("b"), None, Some("c")]);
    let column = |weight| TargetColumn { weight, ..TargetColumn::new("rate", "city") };
    let (rows, y) = ([0, 1, 2, 3], [1.0, 0.0, 1.0, 0.0]);
    let entry = |category: &str, mean: f64| (category.to_owned(), mean);
    let op = fit(&data, &rows, &y, &column(0.0)).unwrap();
    assert_eq!(op, Op::TargetMean { means: vec![entry("a", 0.5), entry("b", 1.0)], otherwise: 0.5 });
    // (1 + 2 · ½) / (1 + 2).
    let op = fit(&data, &rows, &y, &column(2.0)).unwrap();
    assert_eq!(op, Op::TargetMean { means: vec![entry("a", 0.5), entry("b", 2.0 / 3.0)], otherwise: 0.5 });
    // Each from the other fold: `a` by y = 0 there, `b` by nothing, so by the mean of rows 1 and 3.
    let found = out_of_fold(&data, &rows, &y, &[0, 1, 0, 1], &column(0.0)).unwrap();
    assert_eq!(found[..3], [0.0, 1.0, 0.0]);
    assert!(found[3].is_nan(), "missing stays missing");
    // The deployed table encodes as the recipe does.
    let (with, steps) = columns(&data, &rows, &y, &[0, 1, 0, 1], &[column(2.0)]).unwrap();
    let roles = Roles { columns: [("city".to_owned(), Role::Feature)].into(), ..Roles::default() };
    let (applied, _) = recipe::apply(&data, &roles, &steps).unwrap();
    assert_eq!(with.value(4, "rate"), Value::Number(0.5));
    assert_eq!(with.value(4, "rate"), applied.value(4, "rate"), "a row that did not train");
    assert_eq!(with.columns().len(), 1, "the encoded column alone");
}

#[test]
fn no_row_meets_its_own_outcome() {
    let mut random = Random::new(8);
    let rows: Vec<u32> = (0..400).collect();
    let names: Vec<String> = (0..60).map(|i| format!("c{i}")).collect();
    let texts: Vec<Option<&str>> = rows.iter().map(|_| Some(names[random.below(60)].as_str())).collect();
    let data = dataset(&texts);
    let y: Vec<f64> = rows.iter().map(|_| f64::from(u8::from(random.chance(0.4)))).collect();
    let folds: Vec<u32> = rows.iter().map(|_| random.below(5) as u32).collect();
    let column = TargetColumn { weight: 3.0, ..TargetColumn::new("rate", "city") };
    let found = out_of_fold(&data, &rows, &y, &folds, &column).unwrap();
    for at in 0..rows.len() {
        // Whatever the outcomes of its own fold were, a row is encoded alike.
        let mut other = y.clone();
        (0..rows.len()).filter(|i| folds[*i] == folds[at]).for_each(|i| other[i] = 1.0 - other[i]);
        let changed = out_of_fold(&data, &rows, &other, &folds, &column).unwrap();
        assert_eq!(found[at], changed[at], "row {at}");
        if at >= 40 {
            break;
        }
    }
    // The categories say nothing of the outcome. In-sample means seem to, out-of-fold ones do not.
    let Op::TargetMean { means, .. } = fit(&data, &rows, &y, &column).unwrap() else { panic!() };
    let table: std::collections::HashMap<_, _> = means.into_iter().collect();
    let inside: Vec<f64> = texts.iter().map(|text| table[text.unwrap()]).collect();
    let (inside, outside) = (correlation(&inside, &y), correlation(&found, &y));
    assert!(inside > 0.3 && outside < 0.1, "in sample {inside}, out of fold {outside}");
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(usize) -> f64| (0..a.len()).map(f).sum::<f64>();
    let (da, db) = (|i: usize| a[i] - ma, |i: usize| b[i] - mb);
    sum(&|i| da(i) * db(i)) / (sum(&|i| da(i) * da(i)) * sum(&|i| db(i) * db(i))).sqrt()
}

#[test]
fn what_cannot_be_encoded_names_the_column() {
    let data = Dataset::from_columns("d", vec![("n".into(), Cells::Integer(vec![1, 2]))]).unwrap();
    let texts = dataset(&[Some("a"), Some("b")]);
    let bad = [
        (fit(&data, &[0], &[1.0], &TargetColumn::new("r", "n")), "column `n`: is whole number and not text"),
        (fit(&data, &[0], &[1.0], &TargetColumn::new("r", "x")), "column `x`: there is no such column"),
        (fit(&texts, &[0], &[], &TargetColumn::new("r", "city")), "0 outcomes were given for 1"),
        (fit(&texts, &[0], &[f64::NAN], &TargetColumn::new("r", "city")), "finite"),
    ];
    for (result, words) in bad {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = out_of_fold(&texts, &[0, 1], &[0.0, 1.0], &[3, 3], &TargetColumn::new("r", "city")).unwrap_err();
    assert!(error.to_string().contains("all rows are in one fold"), "{error}");
}
