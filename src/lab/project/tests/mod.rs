//! Projects on disk: what is saved is read, what is torn is named, what is killed is whole.

mod crash;
mod damage;
mod store;

use super::{Parts, samples};

/// A document with something in every part.
fn sample() -> Parts {
    let mut parts = samples::parts(300).unwrap();
    let mut scenario = samples::parts(300).unwrap().scenarios.first().cloned().unwrap_or(super::Scenario {
        id: "without_discount_rule".into(),
        name: "Discounts for all".into(),
        note: String::new(),
        outcome: Some("spend".into()),
        disabled: ["discount_pays".to_owned()].into(),
    });
    scenario.note = "What does the rule cost?".into();
    parts.scenarios = vec![scenario].into();
    parts.recipe = vec![attune_policy::recipe::Step {
        output: "age_known".into(),
        input: "age".into(),
        op: attune_policy::recipe::Op::Impute(attune_policy::Value::Integer(40)),
    }]
    .into();
    parts
}

/// The sample in state `i`: several files tell the number.
fn numbered(i: u32) -> Parts {
    let mut parts = sample();
    std::sync::Arc::make_mut(&mut parts.goal).name = format!("state {i}");
    let draft = std::sync::Arc::make_mut(&mut parts.draft);
    draft.note = format!("{i}");
    for rule in &mut draft.rules {
        rule.expr = format!("// state {i}\nfrequency >= {i}");
    }
    // A file that comes and goes.
    if i % 2 == 1 {
        draft.rules.truncate(3);
    }
    parts
}
