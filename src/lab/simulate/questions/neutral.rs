//! A term of the arbitration made the same for all candidates: what a policy decides without it.
//!
//! The term is made neutral, not left out, so that floors and the comparison of net value with no action keep their meaning.

use attune_policy::document::Document;
use attune_policy::model::{Calibration, Function, Model};
use attune_policy::rule::Stage;

/// The terms of the priority.
pub(super) const TERMS: [&str; 4] = ["P", "C", "V", "L"];

/// Id of the model that gives everybody the same propensity.
const SAME: &str = "the_same_for_all";

/// The policy with a term made neutral, and what was done; `None` where the policy does not have the term.
pub(super) fn neutral(term: &str, document: &Document, propensity: Option<f64>) -> Option<(Document, String)> {
    let mut changed = document.clone();
    let how = match term {
        "P" => {
            let p = propensity?;
            let mut found = false;
            for action in &mut changed.actions {
                let own = action.treatments.iter_mut().map(|t| &mut t.propensity);
                for model in own.chain([&mut action.propensity]).filter_map(Option::as_mut) {
                    SAME.clone_into(model);
                    found = true;
                }
            }
            if !found {
                return None;
            }
            changed.models.push(Model {
                id: SAME.into(),
                name: "The same for all".into(),
                target: "mean response propensity of the choices".into(),
                inputs: Vec::new(),
                function: Function::Constant(p),
                calibration: Calibration::Identity,
                fallback: p,
                ..Model::default()
            });
            format!("every candidate has the response propensity {p:.5}, the mean of the policy's choices")
        }
        "C" => {
            if changed.arbitration.context_weights.is_empty() {
                return None;
            }
            changed.arbitration.context_weights.clear();
            "no context weights".to_owned()
        }
        "V" => {
            let mean = changed.actions.iter().map(|a| a.value).sum::<f64>() / changed.actions.len().max(1) as f64;
            let alike = |value: f64| (value - mean).abs() < 1e-12;
            if changed.actions.iter().all(|a| alike(a.value) && a.treatments.iter().all(|t| t.value.is_none_or(alike)))
            {
                return None;
            }
            for action in &mut changed.actions {
                action.value = mean;
                action.treatments.iter_mut().for_each(|t| t.value = None);
            }
            format!("every action is worth {mean:.4}, the mean of all")
        }
        _ => {
            let rules = changed.rules.iter_mut().filter(|r| r.enabled && r.stage == Stage::Lever);
            let mut found = rules.fold(false, |_, rule| {
                rule.enabled = false;
                true
            });
            let groups = changed
                .issues
                .iter_mut()
                .flat_map(|i| i.groups.iter_mut().map(|g| &mut g.weight).chain([&mut i.weight]));
            for weight in groups.chain(changed.actions.iter_mut().map(|a| &mut a.weight)) {
                found |= *weight != 0.0;
                *weight = 0.0;
            }
            if !found {
                return None;
            }
            "no levers: no weights of issues, groups and actions, no lever rules".to_owned()
        }
    };
    Some((changed, how))
}
