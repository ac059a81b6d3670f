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
pub fn check(document: &Document, findings: &mut Findings) -> bool {
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
    let mut fits = true;
    for (what, size, most) in sizes {
        if size > most {
            findings.error(Part::Policy, format!("it has {size} {what}; at most {most} can be decided over, split it"));
            fits = false;
        }
    }
    fits
}
