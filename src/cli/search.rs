//! `attune search`: what would do better than a project's policy, within its guards and budgets, and whether that is more than luck.

use super::console::{Console, Failure, Outcome, Result};
use super::policy;
use super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::Role;
use attune_lab::project::{self, Access};
use attune_lab::simulate::Other;
use attune_lab::simulate::search::report::{LeafReport, Measured, SettingsProposal, TreeProposal, Trial};
use attune_lab::simulate::search::{self, Objective, SearchOptions, Verdict};
use attune_policy::{Document, Policy};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Width of running text.
const WIDTH: usize = 110;

/// Search for a better policy: who should get what as a shallow tree of readable rules, or better numbers in the rules as they are
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune search shop\n  attune search shop --outcome conversion --budget 0.3\n  \
                        attune search shop --depth 3 --columns age,frequency,discount_share --write proposal\n  \
                        attune search shop --worth 40 --cost 0.05\n  attune search shop --settings --rule not_just_bought\n\n\
                        Part of the subjects is never looked at while searching. It is asked once, about the proposal, and says whether the \
                        proposal beats the current policy beyond chance. Guards, eligibility, caps, budgets and holdouts stay as they are: the \
                        policy's own budgets and stocks bind the proposal like --budget. The project is not changed.")]
pub struct Search {
    /// Folder of the project
    project: PathBuf,
    /// Policy file to improve on; the project's draft when not given
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Another policy file to compare the proposal with; may be given several times
    #[arg(long, value_name = "FILE")]
    compare: Vec<PathBuf>,
    /// Outcome to bring about; the project's goal when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Worth of one unit of the outcome: what is maximised is then worth less cost
    #[arg(long, value_name = "AMOUNT")]
    worth: Option<f64>,
    /// Largest share of decisions with an action
    #[arg(long, value_name = "SHARE")]
    budget: Option<f64>,
    /// Largest mean cost of a decision
    #[arg(long, value_name = "AMOUNT")]
    cost: Option<f64>,
    /// Conditions on the way to a leaf at most, 0 to 3
    #[arg(long, value_name = "N", default_value_t = 2)]
    depth: usize,
    /// Columns that may be asked; every feature when not given
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// A rule that stays in the proposal besides guards and eligibility; may be given several times
    #[arg(long = "keep", value_name = "RULE")]
    keep: Vec<String>,
    /// Tune floors, levers and soft factors of the policy as it is, in place of a tree
    #[arg(long, conflicts_with_all = ["depth", "columns", "keep", "compare"])]
    settings: bool,
    /// Tune the numbers that this rule compares with too; may be given several times
    #[arg(long = "rule", value_name = "RULE", requires = "settings")]
    rules: Vec<String>,
    /// Folder to write the proposal to: policy.ron, draft.ron with its rules, proposal.ron
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
    /// Write the proposal even if it does not beat the current policy
    #[arg(long, requires = "write")]
    even_so: bool,
    /// Resamples of the bootstrap intervals; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    bootstrap: usize,
    /// Seed of parts and resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Search {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage(format!("--bootstrap {}: give a number from 0 to 100000", self.bootstrap)));
        }
        if self.worth.is_some_and(|worth| !(worth > 0.0 && worth.is_finite())) {
            return Err(Failure::Usage("--worth: give an amount above 0".into()));
        }
        let opened = super::project::open(&self.project, Access::Read, console)?;
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        if let Some(outcome) = &self.outcome
            && parts.roles.role(outcome) != Role::Outcome
        {
            return Err(Failure::Usage(format!("--outcome: `{outcome}` is no column with the role outcome")));
        }
        let file = self.policy.as_ref().map(|file| policy::load(file)).transpose()?;
        let compared: Vec<(String, Policy)> = self
            .compare
            .iter()
            .map(|file| policy::load(file).map(|p| (policy::title(p.document()).to_owned(), p)))
            .collect::<std::result::Result<_, attune_lab::Error>>()?;
        let others: Vec<Other<'_>> = compared.iter().map(|(name, policy)| Other { name, policy }).collect();
        let (text, verdict, report, document) = console.work(|task| {
            let loaded = super::project::load(dir, parts, console, task)?;
            let current = match file {
                Some(policy) => policy,
                None => super::project::policy(dir, parts, &loaded)?,
            };
            let options = project::search_options(self.options(), parts, &loaded);
            let (dataset, roles) = (&loaded.dataset, &parts.roles);
            if self.settings {
                let found = search::tune(&current, &self.rules, dataset, roles, &options, task)?;
                let verdict = found.proposal.trial.verdict;
                return Ok((settings(&found.proposal), verdict, Report::Settings(found.proposal), found.document));
            }
            let found = search::tree(&current, &others, dataset, roles, &options, task)?;
            let verdict = found.proposal.trial.verdict;
            Ok((tree(&found.proposal), verdict, Report::Tree(found.proposal), found.document))
        })?;
        let mut text = text;
        if let Some(folder) = &self.write {
            text.push_str(&self.written(folder, verdict, &document, &report)?);
        }
        console.result(&text, &report)?;
        Ok(Outcome::Done)
    }

    fn options(&self) -> SearchOptions {
        SearchOptions {
            outcome: self.outcome.clone(),
            objective: self.worth.map_or(Objective::Outcome, |worth| Objective::Net { worth }),
            contacts: self.budget,
            cost: self.cost,
            bootstrap: self.bootstrap,
            seed: self.seed,
            depth: self.depth,
            columns: self.columns.clone(),
            keep: self.keep.clone(),
            ..SearchOptions::default()
        }
    }

    fn written(&self, folder: &Path, verdict: Verdict, document: &Document, report: &Report) -> Result<String> {
        if verdict != Verdict::Better && !self.even_so {
            return Ok("\nNothing was written: the proposal does not beat the current policy. `--even-so` writes it all the same.\n".into());
        }
        let files = project::write_proposal(folder, document, report)?;
        let mut text = "\nWritten, and the project left as it is:\n".to_owned();
        for file in files {
            text.push_str(&format!("  {}\n", file.display()));
        }
        Ok(text)
    }
}

/// Either proposal, as JSON tells it.
#[derive(Serialize)]
#[serde(untagged)]
enum Report {
    Tree(TreeProposal),
    Settings(SettingsProposal),
}

/// A tree that was found.
fn tree(found: &TreeProposal) -> String {
    let mut text = format!("{}\n", found.trial.words);
    text.push_str("\nWho gets what\n");
    let mut table = Table::new(&[
        "",
        "choice",
        "share",
        "rows",
        "ESS",
        "value",
        "95 % interval",
        "more than no action",
        "95 % interval",
    ]);
    for (at, leaf) in found.leaves.iter().enumerate() {
        let mut row =
            vec![(at + 1).to_string(), leaf.name.clone(), percent(leaf.share), count(leaf.n), count(leaf.ess as u64)];
        row.extend(cells(leaf.value.as_ref(), false));
        row.extend(cells(leaf.effect.as_ref(), true));
        table.row(row);
    }
    text.push_str(&table.text(2));
    for (at, leaf) in found.leaves.iter().enumerate() {
        text.push_str(&wrap(&format!("{}: {}", at + 1, words(leaf)), 2, WIDTH));
    }
    if found.rules.is_empty() {
        text.push_str("\nNo rule is needed: one choice for all.\n");
    } else {
        text.push_str("\nAs rules of the stage applicability\n");
    }
    for rule in &found.rules {
        let of = if rule.treatment.is_empty() {
            rule.action.clone()
        } else {
            format!("{} / {}", rule.action, rule.treatment)
        };
        text.push_str(&format!("  {} (for {of})\n    {}\n", rule.id, rule.expr));
    }
    trial(&found.trial, &mut text);
    let depths: Vec<String> = found
        .depths
        .iter()
        .map(|d| format!("depth {}: {} (± {} to the best)", d.depth, number(d.value), number(d.se)))
        .collect();
    text.push('\n');
    text.push_str(&wrap(
        &format!(
            "Depth {} of at most {}: the least within one standard error of the best on rows the tree did not learn from; {}.",
            found.depth,
            found.deepest,
            depths.join("; ")
        ),
        0,
        WIDTH,
    ));
    if let Some(price) = found.price {
        text.push_str(&wrap(
            &format!("The budget binds: one more unit of it would be worth about {}.", number(price)),
            0,
            WIDTH,
        ));
    }
    text.push_str(&wrap(&format!("Asked: {}.", found.columns.join(", ")), 0, WIDTH));
    let list = |parts: &[String]| if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    text.push_str(&wrap(&format!("Stays: {}.", list(&found.kept)), 0, WIDTH));
    text.push_str(&wrap(&format!("Gives way to the tree: {}.", list(&found.dropped)), 0, WIDTH));
    if found.as_the_tree < found.trial.held_out {
        let others = found.trial.held_out - found.as_the_tree;
        text.push_str(&wrap(
            &format!("In {} of the held-out decisions the policy did otherwise than the tree means, since caps and budgets count what it did before.", count(others)),
            0,
            WIDTH,
        ));
    }
    definitions(&mut text);
    text
}

fn words(leaf: &LeafReport) -> String {
    if leaf.expr == "true" {
        format!("{} for everybody", leaf.name)
    } else {
        format!("{} where {}", leaf.name, leaf.words)
    }
}

/// Numbers that were found.
fn settings(found: &SettingsProposal) -> String {
    let mut text = format!("{}\n\nNumbers\n", found.trial.words);
    let mut table = Table::new(&["what", "now", "proposed", "tried", "gain while searching"]);
    for setting in &found.settings {
        let tried = match (setting.tried.first(), setting.tried.last()) {
            (Some(low), Some(high)) => format!("{} values, {low} to {high}", setting.tried.len()),
            _ => String::new(),
        };
        table.row(vec![
            setting.words.clone(),
            setting.from.to_string(),
            if setting.to == setting.from { "the same".into() } else { setting.to.to_string() },
            tried,
            setting.gain.map_or(String::new(), |gain| format!("{gain:+.5}")),
        ]);
    }
    text.push_str(&table.text(2));
    text.push_str(&wrap(
        &format!(
            "{} policies were decided. The gain while searching is too high: the number was chosen by it.",
            count(found.policies)
        ),
        2,
        WIDTH,
    ));
    trial(&found.trial, &mut text);
    definitions(&mut text);
    text
}

/// The proposal and the others on the held-out rows.
fn trial(trial: &Trial, text: &mut String) {
    text.push_str(&format!("\nOn {} held-out rows: {}\n", count(trial.held_out), trial.objective));
    let mut table =
        Table::new(&["policy", "contacted", "cost", "ESS", "value (DR)", "95 % interval", "SNIPS", "95 % interval"]);
    for policy in &trial.policies {
        let mut row = vec![
            policy.name.clone(),
            percent(policy.share_contacted),
            number(policy.cost),
            count(policy.support.effective_sample_size as u64),
        ];
        row.extend(cells(policy.value.as_ref(), false));
        row.extend(cells(policy.snips.as_ref(), false));
        table.row(row);
    }
    text.push_str(&table.text(2));
    if !trial.differences.is_empty() {
        text.push_str("\nThe proposal less the others, on the same rows\n");
        let mut table = Table::new(&["less", "difference (DR)", "interval", "SNIPS", "95 % interval", "verdict"]);
        for gap in &trial.differences {
            let mut row =
                vec![gap.than.clone(), format!("{:+.5}", gap.difference.value), interval(gap.joint.0, gap.joint.1)];
            row.extend(cells(gap.snips.as_ref(), true));
            row.push(gap.verdict.clone());
            table.row(row);
        }
        text.push_str(&table.text(2));
    }
    for budget in &trial.budgets {
        let line = format!(
            "Budget: {} at most {}; used {} on the rows learned from, {} on the held-out ones.",
            budget.what,
            number(budget.limit),
            number(budget.learned),
            number(budget.held_out)
        );
        text.push_str(&wrap(&line, 2, WIDTH));
    }
    text.push('\n');
    text.push_str(&wrap(&format!("Rows: {} learned from. {}.", count(trial.learned), trial.parted), 0, WIDTH));
    if let Some(why) = &trial.exploratory {
        text.push_str(&wrap(&format!("Exploratory: {why}"), 0, WIDTH));
    }
    if let Some(refusal) = &trial.refusal {
        text.push_str(&wrap(&refusal.advice, 0, WIDTH));
    }
    for note in &trial.notes {
        text.push_str(&wrap(&format!("- {note}"), 0, WIDTH));
    }
}

fn definitions(text: &mut String) {
    text.push_str("\nDefinitions\n");
    for (term, meaning) in [
        (
            "value (DR)",
            "mean of q(x, π(x)) + w (r − q(x, a)), with q a model of the outcome that did not learn from the row.",
        ),
        ("SNIPS", "Σwr / Σw, with w one over the logging propensity where the policy chose what was logged, else 0."),
        (
            "interval",
            "percentiles of resampled subjects; at 95 % against the current policy, and for the other comparisons at 95 % for all of \
             them together (Bonferroni).",
        ),
        ("ESS", "(Σw)²/Σw²: so many rows speak for the choice."),
    ] {
        text.push_str(&wrap(&format!("{term}: {meaning}"), 2, WIDTH));
    }
}

/// A value and its interval.
fn cells(measured: Option<&Measured>, signed: bool) -> [String; 2] {
    match measured {
        None => [String::new(), String::new()],
        Some(measured) => {
            let (low, high) = measured.interval();
            let value = if signed { format!("{:+.5}", measured.value) } else { number(measured.value) };
            [value, interval(low, high)]
        }
    }
}
