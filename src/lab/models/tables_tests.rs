//! Round edges part what they should.

use super::*;
use crate::random::Random;

#[test]
fn edges_are_the_roundest_numbers_in_between() {
    for (low, high, expected) in [
        (37.0, 38.0, 38.0),
        (0.1, 0.2, 0.2),
        (0.13, 0.98, 0.9),
        (-0.1, 0.1, 0.0),
        (1234.5, 1250.25, 1250.0),
        (-38.0, -37.0, -37.0),
        (0.0, 1e-9, 1e-9),
        (3.0, 3.0, 3.0),
        (f64::NEG_INFINITY, 7.5, 7.5),
    ] {
        assert_eq!(readable(low, high), expected, "{low} to {high}");
    }
    let mut s = Random::new(4);
    for _ in 0..2000 {
        let size = 10_f64.powi(s.below(30) as i32 - 15);
        let (a, b) = (s.normal() * size, s.normal() * size);
        let (low, high) = (a.min(b), a.max(b));
        let edge = readable(low, high);
        assert!(edge > low && edge <= high, "{low} {high} {edge}");
    }
}

#[test]
fn quantile_bins_hold_about_as_many_rows_and_ties_stay_together() {
    let values: Vec<f64> = (0..1000).map(|i| if i < 400 { 5.0 } else { f64::from(i) / 10.0 }).collect();
    let x = Matrix::new(1000, 1, values.clone()).unwrap();
    let edges = quantile_edges(&x, 0, 10);
    assert!(edges.is_sorted_by(|a, b| a < b), "{edges:?}");
    let mut counts = vec![0; edges.len() + 1];
    values.iter().for_each(|value| counts[edges.partition_point(|edge| edge <= value)] += 1);
    assert_eq!(counts[0], 400);
    assert!(counts[1..].iter().all(|count| (95..=105).contains(count)), "{counts:?}");
    assert_eq!(distinct(&x, 0).len(), 601);
    assert!(quantile_edges(&Matrix::new(3, 1, vec![f64::NAN; 3]).unwrap(), 0, 10).is_empty());
}
