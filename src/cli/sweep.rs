//! `attune sweep`: the policy with other values in some place, side by side.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::short;
use super::keeping::{KeepingArgs, remark};
use super::plan::definitions;
use super::policy;
use super::report::{distrusted, refusals};
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::Role;
use attune_lab::project::{self, Access, Question};
use attune_lab::simulate::Options;
use attune_lab::simulate::questions::Figure;
use attune_lab::simulate::questions::Knob;
use attune_lab::simulate::questions::sweep::{Setting, SweepReport};
use std::path::PathBuf;

const WIDTH: usize = 110;
/// More resamples change no printed digit, and all of them are kept in memory at once.
pub const MOST_RESAMPLES: usize = 100_000;

/// What if the cap were 2, 3, 5: the policy with other values in some place, on the same rows
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune sweep shop --set cap:four_a_month.limit=1,2,4,8\n  attune sweep shop --set floor.min_propensity=0,0.01,0.02 --json\n  \
                        attune sweep shop --set rule:not_just_bought.recency_days=0,7,30 --set holdout:measure_us.share=0,0.05\n  \
                        attune sweep shop --policy policy.ron --set lever:home_email=-50,0,50 --set cap:weekly.window.Rolling=7d,14d\n\n\
                        A place is KIND:ID.FIELD as the policy file has it; kinds: cap, floor, budget, stock, holdout, rule, action, \
                        treatment, group, issue, lever, weight, cool_down, suppression, exclusion, quiet_hours, arbitration, exploration. \
                        In a rule a number is named by what it is compared with, or by its place: rule:ID.#2. `none` empties a field. \
                        Several --set are combined. Every setting decides the same rows with the same chances."
)]
pub struct Sweep {
    /// Folder of the project
    project: PathBuf,
    /// A place and its values; may be given several times
    #[arg(long = "set", value_name = "PLACE=VALUE,…", required = true)]
    set: Vec<String>,
    /// Policy file to vary; the project's draft when not given
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Outcome to value first; the project's goal when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Decide about this many rows, drawn by subject, in place of all; budgets and whatever else counts over everybody see these alone
    #[arg(long, value_name = "ROWS")]
    sample: Option<usize>,
    /// Resamples of the bootstrap intervals; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    bootstrap: usize,
    /// Seed of samples and resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Give values even where the arms of the log have not the sizes of the design
    #[arg(long)]
    even_so: bool,
    #[command(flatten)]
    keeping: KeepingArgs,
}

impl Sweep {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        check(self.sample, self.bootstrap)?;
        let knobs = self
            .set
            .iter()
            .map(|text| Knob::parse(text).map_err(|e| Failure::Usage(format!("--set: {e}"))))
            .collect::<Result<Vec<Knob>>>()?;
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        if let Some(outcome) = &self.outcome
            && parts.roles.role(outcome) != Role::Outcome
        {
            return Err(Failure::Usage(format!("--outcome: `{outcome}` is no column with the role outcome")));
        }
        let file = self.policy.as_ref().map(|file| policy::load(file)).transpose()?;
        let finished = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let own = match file {
                Some(policy) => policy,
                None => super::project::policy(dir, parts, &loaded)?,
            };
            let options = Options {
                goal: self.outcome.clone(),
                sample: self.sample,
                bootstrap: self.bootstrap,
                seed: self.seed,
                even_so: self.even_so,
                ..Options::default()
            };
            let keeping = self.keeping.keeping();
            let asked = Question { dir, parts, loaded: &loaded, options: &options, keeping };
            project::sweep(asked, &own, &knobs, task)
        })?;
        console.result(&text(&finished.report), &finished.report)?;
        remark(&finished, console);
        Ok(Outcome::Done)
    }
}

/// Refuses samples and resamples that make no sense.
pub fn check(sample: Option<usize>, bootstrap: usize) -> Result<()> {
    if sample == Some(0) {
        return Err(Failure::Usage("--sample 0: give a number of rows from 1".into()));
    }
    if bootstrap > MOST_RESAMPLES {
        return Err(Failure::Usage(format!("--bootstrap {bootstrap}: give a number from 0 to {MOST_RESAMPLES}")));
    }
    Ok(())
}

fn text(report: &SweepReport) -> String {
    let places: Vec<String> = report.places.iter().map(|p| format!("{} (now {})", p.path, p.current)).collect();
    let mut text = format!(
        "“{}” (revision {}) with other values of {}\n",
        report.policy,
        short(&report.revision),
        places.join(" and ")
    );
    text.push_str(&wrap(
        &format!("Rows: {} of {}. {}", count(report.rows.used), count(report.rows.total), report.rows.why),
        2,
        WIDTH,
    ));
    if let Some(caveat) = &report.rows.caveat {
        text.push_str(&wrap(&format!("warning: {caveat}"), 2, WIDTH));
    }
    if let Some(why) = &report.exploratory {
        text.push_str(&wrap(&format!("Exploratory: {why}"), 2, WIDTH));
    }
    distrusted(report.distrusted.as_deref(), &mut text);
    let name = |setting: &Setting| {
        let values = setting.values.join(", ");
        if setting.current { format!("{values} (now)") } else { values }
    };
    let heads: Vec<&str> = report.places.iter().map(|p| p.path.as_str()).collect();
    let head = heads.join(", ");
    text.push_str("\nContacts\n");
    let mut table = Table::new(&[&head, "contacts", "contacted", "95 % interval", "no action", "changed"]);
    for setting in &report.settings {
        table.row(vec![
            name(setting),
            count(setting.contacts),
            percent(setting.share_contacted.value),
            percents(&setting.share_contacted),
            percent(setting.no_action.value),
            percent(setting.changed.value),
        ]);
    }
    text.push_str(&table.text(2));
    let codes: Vec<&str> =
        report.settings.first().map_or(Vec::new(), |s| s.hits.iter().map(|h| h.code.as_str()).collect());
    if !codes.is_empty() {
        text.push_str("\nDecisions in which a limit ended a candidate\n");
        let mut table = Table::new(&[&[head.as_str()], &codes[..]].concat());
        for setting in &report.settings {
            let hits = setting.hits.iter().map(|h| count(h.decisions));
            table.row(std::iter::once(name(setting)).chain(hits).collect());
        }
        text.push_str(&table.text(2));
    }
    for (i, outcome) in report.outcomes.iter().enumerate() {
        text.push_str(&format!("\n{outcome} per decision\n"));
        let mut table = Table::new(&[
            &head,
            "value",
            "95 % interval",
            "less the current policy",
            "95 % interval",
            "bootstrap",
            "adjusted p",
        ]);
        for setting in &report.settings {
            let mut row = vec![name(setting)];
            match setting.values_per_decision.get(i).and_then(Option::as_ref) {
                Some(value) => row.extend([number(value.value), interval(value.low, value.high)]),
                None => row.extend(["not given".to_owned(), String::new()]),
            }
            if let Some(Some(d)) = setting.differences.get(i) {
                let e = &d.estimate;
                row.extend([
                    number(e.value),
                    interval(e.low, e.high),
                    e.bootstrap.map_or(String::new(), |(low, high)| interval(low, high)),
                    format!("{:.4}", d.adjusted_p),
                ]);
            }
            table.row(row);
        }
        text.push_str(&table.text(2));
    }
    let sides = report.settings.iter().map(|setting| (name(setting), setting.trajectory.as_slice()));
    super::estimators::trajectories(&report.outcomes, sides, &mut text);
    let names: Vec<String> = report.settings.iter().map(name).collect();
    let refused =
        names.iter().zip(&report.settings).filter_map(|(name, own)| Some((name.as_str(), own.refusal.as_ref()?)));
    refusals(refused, (report.mismatch && report.distrusted.is_none()).then_some("sweep"), &mut text);
    text.push('\n');
    text.push_str(&wrap(&report.state, 0, WIDTH));
    text.push_str(&definitions(&report.notes));
    text
}

/// `[33.1 %, 33.9 %]`.
pub fn percents(figure: &Figure) -> String {
    format!("[{}, {}]", percent(figure.low), percent(figure.high))
}
