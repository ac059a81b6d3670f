//! Static analysis of a document: every finding at once, errors and warnings. It never panics and never repairs.

mod actions;
mod analysis;
mod choice;
mod contact;
mod layers;
mod names;
mod properties;
pub(crate) mod size;
#[cfg(test)]
mod tests;

use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::Document;
use crate::plan::{Plan, plan};
use std::collections::HashSet;

/// Every finding: first the document's parts and what they refer to, then its models and expressions, then its properties. Of a
/// document without errors also what it probably does not mean, and notes.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    let (plan, mut findings) = compile(document);
    if findings.iter().all(|finding| finding.severity != Severity::Error) {
        findings.extend(analysis::analyse(document, &plan));
    }
    findings
}

/// The findings, and the plan, which may decide only when none of them is an error. A policy beyond all measure is not
/// looked at any further.
pub(crate) fn compile(document: &Document) -> (Plan, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    if !size::check(document, &mut findings) {
        return (Plan::default(), findings.0);
    }
    if let Some(problem) = names::id_problem(&document.id) {
        findings.error(Part::Policy, format!("its id {problem}"));
    }
    names::check(document, &mut findings);
    actions::check(document, &mut findings);
    layers::check(document, &mut findings);
    contact::check(document, &mut findings);
    choice::check(document, &mut findings);
    findings.slugs(document.cases.iter().map(|case| case.id.as_str()), |id| Part::Case(id.to_owned()));
    findings.0.extend(crate::cases::check(document));
    properties::declared(document, &mut findings);
    let (plan, compiled) = plan(document);
    findings.0.extend(compiled);
    if findings.0.iter().all(|finding| finding.severity != Severity::Error) {
        properties::proved(document, &plan, &mut findings);
    }
    (plan, findings.0)
}

/// Findings as they are made.
#[derive(Default)]
struct Findings(Vec<Diagnostic>);

impl Findings {
    fn error(&mut self, part: Part, message: impl Into<String>) {
        self.0.push(Diagnostic { severity: Severity::Error, part, position: None, message: message.into() });
    }

    fn warning(&mut self, part: Part, message: impl Into<String>) {
        self.0.push(Diagnostic { severity: Severity::Warning, part, position: None, message: message.into() });
    }

    /// Ids that are not slugs, or that stand twice.
    fn slugs<'a>(&mut self, ids: impl Iterator<Item = &'a str>, part: impl Fn(&str) -> Part) {
        let mut seen = HashSet::new();
        for id in ids {
            if let Some(problem) = names::slug_problem(id) {
                self.error(part(id), format!("its id {problem}"));
            }
            if !seen.insert(id) {
                self.error(part(id), format!("the id `{id}` stands twice; ids must differ"));
            }
        }
    }

    /// A number that must be finite and not negative.
    fn not_negative(&mut self, part: Part, what: &str, x: f64) {
        if !x.is_finite() {
            self.error(part, format!("its {what} is {x}; give a finite number"));
        } else if x < 0.0 {
            self.error(part, format!("its {what} is {x}; it must not be negative"));
        }
    }

    /// A share or probability.
    fn within_one(&mut self, part: Part, what: &str, x: f64) {
        if !(0.0..=1.0).contains(&x) {
            self.error(part, format!("its {what} is {x}; it must lie between 0 and 1"));
        }
    }

    /// A number that must be finite.
    fn finite(&mut self, part: Part, what: &str, x: f64) {
        if !x.is_finite() {
            self.error(part, format!("its {what} is {x}; give a finite number"));
        }
    }
}
