//! Metrics of one list: by hand, and against versions that follow the definitions word by word.

use super::super::ranking::{average_precision, ndcg, precision, recall};
use super::*;

#[test]
fn lists_have_the_numbers_that_a_hand_finds() {
    let log = libm::log2;
    // (hits, k, relevant, precision, recall, average precision, NDCG)
    let table: &[(&[bool], usize, usize, [f64; 4])] = &[
        (&[true, false, true], 3, 2, [2.0 / 3.0, 1.0, (1.0 + 2.0 / 3.0) / 2.0, (1.0 + 0.5) / (1.0 + 1.0 / log(3.0))]),
        (&[false, false, true], 3, 1, [1.0 / 3.0, 1.0, 1.0 / 3.0, 0.5]),
        (&[false, false, true], 2, 1, [0.0, 0.0, 0.0, 0.0]),
        // More relevant than places: a full list is perfect.
        (&[true, true], 2, 10, [1.0, 0.2, 1.0, 1.0]),
        // A short list.
        (&[true], 5, 4, [0.2, 0.25, 0.25, 1.0 / (1.0 + 1.0 / log(3.0) + 0.5 + 1.0 / log(5.0))]),
        (&[], 5, 4, [0.0; 4]),
    ];
    for (hits, k, relevant, expected) in table {
        let own = [
            precision(hits, *k),
            recall(hits, *k, *relevant),
            average_precision(hits, *k, *relevant),
            ndcg(hits, *k, *relevant),
        ];
        for (own, expected) in own.iter().zip(expected) {
            assert!((own - expected).abs() < 1e-12, "{hits:?} at {k} of {relevant}: {own}, expected {expected}");
        }
    }
}

#[test]
fn lists_have_the_numbers_of_the_naive_definitions() {
    let mut random = Random::new(3);
    for _ in 0..500 {
        let (n, k) = (random.below(12), 1 + random.below(10));
        let hits: Vec<bool> = (0..n).map(|_| random.chance(0.4)).collect();
        let found = hits.iter().filter(|hit| **hit).count();
        let relevant = (found + random.below(6)).max(1);
        // Average precision: the precision of each prefix that ends in a hit.
        let mut sum = 0.0;
        for place in 1..=k.min(n) {
            if hits[place - 1] {
                sum += precision(&hits[..place], place);
            }
        }
        assert!((average_precision(&hits, k, relevant) - sum / relevant.min(k) as f64).abs() < 1e-12);
        // NDCG: the list against the best one with as many relevant items.
        let dcg = |hits: &[bool]| -> f64 {
            (1..=k.min(hits.len())).map(|p| f64::from(u8::from(hits[p - 1])) / (p as f64 + 1.0).log2()).sum()
        };
        let ideal: Vec<bool> = (0..k).map(|place| place < relevant).collect();
        assert!((ndcg(&hits, k, relevant) - dcg(&hits) / dcg(&ideal)).abs() < 1e-12);
    }
}
