//! Limits of a policy as data: how large it may grow, and how long a rule may run. Each is also held below the ceiling of this runtime, whatever
//! a file says; one that is not declared is the ceiling. Sizes are looked at when a policy is checked or loaded, operations while it decides.
//!
//! What has no limit of its own here (nesting, calls, variables, lengths of texts, lists and maps) always has its ceiling:
//! [`crate::language::limits`].

use crate::check::size::{ACTIONS, CELLS, FIELDS, PARTS};
use crate::language::limits::{OPERATIONS, SOURCE};
use serde::{Deserialize, Serialize};

/// Declared limits of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Actions, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<u64>,
    /// Candidates: treatments of all actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<u64>,
    /// Rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// Bytes of an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression_bytes: Option<u64>,
    /// Cells of all decision tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_cells: Option<u64>,
    /// Fields of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<u64>,
    /// Models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<u64>,
    /// Operations of one evaluation of a rule in the interpreter; a rule that needs more fails. Lowered rules are bounded by their length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
}

impl Limits {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Limits::default()
    }

    /// Each limit: what it limits, in words, what is declared, and the ceiling of this runtime.
    pub fn each(&self) -> [(&'static str, Option<u64>, u64); 8] {
        [
            ("actions", self.actions, ACTIONS as u64),
            ("candidates", self.candidates, ACTIONS as u64),
            ("rules", self.rules, PARTS as u64),
            ("bytes of an expression", self.expression_bytes, SOURCE as u64),
            ("table cells", self.table_cells, CELLS as u64),
            ("fields", self.fields, FIELDS as u64),
            ("models", self.models, PARTS as u64),
            ("operations", self.operations, OPERATIONS),
        ]
    }

    /// Operations that one evaluation may take.
    pub fn operations(&self) -> u64 {
        self.operations.unwrap_or(OPERATIONS).min(OPERATIONS)
    }
}
