//! Taxonomy, channels, actions and treatments, and the fallback ladder made of them.

use super::{Findings, names};
use crate::action::Action;
use crate::diagnostic::Part;
use crate::document::Document;
use crate::language::FIXED;
use crate::language::limits::TEXT;
use crate::model::{Calibration, Function, Link, Model};
use crate::reason::NO_ACTION;
use crate::suggest::unknown_name;
use std::collections::HashSet;

/// Checks the parts in document order.
pub fn check(document: &Document, findings: &mut Findings) {
    taxonomy(document, findings);
    if document.actions.is_empty() {
        findings.error(Part::Policy, "it has no action; add at least one, with a treatment on a channel");
    }
    let mut seen = HashSet::new();
    for action in &document.actions {
        let part = || Part::Action(action.id.clone());
        if let Some(problem) = names::id_problem(&action.id) {
            findings.error(part(), format!("its id {problem}"));
        }
        if action.id == NO_ACTION {
            findings.error(part(), "the name is reserved for doing nothing; choose another id");
        }
        if !seen.insert(&action.id) {
            findings.error(part(), format!("the id `{}` stands twice; ids must differ", action.id));
        }
        numbers(action, findings);
        references(document, action, findings);
    }
    fallback(document, findings);
}

fn taxonomy(document: &Document, findings: &mut Findings) {
    let mut seen = HashSet::new();
    let groups = document.issues.iter().flat_map(|issue| issue.groups.iter().map(|g| ("group", &g.id, g.weight)));
    let issues = document.issues.iter().map(|issue| ("issue", &issue.id, issue.weight));
    let channels = document.channels.iter().map(|channel| ("channel", &channel.id, 0.0));
    for (kind, id, weight) in issues.chain(groups).chain(channels) {
        if let Some(problem) = names::id_problem(id) {
            findings.error(Part::Policy, format!("the id of a {kind} {problem}"));
        }
        if !seen.insert((kind, id)) {
            findings.error(Part::Policy, format!("the {kind} `{id}` stands twice; ids must differ"));
        }
        if !weight.is_finite() {
            findings.error(Part::Policy, format!("the weight of the {kind} `{id}` is {weight}; give a finite number"));
        }
    }
}

fn numbers(action: &Action, findings: &mut Findings) {
    let part = || Part::Action(action.id.clone());
    findings.not_negative(part(), "value", action.value);
    findings.not_negative(part(), "cost", action.cost);
    findings.finite(part(), "weight", action.weight);
    if let Some(evidence) = action.evidence {
        findings.not_negative(part(), "evidence", evidence);
    }
    for treatment in &action.treatments {
        let own = [("value", treatment.value), ("cost", treatment.cost), ("evidence", treatment.evidence)];
        for (what, number) in own.into_iter().filter_map(|(what, number)| Some((what, number?))) {
            findings.not_negative(part(), &format!("{what} on the treatment `{}`", treatment.id), number);
        }
    }
    for (end, instant) in [("start", action.valid_from), ("end", action.valid_until)] {
        if let Some(ms) = instant.filter(|ms| !crate::instant::is_in_calendar(*ms)) {
            findings.error(
                part(),
                format!("the {end} of its validity, {ms} ms, is not an instant of the calendar; give a date"),
            );
        }
    }
    if action.valid_from.zip(action.valid_until).is_some_and(|(from, until)| from >= until) {
        findings.error(part(), "its validity ends before it begins; it could never be chosen");
    }
    if action.name.len() > TEXT {
        findings.error(part(), format!("its name is longer than {TEXT} bytes; shorten it"));
    }
    for (name, value) in action.attributes.iter().chain(action.treatments.iter().flat_map(|t| &t.attributes)) {
        if matches!(value, crate::value::Value::Time(ms) if !crate::instant::is_in_calendar(*ms)) {
            findings.error(part(), format!("its attribute `{name}` is not an instant of the calendar; give a date"));
        }
        if value.as_text().is_some_and(|text| text.len() > TEXT) {
            findings.error(part(), format!("its attribute `{name}` is longer than {TEXT} bytes; shorten it"));
        }
        if FIXED.iter().any(|(fixed, _)| fixed == name) {
            findings
                .warning(part(), format!("in rules `action.{name}` is its own {name}; rename the attribute `{name}`"));
        } else if !rhai::is_valid_identifier(name) {
            let message = "rules cannot read it; use letters, digits and `_`, and begin with a letter";
            findings.warning(part(), format!("its attribute `{name}`: {message}"));
        }
        if matches!(value, crate::value::Value::Number(x) if !x.is_finite()) {
            findings.error(part(), format!("its attribute `{name}` is not a finite number"));
        }
    }
}

fn references(document: &Document, action: &Action, findings: &mut Findings) {
    let part = || Part::Action(action.id.clone());
    let group = document.issues.iter().find_map(|i| Some((i, i.groups.iter().find(|g| g.id == action.group)?)));
    match group {
        None => {
            let groups = document.issues.iter().flat_map(|issue| issue.groups.iter().map(|g| g.id.as_str()));
            findings.error(part(), unknown_name("a group", &action.group, groups));
        }
        Some((issue, group)) if issue.weight + group.weight + action.weight < -100.0 => {
            findings.error(part(), "its weights add up to less than −100 %; its priority would be negative");
        }
        Some(_) => {}
    }
    if action.treatments.is_empty() {
        findings.error(part(), "it has no treatment; add one, to say on which channel it goes out");
    }
    let mut seen = HashSet::new();
    for treatment in &action.treatments {
        if let Some(problem) = names::id_problem(&treatment.id) {
            findings.error(part(), format!("the id of a treatment {problem}"));
        }
        if !seen.insert(&treatment.id) {
            findings.error(part(), format!("the treatment `{}` stands twice; ids must differ", treatment.id));
        }
        if !document.channels.iter().any(|channel| channel.id == treatment.channel) {
            let channels = document.channels.iter().map(|channel| channel.id.as_str());
            findings.error(part(), unknown_name("a channel", &treatment.channel, channels));
        }
    }
    let models = action.propensity.iter().chain(action.treatments.iter().filter_map(|t| t.propensity.as_ref()));
    for id in models {
        match document.models.iter().find(|model| model.id == *id) {
            None => findings.error(part(), unknown_name("a model", id, document.models.iter().map(|m| m.id.as_str()))),
            Some(model) if is_rank(model) => findings.warning(
                part(),
                format!(
                    "its propensity model `{id}` recommends items, and its scores rank them: they are no probabilities; calibrate it, or \
                     let an expression rank by them"
                ),
            ),
            Some(model) if !is_probability(model) => findings.warning(
                part(),
                format!("the outputs of its propensity model `{id}` may lie outside 0 to 1; they will be cut there"),
            ),
            Some(_) => {}
        }
    }
}

/// Whether the model recommends items and nothing says what its scores are worth.
fn is_rank(model: &Model) -> bool {
    let recommends = matches!(model.function, Function::Factors { .. } | Function::Neighbours { .. });
    recommends && model.calibration == Calibration::Identity
}

/// Whether every output of the model is a probability by construction.
fn is_probability(model: &Model) -> bool {
    let within = |x: f64| (0.0..=1.0).contains(&x);
    let output = match (&model.calibration, &model.function) {
        (Calibration::Platt { .. }, _) => true,
        (Calibration::Isotonic { calibrated, .. }, _) => calibrated.iter().all(|y| within(*y)),
        (Calibration::Identity, Function::Constant(c)) => within(*c),
        (Calibration::Identity, function) => function.link() == Some(Link::Logistic),
    };
    output && within(model.fallback)
}

fn fallback(document: &Document, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for rung in &document.fallback {
        if rung.action == NO_ACTION {
            findings.error(Part::Fallback, "doing nothing always stands last, unwritten; take this step out");
            continue;
        }
        let Some(action) = document.actions.iter().find(|action| action.id == rung.action) else {
            let actions = document.actions.iter().map(|action| action.id.as_str());
            findings.error(Part::Fallback, unknown_name("an action", &rung.action, actions));
            continue;
        };
        if !action.treatments.iter().any(|treatment| treatment.id == rung.treatment) {
            let treatments = action.treatments.iter().map(|treatment| treatment.id.as_str());
            findings.error(
                Part::Fallback,
                unknown_name(&format!("a treatment of `{}`", action.id), &rung.treatment, treatments),
            );
        }
        if !seen.insert((&rung.action, &rung.treatment)) {
            findings
                .warning(Part::Fallback, format!("`{}` stands twice; the second can never be reached", rung.action));
        }
    }
}
