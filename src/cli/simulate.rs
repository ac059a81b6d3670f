//! `attune simulate`: what a policy would have done on a project's history, and what that is worth.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::write_one;
use super::{policy, report};
use attune_lab::Error;
use attune_lab::data::Role;
use attune_lab::project::{self, Access};
use attune_lab::simulate::{Options, Other, decisions_table};
use attune_policy::Policy;
use std::path::PathBuf;

/// More resamples change no printed digit, and all of them are kept in memory at once.
const MOST_RESAMPLES: usize = 100_000;

/// Value a policy on the history of a project: its draft, or any policy file.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune simulate shop\n  attune simulate shop --policy policy.ron --json --decisions decisions.csv\n  \
                        attune simulate shop --compare last_year.ron --segment channel\n\n\
                        A policy that uses models is valued on the subjects that no model learned from; one of rules alone on all."
)]
pub struct Simulate {
    /// Folder of the project
    project: PathBuf,
    /// Policy file to value; the project's draft when not given
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Another policy file to compare with; may be given several times
    #[arg(long, value_name = "FILE")]
    compare: Vec<PathBuf>,
    /// Write one line per decision, with everything needed to recompute every value
    #[arg(long, value_name = "OUT.csv")]
    decisions: Option<PathBuf>,
    /// Outcome to value first; the project's goal when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Also value the policy within parts of this column
    #[arg(long, value_name = "COLUMN")]
    segment: Option<String>,
    /// Decide about this many rows, drawn by subject, in place of all
    #[arg(long, value_name = "ROWS")]
    sample: Option<usize>,
    /// Resamples of the bootstrap intervals; 0 leaves them out
    #[arg(long, value_name = "N")]
    bootstrap: Option<usize>,
}

impl Simulate {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.sample == Some(0) {
            return Err(Failure::Usage("--sample 0: give a number of rows from 1".into()));
        }
        if let Some(many) = self.bootstrap.filter(|n| *n > MOST_RESAMPLES) {
            return Err(Failure::Usage(format!("--bootstrap {many}: give a number from 0 to {MOST_RESAMPLES}")));
        }
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        if let Some(outcome) = &self.outcome
            && parts.roles.role(outcome) != Role::Outcome
        {
            return Err(Failure::Usage(format!("--outcome: `{outcome}` is no column with the role outcome")));
        }
        let others: Vec<(String, Policy)> = self
            .compare
            .iter()
            .map(|file| policy::load(file).map(|p| (policy::title(p.document()).to_owned(), p)))
            .collect::<std::result::Result<_, Error>>()?;
        let file = self.policy.as_ref().map(|file| policy::load(file)).transpose()?;
        let simulation = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let own = match file {
                Some(policy) => policy,
                None => super::project::policy(dir, parts, &loaded)?,
            };
            let defaults = Options::default();
            let options = Options {
                goal: self.outcome.clone(),
                segment: self.segment.clone(),
                sample: self.sample,
                bootstrap: self.bootstrap.unwrap_or(defaults.bootstrap),
                ..defaults
            };
            let others: Vec<Other<'_>> = others.iter().map(|(name, policy)| Other { name, policy }).collect();
            let simulation = project::simulate(&own, &others, parts, &loaded, options, task)?;
            if let Some(out) = &self.decisions {
                write_one(out, |file| decisions_table(&simulation, &loaded.dataset, &parts.roles, file, task))?;
            }
            Ok(simulation)
        })?;
        let mut text = report::simulation(&simulation.report);
        if let Some(out) = &self.decisions {
            text.push_str(&format!("\nDecisions written to {}.\n", out.display()));
        }
        console.result(&text, &simulation.report)?;
        Ok(Outcome::Done)
    }
}
