//! A column that knows the outcome is named; honest ones are not.

use super::*;
use crate::random::Random;

/// AUCs alone rise with the strength: columns of noise plus the outcome times their strength.
fn world(strengths: &[f64]) -> (Dataset, Target, Vec<String>, Vec<u32>) {
    let mut s = Random::new(31);
    let rows = 4000;
    let labels: Vec<bool> = (0..rows).map(|_| s.uniform() < 0.2).collect();
    let fields: Vec<String> = (0..strengths.len()).map(|i| format!("x{i}")).collect();
    let columns = strengths.iter().zip(&fields).map(|(strength, field)| {
        let numbers = labels.iter().map(|&y| s.normal() + strength * f64::from(u8::from(y))).collect();
        (field.clone(), Cells::Number(numbers))
    });
    let dataset = Dataset::from_columns("leaks", columns.collect()).unwrap();
    let target = Target { rows: (0..rows as u32).collect(), labels, ..Target::default() };
    (dataset, target, fields, (0..rows as u32).map(|i| i % 5).collect())
}

fn suspected(strengths: &[f64]) -> Vec<String> {
    let (dataset, target, fields, fold) = world(strengths);
    let found = suspicions(&dataset, &target, &fields, &fold, &Task::default()).unwrap();
    found.into_iter().map(|s| s.field).collect()
}

#[test]
fn a_column_far_above_the_rest_is_suspected() {
    assert_eq!(suspected(&[0.2, 1.6, 0.5]), ["x1"]);
    assert_eq!(suspected(&[0.2, 5.0, 6.0]), ["x2", "x1"], "nearly perfect ones, together");
}

#[test]
fn good_columns_among_their_like_are_not() {
    assert!(suspected(&[1.3, 1.3, 1.2]).is_empty());
    assert!(suspected(&[0.6, 0.0]).is_empty(), "weak, though alone");
}

#[test]
fn alone_means_out_of_fold() {
    // A text that names each row tells nothing about other rows.
    let (_, target, _, fold) = world(&[]);
    let names: Vec<String> = (0..4000).map(|i| i.to_string()).collect();
    let cells = Cells::from_texts(names.iter().map(|name| Some(name.as_str())));
    assert_eq!(alone_auc(&cells, &target, &fold), 0.5);
    // Any shape is seen, not only rising ones: rows with the outcome lie in the middle.
    let middle = target.labels.iter().enumerate().map(|(i, &y)| if y { 0.0 } else { (i % 2) as f64 * 2.0 - 1.0 });
    assert_eq!(alone_auc(&Cells::Number(middle.collect()), &target, &fold), 1.0);
}

#[test]
fn a_column_filled_in_after_the_outcome_is_said_to_be() {
    let (_, target, _, fold) = world(&[]);
    let mut s = Random::new(5);
    let numbers = target.labels.iter().map(|&y| if y || s.uniform() < 0.02 { s.normal() } else { f64::NAN }).collect();
    let honest: Vec<f64> = target.labels.iter().map(|&y| s.normal() + 5.0 * f64::from(u8::from(y))).collect();
    let columns = vec![("refund".into(), Cells::Number(numbers)), ("honest".into(), Cells::Number(honest))];
    let dataset = Dataset::from_columns("leaks", columns).unwrap();
    let message = |field: &str| {
        let found = suspicions(&dataset, &target, &[field.to_owned()], &fold, &Task::default()).unwrap();
        found.into_iter().next().unwrap().message
    };
    assert!(message("refund").contains("filled in where the outcome happened"), "{}", message("refund"));
    assert!(!message("honest").contains("filled in"), "{}", message("honest"));
}
