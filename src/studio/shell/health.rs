//! How each workspace stands, and everything that is wrong or worth a look: gathered from what the session knows.

use super::problems::{Problem, counts};
use crate::theme::Tone;
use crate::view::Target;
use crate::widgets::{capital, number};
use crate::workspace::Workspace;
use attune_lab::data::Severity;
use attune_lab::project::Loaded;
use attune_policy::diagnostic::{Part, Severity as PolicySeverity};
use attune_session::{Derived, Session};

/// State of a workspace: a mark and a word.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Its mark.
    pub tone: Tone,
    /// Its word: `not started`, `training`, `2 warnings`.
    pub words: String,
}

fn status(tone: Tone, words: impl Into<String>) -> Status {
    Status { tone, words: words.into() }
}

/// The state of every workspace.
pub fn states(session: &Session) -> Vec<(Workspace, Status)> {
    Workspace::ALL.into_iter().map(|workspace| (workspace, of(session, workspace))).collect()
}

fn of(session: &Session, workspace: Workspace) -> Status {
    match workspace {
        Workspace::Data => data(session),
        Workspace::Models => models(session),
        Workspace::Policy => policy(session),
        Workspace::Simulate => of_derived(&session.simulation(), "not run yet", "up to date"),
        Workspace::Export => of_export(session),
    }
}

fn data(session: &Session) -> Status {
    let none = session.document().sources.is_empty();
    match session.dataset() {
        Derived::Stale(_, None) if none => status(Tone::Neutral, "not started"),
        Derived::Missing(_) => status(Tone::Neutral, "not started"),
        Derived::Running(_) => status(Tone::Accent, "reading"),
        Derived::Stale(_, Some(_)) => status(Tone::Accent, "reading again"),
        Derived::Stale(_, None) => status(Tone::Warn, "out of date"),
        Derived::Failed(_) => status(Tone::Err, "cannot be read"),
        Derived::Ready(_) => of_problems(&of_data(session)).unwrap_or_else(|| status(Tone::Ok, "ready")),
    }
}

fn models(session: &Session) -> Status {
    let specs = &session.document().models;
    if specs.is_empty() {
        return status(Tone::Neutral, "not started");
    }
    let states: Vec<_> = specs.iter().map(|spec| session.model(&spec.id)).collect();
    let count = |of: fn(&Derived<_>) -> bool| states.iter().filter(|state| of(state)).count() as u64;
    let running = count(|s| s.progress().is_some());
    let failed = count(|s| matches!(s, Derived::Failed(_)));
    let stale = count(|s| matches!(s, Derived::Stale(_, None)));
    let ready = count(|s| s.ready().is_some());
    if running > 0 {
        status(Tone::Accent, "training")
    } else if failed > 0 {
        status(Tone::Err, format!("{failed} failed"))
    } else if stale > 0 {
        status(Tone::Warn, format!("{stale} out of date"))
    } else if ready < states.len() as u64 {
        status(Tone::Neutral, format!("{ready} of {} trained", states.len()))
    } else {
        status(Tone::Ok, "trained")
    }
}

fn policy(session: &Session) -> Status {
    let draft = &session.document().draft;
    if draft.rules.is_empty() && draft.actions.is_empty() {
        return status(Tone::Neutral, "not started");
    }
    if let Some(status) = of_problems(&of_policy(session)) {
        return status;
    }
    status(Tone::Ok, number::counted(draft.rules.len() as u64, "rule", "rules"))
}

fn of_export(session: &Session) -> Status {
    let checked = session.findings();
    match checked.value() {
        None => status(Tone::Neutral, "not started"),
        Some(found) if found.policy.is_none() => status(Tone::Neutral, "not ready"),
        Some(_) if session.exported().is_some() => status(Tone::Ok, "exported"),
        Some(_) => status(Tone::Neutral, "ready to export"),
    }
}

fn of_derived<T>(state: &Derived<T>, missing: &str, ready: &str) -> Status {
    match state {
        Derived::Missing(_) => status(Tone::Neutral, missing),
        Derived::Running(_) | Derived::Stale(_, Some(_)) => status(Tone::Accent, "running"),
        Derived::Ready(_) => status(Tone::Ok, ready),
        Derived::Stale(_, None) => status(Tone::Warn, "out of date"),
        Derived::Failed(_) => status(Tone::Err, "failed"),
    }
}

fn of_problems(problems: &[Problem]) -> Option<Status> {
    match counts(problems) {
        (0, 0) => None,
        (0, warnings) => Some(status(Tone::Warn, number::counted(warnings as u64, "warning", "warnings"))),
        (errors, _) => Some(status(Tone::Err, number::counted(errors as u64, "error", "errors"))),
    }
}

/// Everything, errors first.
pub fn problems(session: &Session) -> Vec<Problem> {
    let mut all = of_data(session);
    all.extend(of_models(session));
    all.extend(of_policy(session));
    all.sort_by_key(|problem| match problem.tone {
        Tone::Err => 0,
        Tone::Warn => 1,
        _ => 2,
    });
    all
}

/// Problems of the data and of what its columns mean.
pub fn of_data(session: &Session) -> Vec<Problem> {
    let mut out = Vec::new();
    if let Derived::Failed(why) = session.dataset() {
        let target = Some(Target::Workspace(Workspace::Data));
        out.push(Problem {
            tone: Tone::Err,
            place: "data".into(),
            message: why.to_string(),
            hint: String::new(),
            target,
        });
    }
    let loaded = session.dataset();
    let table = loaded.value().map(|loaded| &loaded.dataset);
    let source = |name: &str| {
        table.and_then(|table| table.column(name)).map_or_else(|| name.to_owned(), |column| column.source.clone())
    };
    let profile = session.profile();
    for problem in profile.value().iter().flat_map(|profile| &profile.problems) {
        let tone = match problem.severity {
            Severity::Error => Tone::Err,
            Severity::Warning => Tone::Warn,
            Severity::Note => Tone::Neutral,
        };
        let row = problem.rows.first().and_then(|number| table?.row_at(*number));
        let target = match (&problem.column, row) {
            (_, Some(row)) => Some(Target::Row(row)),
            (Some(column), None) => Some(Target::Column(column.clone())),
            (None, None) => None,
        };
        let place = problem.column.as_deref().map_or_else(String::new, |name| format!("column {}", source(name)));
        let mut hint = problem.hint.clone();
        if problem.count > 0 {
            hint = format!("{} {}", rows(&problem.rows, problem.count), capital(&hint));
        }
        out.push(Problem { tone, place, message: problem.message.clone(), hint, target });
    }
    out.extend(loaded.value().iter().flat_map(|loaded| of_reading(loaded)));
    out
}

/// What did not fit while the file was read.
fn of_reading(loaded: &Loaded) -> Vec<Problem> {
    let mut out: Vec<Problem> = loaded
        .changes
        .iter()
        .map(|change| Problem {
            tone: Tone::Warn,
            place: "source".into(),
            message: change.to_string(),
            hint: String::new(),
            target: None,
        })
        .collect();
    let listed = loaded.bad_rows.iter().take(LISTED).map(|bad| Problem {
        tone: Tone::Warn,
        place: format!("row {}, line {}", number::count(bad.row), number::count(bad.line)),
        message: format!("set aside: {}", bad.reason),
        hint: shortened(&bad.text),
        target: None,
    });
    out.extend(listed);
    let listed = loaded.bad_cells.iter().take(LISTED).map(|bad| Problem {
        tone: Tone::Warn,
        place: format!("row {}, column {}", number::count(bad.row), bad.column),
        message: format!("“{}” was read as missing; expected {}", shortened(&bad.text), bad.expected),
        hint: String::new(),
        target: loaded.dataset.row_at(bad.row).map(Target::Row),
    });
    out.extend(listed);
    for (all, what) in [(loaded.bad_rows.len(), "rows set aside"), (loaded.bad_cells.len(), "cells read as missing")] {
        if all > LISTED {
            let message = format!("{} more {what}", number::count((all - LISTED) as u64));
            out.push(Problem { tone: Tone::Warn, place: "source".into(), message, hint: String::new(), target: None });
        }
    }
    out
}

/// Bad rows and cells listed one by one; the rest is counted.
const LISTED: usize = 100;

fn shortened(text: &str) -> String {
    let most = 80;
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(most).collect::<String>())
    }
}

/// `Rows 3, 17, 204 and 12 more.`
fn rows(listed: &[u64], count: u64) -> String {
    let some: Vec<String> = listed.iter().take(5).map(|row| number::count(*row)).collect();
    let more = count.saturating_sub(some.len() as u64);
    let word = if count == 1 { "Row" } else { "Rows" };
    match more {
        0 => format!("{word} {}.", some.join(", ")),
        more => format!("{word} {} and {} more.", some.join(", "), number::count(more)),
    }
}

/// Whether a problem is about a column.
pub fn is_about_column(problem: &Problem, place: &str) -> bool {
    problem.place == format!("column {place}")
}

/// Models that failed, and features that look like leaks.
pub fn of_models(session: &Session) -> Vec<Problem> {
    let mut out = Vec::new();
    for spec in session.document().models.iter() {
        let target = Some(Target::Model(spec.id.clone()));
        let place = format!("model {}", spec.name);
        match session.model(&spec.id) {
            Derived::Failed(why) => {
                let hint = String::new();
                out.push(Problem { tone: Tone::Err, place, message: why.to_string(), hint, target });
            }
            state => {
                for suspicion in state.ready().iter().flat_map(|model| &model.report.suspicions) {
                    let (message, place, target) = (suspicion.message.clone(), place.clone(), target.clone());
                    out.push(Problem { tone: Tone::Warn, place, message, hint: String::new(), target });
                }
            }
        }
    }
    out
}

/// Findings of the draft.
pub fn of_policy(session: &Session) -> Vec<Problem> {
    let draft = &session.document().draft;
    let checked = session.findings();
    let mut out = Vec::new();
    for finding in checked.value().iter().flat_map(|checked| &checked.findings) {
        let tone = match finding.severity {
            PolicySeverity::Error => Tone::Err,
            PolicySeverity::Warning => Tone::Warn,
            PolicySeverity::Note => Tone::Neutral,
        };
        let policy = Target::Workspace(Workspace::Policy);
        let (mut place, target) = match &finding.part {
            Part::Rule(id) => {
                let name =
                    draft.rules.iter().find(|rule| rule.id == *id).map_or(id.as_str(), |rule| rule.name.as_str());
                (format!("rule {name}"), Target::Rule(id.clone()))
            }
            Part::Field(name) => (format!("column {name}"), Target::Column(name.clone())),
            Part::Model(id) => (format!("model {id}"), Target::Model(id.clone())),
            part => (part.to_string(), policy),
        };
        if let Some((line, _)) = finding.position {
            place = format!("{place}, line {line}");
        }
        out.push(Problem { tone, place, message: finding.message.clone(), hint: String::new(), target: Some(target) });
    }
    out
}
