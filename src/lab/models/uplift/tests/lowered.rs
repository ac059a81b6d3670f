//! The law of lowering: tau of the policy is tau of the learners.

use super::*;
use attune_policy::Value;
use attune_policy::model::{Function, Model, Scorer, Scratch};
use attune_policy::row::{Column, Row};

fn scores(model: &Model, dataset: &Dataset) -> Vec<f64> {
    let columns: Vec<Column> =
        dataset.columns().iter().map(|c| Column { name: c.name.clone(), type_: c.type_ }).collect();
    let scorer = Scorer::compile(model, &columns).unwrap();
    let mut scratch = Scratch::default();
    (0..dataset.rows())
        .map(|row| {
            let values: Vec<Value> = (0..columns.len()).map(|at| dataset.value_at(row, at)).collect();
            let scored = scorer.score(&Row::complete(&values), &mut scratch);
            assert!(!scored.degraded());
            scored.value
        })
        .collect()
}

#[test]
fn the_policys_tau_is_the_learners() {
    let world = world(1_500, false, 11);
    let all = rows(&world.dataset);
    let trees = small_trees();
    let table = [
        // (family of outcomes, family of effects, on an amount)
        (Family::linear(), Family::linear(), true),
        (trees.clone(), trees.clone(), true),
        (Family::logistic(), Family::linear(), false),
        (trees.clone(), trees, false),
    ];
    for (base, effect, on_amount) in table {
        for learner in Meta::ALL {
            let spec = if on_amount { amount(learner) } else { bought(learner) };
            // Trees are grown without other families: once for each kind of outcome.
            if learner == Meta::ClassTransformation && on_amount || learner == Meta::Trees && base == small_trees() {
                continue;
            }
            let growth = Growth { trees: 20, ..Growth::default() };
            let spec = UpliftSpec { base: base.clone(), effect: effect.clone(), growth, ..spec };
            let trained = train(&spec, &world.dataset, &world.roles, &all, &Task::default()).unwrap();
            for arm in &trained.arms {
                let what = format!("{} of {} by {}", learner.words(), arm.arm, base.words());
                let own = arm.scores(&world.dataset, &all).unwrap();
                let id = format!("u_{}", arm.arm);
                assert_eq!(arm.tau.id, id);
                let policy = scores(&arm.tau, &world.dataset);
                // Probabilities cannot be added up to one sum.
                let single = on_amount || !matches!(learner, Meta::S | Meta::T);
                assert_eq!(!matches!(arm.tau.function, Function::Difference { .. }), single, "{what}");
                // Sums of trees run in f32, and here in another order.
                let tolerance = if base == Family::linear() || base == Family::logistic() { 1e-9 } else { 2e-5 };
                for (row, (own, policy)) in own.iter().zip(&policy).enumerate() {
                    assert!((own - policy).abs() <= tolerance, "{what}, row {row}: {own}, policy {policy}");
                }
            }
        }
    }
}
