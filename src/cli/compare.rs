//! `attune compare`: policies against today's: worth, who gets what, swaps, rules, and which of them is best.

use super::console::{Console, Failure, Outcome, Result};
use super::decide::short;
use super::keeping::{KeepingArgs, remark};
use super::plan::definitions;
use super::policy;
use super::report::{distrusted, refusals};
use super::sweep::{check, percents};
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::Error;
use attune_lab::data::Role;
use attune_lab::project::{self, Access, Question};
use attune_lab::simulate::questions::Figure;
use attune_lab::simulate::questions::compare::{Against, Ask, CompareReport, Side};
use attune_lab::simulate::report::Estimate;
use attune_lab::simulate::support::LEAST_ESS;
use attune_lab::simulate::{Options, Other};
use attune_policy::Policy;
use std::path::PathBuf;

const WIDTH: usize = 110;
/// Causes and swaps shown as text; JSON has all.
const MOST: usize = 8;

/// Compare policies with today's: worth, who gets what, who swaps in and out, what rules cost, which is best
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune compare shop new.ron\n  attune compare shop new.ron --today live.ron --segment region --json\n  \
                        attune compare shop v1.ron v2.ron v3.ron --rule-rows 0\n  attune compare shop --scenarios\n\n\
                        Today's policy is the project's draft unless --today names a file. What each rule costs, and what \
                        arbitration leans on, is told of the first of the others."
)]
pub struct Compare {
    /// Folder of the project
    project: PathBuf,
    /// Policy files to compare with today's
    policies: Vec<PathBuf>,
    /// Policy file that is today's; the project's draft when not given
    #[arg(long, value_name = "FILE")]
    today: Option<PathBuf>,
    /// Compare with the project's scenarios too
    #[arg(long)]
    scenarios: bool,
    /// Column that divides the customers
    #[arg(long, value_name = "COLUMN")]
    segment: Option<String>,
    /// Outcome to value first; the project's goal when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Rows on which each rule is switched off in turn, about; all where a budget, stock or cap counts over everybody; 0 leaves that out
    #[arg(long, value_name = "ROWS", default_value_t = 20_000)]
    rule_rows: usize,
    /// Decide about this many rows, drawn by subject, in place of all; budgets and whatever else counts over everybody see these alone
    #[arg(long, value_name = "ROWS")]
    sample: Option<usize>,
    /// Resamples of the bootstrap intervals
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

impl Compare {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        check(self.sample, self.bootstrap)?;
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        if let Some(outcome) = &self.outcome
            && parts.roles.role(outcome) != Role::Outcome
        {
            return Err(Failure::Usage(format!("--outcome: `{outcome}` is no column with the role outcome")));
        }
        let scenarios = if self.scenarios { parts.scenarios.len() } else { 0 };
        if self.policies.is_empty() && scenarios == 0 {
            return Err(Failure::Usage(match self.scenarios {
                true => "the project has no scenarios; name a policy file to compare with".into(),
                false => "name a policy file to compare with, or --scenarios".into(),
            }));
        }
        let titled = |policy: Policy| (policy::title(policy.document()).to_owned(), policy);
        let files: Vec<(String, Policy)> = self
            .policies
            .iter()
            .map(|file| {
                let (title, policy) = titled(policy::load(file)?);
                // Versions of one policy share their name: the file tells them apart.
                Ok((format!("{title} ({})", file.display()), policy))
            })
            .collect::<std::result::Result<_, Error>>()?;
        let today = self.today.as_ref().map(|file| policy::load(file)).transpose()?;
        let finished = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let draft = match today.is_none() || scenarios > 0 {
                true => Some(super::project::policy(dir, parts, &loaded)?),
                false => None,
            };
            let mut others = files;
            if let (true, Some(draft)) = (self.scenarios, &draft) {
                for scenario in parts.scenarios.iter() {
                    others.push((scenario.name.clone(), scenario.policy(draft.document())?));
                }
            }
            let (title, today) = match (today, draft) {
                (Some(policy), _) | (None, Some(policy)) => titled(policy),
                (None, None) => return Err(Error::new("there is no policy of today")),
            };
            let others: Vec<Other<'_>> = others.iter().map(|(name, policy)| Other { name, policy }).collect();
            let ask = Ask { today: Other { name: &title, policy: &today }, others: &others };
            let options = Options {
                goal: self.outcome.clone(),
                segment: self.segment.clone(),
                sample: self.sample,
                bootstrap: self.bootstrap,
                seed: self.seed,
                even_so: self.even_so,
                impact_rows: self.rule_rows,
                ..Options::default()
            };
            let keeping = self.keeping.keeping();
            project::compare_policies(Question { dir, parts, loaded: &loaded, options: &options, keeping }, ask, task)
        })?;
        console.result(&text(&finished.report), &finished.report)?;
        remark(&finished, console);
        Ok(Outcome::Done)
    }
}

fn text(report: &CompareReport) -> String {
    let today = &report.policies[0];
    let mut text = format!("Compared with “{}” (revision {}), today's policy\n", today.name, short(&today.revision));
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
    values(report, &mut text);
    best(report, &mut text);
    for against in &report.against {
        one(against, &mut text);
    }
    never(report, &mut text);
    rules(report, &mut text);
    text.push('\n');
    text.push_str(&wrap(&report.state, 0, WIDTH));
    text.push_str(&definitions(&report.notes));
    text
}

fn estimate(e: Option<&Estimate>) -> [String; 2] {
    e.map_or(["not given".to_owned(), String::new()], |e| [number(e.value), interval(e.low, e.high)])
}

fn values(report: &CompareReport, text: &mut String) {
    text.push_str("\nValue per decision (SNIPS)\n");
    let mut header = vec!["policy", "contacted"];
    header.extend(report.outcomes.iter().flat_map(|o| [o.as_str(), "95 % interval"]));
    let mut table = Table::new(&header);
    for side in &report.policies {
        let mut row = vec![side.name.clone(), percent(side.share_contacted.value)];
        row.extend(side.values.iter().flat_map(|v| estimate(v.as_ref())));
        table.row(row);
    }
    text.push_str(&table.text(2));
    let refused = report.policies.iter().filter_map(|side| Some((side.name.as_str(), side.refusal.as_ref()?)));
    refusals(refused, (report.mismatch && report.distrusted.is_none()).then_some("compare"), text);
    let sides = report.policies.iter().map(|side| (side.name.clone(), side.trajectory.as_slice()));
    super::estimators::trajectories(&report.outcomes, sides, text);
    text.push_str("\nLess today's policy, on the same rows\n");
    let mut table =
        Table::new(&["policy", "outcome", "difference", "95 % interval", "bootstrap", "adjusted p", "changed"]);
    for against in &report.against {
        for (outcome, paired) in report.outcomes.iter().zip(&against.differences) {
            let mut row = vec![against.name.clone(), outcome.clone()];
            row.extend(estimate(paired.as_ref().map(|p| &p.estimate)));
            row.extend([
                paired.and_then(|p| p.estimate.bootstrap).map_or(String::new(), |(low, high)| interval(low, high)),
                paired.map_or(String::new(), |p| format!("{:.4}", p.adjusted_p)),
                percent(against.changed.value),
            ]);
            table.row(row);
        }
    }
    text.push_str(&table.text(2));
}

fn best(report: &CompareReport, text: &mut String) {
    let Some(best) = &report.best else { return };
    text.push_str(&format!("\nWhich is best in {}, all comparisons together\n", best.outcome));
    let mut table = Table::new(&[
        "policy",
        "value",
        "less today's, simultaneous 95 %",
        "less the best other",
        "simultaneous 95 %",
        "may be best",
    ]);
    for standing in &best.variants {
        table.row(vec![
            standing.name.clone(),
            number(standing.value.value),
            standing.against_current.map_or(String::new(), |a| interval(a.simultaneous.0, a.simultaneous.1)),
            standing.behind.map_or(String::new(), |b| number(b.value)),
            standing.behind.map_or(String::new(), |b| interval(b.low, b.high)),
            if standing.may_be_best { "yes" } else { "no" }.to_owned(),
        ]);
    }
    text.push_str(&table.text(2));
    text.push_str(&wrap(&format!("{} (critical value {:.3}).", best.verdict, best.critical), 2, WIDTH));
    for (name, why) in &best.refused {
        text.push_str(&wrap(&format!("Not ranked: {name}: {why}."), 2, WIDTH));
    }
}

fn points(figure: &Figure) -> [String; 2] {
    let share = |x: f64| format!("{:+.2} pp", 100.0 * x);
    [share(figure.value), format!("[{}, {}]", share(figure.low), share(figure.high))]
}

fn one(against: &Against, text: &mut String) {
    text.push_str(&format!("\nWho gets what: {}\n", against.name));
    let mut table = Table::new(&["part", "action", "today", "with it", "difference of the share", "95 % interval"]);
    for part in &against.gets {
        for action in &part.actions {
            let mut row = vec![part.segment.clone(), action.name.clone(), count(action.today), count(action.policy)];
            row.extend(points(&action.difference));
            table.row(row);
        }
    }
    text.push_str(&table.text(2));
    if against.swaps.is_empty() {
        text.push_str("  No decision changes.\n");
        return;
    }
    text.push_str("\n  Who swaps\n");
    let mut table = Table::new(&[
        "from",
        "to",
        "decisions",
        "share",
        "value per swap",
        "95 % interval",
        "brought",
        "95 % interval",
    ]);
    let shown = against.swaps.iter().enumerate().filter(|(i, _)| *i < MOST || i + 1 == against.swaps.len());
    for (_, swap) in shown {
        let mut row = vec![swap.from.clone(), swap.to.clone(), count(swap.decisions), percent(swap.share)];
        row.extend(estimate(swap.value.as_ref()));
        row.extend(swap.brought.map_or([String::new(), String::new()], |b| [number(b.value), interval(b.low, b.high)]));
        table.row(row);
    }
    text.push_str(&table.text(2));
    // Where rows are too few there is nothing more to say of their weights.
    let refused = against.swaps.iter().take(MOST).filter_map(|swap| Some((swap, swap.refusal.as_ref()?)));
    let (few, others): (Vec<_>, Vec<_>) = refused.partition(|(_, why)| why.contains("effective sample size"));
    let names: Vec<String> = few.iter().map(|(swap, _)| format!("{} to {}", swap.from, swap.to)).collect();
    if !names.is_empty() {
        let line =
            format!("Too few rows for a value (effective sample size below {LEAST_ESS:.0}): {}.", names.join("; "));
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    for (swap, why) in others {
        text.push_str(&wrap(&format!("No value from {} to {}: {why}.", swap.from, swap.to), 2, WIDTH));
    }
}

fn never(report: &CompareReport, text: &mut String) {
    text.push_str("\nWho is never contacted\n");
    let mut table = Table::new(&["policy", "part", "subjects", "never", "95 % interval"]);
    let mut row = |side: &Side, part: &str, figure: &Figure| {
        table.row(vec![side.name.clone(), part.to_owned(), count(figure.n), percent(figure.value), percents(figure)]);
    };
    for side in &report.policies {
        row(side, "all", &side.never.share);
        side.never.by_segment.iter().for_each(|(part, figure)| row(side, part, figure));
    }
    text.push_str(&table.text(2));
    for side in &report.policies {
        let why: Vec<String> =
            side.never.why.iter().take(MOST).map(|(cause, n)| format!("{cause} ({})", count(*n))).collect();
        if !why.is_empty() {
            text.push_str(&wrap(&format!("{}, why, over their decisions: {}.", side.name, why.join(", ")), 2, WIDTH));
        }
    }
}

fn rules(report: &CompareReport, text: &mut String) {
    let (Some(goal), Some(of)) = (report.outcomes.first(), report.against.first()) else { return };
    if report.rule_rows == 0 {
        return;
    }
    text.push_str(&format!("\nWhat each rule of {} costs in {goal}, on {} rows\n", of.name, count(report.rule_rows)));
    let mut table = Table::new(&[
        "id",
        "kind",
        "removed",
        "alone",
        "changed",
        "contacted without it",
        "value without it",
        "95 % interval",
        "expected",
        "95 % interval",
    ]);
    for rule in &report.rules {
        if rule.not_tried.is_some() {
            continue;
        }
        let mut row = vec![rule.id.clone(), rule.kind.clone(), count(rule.removed), count(rule.removed_alone)];
        row.push(percent(rule.changed.value));
        row.push(points(&rule.contacted)[0].clone());
        row.extend(estimate(rule.value.first().and_then(Option::as_ref)));
        row.extend([number(rule.expected.value), interval(rule.expected.low, rule.expected.high)]);
        table.row(row);
    }
    text.push_str(&table.text(2));
    if report.alone_rows < report.rule_rows {
        text.push_str(&wrap(&format!("Alone: on {} of these rows.", count(report.alone_rows)), 2, WIDTH));
    }
    for rule in &report.rules {
        if let Some(why) = &rule.not_tried {
            text.push_str(&wrap(&format!("Not tried without {}: {why}.", rule.id), 2, WIDTH));
        }
    }
    if !report.sensitivity.is_empty() {
        text.push_str(&format!("\nWhat its arbitration leans on: a term made the same for all, in {goal}\n"));
        let mut table =
            Table::new(&["term", "changed", "contacted without it", "value without it", "95 % interval", "how"]);
        for dropped in &report.sensitivity {
            let mut row =
                vec![dropped.term.clone(), percent(dropped.changed.value), points(&dropped.contacted)[0].clone()];
            row.extend(estimate(dropped.value.first().and_then(Option::as_ref)));
            row.push(dropped.how.clone());
            table.row(row);
        }
        text.push_str(&table.text(2));
    }
}
