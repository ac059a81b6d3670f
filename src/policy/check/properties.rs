//! Properties of the document, proved at every check: one that is refuted refuses the policy, with its counterexample in words.

use super::{Findings, names};
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::Document;
use crate::plan::Plan;
use crate::prove::{Verdict, prove};
use std::collections::HashSet;

/// Ids and scopes.
pub fn declared(document: &Document, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for property in &document.properties {
        let part = || Part::Property(property.id.clone());
        if let Some(problem) = names::slug_problem(&property.id) {
            findings.error(part(), format!("its id {problem}"));
        }
        if !seen.insert(&property.id) {
            findings.error(part(), format!("the id `{}` stands twice; ids must differ", property.id));
        }
        super::layers::scope(document, &property.never, part(), findings);
    }
}

/// Proves each; for a document without errors.
pub fn proved(document: &Document, plan: &Plan, findings: &mut Findings) {
    for property in &document.properties {
        let part = || Part::Property(property.id.clone());
        match prove(document, plan, property) {
            Err(found) => findings.0.extend(found.into_iter().map(|finding| finding.into_diagnostic(part()))),
            Ok(Verdict::Proved { .. }) => {}
            Ok(Verdict::Refuted { counterexample }) => {
                let sentence = counterexample.sentence(document);
                findings.error(part(), format!("it does not hold: {sentence}; add a hard guard, or correct one"));
            }
            Ok(Verdict::Undecided { why }) => {
                let message = format!("it could not be proved: {why}");
                findings.0.push(Diagnostic { severity: Severity::Warning, part: part(), position: None, message });
            }
        }
    }
}
