//! What the panels of the workspace read this frame.

use super::names::Known;
use crate::editor::marks::Mark;
use attune_lab::simulate::report::{Report, RuleImpact};
use attune_policy::diagnostic::{Diagnostic, Part};
use attune_policy::document::Document;
use attune_policy::language::{self, Context, Use};
use attune_policy::schema::Schema;

/// The draft, what is known about it, and the names its expressions may use.
pub struct Look<'a> {
    /// The policy being written; without schema, recipe and models.
    pub draft: &'a Document,
    /// The fields of its requests.
    pub schema: &'a Schema,
    /// Ids of the models of the project.
    pub models: &'a [&'a str],
    /// Names for expressions.
    pub names: &'a Context,
    /// Everything wrong with the draft.
    pub findings: &'a [Diagnostic],
    /// The last simulation.
    pub report: Option<&'a Report>,
    /// Whether the draft has changed since.
    pub stale: bool,
    /// Whether models that it uses are still to be trained.
    pub untrained: bool,
    /// What conditions can speak of.
    pub known: &'a [Known],
}

impl Look<'_> {
    /// What a rule or cap did in the last simulation.
    pub fn impact(&self, id: &str) -> Option<&RuleImpact> {
        self.report?.rules.iter().find(|r| r.id == id)
    }

    /// The findings about one part.
    pub fn findings_of<'b>(&'b self, part: &'b Part) -> impl Iterator<Item = &'b Diagnostic> {
        self.findings.iter().filter(move |f| f.part == *part)
    }

    /// Findings of a text as it stands in its editor, whether or not the draft holds it yet.
    pub fn marks(&self, text: &str, use_: Use) -> Vec<Mark> {
        language::check(text, use_, self.names).into_iter().map(mark).collect()
    }
}

fn mark(finding: language::Finding) -> Mark {
    Mark {
        severity: finding.severity,
        line: finding.line,
        column: finding.column,
        end_column: finding.end_column.unwrap_or(0),
        message: finding.message,
    }
}
