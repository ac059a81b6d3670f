//! Thresholds against scikit-learn and against counting.

use super::*;
use crate::random::Random;

const P: [f64; 20] =
    [0.05, 0.1, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.4, 0.4, 0.55, 0.6, 0.65, 0.7, 0.7, 0.8, 0.85, 0.9, 0.95, 0.3];
const Y: [u8; 20] = [0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1];

fn labels() -> Vec<bool> {
    Y.iter().map(|y| *y == 1).collect()
}

/// scikit-learn 1.9.1: `confusion_matrix`, `precision_score`, `recall_score`, `f1_score` of `p >= threshold`.
#[test]
fn counts_and_shares_are_those_of_scikit_learn() {
    for (threshold, [tn, fp, fneg, tp], shares) in [
        (0.4, [5, 5, 3, 7], [0.5833333333333334, 0.7, 0.6363636363636364]),
        (0.7, [8, 2, 6, 4], [0.6666666666666666, 0.4, 0.5]),
    ] {
        let counts = confusion(&P, &labels(), threshold);
        let expected =
            Confusion { threshold, true_positives: tp, false_positives: fp, false_negatives: fneg, true_negatives: tn };
        assert_eq!(counts, expected);
        for (ours, theirs) in [counts.precision(), counts.recall(), counts.f1()].iter().zip(shares) {
            assert!((ours - theirs).abs() < 1e-12);
        }
        assert!((counts.specificity() - tn as f64 / 10.0).abs() < 1e-12);
        assert!(thresholds(&P, &labels()).contains(&counts));
    }
    assert_eq!(confusion(&P, &labels(), 2.0).precision(), 0.0);
    assert!(thresholds(&[], &[]).is_empty() && cheapest(&[], &[], &Costs::default()).is_none());
}

#[test]
fn the_cheapest_threshold_is_that_of_trying_them_all() {
    let mut s = Random::new(3);
    let (p, y): (Vec<f64>, Vec<bool>) = (0..700)
        .map(|_| {
            let p = (s.uniform() * 300.0).floor() / 300.0;
            (p, s.uniform() < p)
        })
        .unzip();
    for costs in [
        // A contact of 1 that earns 4 when answered: worth it from a quarter on.
        Costs { true_positive: -3.0, false_positive: 1.0, ..Costs::default() },
        Costs { false_positive: 1.0, false_negative: 9.0, ..Costs::default() },
    ] {
        let best = cheapest(&p, &y, &costs).unwrap();
        let naive = p.iter().map(|t| confusion(&p, &y, *t).cost(&costs)).fold(f64::INFINITY, f64::min);
        assert_eq!(best.cost(&costs), naive);
        assert_eq!(confusion(&p, &y, best.threshold), best);
    }
    let dear = Costs { true_positive: 1.0, false_positive: 1.0, ..Costs::default() };
    assert_eq!(cheapest(&p, &y, &dear), None, "contacts that only cost");
    let table = thresholds(&p, &y);
    assert_eq!((table.len(), table[THRESHOLDS - 1].picked()), (THRESHOLDS, 700));
    assert!(table.is_sorted_by(|a, b| a.threshold > b.threshold && a.picked() < b.picked()));
}
