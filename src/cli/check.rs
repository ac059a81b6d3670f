//! `attune check`: what is wrong with a policy or a project, each finding with its place.

use super::console::{Console, Outcome, Result, error_value};
use super::policy;
use attune_lab::data::Severity as Weight;
use attune_lab::project::{Access, Project};
use attune_policy::diagnostic::{Diagnostic, Severity};
use attune_policy::error::Error as PolicyError;
use attune_policy::language::{Context, compile};
use attune_policy::{Document, Policy, Verification, check};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Check a policy file or a project: every finding with its place; exit code 3 when there are errors.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune check shop\n  attune check shop/policy.ron --json\n  attune check shop/policy.ron --rules"
)]
pub struct Check {
    /// Policy file or project folder
    path: PathBuf,
    /// Show of each rule whether it is lowered or runs in the interpreter, and why
    #[arg(long)]
    rules: bool,
}

/// What was found, for people and for programs.
#[derive(Default)]
struct Findings {
    lines: Vec<(Severity, String)>,
    values: Vec<Value>,
    /// How each rule is evaluated, when it was asked for.
    rules: Option<Vec<(String, Option<String>)>>,
}

impl Check {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let mut findings = Findings { rules: self.rules.then(Vec::new), ..Findings::default() };
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
        Ok(policy) => findings.document(policy.document(), &check::check(policy.document())),
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
                        Weight::Error => findings.add(Severity::Error, text, value),
                        Weight::Warning => findings.add(Severity::Warning, text, value),
                        Weight::Note => {}
                    }
                }
                let assembled = super::project::assemble(dir, parts, &loaded, true);
                for id in &assembled.untrained {
                    let text =
                        format!("model `{id}`: it is not trained on the data as they are; `attune train` trains it");
                    let value = json!({ "part": format!("model `{id}`"), "message": "it is not trained on the data as they are" });
                    findings.add(Severity::Warning, text, value);
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
            Severity::Warning,
            format!("data: the project has none; {hint}"),
            json!({ "part": "data", "message": "the project has none", "hint": hint }),
        );
        Document::clone(&parts.draft)
    };
    let mut found = attune_lab::project::findings(&document);
    found.extend(attune_lab::project::hours_of_another_clock(parts));
    findings.document(&document, &found);
    Ok(())
}

impl Findings {
    fn add(&mut self, severity: Severity, text: String, mut value: Value) {
        value["severity"] = json!(word(severity));
        self.lines.push((severity, text));
        self.values.push(value);
    }

    fn error(&mut self, error: &attune_lab::Error) {
        self.add(Severity::Error, error.to_string(), error_value(error));
    }

    fn warning(&mut self, error: &attune_lab::Error) {
        self.add(Severity::Warning, error.to_string(), error_value(error));
    }

    fn diagnostic(&mut self, finding: &Diagnostic) {
        let value = json!({
            "part": finding.part.to_string(),
            "line": finding.position.map(|(line, _)| line),
            "column": finding.position.map(|(_, column)| column),
            "message": finding.message,
        });
        self.add(finding.severity, finding.to_string(), value);
    }

    /// Everything found about a document, and how its rules are evaluated.
    fn document(&mut self, document: &Document, found: &[Diagnostic]) {
        found.iter().for_each(|finding| self.diagnostic(finding));
        if let Some(rules) = &mut self.rules {
            let context = Context::new(document);
            // A rule with errors is told of above.
            rules.extend(document.rules.iter().filter_map(|rule| {
                let compiled = compile(&rule.expr, rule.stage.into(), &context).ok()?;
                Some((rule.id.clone(), compiled.why_interpreted().map(str::to_owned)))
            }));
        }
    }

    fn finish(mut self, path: &Path, console: &Console) -> Result<Outcome> {
        // Errors first, otherwise in the order found.
        self.lines.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        let count = |wanted: Severity| self.lines.iter().filter(|(severity, _)| *severity == wanted).count();
        let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
        let mut text = String::new();
        for (id, why) in self.rules.iter().flatten() {
            let how = why.as_ref().map_or("lowered".to_owned(), |why| format!("interpreted: {why}"));
            text.push_str(&format!("rule `{id}`: {how}\n"));
        }
        for (severity, line) in &self.lines {
            text.push_str(&format!("{}: {line}\n", word(*severity)));
        }
        text.push_str(&format!("{}: {}, {}", path.display(), counted(errors, "error"), counted(warnings, "warning")));
        if notes > 0 {
            text.push_str(&format!(", {}", counted(notes, "note")));
        }
        text.push('\n');
        let mut value = json!({
            "path": path, "errors": errors, "warnings": warnings, "notes": notes, "findings": self.values,
        });
        if let Some(rules) = &self.rules {
            let rules = rules.iter().map(|(id, why)| json!({ "rule": id, "lowered": why.is_none(), "why": why }));
            value["rules"] = rules.collect();
        }
        console.result(&text, &value)?;
        Ok(if errors > 0 { Outcome::CheckFailed } else { Outcome::Done })
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn counted(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
