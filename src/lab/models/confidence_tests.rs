//! Intervals by hand, and in worlds whose truth is known: as many inside as promised, overall and at every score.

use super::*;
use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles, split};
use crate::models::scores::scores;
use crate::models::{Family, ModelSpec, train};
use crate::random::Random;
use crate::task::Task;

#[test]
fn half_widths_by_hand() {
    // Errors 1 to 199 around one score: rank ⌈200 · 0.9⌉ = 180.
    let y: Vec<f64> = (1..200).map(|i| if i % 2 == 0 { f64::from(i) } else { -f64::from(i) }).collect();
    let found = confidence(Goal::Amount, &vec![0.0; 199], &y).unwrap();
    assert_eq!(found.spread(), Spread::Constant(180.0));
    assert_eq!(found.coverage(&[0.0; 4], &[180.0, -181.0, 3.0, 0.0]).unwrap().value, 0.75);
    // A rate of 0.3 where 0.2 was promised: Wilson's upper end less 0.2.
    let y: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 30))).collect();
    let found = confidence(Goal::Propensity, &vec![0.2; 100], &y).unwrap();
    assert!((found.bands[0].half_width - (wilson(30.0, 100.0).high - 0.2)).abs() < 1e-12);
    assert!(confidence(Goal::Amount, &[0.0; 99], &[0.0; 99]).is_none(), "too few rows");
    // Equal scores are one band, and the last has what is left.
    let p: Vec<f64> = (0..450).map(|i| if i < 250 { 1.0 } else { f64::from(i) }).collect();
    let found = confidence(Goal::Amount, &p, &vec![0.0; 450]).unwrap();
    assert_eq!(found.bands.iter().map(|band| band.rows).collect::<Vec<_>>(), [250, 200]);
    let Spread::Bands { edges, half_widths } = found.spread() else { panic!("two bands") };
    assert_eq!((edges.as_slice(), half_widths.len()), ([250.0].as_slice(), 2));
}

/// Amounts of mean 10 + 4x, spread wider the larger x.
fn world(rows: usize, seed: u64) -> (Dataset, Roles) {
    let mut random = Random::new(seed);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let at = random.uniform() * 4.0;
        x.push(at);
        y.push(10.0 + 4.0 * at + (0.3 + at) * (random.exponential() - 1.0));
    }
    let columns = vec![("x".into(), Cells::Number(x)), ("spent".into(), Cells::Number(y))];
    let roles = [("x", Role::Feature), ("spent", Role::Outcome)];
    let dataset = Dataset::from_columns("amounts", columns).unwrap();
    (dataset, Roles { columns: roles.map(|(name, role)| (name.to_owned(), role)).into(), ..Roles::default() })
}

#[test]
fn nine_in_ten_new_amounts_lie_inside_at_every_score() {
    let (dataset, roles) = world(5000, 1);
    let rows = split::train_rows(&dataset, &roles).unwrap();
    let (fresh, _) = world(20_000, 2);
    let all: Vec<u32> = (0..20_000).collect();
    let truth = fresh.numbers("spent").unwrap();
    for family in [Family::linear(), Family::tree()] {
        let spec = ModelSpec { goal: Goal::Amount, family, ..ModelSpec::new("m", "spent") };
        let trained = train(&spec, &dataset, &roles, &rows, &Task::default()).unwrap();
        let found = trained.report.confidence.as_ref().unwrap();
        assert_eq!(trained.model.spread, Some(found.spread()), "the policy tells it with the score");
        let (p, _) = scores(&trained.model, &fresh, &all).unwrap();
        let whole = found.coverage(&p, &truth).unwrap();
        assert!((whole.value - 0.9).abs() < 0.02, "{}: {whole:?}", spec.family.words());
        let held = found.held_out.unwrap();
        assert!(held.low < 0.9 && held.high > 0.88, "{held:?}");
        for (name, low, high) in [("low", 10.0, 15.0), ("middle", 15.0, 20.0), ("high", 20.0, 26.0)] {
            let (p, y): (Vec<f64>, Vec<f64>) =
                p.iter().zip(&truth).filter(|(p, _)| **p >= low && **p < high).map(|(p, y)| (*p, *y)).unzip();
            let of = found.coverage(&p, &y).unwrap();
            assert!(p.len() > 1000 && (of.value - 0.9).abs() < 0.045, "{} {name}: {of:?}", spec.family.words());
        }
        let (first, last) = (found.bands[0].half_width, found.bands[found.bands.len() - 1].half_width);
        assert!(last > 3.0 * first, "small amounts are known better: {first}, {last}");
    }
}

#[test]
fn the_rate_at_a_score_lies_inside_as_often_as_promised() {
    let (mut inside, mut all) = (0, 0);
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let (mut p, mut y, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..2000 {
            let true_p = 0.05 + 0.4 * random.uniform();
            // Scores that are off by a tenth of themselves, and noisy.
            p.push((true_p * 1.1 + 0.01 * random.normal()).clamp(0.0, 1.0));
            y.push(f64::from(u8::from(random.chance(true_p))));
            truth.push(true_p);
        }
        let found = confidence(Goal::Propensity, &p, &y).unwrap();
        assert_eq!(found.bands.len(), 10);
        for band in &found.bands {
            let rows: Vec<usize> = (0..p.len()).filter(|&i| p[i] >= band.from && p[i] <= band.to).collect();
            let mean = |of: &[f64]| rows.iter().map(|&i| of[i]).sum::<f64>() / rows.len() as f64;
            all += 1;
            inside += usize::from((mean(&truth) - mean(&p)).abs() <= band.half_width);
        }
    }
    let share = inside as f64 / all as f64;
    assert!(share > 0.94, "{share} of {all} bands");
}
