//! How large a policy may be, so that checking and deciding stay bounded whatever a file holds. Far above what people write.

use super::Findings;
use crate::diagnostic::Part;
use crate::document::Document;
use std::collections::HashSet;

/// Actions; treatments of all actions.
pub const ACTIONS: usize = 10_000;
/// Issues, groups, channels, holdouts, rules, tables, properties, caps, context weights, overrides, priors, bundles, floors, fallbacks, models: of each.
pub const PARTS: usize = 1_000;
/// Fields; steps of the recipe.
pub const FIELDS: usize = 10_000;
/// Inputs of all models; tags of all actions.
pub const INPUTS: usize = 100_000;
/// Cells of all decision tables.
pub const CELLS: usize = 100_000;

/// Whether every part is small enough to be looked at.
pub(super) fn check(document: &Document, findings: &mut Findings) -> bool {
    let (d, arbitration) = (document, &document.arbitration);
    let attributes: HashSet<&str> = d.actions.iter().flat_map(|a| a.attributes.keys().map(String::as_str)).collect();
    let sizes = [
        ("actions", d.actions.len(), ACTIONS),
        ("treatments", d.actions.iter().map(|action| action.treatments.len()).sum(), ACTIONS),
        ("names of action attributes", attributes.len(), PARTS),
        ("tags on actions", d.actions.iter().map(|action| action.tags.len()).sum(), INPUTS),
        ("issues", d.issues.len(), PARTS),
        ("groups", d.issues.iter().map(|issue| issue.groups.len()).sum(), PARTS),
        ("channels", d.channels.len(), PARTS),
        ("holdouts", d.holdouts.len(), PARTS),
        ("rules", d.rules.len(), PARTS),
        ("decision tables", d.tables.len(), PARTS),
        ("table cells", d.tables.iter().map(|t| t.rows.len().saturating_mul(t.inputs.len().max(1))).sum(), CELLS),
        ("properties", d.properties.len(), PARTS),
        ("caps", d.caps.len(), PARTS),
        ("suppressions", d.suppressions.len(), PARTS),
        ("cool-downs", d.cool_downs.len(), PARTS),
        ("exclusions", d.exclusions.len(), PARTS),
        ("members of exclusions", d.exclusions.iter().map(|part| part.members.len()).sum(), INPUTS),
        ("quiet hours", d.quiet_hours.len(), PARTS),
        ("zones of regions", d.zones.regions.values().map(|zones| zones.len().max(1)).sum(), PARTS),
        ("stocks", d.stocks.len(), PARTS),
        ("budgets", d.budgets.len(), PARTS),
        ("send times", d.send_times.len(), PARTS),
        ("context weights", arbitration.context_weights.len(), PARTS),
        ("overrides", d.overrides.len(), PARTS),
        ("priors", d.cold_start.priors.len(), PARTS),
        ("limits of slots", d.slots.limits.len(), PARTS),
        ("bundles", d.slots.bundles.len(), PARTS),
        ("actions in bundles", d.slots.bundles.iter().map(|bundle| bundle.actions.len()).sum(), ACTIONS),
        ("floors", arbitration.floors.len(), PARTS),
        ("fallbacks", d.fallback.len(), PARTS),
        ("fields", d.schema.fields.len(), FIELDS),
        ("recipe steps", d.recipe.len(), FIELDS),
        ("models", d.models.len(), PARTS),
        ("model inputs", d.models.iter().map(|model| model.inputs.len()).sum(), INPUTS),
    ];
    let mut fits = declared(document, findings);
    for (what, size, most) in sizes {
        if size > most {
            findings.error(Part::Policy, format!("it has {size} {what}; at most {most} can be decided over, split it"));
            fits = false;
        }
    }
    fits
}

/// Whether the policy keeps the limits it declares, and they are below the ceilings of this runtime.
fn declared(document: &Document, findings: &mut Findings) -> bool {
    let d = document;
    let expressions = d.rules.iter().map(|rule| rule.expr.len());
    let longest = expressions.chain(d.tables.iter().flat_map(|table| &table.inputs).map(String::len)).max();
    let cells = d.tables.iter().map(|t| t.rows.len().saturating_mul(t.inputs.len().max(1))).sum();
    let candidates = d.actions.iter().map(|action| action.treatments.len()).sum();
    let sizes = [
        d.actions.len(),
        candidates,
        d.rules.len(),
        longest.unwrap_or(0),
        cells,
        d.schema.fields.len(),
        d.models.len(),
        0,
    ];
    let mut keeps = true;
    for ((what, limit, ceiling), size) in d.limits.each().into_iter().zip(sizes) {
        let Some(limit) = limit else { continue };
        if limit > ceiling {
            findings.error(
                Part::Policy,
                format!("its limits allow {limit} {what}, this runtime at most {ceiling}; lower the limit"),
            );
            keeps = false;
        } else if size as u64 > limit {
            let message = format!("it has {size} {what}, its limits allow {limit}; take some out, or raise the limit");
            findings.error(Part::Policy, message);
            keeps = false;
        }
    }
    if d.limits.operations == Some(0) {
        findings.error(Part::Policy, "its limits allow no operation; allow some, or leave the limit out".to_owned());
        keeps = false;
    }
    keeps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::testing::sample;

    /// What a policy says of itself is held, and never raises the ceiling.
    #[test]
    fn declared_limits_are_kept() {
        let d = sample();
        let (actions, rules, fields) = (d.actions.len() as u64, d.rules.len() as u64, d.schema.fields.len() as u64);
        // Limits, and what is said of them; nothing: they are kept.
        let table = [
            (Limits { actions: Some(actions), rules: Some(rules), fields: Some(fields), ..Limits::default() }, ""),
            (Limits { actions: Some(actions - 1), ..Limits::default() }, "actions, its limits allow"),
            (Limits { candidates: Some(0), ..Limits::default() }, "candidates, its limits allow 0"),
            (Limits { rules: Some(rules - 1), ..Limits::default() }, "rules, its limits allow"),
            (Limits { expression_bytes: Some(3), ..Limits::default() }, "bytes of an expression, its limits allow 3"),
            (Limits { fields: Some(1), ..Limits::default() }, "fields, its limits allow 1"),
            (Limits { models: Some(0), ..Limits::default() }, "models, its limits allow 0"),
            (Limits { rules: Some(1_001), ..Limits::default() }, "this runtime at most 1000"),
            (Limits { operations: Some(100_001), ..Limits::default() }, "this runtime at most 100000"),
            (Limits { operations: Some(0), ..Limits::default() }, "allow no operation"),
        ];
        for (limits, expected) in table {
            let document = Document { limits: limits.clone(), ..d.clone() };
            let found = crate::Policy::compile(document.clone());
            match (found, expected) {
                (Ok(_), "") => {
                    let text = crate::codec::write(&document).unwrap();
                    assert_eq!(crate::codec::read(text.as_bytes()).unwrap(), document);
                }
                (Err(error), expected) if !expected.is_empty() => {
                    let words = error.to_string();
                    assert!(words.contains(expected), "{words}");
                }
                (found, _) => panic!("{limits:?}: {:?}", found.map(|_| ())),
            }
        }
    }

    /// A rule of the interpreter that runs longer fails, at the limit that the policy declares.
    #[test]
    fn declared_operations_stop_a_rule() {
        let mut d = sample();
        d.holdouts.clear();
        d.rules.push(crate::rule::Rule {
            id: "loops".into(),
            name: "Loops".into(),
            expr: "let found = 0; for i in 0..500 { found += 1; } found == 500".into(),
            ..crate::rule::Rule::default()
        });
        for (operations, fails) in [(None, false), (Some(100_000), false), (Some(400), true)] {
            d.limits.operations = operations;
            let policy = crate::Policy::compile(d.clone()).unwrap();
            let fields = vec![crate::Value::Unknown; d.schema.fields.len()];
            let now = 1_206_403_200_000;
            let request = crate::Request { subject: "ann".into(), now, fields, ..crate::Request::default() };
            let decision = policy.decide(&request, &crate::NoHistory);
            let told = decision.diagnostics.iter().any(|text| text.contains("stopped after 400 operations"));
            assert_eq!(told, fails, "{operations:?}: {:?}", decision.diagnostics);
        }
    }
}
