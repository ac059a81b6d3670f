//! `attune plan`: how big a holdout must be, how long it must run, and what it can see.

use super::console::{Console, Failure, Outcome, Result};
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::Role;
use attune_lab::project::Access;
use attune_lab::simulate::DecisionLog;
use attune_lab::simulate::questions::plan::{self, Ask, Correction, Lift, Plan};
use attune_lab::simulate::questions::volume::{Known, known};
use attune_policy::holdout::HoldoutKind;
use clap::ValueEnum;
use serde::Serialize;
use std::path::{Path, PathBuf};

const WIDTH: usize = 110;

/// Plan a holdout: how many must be held out, how long it runs, the smallest effect it sees
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune plan --base 0.01 --lift 0.05 --holdout 0.02 --per-day 20000\n  attune plan --mean 42 --sd 90 --lift 0.03 --holdout 0.1\n  \
                        attune plan --base 0.04 --lift 0.1 --holdout 0.25 --arms 3 --correction bonferroni\n  attune plan shop --lift 0.1 --json\n\n\
                        With a project, the outcome without treatment, its spread and the volume are read from its log, the share \
                        held out from its policy and the least effect worth having from its goal; what is given here goes before."
)]
pub struct PlanCommand {
    /// Folder of a project whose log tells what is not given
    project: Option<PathBuf>,
    /// Share of the subjects who do it without treatment
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["mean", "sd"])]
    base: Option<f64>,
    /// Mean of an amount without treatment
    #[arg(long, value_name = "AMOUNT", requires = "sd", allow_negative_numbers = true)]
    mean: Option<f64>,
    /// Standard deviation of the amount
    #[arg(long, value_name = "AMOUNT", requires = "mean")]
    sd: Option<f64>,
    /// Effect that must not be missed, relative: 0.05 is + 5 %
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    lift: Option<f64>,
    /// The same in the unit of the outcome
    #[arg(long, value_name = "AMOUNT", conflicts_with = "lift", allow_negative_numbers = true)]
    effect: Option<f64>,
    /// Share of the subjects held out
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
    /// New subjects per day
    #[arg(long, value_name = "N")]
    per_day: Option<f64>,
    /// Treated arms, each compared with the holdout
    #[arg(long, value_name = "N", default_value_t = 1)]
    arms: u32,
    /// How several comparisons share the level
    #[arg(long, value_enum, default_value_t = CorrectionName::Dunnett)]
    correction: CorrectionName,
    /// Two-sided level of the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    alpha: f64,
    /// Probability of seeing the effect if it is there
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    power: f64,
    /// Outcome of the project; its goal when not given
    #[arg(long, value_name = "COLUMN", requires = "project")]
    outcome: Option<String>,
}

/// Names of corrections on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CorrectionName {
    /// Knows that all comparisons share the holdout
    Dunnett,
    /// The level divided by their number
    Bonferroni,
    /// Each by itself
    None,
}

/// The plan, and what of it the log told.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    plan: Plan,
    log: Option<Known>,
}

/// What a project tells.
struct Told {
    known: Known,
    holdout: Option<f64>,
    least: Option<f64>,
}

impl PlanCommand {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let told = self.project.as_deref().map(|dir| self.project(dir, console)).transpose()?;
        let missing = |what: &str| Failure::Usage(format!("{what}; see `attune plan --help`"));
        let outcome = match (self.base, self.mean, self.sd, &told) {
            (Some(base), ..) => plan::Outcome::Share { base },
            (_, Some(mean), Some(sd), _) => plan::Outcome::Amount { mean, sd },
            (.., Some(told)) if told.known.is_share => plan::Outcome::Share { base: told.known.base.value },
            (.., Some(told)) => plan::Outcome::Amount { mean: told.known.base.value, sd: told.known.sd },
            _ => return Err(missing("give the outcome without treatment: --base, or --mean and --sd, or a project")),
        };
        let lift = match (self.lift, self.effect, told.as_ref().and_then(|t| t.least)) {
            (Some(lift), ..) => Lift::Relative(lift),
            (_, Some(effect), _) => Lift::Absolute(effect),
            (.., Some(least)) => Lift::Absolute(least),
            _ => return Err(missing("give the effect that must not be missed: --lift or --effect")),
        };
        let holdout = self
            .holdout
            .or(told.as_ref().and_then(|t| t.holdout))
            .ok_or_else(|| missing("give the share held out: --holdout"))?;
        let ask = Ask {
            outcome,
            lift,
            holdout,
            arms: self.arms,
            correction: match self.correction {
                CorrectionName::Dunnett => Correction::Dunnett,
                CorrectionName::Bonferroni => Correction::Bonferroni,
                CorrectionName::None => Correction::None,
            },
            alpha: self.alpha,
            power: self.power,
            per_day: self.per_day.or(told.as_ref().and_then(|t| t.known.per_day)),
            design_effect: told.as_ref().map_or(1.0, |t| t.known.design_effect),
        };
        let plan = console.work(|task| {
            task.stage("Planning")?;
            plan::plan(ask)
        })?;
        let answer = Answer { plan, log: told.map(|t| t.known) };
        console.result(&text(&answer), &answer)?;
        Ok(Outcome::Done)
    }

    fn project(&self, dir: &Path, console: &Console) -> Result<Told> {
        let opened = super::project::open(dir, Access::Read, console)?;
        let parts = &opened.parts;
        if let Some(outcome) = &self.outcome
            && parts.roles.role(outcome) != Role::Outcome
        {
            return Err(Failure::Usage(format!("--outcome: `{outcome}` is no column with the role outcome")));
        }
        let goal = self.outcome.as_ref().or(parts.goal.outcome.as_ref());
        let known = console.work(|task| {
            let loaded = super::project::load(opened.project.dir(), parts, console, task)?;
            let log = DecisionLog::read(&loaded.dataset, &parts.roles, goal.map(String::as_str), task)?;
            known(&loaded.dataset, &parts.roles, &log)
        })?;
        let least = parts.goal.least_lift.filter(|_| self.outcome.is_none() || self.outcome == parts.goal.outcome);
        let global = |kind: &HoldoutKind| matches!(kind, HoldoutKind::Global | HoldoutKind::Program);
        let holdout = parts.draft.holdouts.iter().find(|h| global(&h.kind) && h.share > 0.0).map(|h| h.share);
        Ok(Told { known, holdout, least })
    }
}

fn text(answer: &Answer) -> String {
    let plan = &answer.plan;
    let mut text = String::new();
    if let Some(log) = &answer.log {
        text.push_str(&wrap(
            &format!(
                "The log: {} is {} {} over {} rows ({}); volume: {}.",
                log.outcome,
                number(log.base.value),
                interval(log.base.low, log.base.high),
                count(log.base.n),
                log.of,
                log.volume
            ),
            0,
            WIDTH,
        ));
        if log.design_effect > 1.0 {
            text.push_str(&wrap(
                &format!("Decisions of one subject are alike: {:.2} times as many are needed.", log.design_effect),
                0,
                WIDTH,
            ));
        }
    }
    let ask = &plan.ask;
    let arms = if ask.arms == 1 { String::new() } else { format!(" in each of {} treated arms", ask.arms) };
    text.push_str(&wrap(
        &format!(
            "To see {} become {}{arms} ({:+.1} %) with {} held out, a two-sided level of {} and a power of {}:",
            number(plan.base),
            number(plan.treated),
            100.0 * (plan.treated / plan.base - 1.0),
            percent(ask.holdout),
            ask.alpha,
            ask.power
        ),
        0,
        WIDTH,
    ));
    let mut sizes =
        Table::new(&["held out", "subjects in all", "held out", "per treated arm", "days", "outcome given up"]);
    for size in &plan.shares {
        let mark = if size.holdout == ask.holdout { " *" } else { "" };
        sizes.row(vec![
            format!("{}{mark}", percent(size.holdout)),
            count(size.total),
            count(size.held_out),
            count(size.per_arm),
            size.days.map_or("no volume given".into(), |days| format!("{:.1}", days)),
            number(size.given_up),
        ]);
    }
    text.push_str(&format!("\n{}  * as asked; critical value |z| = {:.4}\n", sizes.text(2), plan.critical));
    if !plan.smallest.is_empty() {
        text.push_str(&format!("\nThe smallest effect that is seen with {} held out\n", percent(ask.holdout)));
        let mut table = Table::new(&["days", "subjects", "effect", "relative"]);
        for row in &plan.smallest {
            table.row(vec![
                format!("{:.0}", row.days),
                count(row.subjects),
                row.absolute.map_or("none".into(), number),
                row.relative.map_or(String::new(), |r| format!("{:+.2} %", 100.0 * r)),
            ]);
        }
        text.push_str(&table.text(2));
    }
    for caution in &plan.cautions {
        text.push_str(&wrap(&format!("Mind: {caution}."), 2, WIDTH));
    }
    text.push_str(&definitions(&plan.notes));
    text
}

/// The notes of a report as text.
pub fn definitions(notes: &[attune_lab::simulate::report::Note]) -> String {
    let mut text = "\nDefinitions\n".to_owned();
    for note in notes {
        text.push_str(&wrap(&format!("{}: {}", note.term, note.definition), 2, WIDTH));
    }
    text
}
