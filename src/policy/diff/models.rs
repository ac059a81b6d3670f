//! What changed in what models have learned: too many numbers to list, so the largest are named.

use super::{Change, ChangeKind, Effect};
use crate::document::Document;
use crate::model::{Encode, Function, Input, Model};
use std::collections::{HashMap, HashSet};

/// Inputs named in a sentence.
const NAMED: usize = 3;

/// One change for the inputs, the function and the calibration of each model that stands in both documents.
pub fn changes(before: &Document, after: &Document) -> Vec<Change> {
    let unique = |document: &Document| {
        document.models.iter().map(|m| m.id.as_str()).collect::<HashSet<_>>().len() == document.models.len()
    };
    if unique(before) && unique(after) {
        let old: HashMap<&str, &Model> = before.models.iter().map(|model| (model.id.as_str(), model)).collect();
        return after.models.iter().filter_map(|new| Some(model(old.get(new.id.as_str())?, new))).flatten().collect();
    }
    // Without ids to go by, as they stand.
    before.models.iter().zip(&after.models).flat_map(|(old, new)| model(old, new)).collect()
}

fn model(old: &Model, new: &Model) -> Vec<Change> {
    let name = if new.name.trim().is_empty() { &new.id } else { &new.name };
    let change = |field: &str, before: String, after: String, sentence: String| Change {
        id: format!("models/{}/{field}", new.id),
        part: "models",
        kind: ChangeKind::Changed,
        effect: Effect::Neutral,
        before: Some(before),
        after: Some(after),
        sentence: format!("Model “{name}” {sentence}."),
    };
    let mut changes = Vec::new();
    if old.inputs != new.inputs {
        let count = |model: &Model| format!("{} inputs", model.inputs.len());
        changes.push(change("inputs", count(old), count(new), inputs(&old.inputs, &new.inputs)));
    }
    if old.function != new.function {
        let words = function(old, new);
        changes.push(change("function", kind(&old.function), kind(&new.function), words));
    }
    if old.calibration != new.calibration {
        let short = |model: &Model| super::words::value(&super::tree::of(&model.calibration));
        changes.push(change("calibration", short(old), short(new), "recalibrated".into()));
    }
    changes
}

/// What an input reads and makes of it: "recency", "segment = women".
fn input_name(input: &Input) -> String {
    match &input.encode {
        Encode::OneHot { category, .. } => format!("{} = {category}", input.field),
        Encode::Missing => format!("{} missing", input.field),
        _ => input.field.clone(),
    }
}

fn inputs(old: &[Input], new: &[Input]) -> String {
    let names = |inputs: &[Input]| inputs.iter().map(input_name).collect::<Vec<_>>();
    let (old, new) = (names(old), names(new));
    let only = |a: &[String], b: &[String]| a.iter().filter(|name| !b.contains(name)).cloned().collect::<Vec<_>>();
    let (gone, added) = (only(&old, &new), only(&new, &old));
    match (gone.is_empty(), added.is_empty()) {
        (true, true) if old != new => "reads the same inputs in another order".into(),
        (true, true) => "reads the same inputs, scaled or encoded anew".into(),
        (true, false) => format!("now reads {} too", listed(&added)),
        (false, true) => format!("no longer reads {}", listed(&gone)),
        (false, false) => format!("now reads {} in place of {}", listed(&added), listed(&gone)),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED { format!("{shown} and {} more", names.len() - NAMED) } else { shown }
}

fn kind(function: &Function) -> String {
    match function {
        Function::Constant(c) => format!("the constant {c}"),
        Function::Linear { coefficients, .. } => format!("a linear function of {} inputs", coefficients.len()),
        Function::Trees { trees, .. } => format!("{} trees", trees.len()),
        Function::Scorecard { characteristics, .. } => {
            format!("a scorecard of {} characteristics", characteristics.len())
        }
        Function::Shapes { shapes, pairs, .. } => format!("{} shape functions", shapes.len() + pairs.len()),
        Function::Factors { .. } => "a table of factors".into(),
        Function::Neighbours { .. } => "a table of neighbours".into(),
        Function::Difference { of, less } => format!("the difference of {} and {}", kind(of), kind(less)),
    }
}

fn function(old: &Model, new: &Model) -> String {
    match (&old.function, &new.function) {
        (
            Function::Linear { intercept: i, coefficients: a, .. },
            Function::Linear { intercept: j, coefficients: b, .. },
        ) if a.len() == b.len() && old.inputs.len() == new.inputs.len() => {
            let mut moved: Vec<(f64, String)> = a
                .iter()
                .zip(b)
                .zip(&new.inputs)
                .filter(|((a, b), _)| a != b)
                .map(|((a, b), input)| ((b - a).abs(), format!("{} {a} → {b}", input_name(input))))
                .collect();
            moved.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            let words: Vec<String> = moved.into_iter().map(|(_, words)| words).collect();
            match words.len() {
                0 if i != j => format!("retrained: intercept {i} → {j}"),
                0 => "retrained: its link changed".into(),
                1 => format!("retrained: the coefficient of 1 input changed, {}", listed(&words)),
                n => {
                    let most = words.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                    format!("retrained: coefficients of {n} inputs changed, most of all {most}")
                }
            }
        }
        (Function::Trees { trees: a, .. }, Function::Trees { trees: b, .. }) => {
            let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
            match (a.len(), b.len()) {
                (n, m) if n != m => format!("retrained: {m} trees instead of {n}"),
                (n, _) if same == n => "retrained: its base or link changed".into(),
                (n, _) => format!("retrained: {} of {n} trees changed", n - same),
            }
        }
        (Function::Scorecard { characteristics: a, .. }, Function::Scorecard { characteristics: b, .. })
            if a.len() == b.len() =>
        {
            let changed = a.iter().zip(b).filter(|(a, b)| a != b).count();
            format!("retrained: points of {changed} of {} characteristics changed", a.len())
        }
        (Function::Shapes { shapes: a, .. }, Function::Shapes { shapes: b, .. }) if a.len() == b.len() => {
            let changed = a.iter().zip(b).filter(|(a, b)| a != b).count();
            format!("retrained: {changed} of {} shape functions changed", a.len())
        }
        (Function::Constant(a), Function::Constant(b)) => format!("now gives {b} instead of {a}"),
        (a, b) if kind(a) != kind(b) => format!("is now {} instead of {}", kind(b), kind(a)),
        _ => "retrained".into(),
    }
}
