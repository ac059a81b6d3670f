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

/// scikit-learn 1.9.1: `roc_auc_score`, `average_precision_score`, `log_loss`, `brier_score_loss`, largest `tpr − fpr`.
#[test]
fn numbers_are_those_of_scikit_learn() {
    let p = [0.05, 0.1, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.4, 0.4, 0.55, 0.6, 0.65, 0.7, 0.7, 0.8, 0.85, 0.9, 0.95, 0.3];
    let y = [0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1].map(|y| y == 1);
    let q = quality(&p, &y);
    for (ours, theirs) in [
        (q.auc.value, 0.6849999999999999),
        (q.average_precision, 0.6789319452477346),
        (q.log_loss, 0.6881787822077687),
        (q.brier, 0.23737500000000003),
        (q.ks, 0.30000000000000004),
    ] {
        close(ours, theirs);
    }
}

#[test]
fn the_parts_of_the_brier_score_add_up() {
    let mut s = Random::new(15);
    let (p, y): (Vec<f64>, Vec<bool>) = (0..4000)
        .map(|_| {
            let p = s.uniform() * s.uniform();
            (p, s.uniform() < 0.7 * p + 0.1)
        })
        .unzip();
    let Quality { brier, brier_parts: parts, .. } = quality(&p, &y);
    close(brier, parts.reliability - parts.resolution + parts.uncertainty + parts.within);
    assert!(parts.reliability > 0.002 && parts.resolution > 0.01 && parts.within.abs() < 0.01, "{parts:?}");
    // Predictions that are the rates of their bins are perfectly reliable, and nothing differs within.
    let rate = y.iter().filter(|&&y| y).count() as f64 / 4000.0;
    let flat = quality(&vec![rate; 4000], &y).brier_parts;
    assert!(flat.reliability < 1e-20 && flat.resolution < 1e-20 && flat.within.abs() < 1e-20, "{flat:?}");
    close(flat.uncertainty, rate * (1.0 - rate));
}

#[test]
fn paired_differences_are_narrower_than_two_intervals_and_cover_the_truth() {
    // Scores x and x + noise: AUCs Φ(1/√2) and Φ(1/√(2 · 1.25)), a true difference of 0.02378.
    let truth = 0.760_249_9 - 0.736_455_4;
    let mut s = Random::new(21);
    let mut covered = 0;
    for _ in 0..200 {
        let rows: Vec<(f64, f64, bool)> = (0..400)
            .map(|i| {
                let x = s.normal() + f64::from(i % 4 == 0);
                (x, x + 0.5 * s.normal(), i % 4 == 0)
            })
            .collect();
        let of = |f: fn(&(f64, f64, bool)) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
        let (a, b, y) = (of(|r| r.0), of(|r| r.1), rows.iter().map(|r| r.2).collect::<Vec<bool>>());
        let paired = auc_difference(&a, &b, &y);
        close(paired.value, auc(&a, &y) - auc(&b, &y));
        let alone = auc_interval(&a, &y);
        assert!(paired.high - paired.low < 0.8 * (alone.high - alone.low));
        covered += usize::from(paired.low <= truth && truth <= paired.high);
    }
    assert!((178..=199).contains(&covered), "{covered} of 200");
    assert_eq!(auc_difference(&[0.1, 0.2], &[0.2, 0.1], &[true, true]).low, -1.0);
}

#[test]
fn every_number_has_a_definition() {
    for id in ["auc", "log_loss", "brier", "ece_uniform", "ece_quantile", "ks", "lift", "gain", "auc_drop"] {
        assert!(definition(id).is_some_and(|d| !d.text.is_empty()), "{id}");
    }
}
