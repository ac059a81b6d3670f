//! Projects on disk: what is saved is read, what is torn is named, what is killed is whole.

mod attached;
mod crash;
mod damage;
mod effects;
mod events;
mod privacy;
mod refresh;
mod repairs;
mod rules;
mod source;
mod store;
mod tables;

use super::{Parts, samples};

/// A document with something in every part.
fn sample() -> Parts {
    let mut parts = samples::parts(300).unwrap();
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
