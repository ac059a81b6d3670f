//! `attune run`: a project from end to end.

use super::console::{Console, Outcome, Result};
use super::report;
use attune_lab::project::{self, Access};
use std::path::{Path, PathBuf};

/// Run a project from end to end: load, train, simulate, export, report.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune run shop\n  attune run shop --output policy.ron --json > report.json")]
pub struct Run {
    /// Folder of the project
    project: PathBuf,
    /// Policy file to write; PROJECT/policy.ron when not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Run {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        run(&self.project, self.output, console)
    }
}

/// Runs the project in `dir` and prints its report.
pub fn run(dir: &Path, output: Option<PathBuf>, console: &Console) -> Result<Outcome> {
    let opened = super::project::open(dir, Access::Write, console)?;
    let output = output.unwrap_or_else(|| dir.join("policy.ron"));
    let done = console.work(|task| project::run(&opened.project, &opened.parts, &output, task))?;
    console.result(&report::run(&done), &done)?;
    Ok(Outcome::Done)
}
