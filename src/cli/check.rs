//! `attune check`: what is wrong with a policy or a project, each finding with its place.

use super::console::{Console, Outcome, Result, error_value};
use super::policy;
use attune_lab::data::Severity as Weight;
use attune_lab::project::{Access, Project};
use attune_policy::diagnostic::{Diagnostic, Severity};
use attune_policy::error::Error as PolicyError;
use attune_policy::{Document, Policy, Verification, check};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Check a policy file or a project: every finding with its place; exit code 3 when there are errors.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune check shop\n  attune check shop/policy.ron --json")]
pub struct Check {
    /// Policy file or project folder
    path: PathBuf,
}

/// What was found, for people and for programs.
#[derive(Default)]
struct Findings {
    lines: Vec<(bool, String)>,
    values: Vec<Value>,
}

impl Check {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let mut findings = Findings::default();
        if self.path.is_dir() {
            project(&self.path, console, &mut findings)?;
        } else {
            file(&self.path, &mut findings)?;
        }
        findings.finish(&self.path, console)
    }
}

fn file(path: &Path, findings: &mut Findings) -> Result<()> {
    match Policy::load(&policy::bytes(path)?, &Verification::none()) {
        Ok(policy) => policy.warnings().iter().for_each(|finding| findings.diagnostic(finding)),
        Err(PolicyError::Invalid(all)) => all.iter().for_each(|finding| findings.diagnostic(finding)),
        Err(error) => findings.error(&policy::refused(path, &error)),
    }
    Ok(())
}

fn project(dir: &Path, console: &Console, findings: &mut Findings) -> Result<()> {
    let opened = Project::open(dir, Access::Read)?;
    let parts = &opened.parts;
    opened.problems.iter().for_each(|problem| findings.error(problem));
    let document = if parts.source().is_some() {
        let loaded = console.work(|task| attune_lab::project::load(dir, parts, task));
        match loaded {
            Ok(loaded) => {
                loaded.changes.iter().for_each(|change| findings.warning(change));
                for problem in parts.roles.check(&loaded.dataset) {
                    let text = format!("data: {}; {}", problem.message, problem.hint);
                    let value = json!({
                        "part": "data", "column": problem.column, "message": problem.message, "hint": problem.hint,
                        "rows": problem.rows, "count": problem.count,
                    });
                    match problem.severity {
                        Weight::Error => findings.add(true, text, value),
                        Weight::Warning => findings.add(false, text, value),
                        Weight::Note => {}
                    }
                }
                let assembled = super::project::assemble(dir, parts, &loaded, true);
                for id in &assembled.untrained {
                    let text =
                        format!("model `{id}`: it is not trained on the data as they are; `attune train` trains it");
                    let value = json!({ "part": format!("model `{id}`"), "message": "it is not trained on the data as they are" });
                    findings.add(false, text, value);
                }
                assembled.document
            }
            Err(super::console::Failure::Work(error)) => {
                findings.error(&error);
                return Ok(());
            }
            Err(failure) => return Err(failure),
        }
    } else {
        let hint = "`attune import FILE PROJECT` gives it a customer file";
        findings.add(
            false,
            format!("data: the project has none; {hint}"),
            json!({ "part": "data", "message": "the project has none", "hint": hint }),
        );
        Document::clone(&parts.draft)
    };
    check::check(&document).iter().for_each(|finding| findings.diagnostic(finding));
    Ok(())
}

impl Findings {
    fn add(&mut self, is_error: bool, text: String, mut value: Value) {
        value["severity"] = json!(if is_error { "error" } else { "warning" });
        self.lines.push((is_error, text));
        self.values.push(value);
    }

    fn error(&mut self, error: &attune_lab::Error) {
        self.add(true, error.to_string(), error_value(error));
    }

    fn warning(&mut self, error: &attune_lab::Error) {
        self.add(false, error.to_string(), error_value(error));
    }

    fn diagnostic(&mut self, finding: &Diagnostic) {
        let value = json!({
            "part": finding.part.to_string(),
            "line": finding.position.map(|(line, _)| line),
            "column": finding.position.map(|(_, column)| column),
            "message": finding.message,
        });
        self.add(finding.severity == Severity::Error, finding.to_string(), value);
    }

    fn finish(mut self, path: &Path, console: &Console) -> Result<Outcome> {
        // Errors first, otherwise in the order found.
        self.lines.sort_by_key(|(is_error, _)| !is_error);
        let errors = self.lines.iter().filter(|(is_error, _)| *is_error).count();
        let warnings = self.lines.len() - errors;
        let mut text = String::new();
        for (is_error, line) in &self.lines {
            text.push_str(&format!("{}: {line}\n", if *is_error { "error" } else { "warning" }));
        }
        text.push_str(&format!("{}: {}, {}\n", path.display(), counted(errors, "error"), counted(warnings, "warning")));
        console
            .result(&text, &json!({ "path": path, "errors": errors, "warnings": warnings, "findings": self.values }))?;
        Ok(if errors > 0 { Outcome::CheckFailed } else { Outcome::Done })
    }
}

fn counted(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
