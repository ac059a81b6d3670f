//! `attune budgets`: when budgets and stocks run dry.

use super::console::{Console, Outcome, Result};
use super::decide::short;
use super::keeping::{KeepingArgs, remark};
use super::plan::definitions;
use super::policy;
use super::sweep::{check, percents};
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::import::dates::render as day;
use attune_lab::project::{self, Access, Question};
use attune_lab::simulate::Options;
use attune_lab::simulate::questions::budgets::BudgetReport;
use std::path::PathBuf;

const WIDTH: usize = 110;

/// When do budgets and stocks run dry, at the pace at which the policy itself spends them
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune budgets shop\n  attune budgets shop --policy policy.ron --json\n\n\
                        Each limit is taken away by itself; what the policy then spends, in order of time, says when it is reached. \
                        The rows need a column with the role time.")]
pub struct Budgets {
    /// Folder of the project
    project: PathBuf,
    /// Policy file to ask about; the project's draft when not given
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Resamples of the intervals, at least 20
    #[arg(long, value_name = "N", default_value_t = 500)]
    bootstrap: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    keeping: KeepingArgs,
}

impl Budgets {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        check(None, self.bootstrap)?;
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        let file = self.policy.as_ref().map(|file| policy::load(file)).transpose()?;
        let finished = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let own = match file {
                Some(policy) => policy,
                None => super::project::policy(dir, parts, &loaded)?,
            };
            let options = Options { bootstrap: self.bootstrap, seed: self.seed, ..Options::default() };
            let keeping = self.keeping.keeping();
            project::budgets(Question { dir, parts, loaded: &loaded, options: &options, keeping }, &own, task)
        })?;
        console.result(&text(&finished.report), &finished.report)?;
        remark(&finished, console);
        Ok(Outcome::Done)
    }
}

fn text(report: &BudgetReport) -> String {
    let mut text = format!(
        "What “{}” (revision {}) spends: {} decisions from {} to {}\n\n",
        report.policy,
        short(&report.revision),
        count(report.decisions),
        day(report.span.0),
        day(report.span.1)
    );
    if report.limits.is_empty() {
        text.push_str("  The policy has no budget with a maximum and no stock.\n");
        return text;
    }
    let mut table = Table::new(&[
        "limit",
        "kind",
        "most",
        "spent without it",
        "95 % interval",
        "per day",
        "runs dry",
        "95 % interval",
    ]);
    for limit in &report.limits {
        let most = match &limit.reset {
            Some(period) => format!("{} per {period}", number(limit.limit)),
            None => number(limit.limit),
        };
        let mut row = vec![limit.name.clone(), limit.kind.clone(), most];
        if limit.not_answered.is_none() {
            row.extend([
                number(limit.spent.value),
                interval(limit.spent.low, limit.spent.high),
                number(limit.per_day.value),
            ]);
        }
        match (&limit.dry, &limit.periods) {
            (Some(dry), _) => row.extend([
                format!("{} (week {})", day(dry.at), dry.week),
                format!("[{}, {}]", day(dry.low), dry.high.map_or("never".into(), day)),
            ]),
            (_, Some(periods)) => row.extend([
                format!("in {} of {} periods", count(periods.dry), count(periods.periods)),
                percents(&periods.share),
            ]),
            _ if limit.not_answered.is_none() => row.push("never".into()),
            _ => {}
        }
        table.row(row);
    }
    text.push_str(&table.text(2));
    for limit in &report.limits {
        if let Some(why) = &limit.not_answered {
            text.push_str(&wrap(&format!("No answer for {}: {why}.", limit.name), 2, WIDTH));
        }
        if let Some(dry) = &limit.dry {
            let when = if dry.beyond_the_log { "; the log ends before, its pace is taken to go on" } else { "" };
            let line = format!("{}: runs dry in time with probability {}{when}.", limit.name, percent(dry.probability));
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        if let Some(elapsed) = limit.periods.as_ref().and_then(|p| p.elapsed) {
            let line = format!(
                "{}: when it runs dry, {} {} of the period has gone by.",
                limit.name,
                percent(elapsed.value),
                percents(&elapsed)
            );
            text.push_str(&wrap(&line, 2, WIDTH));
        }
    }
    text.push_str(&definitions(&report.notes));
    text
}
