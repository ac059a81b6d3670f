//! Static analysis of a document: every finding at once, errors and warnings. It never panics and never repairs.

use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::plan::{Plan, plan};

/// Every finding, in the order of the document's parts.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    compile(document).1
}

/// The findings, and the plan, which may decide only when none of them is an error.
pub(crate) fn compile(document: &Document) -> (Plan, Vec<Diagnostic>) {
    plan(document)
}
