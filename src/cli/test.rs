//! `attune test`: decides the cases of policies and tells which come out otherwise.

use super::console::{Console, Outcome, Result};
use super::policy;
use attune_lab::Error;
use attune_lab::project::Access;
use attune_policy::cases::{self, Case, Failure};
use attune_policy::{Policy, codec};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Decide the cases of policy files or projects, and of case files, and tell which come out otherwise.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune test policy.ron\n  attune test shop --cases more-cases.ron\n  attune test *.ron --json\n\n\
                        A case file is a list of cases as they stand in a policy file. Exit codes: 0 every case came out as \
                        expected, 1 a file cannot be used, 2 wrong usage, 3 a case came out otherwise."
)]
pub struct Test {
    /// Policy files or project folders
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Case file that every policy is asked too, or a folder of them; may be given several times
    #[arg(long, value_name = "FILE")]
    cases: Vec<PathBuf>,
}

impl Test {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let mut more: Vec<Case> = Vec::new();
        for path in &self.cases {
            for file in files(path)? {
                more.extend(cases::read(&policy::bytes(&file)?).map_err(|error| policy::refused(&file, &error))?);
            }
        }
        let (mut text, mut values, mut asked, mut failed) = (String::new(), Vec::new(), 0, 0);
        for path in &self.paths {
            let policy = if path.is_dir() { in_project(path, console)? } else { in_file(path)? };
            let own = &policy.document().cases;
            let failures: Vec<Failure> =
                cases::run(&policy, own).into_iter().chain(cases::run(&policy, &more)).collect();
            let count = own.len() + more.len();
            for failure in &failures {
                text.push_str(&format!("failed: {}: case {}: {failure}\n", path.display(), failure.case));
            }
            let outcome = match (count, failures.len()) {
                (0, _) => "no cases".to_owned(),
                (n, 0) => format!("{n} cases, all as expected"),
                (n, bad) => format!("{n} cases, {bad} came out otherwise"),
            };
            text.push_str(&format!("{}: {outcome}\n", path.display()));
            asked += count;
            failed += failures.len();
            values.push(json!({ "path": path, "revision": policy.revision(), "cases": count, "failures": failures }));
        }
        console.result(&text, &json!({ "cases": asked, "failed": failed, "policies": Value::Array(values) }))?;
        Ok(if failed > 0 { Outcome::CheckFailed } else { Outcome::Done })
    }
}

/// A policy file, its cases not yet asked: all that fail are to be told, not only that some do.
fn in_file(path: &Path) -> attune_lab::Result<Policy> {
    let bytes = policy::bytes(path)?;
    let document = codec::read(&bytes).map_err(|error| policy::refused(path, &error))?;
    Policy::compile(document).map_err(|error| policy::refused(path, &error))
}

fn in_project(dir: &Path, console: &Console) -> Result<Policy> {
    let opened = super::project::open(dir, Access::Read, console)?;
    let parts = &opened.parts;
    console.work(|task| {
        let loaded = super::project::load(dir, parts, console, task)?;
        super::project::policy(dir, parts, &loaded)
    })
}

/// A file, or the files of a folder in the order of their names.
fn files(path: &Path) -> attune_lab::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |e: std::io::Error| Error::new(format!("could not be read: {e}")).in_file(path);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|ending| ending == "ron") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
