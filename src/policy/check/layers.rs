//! What stands between a candidate and its choice: holdouts, rules, arbitration. Expressions are checked when compiled.

use super::{Findings, names};
use crate::diagnostic::Part;
use crate::document::Document;
use crate::holdout::HoldoutKind;
use crate::rule::{OnMissing, Scope, Stage};
use crate::suggest::unknown_name;

/// Checks the parts in document order.
pub fn check(document: &Document, findings: &mut Findings) {
    holdouts(document, findings);
    findings.slugs(document.rules.iter().map(|rule| rule.id.as_str()), |id| Part::Rule(id.to_owned()));
    for rule in &document.rules {
        let part = || Part::Rule(rule.id.clone());
        scope(document, &rule.scope, part(), findings);
        if rule.on_missing == OnMissing::Keep && rule.stage != Stage::Applicability {
            findings
                .error(part(), "only applicability rules may keep what they cannot tell; set `on_missing` to `Remove`");
        }
    }
    findings.slugs(document.tables.iter().map(|table| table.id.as_str()), |id| Part::Table(id.to_owned()));
    arbitration(document, findings);
    findings.slugs(document.models.iter().map(|model| model.id.as_str()), |id| Part::Model(id.to_owned()));
}

fn holdouts(document: &Document, findings: &mut Findings) {
    findings.slugs(document.holdouts.iter().map(|holdout| holdout.id.as_str()), |id| Part::Holdout(id.to_owned()));
    for (i, holdout) in document.holdouts.iter().enumerate() {
        let part = || Part::Holdout(holdout.id.clone());
        findings.within_one(part(), "share", holdout.share);
        if document.holdouts.iter().take(i).any(|other| other.salt == holdout.salt) {
            findings
                .warning(part(), "another holdout has the same salt: both hold out the same people; give it its own");
        }
        match &holdout.kind {
            HoldoutKind::Global if holdout.share >= 1.0 => {
                findings.warning(part(), "its share is 1: nobody gets anything but service messages");
            }
            HoldoutKind::Global | HoldoutKind::Program | HoldoutKind::ModelControl | HoldoutKind::Ablation(_) => {}
            HoldoutKind::Action(id) => match document.actions.iter().find(|action| action.id == *id) {
                None => {
                    let actions = document.actions.iter().map(|action| action.id.as_str());
                    findings.error(part(), unknown_name("an action", id, actions));
                }
                Some(action) if action.service => {
                    findings.warning(part(), format!("it withholds the service message `{id}`"));
                }
                Some(_) => {}
            },
        }
    }
}

/// Names of a scope that the document does not have.
pub(super) fn scope(document: &Document, scope: &Scope, part: Part, findings: &mut Findings) {
    let issues = || document.issues.iter().map(|issue| issue.id.as_str());
    let groups = || document.issues.iter().flat_map(|issue| issue.groups.iter().map(|g| g.id.as_str()));
    let actions = || document.actions.iter().map(|action| action.id.as_str());
    let channels = || document.channels.iter().map(|channel| channel.id.as_str());
    let treatments = |action: &str| {
        let action = document.actions.iter().find(|a| a.id == action);
        action.into_iter().flat_map(|a| a.treatments.iter().map(|t| t.id.as_str())).collect::<Vec<_>>()
    };
    let problem = match scope {
        Scope::All => None,
        Scope::Issue(id) => (!issues().any(|x| x == id)).then(|| unknown_name("an issue", id, issues())),
        Scope::Group(id) => (!groups().any(|x| x == id)).then(|| unknown_name("a group", id, groups())),
        Scope::Action(id) => (!actions().any(|x| x == id)).then(|| unknown_name("an action", id, actions())),
        Scope::Channel(id) => (!channels().any(|x| x == id)).then(|| unknown_name("a channel", id, channels())),
        Scope::Treatment(action, _) if !actions().any(|x| x == action) => {
            Some(unknown_name("an action", action, actions()))
        }
        Scope::Treatment(action, id) => {
            let known = treatments(action);
            (!known.contains(&id.as_str())).then(|| unknown_name(&format!("a treatment of `{action}`"), id, known))
        }
    };
    if let Some(problem) = problem {
        findings.error(part, format!("its scope names what is not there: {problem}"));
    }
}

fn arbitration(document: &Document, findings: &mut Findings) {
    let mut seen = std::collections::HashSet::new();
    for weight in &document.arbitration.context_weights {
        let id = &weight.id;
        if let Some(problem) = names::slug_problem(id) {
            findings.error(Part::Arbitration, format!("the id of a context weight {problem}"));
        }
        if !seen.insert(id) {
            findings.error(Part::Arbitration, format!("the context weight `{id}` stands twice; ids must differ"));
        }
        if !weight.percent.is_finite() {
            findings.error(Part::Arbitration, format!("the context weight `{id}` is not a finite number"));
        } else if weight.percent < -100.0 {
            findings.error(
                Part::Arbitration,
                format!("the context weight `{id}` is less than −100 %; priorities would be negative"),
            );
        }
        scope(document, &weight.scope, Part::Arbitration, findings);
    }
    for floor in &document.arbitration.floors {
        scope(document, &floor.scope, Part::Arbitration, findings);
        if let Some(propensity) = floor.min_propensity {
            findings.within_one(Part::Arbitration, "least propensity", propensity);
        }
        if let Some(priority) = floor.min_priority {
            findings.finite(Part::Arbitration, "least priority", priority);
        }
        if floor.min_propensity.is_none() && floor.min_priority.is_none() {
            findings.warning(Part::Arbitration, "a floor sets neither a least propensity nor a least priority");
        }
    }
}
