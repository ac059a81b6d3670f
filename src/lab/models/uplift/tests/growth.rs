//! Uplift trees by hand: the split that parts the effects, effects from the other half alone, and what every criterion wants.

use super::*;
use crate::models::learner::Fits;
use crate::task::Task;

fn growth(split: Split) -> Growth {
    Growth { trees: 1, depth: 1, min_rows: 10, sample: 1.0, column_share: 1.0, split }
}

/// 400 rows: `x` 0 to 3 parts effects (0.1 below 2, else 0.6), `z` moves the outcome alone.
fn trial() -> (Matrix, Vec<u32>, Vec<f64>) {
    let (mut x, mut arm, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..400_u32 {
        let (a, b, t) = (i % 4, (i / 4) % 2, (i / 8) % 2);
        let share = 0.1 + 0.2 * f64::from(b) + f64::from(t) * if a < 2 { 0.1 } else { 0.6 };
        x.extend([f64::from(a), f64::from(b)]);
        arm.push(t);
        // Of the 25 rows alike, that share.
        y.push(f64::from(u8::from(f64::from(i / 16) < (share * 25.0).round())));
    }
    (Matrix::new(400, 2, x).unwrap(), arm, y)
}

fn one(split: Split, structure: Vec<u32>, estimation: Vec<u32>) -> Grown {
    let (x, arm, y) = trial();
    let outcomes = Outcomes { arm: &arm, y: &y, arms: 1 };
    let task = Task::default();
    let fits = Fits::new(&task, 1);
    grow(&Bins::new(&x), &outcomes, &growth(split), structure, estimation, &mut Random::new(1), &fits.watch(0)).unwrap()
}

#[test]
fn every_criterion_parts_the_effects_and_not_the_outcomes() {
    for split in [Split::Effects, Split::Euclid, Split::KullbackLeibler] {
        let all: Vec<u32> = (0..400).collect();
        let grown = one(split, all.clone(), all);
        let tree = grown.of(0, 1.0);
        assert_eq!(tree.feature, [0, -1, -1], "{split:?}");
        assert_eq!(tree.threshold[0], 1.5);
        let leaves: Vec<f64> = tree.threshold[1..].iter().map(|x| (f64::from(*x) * 100.0).round() / 100.0).collect();
        // Of 25 rows, shares are rounded to whole rows.
        assert_eq!(leaves, [0.08, 0.6]);
        assert!(grown.gains[0] > 0.0 && grown.gains[1] == 0.0);
    }
}

#[test]
fn leaves_know_nothing_of_the_rows_that_chose_the_splits() {
    let (_, arm, y) = trial();
    // Estimated on rows of x below 2 alone: the other leaf has none, and takes the effect of the root.
    let below: Vec<u32> = (0..400).filter(|i| i % 4 < 2).collect();
    let grown = one(Split::Effects, (0..400).collect(), below.clone());
    let mean = |of: u32| {
        let rows: Vec<usize> = below.iter().map(|i| *i as usize).filter(|i| arm[*i] == of).collect();
        rows.iter().map(|i| y[*i]).sum::<f64>() / rows.len() as f64
    };
    let effect = (mean(1) - mean(0)) as f32;
    let tree = grown.of(0, 1.0);
    assert_eq!(tree.feature[0], 0);
    assert!(tree.threshold[1..].iter().all(|leaf| (leaf - effect).abs() < 1e-6), "{:?}", tree.threshold);
}

#[test]
fn cuts_lie_between_values_and_missing_numbers_choose_a_side() {
    assert_eq!(quantile_cuts(&[1.0, 0.0, 0.0, 1.0, f32::NAN]), [0.5]);
    assert!(quantile_cuts(&[2.0; 9]).is_empty());
    let many: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let cuts = quantile_cuts(&many);
    assert!(cuts.len() <= CUTS && cuts.len() > CUTS / 3 && cuts.is_sorted_by(|a, b| a < b), "{cuts:?}");
    let bins = Bins::new(&Matrix::new(3, 1, vec![0.0, f64::NAN, 1.0]).unwrap());
    assert_eq!(bins.codes[0], [0, MISSING, 1]);
    // Two neighbouring numbers in f32: the cut is the upper one.
    let next = f32::from_bits(1.0_f32.to_bits() + 1);
    assert_eq!(quantile_cuts(&[1.0, next]), [next]);
}

#[test]
fn nothing_is_split_where_an_arm_would_run_out() {
    let (x, arm, y) = trial();
    let outcomes = Outcomes { arm: &arm, y: &y, arms: 1 };
    let few = Growth { min_rows: 101, ..growth(Split::Effects) };
    assert!(best(&Bins::new(&x), &outcomes, &few, &(0..400).collect::<Vec<u32>>(), &mut Random::new(1)).is_none());
}
