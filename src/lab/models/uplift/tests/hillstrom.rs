//! The Hillstrom trial beside scores that scikit-learn made (logistic regressions of one-hot features, trained on the other half of the
//! rows), and beside the published effects.

use super::*;
use crate::data::import::{ImportOptions, import};
use crate::models::testing::shared;
use std::collections::HashSet;

const FEATURES: [&str; 7] = ["recency", "history", "mens", "womens", "newbie", "zip_code", "channel"];

fn load(path: &str) -> Option<Dataset> {
    Some(import(&shared(path)?, &ImportOptions::default(), &Task::default()).unwrap().dataset)
}

/// Every row its own subject, and no feature by role.
fn spec(outcome: &str, arm: &str, learner: Meta) -> UpliftSpec {
    UpliftSpec {
        arms: vec![arm.into()],
        features: FEATURES.map(String::from).to_vec(),
        learner,
        ..UpliftSpec::new("u", outcome, "segment", "No E-Mail")
    }
}

/// Difference of means among the `share` of the rows with the highest score.
fn top(scores: &[f64], treated: &[f64], y: &[f64], share: f64) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut sums = [[0.0; 2]; 2];
    for at in &order[..(share * order.len() as f64) as usize] {
        let side = &mut sums[treated[*at] as usize];
        side[0] += 1.0;
        side[1] += y[*at];
    }
    sums[1][1] / sums[1][0] - sums[0][1] / sums[0][0]
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let Some(dataset) = load("data/hillstrom/hillstrom.csv") else { return };
    let Some(expected) = shared("reference/uplift/expected.json") else { return };
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(expected).unwrap()).unwrap();
    let mut roles = Roles::default();
    roles.columns.extend(FEATURES.iter().map(|name| ((*name).into(), Role::Feature)));
    for (file, outcome, arm) in [
        ("womens_visit", "visit", "Womens E-Mail"),
        ("mens_visit", "visit", "Mens E-Mail"),
        ("womens_conversion", "conversion", "Womens E-Mail"),
        ("mens_conversion", "conversion", "Mens E-Mail"),
    ] {
        let Some(reference) = load(&format!("reference/uplift/{file}.csv")) else { return };
        let test: Vec<u32> = reference.numbers("row").unwrap().iter().map(|row| *row as u32).collect();
        let inside: HashSet<u32> = test.iter().copied().collect();
        let train_rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| !inside.contains(row)).collect();
        let (treated, y) = (reference.numbers("treatment").unwrap(), reference.numbers("y").unwrap());
        for (column, learner) in [("t_learner_lr", Meta::T), ("class_transform_lr", Meta::ClassTransformation)] {
            let trained = train(&spec(outcome, arm, learner), &dataset, &roles, &train_rows, &Task::default()).unwrap();
            let own = trained.arms[0].scores(&dataset, &test).unwrap();
            let peer = reference.numbers(column).unwrap();
            let r = correlation(&own, &peer);
            assert!(r > 0.99, "{file}, {column}: correlation {r}");
            let Some(at_30) = expected[file][column]["uplift_at_30_overall"].as_f64() else { continue };
            let found = top(&own, &treated, &y, 0.3);
            assert!((found - at_30).abs() < 0.006, "{file}, {column}: {found} in the top 30 %, scikit-learn {at_30}");
        }
    }
}

#[test]
fn effects_are_those_published_and_a_line_of_one_column_is_hard_to_beat() {
    let Some(dataset) = load("data/hillstrom/hillstrom.csv") else { return };
    let Some(published) = shared("reference/uplift/hillstrom_ate.json") else { return };
    let published: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(published).unwrap()).unwrap();
    let mut roles = Roles::default();
    roles.columns.extend(FEATURES.iter().map(|name| ((*name).into(), Role::Feature)));
    let all = rows(&dataset);
    for (outcome, goal, tolerance) in
        [("visit", Goal::Propensity, 5e-6), ("conversion", Goal::Propensity, 5e-6), ("spend", Goal::Amount, 5e-4)]
    {
        let base = if goal == Goal::Amount { Family::linear() } else { Family::logistic() };
        let spec = UpliftSpec { goal, base, arms: Vec::new(), folds: 2, ..spec(outcome, "", Meta::Dr) };
        let trained = train(&spec, &dataset, &roles, &all, &Task::default()).unwrap();
        assert_eq!(trained.arms.len(), 2);
        for report in &trained.report.arms {
            let key = format!("{outcome}_{}", if report.arm.starts_with('M') { "mens" } else { "womens" });
            let effect = published["ate"][&key].as_f64().unwrap();
            assert!(
                (report.effect.value - effect).abs() <= tolerance,
                "{key}: {:?}, published {effect}",
                report.effect
            );
            let adjusted = report.adjusted.unwrap();
            let half = (adjusted.high - adjusted.low) / 2.0;
            assert!((adjusted.value - effect).abs() < 0.3 * half, "{key}: adjusted {adjusted:?}, published {effect}");
            if let Some(se) = published["se"][&key].as_f64() {
                let own = (report.effect.high - report.effect.low) / 2.0 / 1.959963984540054;
                assert!((own - se).abs() <= 5e-6, "{key}: standard error {own}, published {se}");
            }
        }
    }
    // Women's mail moves those who bought women's goods: the rule is found, and the model does not beat it clearly.
    let train_rows = crate::data::split::train_rows(&dataset, &roles).unwrap();
    let trained =
        train(&spec("visit", "Womens E-Mail", Meta::Dr), &dataset, &roles, &train_rows, &Task::default()).unwrap();
    let report = &trained.report.arms[0];
    let rule = report.rule.as_ref().unwrap();
    assert_eq!(rule.condition, "womens >= 1");
    assert!(rule.inside.value > rule.outside.value + 0.04, "{rule:?}");
    let held = report.held.as_ref().unwrap();
    assert!(held.gain.low > 0.0 && held.rule_gain.unwrap().low > 0.0, "both orders are worth something: {held:?}");
    assert!(held.against_rule.unwrap().low <= 0.0, "{held:?}");
    assert!(trained.report.notes.iter().any(|note| note.contains("no better than the one-line rule `womens >= 1`")));

    // Honest trees find the same people.
    let growth = Growth { trees: 50, min_rows: 100, ..Growth::default() };
    let by_trees = UpliftSpec { growth, ..spec("visit", "Womens E-Mail", Meta::Trees) };
    let trained = train(&by_trees, &dataset, &roles, &train_rows, &Task::default()).unwrap();
    let held = trained.report.arms[0].held.as_ref().unwrap();
    assert!(held.gain.low > 0.0, "{held:?}");
    let [mean, ..] = trained.report.arms[0].scores;
    assert!((mean - trained.report.arms[0].effect.value).abs() < 0.004, "scores are effects: mean {mean}");
}
