//! The matrix of inputs holds exactly what the policy computes for the same row.

use super::*;

#[test]
fn rows_can_be_chosen_and_single_inputs_shuffled() {
    let m = Matrix::new(3, 2, vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]).unwrap();
    assert_eq!(m.select(&[2, 0]).values(), [3.0, 30.0, 1.0, 10.0]);
    assert_eq!(m.shuffled(&[1], &[2, 0, 1]).values(), [1.0, 30.0, 2.0, 10.0, 3.0, 20.0]);
    assert_eq!(Matrix::new(2, 2, vec![0.0; 3]), None);
}

#[test]
fn missing_cells_follow_the_encoding() {
    let data = Dataset::from_columns(
        "m",
        vec![("x".into(), Cells::Number(vec![4.0, f64::NAN])), ("t".into(), Cells::from_texts([Some("a"), None]))],
    )
    .unwrap();
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let inputs = [
        input("x", Encode::Number),
        input("x", Encode::Standard { missing: 2.0, center: 1.0, scale: 2.0 }),
        input("x", Encode::Missing),
        input("t", Encode::OneHot { category: "a".into(), center: 0.5, scale: 0.25 }),
    ];
    let m = matrix(&data, &[0, 1], &inputs).unwrap();
    assert_eq!(m.row(0), [4.0, 1.5, 0.0, 2.0]);
    assert!(m.row(1)[0].is_nan());
    assert_eq!(m.row(1)[1..], [0.5, 1.0, -2.0]);
}
