//! Results that are made for the screen: the draft checked and compiled, one customer's decision, the file to be exported.

use attune_lab::project::Check;
use attune_policy::decision::Decision;
use attune_policy::diagnostic::{Diagnostic, Severity};
use attune_policy::language::Context;
use attune_policy::{Document, Policy, Value};
use std::sync::Arc;

/// The draft, assembled with its models and checked.
#[derive(Debug)]
pub struct Checked {
    /// The policy as it would be exported; models that are not trained stand in as constants.
    pub document: Document,
    /// Every finding, errors and warnings, and what is missing to decide.
    pub findings: Vec<Diagnostic>,
    /// Names for completing and checking rules while typing.
    pub context: Context,
    /// The compiled policy; `None` when an error stands in its way or a model that it uses is not trained.
    pub policy: Option<Arc<Policy>>,
    /// Models that the draft uses and that have to be trained first.
    pub untrained: Vec<String>,
}

impl Checked {
    /// Number of errors.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|f| f.severity == Severity::Error).count()
    }

    /// Number of warnings.
    pub fn warnings(&self) -> usize {
        self.findings.iter().filter(|f| f.severity == Severity::Warning).count()
    }
}

/// The decision for one row of the data, with its trace.
#[derive(Debug)]
pub struct Traced {
    /// Position of the row.
    pub row: usize,
    /// Its number in the file.
    pub number: u64,
    /// Whom it speaks of.
    pub subject: String,
    /// The fields of the request: name, the source's name, value.
    pub fields: Vec<(String, String, Value)>,
    /// The decision; its trace is filled.
    pub decision: Decision,
    /// The policy that decided, for names and sentences.
    pub policy: Arc<Policy>,
}

impl Traced {
    /// Name of the chosen action for people, with its treatment.
    pub fn chosen(&self) -> String {
        match self.decision.chosen {
            Some(candidate) => {
                let (action, treatment) = self.policy.names(candidate);
                let named = self.policy.document().actions.iter().find(|a| a.id == action);
                format!("{} · {treatment}", named.map_or(action, |a| &a.name))
            }
            None => "No action".into(),
        }
    }
}

/// The file as it would be exported now.
#[derive(Clone, Debug)]
pub struct ExportPreview {
    /// Its text.
    pub text: Arc<str>,
    /// Revision of the policy: SHA-256, lower-case hex.
    pub revision: String,
    /// What stands in the way and what should be looked at first.
    pub checklist: Vec<Check>,
}

impl ExportPreview {
    /// Whether nothing stands in the way.
    pub fn is_ready(&self) -> bool {
        self.checklist.iter().all(|check| check.state != attune_lab::project::CheckState::Blocked)
    }
}
