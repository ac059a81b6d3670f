//! What stands between a draft and its export, as a list that a person can work through.

use super::attached::{LearnedKind, hours_of_another_clock};
use super::load::Loaded;
use super::parts::Parts;
use crate::data::Role;
use crate::simulate::Report;
use attune_policy::diagnostic::{Diagnostic, Severity};
use serde::Serialize;

/// One thing to have in order before a policy goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about: "Rules have no errors".
    pub label: String,
    /// How it stands.
    pub state: CheckState,
    /// The particulars, one sentence; empty when there is nothing to add.
    pub detail: String,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum CheckState {
    /// In order.
    Ok,
    /// Worth a look; does not prevent export.
    Look,
    /// Prevents export.
    Blocked,
}

/// The list for a draft: its findings, the models it still needs, the data, and its last simulation if that is of now.
pub fn readiness(
    parts: &Parts,
    loaded: Option<&Loaded>,
    findings: &[Diagnostic],
    untrained: &[String],
    simulation: Option<&Report>,
) -> Vec<Check> {
    let check = |label: &str, state: CheckState, detail: String| Check { label: label.into(), state, detail };
    let mut list = Vec::new();
    list.push(match loaded {
        None => check("Data are loaded", CheckState::Blocked, "Import a customer file first".into()),
        Some(loaded) if !loaded.changes.is_empty() => {
            let words: Vec<String> = loaded.changes.iter().map(ToString::to_string).collect();
            check("Data are as they were imported", CheckState::Look, words.join("; "))
        }
        Some(loaded) => {
            let detail = format!("{} rows of {}", loaded.dataset.rows(), loaded.dataset.source().file);
            check("Data are as they were imported", CheckState::Ok, detail)
        }
    });
    list.push(if parts.draft.actions.is_empty() {
        check("There is something to offer", CheckState::Blocked, "The policy has no action".into())
    } else {
        check("There is something to offer", CheckState::Ok, format!("{} actions", parts.draft.actions.len()))
    });
    let clocks = hours_of_another_clock(parts);
    let findings: Vec<&Diagnostic> =
        findings.iter().chain(clocks.iter().filter(|own| !findings.contains(own))).collect();
    let of = |severity: Severity| findings.iter().copied().filter(move |f| f.severity == severity);
    let errors = of(Severity::Error).count();
    list.push(match of(Severity::Error).next() {
        None => check("The policy has no errors", CheckState::Ok, String::new()),
        Some(first) => check("The policy has no errors", CheckState::Blocked, counted(errors, "error", first)),
    });
    let warnings = of(Severity::Warning).count();
    list.push(match of(Severity::Warning).next() {
        None => check("The policy has no warnings", CheckState::Ok, String::new()),
        Some(first) => check("The policy has no warnings", CheckState::Look, counted(warnings, "warning", first)),
    });
    list.push(if untrained.is_empty() {
        check("Models it uses are up to date", CheckState::Ok, String::new())
    } else {
        let names: Vec<&str> = untrained.iter().map(|id| parts.model(id).map_or(id.as_str(), |m| &m.name)).collect();
        check("Models it uses are up to date", CheckState::Blocked, format!("Train {}", names.join(", ")))
    });
    let used = crate::simulate::uses_models(&parts.draft);
    for attachment in parts.attached.iter().filter(|a| a.models.iter().any(|model| used.contains(&model.id))) {
        let (kind, file) = (attachment.kind.words(), &attachment.source.name);
        let label = format!("Attached: {kind} `{}`", attachment.id);
        let own = |source: &super::DataSource| source.sha256 == attachment.source.sha256;
        list.push(match attachment.kind != LearnedKind::Segments && parts.sources.iter().any(own) {
            // It knows how those went on that policies are valued on.
            true => check(&label, CheckState::Look, format!(
                "It learned from all of {file}, which the project decides on: values of policies that use it may be too good"
            )),
            false => {
                let until = attachment.until().map_or_else(String::new, |until| format!(" until {until}"));
                check(&label, CheckState::Ok, format!("{}, learned from {file}{until}", attachment.family))
            }
        });
    }
    let guards = || parts.draft.rules.iter().filter(|r| r.enabled && r.stage == attune_policy::rule::Stage::Guard);
    let unread: Vec<String> = parts
        .roles
        .columns
        .iter()
        .filter(|(name, role)| **role == Role::Consent && !guards().any(|rule| names(&rule.expr, name)))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    list.push(if guards().next().is_some() && unread.is_empty() {
        check("A guard protects consent", CheckState::Ok, String::new())
    } else if !unread.is_empty() {
        let detail = format!("No guard that is switched on reads {}", unread.join(", "));
        check("A guard protects consent", CheckState::Look, detail)
    } else {
        let detail = "No guard is switched on; add one for consent or opt-out".into();
        check("A guard protects consent", CheckState::Look, detail)
    });
    list.push(match simulation {
        None => check("It was simulated as it stands", CheckState::Look, "Simulate it before it goes out".into()),
        Some(report) => match report.main().and_then(|m| m.refusal.as_ref()) {
            Some(refusal) => check("It was simulated as it stands", CheckState::Look, refusal.reasons.join("; ")),
            None if report.degraded > 0 => {
                let detail = format!("Something failed in {} decisions of the simulation", report.degraded);
                check("It was simulated as it stands", CheckState::Look, detail)
            }
            None => check("It was simulated as it stands", CheckState::Ok, String::new()),
        },
    });
    list
}

/// Whether an expression names a column as a word of its own.
fn names(expr: &str, column: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    expr.match_indices(column)
        .any(|(at, _)| !expr[..at].ends_with(is_part) && !expr[at + column.len()..].starts_with(is_part))
}

fn counted(n: usize, what: &str, first: &Diagnostic) -> String {
    if n == 1 { first.to_string() } else { format!("{n} {what}s; the first: {first}") }
}
