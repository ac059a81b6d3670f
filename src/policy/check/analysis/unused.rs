//! What is declared and read by nothing: models, tables, fields, outputs of the recipe.

use super::listed;
use crate::check::Findings;
use crate::diagnostic::Part;
use crate::document::Document;
use crate::plan::Plan;
use std::collections::BTreeSet;

/// Names told of one by one; of more the number is told.
const TOLD: usize = 8;

/// Looks at everything that can be read.
pub fn check(document: &Document, plan: &Plan, findings: &mut Findings) {
    let inputs = plan.tables.iter().flatten().flat_map(|table| table.inputs.iter().map(|input| &input.compiled));
    let expressions = || plan.set.rules().iter().chain(inputs.clone());
    let scored: BTreeSet<usize> = expressions().flat_map(|expression| expression.models()).copied().collect();
    let named: BTreeSet<&str> = document
        .actions
        .iter()
        .flat_map(|action| {
            let own = [&action.propensity, &action.uplift].into_iter().flatten();
            own.chain(action.treatments.iter().flat_map(|t| [&t.propensity, &t.uplift].into_iter().flatten()))
        })
        .map(String::as_str)
        .collect();
    for (at, model) in document.models.iter().enumerate() {
        if !scored.contains(&at) && !named.contains(model.id.as_str()) {
            findings.note(Part::Model(model.id.clone()), "nothing reads it; take it out, or name it where it is meant");
        }
    }
    let asked: BTreeSet<usize> = expressions().flat_map(|expression| expression.tables()).copied().collect();
    for (at, table) in document.tables.iter().enumerate() {
        if !asked.contains(&at) {
            let message = format!("nothing reads it; a rule does with `table(\"{}\")`", table.id);
            findings.note(Part::Table(table.id.clone()), message);
        }
    }
    let columns: Vec<&str> = document
        .schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .chain(document.recipe.iter().map(|step| step.output.as_str()))
        .collect();
    let mut read: BTreeSet<&str> = expressions()
        .flat_map(|expression| expression.variables())
        .filter_map(|at| columns.get(*at))
        .copied()
        .collect();
    read.extend(document.models.iter().flat_map(|model| model.inputs.iter().map(|input| input.field.as_str())));
    read.extend(document.zones.region.as_deref());
    for (at, step) in document.recipe.iter().enumerate().rev() {
        if read.contains(step.output.as_str()) {
            read.extend(plan.program.reads(at).filter_map(|at| columns.get(at)));
        } else {
            findings.note(Part::Recipe(step.output.clone()), "nothing reads it; take the step out");
        }
    }
    let dated = document.schema.fields.iter().filter(|field| read.contains(field.name.as_str()));
    let dates: Vec<&str> = dated.filter_map(|field| field.freshness.as_ref()).map(|fresh| fresh.at.as_str()).collect();
    read.extend(dates);
    let idle: Vec<&str> =
        document.schema.fields.iter().map(|field| field.name.as_str()).filter(|name| !read.contains(name)).collect();
    match idle.as_slice() {
        [] => {}
        [one] => findings.note(Part::Field((*one).to_owned()), "nothing reads it; a host need not send it"),
        many => {
            let rest = many.len().saturating_sub(TOLD);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let message = format!(
                "nothing reads the fields {}{more}; a host need not send them",
                listed(many.iter().take(TOLD).copied())
            );
            findings.note(Part::Policy, message);
        }
    }
}
