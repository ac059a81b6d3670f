//! Diagnostics: what is wrong with a policy, where, and what to do about it.

use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Severity {
    /// Worth knowing; nothing need be done.
    Note,
    /// The policy decides, but probably not as meant.
    Warning,
    /// The policy is refused.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// The part it is in.
    pub part: Part,
    /// Line and column inside the expression, from 1.
    pub position: Option<(u32, u32)>,
    /// What is wrong, what was expected, what to do.
    pub message: String,
}

/// A part of a policy that a finding points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part {
    /// The policy as a whole.
    Policy,
    /// A field, by name.
    Field(String),
    /// A recipe step, by output.
    Recipe(String),
    /// An action, by id.
    Action(String),
    /// A holdout, by id.
    Holdout(String),
    /// A rule, by id.
    Rule(String),
    /// An override, by id.
    Override(String),
    /// A decision table, by id.
    Table(String),
    /// A cap, by id.
    Cap(String),
    /// An outcome suppression, by id.
    Suppression(String),
    /// A cool-down, by id.
    CoolDown(String),
    /// An exclusion, by id.
    Exclusion(String),
    /// Quiet hours, by id.
    QuietHours(String),
    /// A stock, by id.
    Stock(String),
    /// A budget, by id.
    Budget(String),
    /// A send time, by id.
    SendTime(String),
    /// Zones of regions and of the project.
    Zones,
    /// Arbitration: its expression or a context weight.
    Arbitration,
    /// Slots, their limits and bundles.
    Slots,
    /// Exploration.
    Exploration,
    /// The fallback ladder.
    Fallback,
    /// A property that is to be proved, by id.
    Property(String),
    /// A case, by id.
    Case(String),
    /// A model, by id.
    Model(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Policy => f.write_str("policy"),
            Part::Field(id) => write!(f, "field `{id}`"),
            Part::Recipe(id) => write!(f, "recipe step `{id}`"),
            Part::Action(id) => write!(f, "action `{id}`"),
            Part::Holdout(id) => write!(f, "holdout `{id}`"),
            Part::Rule(id) => write!(f, "rule `{id}`"),
            Part::Override(id) => write!(f, "override `{id}`"),
            Part::Table(id) => write!(f, "table `{id}`"),
            Part::Cap(id) => write!(f, "cap `{id}`"),
            Part::Suppression(id) => write!(f, "suppression `{id}`"),
            Part::CoolDown(id) => write!(f, "cool-down `{id}`"),
            Part::Exclusion(id) => write!(f, "exclusion `{id}`"),
            Part::QuietHours(id) => write!(f, "quiet hours `{id}`"),
            Part::Stock(id) => write!(f, "stock `{id}`"),
            Part::Budget(id) => write!(f, "budget `{id}`"),
            Part::SendTime(id) => write!(f, "send time `{id}`"),
            Part::Zones => f.write_str("zones"),
            Part::Arbitration => f.write_str("arbitration"),
            Part::Slots => f.write_str("slots"),
            Part::Exploration => f.write_str("exploration"),
            Part::Fallback => f.write_str("fallback"),
            Part::Property(id) => write!(f, "property `{id}`"),
            Part::Case(id) => write!(f, "case `{id}`"),
            Part::Model(id) => write!(f, "model `{id}`"),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.part)?;
        if let Some((line, column)) = self.position {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}
