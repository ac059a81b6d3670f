//! `attune evaluate`: how well models of one outcome do on the same rows, in a project or on any file.

use super::console::{Console, Failure, Outcome, Result};
use super::inputs::Reading;
use super::learners;
use super::meaning::role_word;
use super::table::{Table, count, number, percent, short_interval, with_interval, wrap};
use attune_lab::Error;
use attune_lab::data::import;
use attune_lab::data::{Role, Roles};
use attune_lab::features::TargetColumn;
use attune_lab::models::board::{Entry, contest};
use attune_lab::models::metrics::definition;
use attune_lab::models::{self, Board, Family, Goal, ModelSpec, Validation};
use attune_lab::project::{self, Access};
use std::path::PathBuf;

/// Width of running text.
const WIDTH: usize = 110;

/// Compare families of models on the same rows: AUC, log loss, calibration with n and intervals, and who is not shown to be worse
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune evaluate shop\n  attune evaluate shop --families logistic,boosted,ebm\n  \
                        attune evaluate shop --outcome churned --families logistic,forest\n  attune evaluate telco_churn.csv --outcome Churn\n  \
                        attune evaluate bank.csv --outcome y --ignore duration --families logistic,boosted,ebm\n  \
                        attune evaluate bank.csv --outcome y --ignore duration --by-time 0.2 --json\n  \
                        attune evaluate hillstrom.csv --outcome spend --amount --ignore visit --ignore conversion\n\n\
                        A project's models are compared with each other, each outcome and arm by itself; --families puts families \
                        with their usual settings beside them, and --outcome picks an outcome. On a file every column \
                        that looks like a feature is learned from, but for those ignored: no other outcome, no protected attribute. Families: \
                        logistic, linear, elastic_net, scorecard, bayes, tree, ebm, forest, boosted; and neighbours, a yardstick that \
                        no policy can hold. A text with too many categories is encoded by its outcome with --target-mean.")]
pub struct Evaluate {
    /// Folder of a project, or a file
    path: PathBuf,
    /// Outcome column; needed for a file, all outcomes of a project's models when not given
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// The value of the outcome that counts; 1, true or yes when not given
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// The outcome is a number whose mean is estimated
    #[arg(long, conflicts_with = "positive")]
    amount: bool,
    /// Families to compare, with their usual settings
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    families: Vec<String>,
    /// A column to leave out; may be given several times
    #[arg(long = "ignore", value_name = "COLUMN")]
    ignored: Vec<String>,
    /// A text column to encode by the mean outcome of its category, fitted inside folds; may be given several times
    #[arg(long = "target-mean", value_name = "COLUMN")]
    target_means: Vec<String>,
    /// Calibrate scores: platt or isotonic
    #[arg(long, value_name = "METHOD")]
    calibrate: Option<String>,
    /// Measure on the last share of the rows in the order of the file, by models of the earlier ones
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = false, default_missing_value = "0.2")]
    by_time: Option<f64>,
    /// Parts of the cross-validation
    #[arg(long, value_name = "N", default_value_t = 5)]
    folds: u32,
    /// Seed of folds and samples
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    reading: Reading,
}

impl Evaluate {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let boards = match self.path.is_dir() {
            true => self.project(console)?,
            false => vec![self.file(console)?],
        };
        let mut text = String::new();
        for (title, found) in &boards {
            text.push_str(&format!("{title}\n{}\n", board(found, false)));
        }
        if let Some((_, first)) = boards.first() {
            text.push_str(&definitions(first));
        }
        let value: Vec<_> =
            boards.iter().map(|(title, board)| serde_json::json!({ "title": title, "board": board })).collect();
        console.result(&text, &serde_json::json!({ "boards": value }))?;
        Ok(Outcome::Done)
    }

    /// The models of a project, those of one outcome and arm beside each other, and families beside them.
    fn project(&self, console: &Console) -> Result<Vec<(String, Board)>> {
        let of_files = [("--ignore", !self.ignored.is_empty()), ("--target-mean", !self.target_means.is_empty())];
        if let Some((flag, _)) = of_files.into_iter().find(|(_, given)| *given) {
            return Err(Failure::Usage(format!(
                "{flag} is for files; in a project roles leave columns out, and `attune train --target-mean` encodes them"
            )));
        }
        let opened = super::project::open_needing(&self.path, Access::Read, &["models.ron"], console)?;
        let parts = &opened.parts;
        let loaded = console.work(|task| super::project::load(opened.project.dir(), parts, console, task))?;
        let outcome = self
            .outcome
            .as_deref()
            .map(|name| super::meaning::column_named(&loaded.dataset, "--outcome", name))
            .transpose()?;
        let wanted = |spec: &&ModelSpec| outcome.as_ref().is_none_or(|outcome| spec.outcome == *outcome);
        let calibration = learners::calibration(self.calibrate.as_deref())?;
        let as_asked = |spec: &ModelSpec| {
            let calibrated = self.calibrate.is_some() && spec.goal == Goal::Propensity && spec.uplift.is_none();
            ModelSpec {
                calibration: if calibrated { calibration } else { spec.calibration },
                validation: self.by_time.map_or(spec.validation, Validation::FileOrder),
                ..spec.clone()
            }
        };
        let mut groups: Vec<Vec<ModelSpec>> = Vec::new();
        for spec in parts.models.iter().filter(wanted).map(as_asked) {
            let of = |s: &ModelSpec| contest(s) == contest(&spec);
            match groups.iter().position(|group| group.iter().any(of)) {
                Some(at) => groups[at].push(spec),
                None => groups.push(vec![spec]),
            }
        }
        let goal = if self.amount { Goal::Amount } else { Goal::Propensity };
        if let (true, Some(outcome)) = (groups.is_empty(), &outcome) {
            // No model of it yet: families alone.
            if !matches!(parts.roles.role(outcome), Role::Outcome) {
                return Err(Failure::Usage(format!(
                    "--outcome: `{outcome}` has the role {}; `attune import … --role {outcome}=outcome` makes it one",
                    parts.roles.role(outcome).label()
                )));
            }
            let positive = self.positive.clone();
            let plain = as_asked(&ModelSpec { goal, positive, ..ModelSpec::new("plain", outcome.clone()) });
            groups.push(learners::chosen(&self.families, goal)?.into_iter().map(|f| of_family(&plain, f)).collect());
        } else if !self.families.is_empty() {
            for group in groups.iter_mut().filter(|group| group.iter().all(|spec| spec.uplift.is_none())) {
                let Some(first) = group.first().cloned() else { continue };
                for family in learners::chosen(&self.families, first.goal)? {
                    let spec = of_family(&first, family);
                    // One that is there with these settings is among them already.
                    if group.iter().all(|known| known.family != spec.family) {
                        group.push(spec);
                    }
                }
            }
            groups.retain(|group| group.iter().all(|spec| spec.uplift.is_none()));
        }
        if groups.is_empty() {
            return Err(super::project::no_models(&self.path, parts).into());
        }
        let mut boards = Vec::new();
        for group in groups {
            let Some(first) = group.first() else { continue };
            let arm = match (&first.arm, &first.uplift) {
                (Some(arm), Some(uplift)) => format!(" by `{arm}` against `{}`", uplift.control),
                (Some(arm), None) => format!(" after `{arm}`"),
                (None, _) => String::new(),
            };
            let title = format!("{} of `{}`{arm}", first.estimates(), first.outcome);
            boards.push((title, console.work(|task| project::compare(parts, &loaded, &group, task))?));
        }
        Ok(boards)
    }

    /// Families side by side on a file.
    fn file(&self, console: &Console) -> Result<(String, Board)> {
        let outcome = self
            .outcome
            .clone()
            .ok_or_else(|| Failure::Usage("--outcome names the column that is estimated".into()))?;
        let goal = if self.amount { Goal::Amount } else { Goal::Propensity };
        let families = learners::chosen(&self.families, goal)?;
        let calibration = learners::calibration(self.calibrate.as_deref())?;
        let options = self.reading.options()?;
        let dataset = console.work(|task| import::import(&self.path, &options, task))?.dataset;
        let column = |name: &str| -> Result<String> {
            let found = dataset.columns().iter().find(|c| c.name == name || c.source == name);
            found.map(|c| c.name.clone()).ok_or_else(|| {
                let near = attune_policy::suggest::nearest(name, dataset.columns().iter().map(|c| c.source.as_str()));
                let error = Error::new("there is no such column").in_file(&self.path).in_column(name);
                Failure::Work(near.map_or(error.clone(), |near| error.hint(format!("did you mean `{near}`?"))))
            })
        };
        let outcome = column(&outcome)?;
        let mut roles = Roles::suggest(&dataset);
        for name in &self.ignored {
            roles.columns.insert(column(name)?, Role::Ignored);
        }
        roles.columns.insert(outcome.clone(), Role::Outcome);
        let others = dataset.columns().iter().filter(|c| c.name != outcome && roles.role(&c.name) != Role::Feature);
        let others: Vec<String> =
            others.map(|c| format!("{} ({})", c.source, role_word(roles.role(&c.name)))).collect();
        if !others.is_empty() {
            console.remark(&format!("Not learned from, by their roles: {}.", others.join(", ")));
        }
        let encoded: Vec<String> = self.target_means.iter().map(|name| column(name)).collect::<Result<_>>()?;
        let specs: Vec<ModelSpec> = families
            .into_iter()
            .map(|(name, family)| ModelSpec {
                goal,
                family,
                positive: self.positive.clone(),
                validation: self.by_time.map_or(Validation::Folds, Validation::FileOrder),
                folds: self.folds,
                seed: self.seed,
                calibration,
                target_means: encoded.iter().map(|name| TargetColumn::of_model(&outcome, name)).collect(),
                ..ModelSpec::new(name, outcome.clone())
            })
            .collect();
        let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
        let found = console.work(|task| {
            models::board(&specs, &dataset, &roles, &rows, task).map_err(|error| error.in_file(&self.path))
        })?;
        Ok((format!("{}: {} of `{outcome}`", self.path.display(), goal.words()), found))
    }
}

/// A specification as it is, learned by another family with its usual settings.
fn of_family(spec: &ModelSpec, (name, family): (&str, Family)) -> ModelSpec {
    let takes = family.takes_monotone();
    let monotone = if takes { spec.monotone.clone() } else { Default::default() };
    ModelSpec { id: name.to_owned(), name: name.to_owned(), family, monotone, ..spec.clone() }
}

/// A leaderboard as text; with the settings of each model where they are what differs.
pub fn board(board: &Board, with_settings: bool) -> String {
    let amount = board.goal == Goal::Amount;
    let effect = is_of_effects(board);
    let mut table = match amount {
        _ if effect => Table::new(&[
            "model",
            "learner",
            "Qini or RATE",
            "95 % interval",
            "behind the best",
            "AUUC",
            "Qini, causalml",
            "uplift at 30 %",
            "ahead of the one-line rule",
            "time",
            "",
        ]),
        false => Table::new(&[
            "model",
            "family",
            "AUC",
            "95 % interval",
            "behind the best",
            "PR AUC",
            "log loss",
            "Brier",
            "ECE",
            "KS",
            "time",
            "",
        ]),
        true => Table::new(&[
            "model",
            "family",
            "R²",
            "95 % interval",
            "behind the best",
            "RMSE",
            "95 % interval",
            "MAE",
            "time",
            "",
        ]),
    };
    for (place, entry) in board.entries.iter().enumerate() {
        table.row(row(entry, place));
    }
    let rows = match amount {
        false => {
            let rate = board.positives as f64 / board.rows.max(1) as f64;
            format!("{} rows, {} with the outcome ({})", count(board.rows), count(board.positives), percent(rate))
        }
        true => format!("{} rows, {} above 0", count(board.rows), count(board.positives)),
    };
    let mut text =
        format!("{}\n{}", wrap(&format!("n = {rows}; {}.", board.measured_on), 2, WIDTH).trim_end(), table.text(2));
    text.push_str(&wrap(&format!("Behind the best: {}.", board.test), 2, WIDTH));
    if with_settings {
        for entry in &board.entries {
            text.push_str(&wrap(&format!("{}: {}", entry.spec.id, entry.spec.settings()), 2, WIDTH));
        }
    }
    for suspicion in &board.suspicions {
        text.push_str(&wrap(&format!("warning: {}", suspicion.message), 2, WIDTH));
    }
    for (id, why) in &board.failed {
        text.push_str(&wrap(&format!("not trained: {id}: {why}"), 2, WIDTH));
    }
    text
}

fn row(entry: &Entry, place: usize) -> Vec<String> {
    let behind = &entry.behind;
    let (gap, mark) = match place {
        0 => (String::new(), "best"),
        _ => (
            with_interval(behind.value, behind.low, behind.high),
            if entry.level { "not distinguishable from the best" } else { "" },
        ),
    };
    let names = [entry.spec.id.clone(), entry.spec.learner().to_owned()];
    let time = format!("{:.1} s", entry.seconds);
    let cells = match (&entry.uplift, &entry.amount) {
        (Some(uplift), _) => {
            let lead = uplift.lead();
            let value = |key: &str| uplift.metric(key).map_or_else(String::new, |e| format!("{:.4}", e.value));
            let rule =
                uplift.rule.as_ref().map(|rule| with_interval(rule.ahead.value, rule.ahead.low, rule.ahead.high));
            vec![
                format!("{:.4}", lead.value),
                short_interval(lead.low, lead.high),
                gap,
                value("sklift_uplift_auc"),
                value("causalml_qini_norm"),
                value("uplift_at_30_overall"),
                rule.unwrap_or_default(),
            ]
        }
        (None, None) => {
            let q = &entry.quality;
            vec![
                format!("{:.4}", q.auc.value),
                format!("[{:.4}, {:.4}]", q.auc.low, q.auc.high),
                gap,
                format!("{:.4}", q.average_precision),
                format!("{:.5}", q.log_loss),
                format!("{:.5}", q.brier),
                format!("{:.4}", q.ece_uniform),
                format!("{:.4}", q.ks),
            ]
        }
        (None, Some(q)) => vec![
            format!("{:.4}", q.r2.value),
            format!("[{:.4}, {:.4}]", q.r2.low, q.r2.high),
            gap,
            number(q.rmse.value),
            format!("[{}, {}]", number(q.rmse.low), number(q.rmse.high)),
            number(q.mae.value),
        ],
    };
    names.into_iter().chain(cells).chain([time, mark.to_owned()]).collect()
}

fn is_of_effects(board: &Board) -> bool {
    board.entries.iter().any(|entry| entry.uplift.is_some())
}

/// What the columns mean.
fn definitions(board: &Board) -> String {
    if let Some(uplift) = board.entries.iter().find_map(|entry| entry.uplift.as_ref()) {
        let keys = ["sklift_qini_auc", "rate_qini", "sklift_uplift_auc", "causalml_qini_norm", "uplift_at_30_overall"];
        let mut text = "Definitions\n".to_owned();
        for metric in keys.iter().filter_map(|key| uplift.metrics.iter().find(|metric| metric.key == *key)) {
            text.push_str(&wrap(&format!("{}: {}.", metric.key, metric.definition), 2, WIDTH));
        }
        return text;
    }
    let goal = board.goal;
    let ids: &[&str] = match goal {
        Goal::Propensity => &["auc", "average_precision", "log_loss", "brier", "ece_uniform", "ks"],
        Goal::Amount => &["r2", "rmse", "mae"],
    };
    let mut text = "Definitions\n".to_owned();
    for definition in ids.iter().filter_map(|id| definition(id)) {
        text.push_str(&wrap(&format!("{}: {}.", definition.name, definition.text), 2, WIDTH));
    }
    text
}
