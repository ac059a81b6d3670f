//! Overrides as data: decisions of people, for a time, with their names. Nothing here is evaluated.

use crate::rule::Scope;
use serde::{Deserialize, Serialize};

/// An override. Who wins: guard deny > override deny > cap > override force > arbitration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Stable slug, unique.
    pub id: String,
    /// What it does.
    pub kind: OverrideKind,
    /// For whom: a boolean Rhai expression over the row; everybody when absent. Unknown or failed: a denial holds, a force
    /// does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Why.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approver: String,
    /// First instant (ms).
    #[serde(with = "crate::instant")]
    pub from: i64,
    /// Expiry (ms): it holds before this instant. There is none without.
    #[serde(with = "crate::instant")]
    pub until: i64,
}

/// What an override does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverrideKind {
    /// Removes the candidates in scope.
    Deny(Scope),
    /// Puts the candidates in scope before all others if they pass stages 2 to 7; skips 8 to 10: floors, ranking, chance, limits of
    /// slots and bundles. Budgets bind them. They take the first slots, in the order of the overrides and of ties; how many slots there are
    /// and that no action is chosen twice binds them too.
    Force(Scope),
}
