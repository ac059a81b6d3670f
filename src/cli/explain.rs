//! `attune explain`: what drives a model, row by row and over all, and how far it can be believed.

mod views;

use super::console::{Console, Failure, Outcome, Result};
use super::inputs::Reading;
use attune_lab::Error;
use attune_lab::data::import::{self, ImportOptions};
use attune_lab::data::{Dataset, Role, Roles, split};
use attune_lab::explain::honesty::{self, time::Order};
use attune_lab::explain::thresholds::{Money, thresholds};
use attune_lab::explain::{Case, Method, dependence, distribution, fairness, groups, permutation, segments};
use attune_lab::features::recipe;
use attune_lab::models::{self, Family, Goal, ModelReport, ModelSpec, curves};
use attune_lab::project::{self, Access};
use attune_lab::task::Task;
use attune_policy::model::Model;
use attune_policy::suggest::nearest;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Most rows of one subject that are explained.
const MOST_ROWS: usize = 20;

/// Rows that drivers are averaged over.
const GLOBAL_ROWS: usize = 4000;

/// Seed of everything drawn here.
const SEED: u64 = 42;

/// Show what drives a model: over all rows, for one row or subject, by a column, by money, by group; and whether it can be believed.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune explain shop --model visit_mens_e_mail\n  attune explain shop --model visit_mens_e_mail --row 17\n  \
                        attune explain bank.csv --outcome y --honesty\n  \
                        attune explain churn.csv --outcome Churn --dependence tenure --with Contract\n  \
                        attune explain churn.csv --outcome Churn --threshold --cost 2 --benefit 30\n  \
                        attune explain churn.csv --outcome Churn --curves\n  \
                        attune explain orders.csv --outcome spend --amount --segments country\n\n\
                        PROJECT is a folder, or a file with --outcome: then a model is trained for the occasion on 70 % of the \
                        subjects, and nothing is written. Numbers are measured on rows the model did not learn from. Attributions \
                        are Shapley values: from the score of an average row, they add up to the score of the row."
)]
pub struct Explain {
    /// Folder of a project, or a file of rows
    project: PathBuf,
    /// Model of the project; not needed where there is one
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// Of a file: the column to predict
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// Of a file: the value that counts as "it happened"; yes, true and 1 where it is not given
    #[arg(long, value_name = "VALUE", requires = "outcome")]
    positive: Option<String>,
    /// Of a file: the outcome is a number whose mean is estimated
    #[arg(long, requires = "outcome", conflicts_with = "positive")]
    amount: bool,
    /// Of a file: columns to leave out
    #[arg(long, value_name = "COLUMN", requires = "outcome")]
    without: Vec<String>,
    /// Of a file: how it learns
    #[arg(long, value_enum, requires = "outcome", default_value = "boosted")]
    learner: Learner,
    #[command(flatten)]
    view: View,
    /// With --dependence: another column, to tell how much the two work together
    #[arg(long = "with", value_name = "COLUMN", requires = "dependence")]
    with_field: Option<String>,
    /// With --threshold: what one contact costs
    #[arg(long, default_value_t = 1.0, value_name = "MONEY")]
    cost: f64,
    /// With --threshold: what one outcome brings
    #[arg(long, default_value_t = 10.0, value_name = "MONEY")]
    benefit: f64,
    /// With --fairness: least score that is selected; the top tenth of scores where it is not given
    #[arg(long, value_name = "SCORE", requires = "fairness")]
    at: Option<f64>,
    /// With --honesty: runs on shuffled outcomes
    #[arg(long, default_value_t = 39, value_name = "N")]
    runs: usize,
    /// With --honesty: column that says which rows came first, or `rows` for the order of the file; the column with the role time
    /// where it is not given
    #[arg(long, value_name = "COLUMN|rows", requires = "honesty")]
    order: Option<String>,
    /// Take what is not known from other rows (interventional) instead of from the trees' own paths
    #[arg(long)]
    interventional: bool,
    #[command(flatten)]
    reading: Reading,
}

/// What to look at.
#[derive(clap::Args)]
#[group(multiple = false)]
struct View {
    /// Drivers over all rows (what is shown without any of these)
    #[arg(long)]
    global: bool,
    /// One row, by its number in the file
    #[arg(long, value_name = "N")]
    row: Option<u64>,
    /// The rows of one subject
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How the score follows one column
    #[arg(long, value_name = "COLUMN")]
    dependence: Option<String>,
    /// Reliability, lift and gain by tenths, gain curve and where scores lie
    #[arg(long)]
    curves: bool,
    /// Thresholds with costs and benefits
    #[arg(long)]
    threshold: bool,
    /// Quality by the groups of a column
    #[arg(long, value_name = "COLUMN")]
    segments: Option<String>,
    /// How evenly scores fall on the groups of a column
    #[arg(long, value_name = "COLUMN")]
    fairness: Option<String>,
    /// Leaks, luck, time, and the best one-line rule
    #[arg(long)]
    honesty: bool,
}

/// Learners on the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Learner {
    /// Boosted trees
    Boosted,
    /// Logistic regression
    Logistic,
    /// One tree
    Tree,
    /// A forest of trees
    Forest,
    /// Explainable boosting machine
    Ebm,
    /// Scorecard
    Scorecard,
    /// Linear regression, for amounts
    Linear,
}

/// A model with its data.
struct Loaded {
    model: Model,
    report: ModelReport,
    dataset: Dataset,
    roles: Roles,
}

impl Explain {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let loaded = match self.project.is_dir() || self.outcome.is_none() {
            true => self.of_project(console)?,
            false => self.of_file(console)?,
        };
        let (text, value) = self.view(&loaded, console)?;
        let about = views::heading(&loaded.model, &loaded.report);
        let mut all = json!({
            "model": loaded.model.id,
            "target": loaded.model.target,
            "out_of_fold": match &loaded.report.out_of_fold.uplift {
                Some(uplift) => json!(uplift),
                None => json!(loaded.report.out_of_fold.quality),
            },
            "suspicions": loaded.report.suspicions,
        });
        if let (Some(all), Value::Object(value)) = (all.as_object_mut(), value) {
            all.extend(value);
        }
        console.result(&format!("{about}\n{text}"), &all)?;
        Ok(Outcome::Done)
    }

    fn of_project(&self, console: &Console) -> Result<Loaded> {
        if !self.project.is_dir() && self.project.exists() {
            return Err(Failure::Usage("a file needs --outcome, the column to predict".into()));
        }
        if self.outcome.is_some() {
            return Err(Failure::Usage("--outcome is for files; a project's models say what they predict".into()));
        }
        let opened = super::project::open_needing(&self.project, Access::Read, &["models.ron"], console)?;
        if opened.parts.models.is_empty() {
            return Err(super::project::no_models(&self.project, &opened.parts).into());
        }
        let (dir, parts) = (opened.project.dir(), &opened.parts);
        let ids: Vec<&str> = parts.models.iter().map(|spec| spec.id.as_str()).collect();
        let id = match (&self.model, ids.as_slice()) {
            (Some(id), _) if ids.contains(&id.as_str()) => id.clone(),
            (Some(id), _) => {
                let near = nearest(id, ids.iter().copied());
                let hint =
                    near.map_or_else(|| format!("it has {}", ids.join(", ")), |near| format!("did you mean `{near}`?"));
                return Err(Failure::Usage(format!("--model: the project has no model `{id}`; {hint}")));
            }
            (None, [only]) => (*only).to_owned(),
            (None, _) => return Err(Failure::Usage(format!("name a model with --model: {}", ids.join(", ")))),
        };
        let spec = parts.model(&id).ok_or_else(|| Error::new(format!("there is no model `{id}`")))?.clone();
        console.work(|task| {
            let rows = super::project::load(dir, parts, console, task)?;
            let key = project::model_key(&spec, parts, &rows.fingerprint);
            let trained = project::find_model(dir, &id, &key).ok_or_else(|| {
                Error::new(format!("model `{id}` is not trained on the data as they are now"))
                    .in_file(dir)
                    .hint(format!("`attune train {} {id}` trains it", dir.display()))
            })?;
            // The project's steps, then those that encode columns for this model.
            let steps: Vec<_> = parts.recipe.iter().chain(&trained.recipe).cloned().collect();
            let admitted = project::with_rules(&rows.dataset, parts)?;
            let (dataset, roles) = recipe::apply(&admitted, &parts.roles, &steps)?;
            Ok(Loaded { model: trained.model, report: trained.report, dataset, roles })
        })
    }

    /// Reads a file and trains a model for the occasion.
    fn of_file(&self, console: &Console) -> Result<Loaded> {
        if self.model.is_some() {
            return Err(Failure::Usage("--model is for projects; of a file the model is trained for --outcome".into()));
        }
        let options: ImportOptions = self.reading.options()?;
        let imported = console.work(|task| import::import(&self.project, &options, task))?;
        let dataset = imported.dataset;
        let outcome = column(&dataset, "--outcome", self.outcome.as_deref().unwrap_or_default())?;
        let mut roles = Roles::suggest(&dataset);
        roles.columns.insert(outcome.clone(), Role::Outcome);
        for name in &self.without {
            roles.columns.insert(column(&dataset, "--without", name)?, Role::Ignored);
        }
        let family = match self.learner {
            Learner::Boosted => Family::boosted(),
            Learner::Logistic => Family::logistic(),
            Learner::Tree => Family::tree(),
            Learner::Forest => Family::forest(),
            Learner::Ebm => Family::ebm(),
            Learner::Scorecard => Family::scorecard(),
            Learner::Linear => Family::linear(),
        };
        let goal = if self.amount { Goal::Amount } else { Goal::Propensity };
        let spec = ModelSpec { family, goal, positive: self.positive.clone(), ..ModelSpec::new("occasion", outcome) };
        console.work(|task| {
            let rows = split::train_rows(&dataset, &roles)?;
            let trained = models::train(&spec, &dataset, &roles, &rows, task)?;
            let (dataset, roles) = recipe::apply(&dataset, &roles, &trained.recipe)?;
            Ok(Loaded { model: trained.model, report: trained.report, dataset, roles })
        })
    }

    fn view(&self, loaded: &Loaded, console: &Console) -> Result<(String, Value)> {
        let Loaded { model, report, dataset, roles } = loaded;
        let case = Case::new(&report.spec, model, dataset, roles)?;
        if !case.unseen {
            console.remark(
                "Too few rows with a known outcome never trained: numbers are measured on rows the model knows.",
            );
        }
        let view = &self.view;
        if let Some(number) = view.row {
            let row = dataset.row_at(number).ok_or_else(|| {
                Failure::Usage(format!("--row {number}: the data have {} rows, counted from 1", dataset.rows()))
            })?;
            return self.rows(&case, &[row as u32], console);
        }
        if let Some(id) = &view.subject {
            let subjects = roles.subjects(dataset)?;
            let mut rows: Vec<u32> =
                (0..dataset.rows()).filter(|&row| subjects.key(row) == id).map(|row| row as u32).collect();
            if rows.is_empty() {
                return Err(Failure::Usage(format!("--subject: no row belongs to `{id}`")));
            }
            rows.truncate(MOST_ROWS);
            return self.rows(&case, &rows, console);
        }
        if let Some(field) = &view.dependence {
            return self.dependence(&case, &column(dataset, "--dependence", field)?, console);
        }
        let effect = report.spec.uplift.is_some();
        let amount = !effect && report.spec.goal == Goal::Amount;
        self.refuse_what_is_not(&model.id, effect, amount)?;
        if view.curves {
            return self.curves(&case, amount);
        }
        if view.threshold {
            let money = Money { cost: self.cost, benefit: self.benefit };
            let out = console.work(|task| thresholds(&case.scores, &case.labels, money, SEED, task))?;
            return Ok((views::thresholds(&out, money), json!({ "money": money, "thresholds": out })));
        }
        if let Some(field) = &view.segments {
            let field = column(dataset, "--segments", field)?;
            let groups = groups::groups(dataset, &field, &case.measured)?;
            if amount {
                let out = segments::segments_of_amounts(&case.scores, &case.truth, &groups);
                return Ok((views::segments_of_amounts(&field, &out), json!({ "field": field, "segments": out })));
            }
            let out = segments::segments(&case.scores, &case.labels, &groups);
            return Ok((views::segments(&field, &out), json!({ "field": field, "segments": out })));
        }
        if let Some(field) = &view.fairness {
            return self.fairness(&case, roles, &column(dataset, "--fairness", field)?, console);
        }
        if view.honesty {
            return self.honesty(&case, loaded, console);
        }
        self.drivers(&case, effect, amount, console)
    }

    /// Refuses views that make no sense of an amount or of an effect, and says why.
    fn refuse_what_is_not(&self, id: &str, effect: bool, amount: bool) -> Result<()> {
        let view = &self.view;
        let none = "a yes or no";
        let table = [
            (
                "--threshold",
                view.threshold,
                effect || amount,
                "weighs contacts against outcomes that come or do not",
                none,
            ),
            (
                "--fairness",
                view.fairness.is_some(),
                effect || amount,
                "compares who is selected among those with the outcome",
                none,
            ),
            ("--honesty", view.honesty, effect || amount, "shuffles outcomes and measures AUC", none),
            (
                "--segments",
                view.segments.is_some(),
                effect,
                "measures scores against what came true, row by row",
                "a yes or no, or of an amount",
            ),
            (
                "--curves",
                view.curves,
                effect,
                "sets scores against what came true, row by row",
                "a yes or no, or of an amount",
            ),
        ];
        let wrong = table.into_iter().find(|(_, given, senseless, ..)| *given && *senseless);
        let Some((flag, _, _, why, of)) = wrong else { return Ok(()) };
        let what = if effect { "learns an effect" } else { "predicts an amount" };
        let instead = match effect {
            true => "`attune evaluate` measures effects",
            false => "--segments and --curves measure amounts, `attune evaluate` compares them",
        };
        Err(Failure::Usage(format!("model `{id}` {what}; {flag} {why}, and is for models of {of}; {instead}")))
    }

    fn method(&self) -> Method {
        if self.interventional { Method::Interventional } else { Method::PathDependent }
    }

    fn rows(&self, case: &Case<'_>, rows: &[u32], console: &Console) -> Result<(String, Value)> {
        let out = console.work(|task| case.explainer(self.method(), task)?.explain(&case.inputs(rows)?, task))?;
        let text = views::rows(&out, case.dataset, rows);
        let value: Vec<Value> = rows
            .iter()
            .enumerate()
            .map(|(i, &row)| {
                let columns: Vec<Value> = out
                    .strongest(i)
                    .into_iter()
                    .map(|(field, attribution)| {
                        let value = case.dataset.cells(field).and_then(|cells| cells.text(row as usize));
                        json!({ "column": field, "value": value, "attribution": attribution })
                    })
                    .collect();
                json!({
                    "row": case.dataset.row_number(row as usize),
                    "score": out.scores[i],
                    "sum": out.margins[i],
                    "columns": columns,
                })
            })
            .collect();
        Ok((text, json!({ "base": out.base, "base_score": out.base_score, "log_odds": out.log_odds, "rows": value })))
    }

    fn drivers(&self, case: &Case<'_>, effect: bool, amount: bool, console: &Console) -> Result<(String, Value)> {
        let (out, drops, rises) = console.work(|task| {
            task.stage("Explaining rows")?;
            let some = case.some(GLOBAL_ROWS);
            let rows: Vec<u32> = some.iter().map(|&i| case.measured[i as usize]).collect();
            let x = case.inputs(&rows)?;
            let out = case.explainer(self.method(), task)?.explain(&x, task)?;
            task.stage("Shuffling columns")?;
            let (mut drops, mut rises) = (Vec::new(), Vec::new());
            if amount {
                let truth: Vec<f64> = some.iter().map(|&i| case.truth[i as usize]).collect();
                rises = permutation::permutation_of_amounts(case.model, &x, &truth, SEED, task)?;
            } else if !effect {
                let labels: Vec<bool> = some.iter().map(|&i| case.labels[i as usize]).collect();
                drops = permutation::permutation(case.model, &x, &labels, SEED, task)?;
            }
            Ok((views::Drivers::new(&out, case.dataset, &rows), drops, rises))
        })?;
        let mut text = views::drivers(&out, &drops, &rises);
        if effect {
            text.push_str(
                "  What shuffling a column costs is measured on rows whose outcome is known; nobody's effect is.\n",
            );
        }
        let permutation = if amount { json!(rises) } else { json!(drops) };
        Ok((
            text,
            json!({ "rows": out.rows, "base": out.base, "base_score": out.base_score, "drivers": out.strengths,
            "directions": out.directions, "mean_score": out.mean_score, "together": out.together,
            "permutation": permutation }),
        ))
    }

    /// Scores against what came true: reliability, tenths, the gain curve and where scores lie.
    fn curves(&self, case: &Case<'_>, amount: bool) -> Result<(String, Value)> {
        if amount {
            let found = curves::evaluate_amounts(&case.scores, &case.truth);
            let value = json!({ "reliability": found.reliability, "deciles": found.deciles, "amount": found.amount });
            return Ok((views::curves(&found, None), value));
        }
        let found = curves::evaluate(&case.scores, &case.labels);
        let (gain, lie) =
            (distribution::gain(&case.scores, &case.labels), distribution::distribution(&case.scores, &case.labels));
        let value =
            json!({ "reliability": found.reliability, "deciles": found.deciles, "gain": gain, "distribution": lie });
        Ok((views::curves(&found, Some((&gain, &lie))), value))
    }

    fn dependence(&self, case: &Case<'_>, field: &str, console: &Console) -> Result<(String, Value)> {
        let other = self.with_field.as_ref().map(|name| column(case.dataset, "--with", name)).transpose()?;
        let (partial, local, together) = console.work(|task: &Task| {
            task.stage("Asking the model")?;
            let probe = case.probe()?;
            let partial = dependence::partial(&probe, field, task)?;
            // A column of one known value has no steps.
            let local = match partial.points.iter().filter(|point| point.label != "missing").count() {
                0 | 1 => None,
                _ => Some(dependence::accumulated(&probe, field, None, task)?),
            };
            let together = other.map(|other| dependence::interaction(&probe, field, &other, task)).transpose()?;
            Ok((partial, local, together))
        })?;
        let text = views::dependence(&partial, local.as_ref(), together.as_ref());
        Ok((text, json!({ "partial": partial, "accumulated": local, "interaction": together })))
    }

    fn fairness(&self, case: &Case<'_>, roles: &Roles, field: &str, console: &Console) -> Result<(String, Value)> {
        let groups = groups::groups(case.dataset, field, &case.measured)?;
        let subjects = roles.subjects(case.dataset)?;
        let codes: Vec<u32> = case.measured.iter().map(|&row| subjects.code(row as usize) as u32).collect();
        let mut distinct = codes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let repeat = distinct.len() < codes.len();
        let at = self.at.unwrap_or_else(|| {
            let mut scores = case.scores.clone();
            scores.sort_by(|a, b| b.total_cmp(a));
            scores[(scores.len() - 1) / 10]
        });
        let subjects = repeat.then_some(codes.as_slice());
        let out = console.work(|task| {
            task.stage(&format!("Comparing groups of {field}"))?;
            fairness::fairness(field, &case.scores, &case.labels, &groups, subjects, at, SEED, task)
        })?;
        Ok((views::fairness(&out), json!({ "fairness": out })))
    }

    fn honesty(&self, case: &Case<'_>, loaded: &Loaded, console: &Console) -> Result<(String, Value)> {
        let Loaded { report, dataset, roles, .. } = loaded;
        let order = match self.order.as_deref() {
            Some("rows") => Some(Order::Rows),
            Some(name) => Some(Order::Column(column(dataset, "--order", name)?)),
            None => roles.first(Role::Time).map(|name| Order::Column(name.to_owned())),
        };
        let options = honesty::Options { runs: self.runs, order, ..honesty::Options::default() };
        let all: Vec<u32> = {
            let mut rows = case.learned.clone();
            rows.extend(case.unseen.then_some(&case.measured).into_iter().flatten());
            rows.sort_unstable();
            rows
        };
        let out = console
            .work(|task| honesty::honesty(&report.spec, &report.features, dataset, roles, &all, &options, task))?;
        Ok((views::honesty(&out), json!({ "honesty": out })))
    }
}

/// A column by its name in rules or in the file.
fn column(dataset: &Dataset, flag: &str, name: &str) -> Result<String> {
    let found = dataset.columns().iter().find(|c| c.name == name || c.source == name);
    found.map(|column| column.name.clone()).ok_or_else(|| {
        let names = dataset.columns().iter().map(|c| c.source.as_str());
        let hint = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("they have {}", names.collect::<Vec<_>>().join(", ")),
        };
        Failure::Usage(format!("{flag}: the data have no column `{name}`; {hint}"))
    })
}
