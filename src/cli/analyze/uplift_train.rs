//! `attune analyze uplift-train`: for whom an action makes a difference, learned from a trial in a file.

use super::super::console::{Console, Failure, Outcome, Result};
use super::super::inputs::Reading;
use super::super::learners::Learner;
use super::super::meaning::column_named;
use super::super::table::{Table, count, interval, number, percent, wrap};
use attune_lab::data::import::import;
use attune_lab::data::{Dataset, Role, Roles, split};
use attune_lab::models::report::Estimate;
use attune_lab::models::uplift::{ArmReport, Chance, Growth, Split, TrainedUplift, UpliftReport, UpliftSpec, train};
use attune_lab::models::{Family, Goal};
use attune_policy::model::Model;
use attune_policy::value::Type;
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

/// Learn from a trial for whom each action makes a difference, and compare with the best one-line rule
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze uplift-train hillstrom.csv --treatment segment --control \"No E-Mail\" --outcome visit --features recency,history,mens,womens,newbie,zip_code,channel\n  \
                        attune analyze uplift-train trial.csv --treatment arm --control none --outcome spend --arm mail --learner x --effects boosted --scores scores.csv\n  \
                        attune analyze uplift-train trial.csv --treatment arm --control none --outcome visit --learner trees --split kl\n\n\
                        30 % of the subjects never train: model and rule are measured on them. --scores writes their scores, for \
                        `attune analyze uplift scores.csv --treatment treated --outcome … --score score --score rule`; --model writes the models, as data of a policy. Without a trial say --observational: \
                        the probability of treatment is then estimated, and effects are exploratory."
)]
pub struct UpliftTrain {
    /// File with a row for each customer of the trial
    file: PathBuf,
    /// Column that says what was done
    #[arg(long, value_name = "COLUMN")]
    treatment: String,
    /// Its value for the untreated
    #[arg(long, value_name = "VALUE")]
    control: String,
    /// Column of the outcome: 0/1, yes/no, or an amount
    #[arg(long, value_name = "COLUMN")]
    outcome: String,
    /// Values of the treatment column to learn; all but the control when none is named
    #[arg(long = "arm", value_name = "VALUE")]
    arms: Vec<String>,
    /// Columns to learn from, separated by commas; all that look like facts of a customer when none is named
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    features: Vec<String>,
    /// Column of the customer, where customers have several rows
    #[arg(long, value_name = "COLUMN")]
    subject: Option<String>,
    /// How effects are learned
    #[arg(long, value_enum, default_value_t = Learner::Dr)]
    learner: Learner,
    /// Family of the models of outcomes; `linear` is logistic regression for an outcome of yes or no
    #[arg(long, value_enum, default_value_t = Base::Linear)]
    base: Base,
    /// Family of the models of effects
    #[arg(long, value_enum, default_value_t = Base::Linear)]
    effects: Base,
    /// Number of uplift trees
    #[arg(long, value_name = "N", default_value_t = Growth::default().trees)]
    trees: u32,
    /// Splits on the longest path of an uplift tree
    #[arg(long, value_name = "N", default_value_t = Growth::default().depth)]
    depth: u32,
    /// What the splits of uplift trees are to part
    #[arg(long, value_enum, default_value_t = SplitBy::Effects)]
    split: SplitBy,
    /// Whether the outcome is an amount; detected when not given
    #[arg(long)]
    amount: bool,
    /// There was no trial: estimate who was treated
    #[arg(long)]
    observational: bool,
    /// File to write the scores of held-out rows to (CSV)
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// File to write the models to, as data of a policy (RON)
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Names of criteria on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SplitBy {
    /// Squared effects less their variance
    Effects,
    /// Squared distance of outcomes
    Euclid,
    /// Kullback–Leibler divergence of outcomes, for yes or no
    Kl,
}

/// Names of families on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Base {
    /// Linear or logistic regression
    Linear,
    /// Boosted trees
    Boosted,
    /// Random forest
    Forest,
}

impl UpliftTrain {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        if self.scores.is_some() && self.arms.len() != 1 {
            return Err(Failure::Usage("--scores: name the one --arm whose scores are to be written".into()));
        }
        let reading = self.reading.options()?;
        let dataset = console.work(|task| import(&self.file, &reading, task))?.dataset;
        let (spec, roles) = self.spec(&dataset)?;
        let trained = console.work(|task| {
            let rows = split::train_rows(&dataset, &roles)?;
            train(&spec, &dataset, &roles, &rows, task).map_err(|e| e.in_file(&self.file))
        })?;
        if let Some(file) = &self.model {
            let models: Vec<&Model> = trained.arms.iter().map(|arm| &arm.tau).collect();
            super::write_models(file, &models)?;
        }
        if let Some(file) = &self.scores {
            self.write_scores(file, &dataset, &roles, &spec, &trained)?;
        }
        let models: Vec<_> = trained.arms.iter().map(|arm| json!({ "arm": arm.arm, "tau": arm.tau })).collect();
        let value = json!({ "file": self.file, "report": trained.report, "models": models, "scores": self.scores });
        console.result(&self.text(&trained.report), &value)?;
        Ok(Outcome::Done)
    }

    fn spec(&self, dataset: &Dataset) -> Result<(UpliftSpec, Roles)> {
        let named = |flag: &str, name: &String| column_named(dataset, flag, name);
        let (action, outcome) = (named("--treatment", &self.treatment)?, named("--outcome", &self.outcome)?);
        let features: Vec<String> =
            self.features.iter().map(|name| named("--features", name)).collect::<Result<_>>()?;
        let mut roles = Roles::suggest(dataset);
        for role in roles.columns.values_mut().filter(|role| matches!(role, Role::Action | Role::Subject)) {
            *role = Role::Ignored;
        }
        roles.columns.insert(action.clone(), Role::Action);
        roles.columns.insert(outcome.clone(), Role::Outcome);
        roles.columns.extend(features.iter().map(|name| (name.clone(), Role::Feature)));
        if let Some(subject) = &self.subject {
            roles.columns.insert(named("--subject", subject)?, Role::Subject);
        }
        let is_amount = self.amount || is_amount(dataset, &outcome);
        let goal = if is_amount { Goal::Amount } else { Goal::Propensity };
        let family = |base: Base, goal: Goal| match base {
            Base::Linear if goal == Goal::Propensity => Family::logistic(),
            Base::Linear => Family::linear(),
            Base::Boosted => Family::boosted(),
            Base::Forest => Family::forest(),
        };
        let spec = UpliftSpec {
            goal,
            arms: self.arms.clone(),
            features,
            learner: self.learner.into(),
            growth: Growth {
                trees: self.trees,
                depth: self.depth,
                // One tree is there to be read: it sees every row and column.
                sample: if self.trees == 1 { 1.0 } else { Growth::default().sample },
                column_share: if self.trees == 1 { 1.0 } else { Growth::default().column_share },
                split: match self.split {
                    SplitBy::Effects => Split::Effects,
                    SplitBy::Euclid => Split::Euclid,
                    SplitBy::Kl => Split::KullbackLeibler,
                },
                ..Growth::default()
            },
            base: family(self.base, goal),
            effect: family(self.effects, Goal::Amount),
            chance: if self.observational { Chance::Estimated } else { Chance::Shares },
            ..UpliftSpec::new(&format!("{outcome}_uplift"), &outcome, &action, &self.control)
        };
        Ok((spec, roles))
    }

    /// Held-out rows of the arm and the control: row number, whether treated, outcome, and the scores of model and rule.
    fn write_scores(
        &self,
        file: &PathBuf,
        dataset: &Dataset,
        roles: &Roles,
        spec: &UpliftSpec,
        trained: &TrainedUplift,
    ) -> Result<()> {
        let (Some(arm), Some(report)) = (trained.arms.first(), trained.report.arms.first()) else { return Ok(()) };
        let actions = dataset.dictionary(&spec.action)?;
        let mut rows = split::held_out_rows(dataset, roles)?;
        let action = |row: u32| actions.get(row as usize).map(|text| &**text);
        rows.retain(|row| action(*row).is_some_and(|text| text == arm.arm || text == spec.control));
        let model = arm.scores(dataset, &rows)?;
        let rule = report.rule.as_ref().map(|rule| rule.scores(dataset, &rows));
        let failed = |error: csv::Error| {
            Failure::Work(attune_lab::Error::new(format!("the scores could not be written: {error}")).in_file(file))
        };
        let mut writer = csv::Writer::from_path(file).map_err(failed)?;
        writer.write_record(["row", "treated", spec.outcome.as_str(), "score", "rule"]).map_err(failed)?;
        for (at, row) in rows.iter().enumerate() {
            let outcome = dataset.cells(&spec.outcome).and_then(|cells| cells.text(*row as usize)).unwrap_or_default();
            let treated = u8::from(action(*row) == Some(arm.arm.as_str()));
            let rule = rule.as_ref().map_or_else(String::new, |rule| rule[at].to_string());
            let record = [
                dataset.row_number(*row as usize).to_string(),
                treated.to_string(),
                outcome,
                model[at].to_string(),
                rule,
            ];
            writer.write_record(&record).map_err(failed)?;
        }
        writer.flush().map_err(|error| failed(error.into()))
    }

    fn text(&self, report: &UpliftReport) -> String {
        let spec = &report.spec;
        let mut text = format!(
            "{}: {} rows learned from, {} on {}\n",
            self.file.display(),
            count(report.rows),
            spec.learner.words(),
            report.features.join(", ")
        );
        for (rows, why) in [(report.unlabelled, "without an outcome"), (report.elsewhere, "of other arms")] {
            if rows > 0 {
                text.push_str(&format!("  {} rows {why} left out\n", count(rows)));
            }
        }
        for arm in &report.arms {
            text.push_str(&self::arm(arm, spec));
        }
        text.push('\n');
        for note in &report.notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        for (what, file) in [("Scores", &self.scores), ("Models", &self.model)] {
            if let Some(file) = file {
                text.push_str(&format!("\n{what} written to {}.\n", file.display()));
            }
        }
        text
    }
}

fn arm(arm: &ArmReport, spec: &UpliftSpec) -> String {
    let with = |e: Estimate| format!("{} {}", number(e.value), interval(e.low, e.high));
    let mut text = format!(
        "\n{} against {}: {} and {} rows\n  mean {} {} and {}: effect {}\n",
        arm.arm,
        spec.control,
        count(arm.treated),
        count(arm.control),
        spec.outcome,
        number(arm.mean_treated),
        number(arm.mean_control),
        with(arm.effect)
    );
    if let Some(adjusted) = arm.adjusted {
        text.push_str(&format!("  adjusted for the features (doubly robust): {}\n", with(adjusted)));
    }
    let [mean, deviation, low, high] = arm.scores.map(number);
    text.push_str(&format!(
        "  scores: mean {mean}, standard deviation {deviation}, from {low} to {high}; tau = {}\n",
        arm.expression
    ));
    if let Some(rule) = &arm.rule {
        let (inside, outside) = (with(rule.inside), with(rule.outside));
        text.push_str(&format!("  best one-line rule: {} (effect {inside}, otherwise {outside})\n", rule.condition));
    }
    let Some(held) = &arm.held else { return text };
    text.push_str(&format!(
        "  on {} held-out rows, effect of all {}\n",
        count(held.treated + held.control),
        with(held.effect)
    ));
    let mut table = Table::new(&["highest scores", "effect by the model", "effect by the rule"]);
    for top in &held.top {
        table.row(vec![percent(top.share), with(top.model), top.rule.map(with).unwrap_or_default()]);
    }
    text.push_str(&table.text(4));
    text.push_str(&format!("    gain over a random order: model {}", with(held.gain)));
    if let (Some(rule), Some(against)) = (held.rule_gain, held.against_rule) {
        text.push_str(&format!(", rule {}, model less rule {}", with(rule), with(against)));
    }
    text.push('\n');
    text
}

/// Whether a column of numbers holds anything but 0 and 1.
fn is_amount(dataset: &Dataset, column: &str) -> bool {
    let is_number = dataset.column(column).is_some_and(|c| matches!(c.type_, Type::Integer | Type::Number));
    is_number && dataset.numbers(column).is_ok_and(|all| all.iter().any(|x| !x.is_nan() && *x != 0.0 && *x != 1.0))
}
