//! Metrics against small tables worked by hand.

use super::*;
use crate::random::Random;

const P: [f64; 4] = [0.1, 0.4, 0.35, 0.8];
const Y: [bool; 4] = [false, false, true, true];

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

#[test]
fn auc_counts_pairs_in_the_right_order() {
    // Of the four pairs, only (0.35 with, 0.4 without) is in the wrong order.
    close(auc(&P, &Y), 0.75);
    close(auc(&[0.5, 0.5], &[true, false]), 0.5);
    close(auc(&[0.2, 0.5, 0.5, 0.5], &[false, false, true, true]), 0.75);
    close(auc(&[0.3, 0.4], &[true, true]), 0.5);
}

#[test]
fn delong_spread_by_hand() {
    // Each class: structural components 0.5 and 1, variance 0.125, so Var(AUC) = 0.125/2 + 0.125/2.
    let estimate = auc_interval(&P, &Y);
    close(estimate.value, 0.75);
    close(estimate.low, 0.75 - 1.959_963_984_540_054 * 0.125_f64.sqrt());
    close(estimate.high, 1.0);
    assert_eq!(auc_interval(&[0.1], &[true]), Estimate { value: 0.5, low: 0.0, high: 1.0 });
}

#[test]
fn delong_covers_the_true_auc() {
    // Normal scores a distance d apart have AUC Φ(d/√2); for d = 1, 0.7602499.
    let mut stream = Random::new(3);
    let covered = (0..200)
        .filter(|_| {
            let (p, y): (Vec<f64>, Vec<bool>) =
                (0..400).map(|i| (stream.normal() + f64::from(i % 4 == 0), i % 4 == 0)).unzip();
            let estimate = auc_interval(&p, &y);
            estimate.low <= 0.760_249_9 && 0.760_249_9 <= estimate.high
        })
        .count();
    // 190 expected, standard deviation 3.1.
    assert!((178..=199).contains(&covered), "{covered} of 200");
}

#[test]
fn losses_by_hand() {
    let (p, y) = ([0.8, 0.4], [true, false]);
    close(log_loss(&p, &y), -(0.8_f64.ln() + 0.6_f64.ln()) / 2.0);
    close(brier(&p, &y), 0.1);
    assert!(log_loss(&[0.0, 1.0], &[true, false]) < 35.0, "clipped, not infinite");
    // Bins [0, .1), [.1, .2), [.9, 1]: gaps .05, .7 and .05 over four rows.
    close(quality(&[0.05, 0.15, 0.15, 0.95], &[false, true, false, true]).ece_uniform, 0.2);
    close(quality(&[1.0, 1.0], &[true, false]).ece_uniform, 0.5);
    // Ten rows, ten bins of one: the mean distance of p from the outcome.
    let p: Vec<f64> = (0..10).map(|i| f64::from(i) / 10.0).collect();
    let y: Vec<bool> = (0..10).map(|i| i >= 5).collect();
    close(quality(&p, &y).ece_quantile, (0.0 + 0.1 + 0.2 + 0.3 + 0.4 + 0.5 + 0.4 + 0.3 + 0.2 + 0.1) / 10.0);
    close(quality(&P, &Y).ks, 0.5);
}

#[test]
fn nothing_depends_on_the_order_of_tied_rows() {
    let mut stream = Random::new(5);
    let rows: Vec<(f64, bool)> = (0..500)
        .map(|_| {
            let p = (stream.uniform() * 8.0).floor() / 8.0;
            (p, stream.uniform() < p)
        })
        .collect();
    let (p, y): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
    let mut sorted = rows;
    sorted.sort_by_key(|row| row.1);
    let (q, z): (Vec<f64>, Vec<bool>) = sorted.into_iter().unzip();
    let (a, b) = (quality(&p, &y), quality(&q, &z));
    for (a, b) in [
        (a.auc.value, b.auc.value),
        (a.auc.low, b.auc.low),
        (a.ks, b.ks),
        (a.ece_uniform, b.ece_uniform),
        (a.ece_quantile, b.ece_quantile),
        (a.log_loss, b.log_loss),
    ] {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn every_number_has_a_definition() {
    for id in ["auc", "log_loss", "brier", "ece_uniform", "ece_quantile", "ks", "lift", "gain", "auc_drop"] {
        assert!(definition(id).is_some_and(|d| !d.text.is_empty()), "{id}");
    }
}
