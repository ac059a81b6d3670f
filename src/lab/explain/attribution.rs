//! Why a score is what it is: how much each column adds to or takes from the score of an average row, so that all of them together
//! give the score exactly.
//!
//! Attributions are Shapley values of the sum before link and calibration (log-odds, for probabilities): trees by TreeSHAP, linear
//! models, scorecards and explainable boosting machines by their terms. What a model's inputs get is added up per source column.
//!
//! The effect of an action on a probability is a **difference** of two models ([`Function::Difference`]), each with its own link. Their
//! attributions are brought to probabilities by the mean slope of the link between the base and the sum (the rescale rule of DeepLIFT,
//! Shrikumar et al. 2017), and one is taken from the other: they add up to the effect, in its own unit.

use super::additive::Additive;
use super::scoring::Scoring;
use super::tree_shap::TreeShap;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::task::Task;
use attune_policy::model::{Function, Link, Model, Scores};
use serde::{Deserialize, Serialize};

/// How far base and attributions together may lie from the sum, as a share of everything added.
pub const ADDITIVITY: f64 = 1e-9;

/// How far a sum in f64 may lie from the one that decides, which trees make in f32.
const SINGLE: f64 = 1e-4;

/// What stands in for an input that is taken as not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Trees: a split on it sends its shares of the background rows both ways (Lundberg et al. 2018). Keeps to combinations that
    /// the trees have seen. Other models: as for [`Method::Interventional`].
    #[default]
    PathDependent,
    /// Its values in the background rows (Lundberg et al. 2020): what the model would have said. True to the model.
    Interventional,
}

/// A model ready to be explained.
pub struct Explainer {
    scoring: Scoring,
    kind: Kind,
    method: Method,
    background: Matrix,
    fields: Vec<String>,
    /// Field of each input.
    columns: Vec<u32>,
}

enum Kind {
    Trees(TreeShap),
    Additive(Additive),
    Difference(Box<[(Kind, Link); 2]>),
}

/// Attributions of rows to columns, as one function gives them.
struct Given {
    base: f64,
    values: Vec<f64>,
    margins: Vec<f64>,
}

/// Attributions of some rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attributions {
    /// Columns, in the order of the model's inputs.
    pub fields: Vec<String>,
    /// The sum that attributions start from: its mean over the background.
    pub base: f64,
    /// The calibrated score of that sum.
    pub base_score: f64,
    /// Whether sums are log-odds; else they are in the unit of the score before calibration.
    pub log_odds: bool,
    /// Attribution of each field, row by row, in the unit of the sums.
    pub values: Vec<f64>,
    /// The sum of each row; NaN where the model cannot be evaluated. Its attributions are then 0.
    pub margins: Vec<f64>,
    /// The score of each row, as rules read it.
    pub scores: Vec<f64>,
}

/// How much a column moves scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strength {
    /// The column.
    pub field: String,
    /// Mean absolute attribution over the rows.
    pub mean_absolute: f64,
    /// Its share of all columns together.
    pub share: f64,
    /// Smallest attribution among the rows.
    pub least: f64,
    /// Largest.
    pub most: f64,
}

impl Explainer {
    /// Prepares a model. `background` holds inputs of rows to compare with, at least one: those the model learned from, or a sample
    /// of them; for interventional attributions of trees some hundred do.
    ///
    /// # Errors
    /// When the model recommends items or is malformed, the background is empty, or the task is cancelled.
    pub fn new(model: &Model, background: Matrix, method: Method, task: &Task) -> Result<Explainer> {
        let scoring = Scoring::new(model)?;
        if background.rows() == 0 || background.inputs() != model.inputs.len() {
            return Err(Error::new(format!("model `{}` has no rows to compare with", model.id))
                .hint("give the rows it learned from"));
        }
        let kind = Kind::new(model, &model.function, &background, task)?;
        let mut fields: Vec<String> = Vec::new();
        let columns = model.inputs.iter().map(|input| {
            let known = fields.iter().position(|field| *field == input.field);
            known.unwrap_or_else(|| {
                fields.push(input.field.clone());
                fields.len() - 1
            }) as u32
        });
        let columns = columns.collect();
        Ok(Explainer { scoring, kind, method, background, fields, columns })
    }

    /// Explains rows, given by their inputs.
    ///
    /// # Errors
    /// When rows do not have the model's inputs, attributions do not add up to the score, or the task is cancelled.
    pub fn explain(&self, x: &Matrix, task: &Task) -> Result<Attributions> {
        let Scores { raw, values: scores } = self.scoring.run(x)?;
        let width = self.fields.len();
        let Given { base, mut values, mut margins } = self.given(&self.kind, x, task)?;
        for row in 0..x.rows() {
            let own = &mut values[row * width..(row + 1) * width];
            if raw[row].is_nan() {
                own.fill(0.0);
                margins[row] = f64::NAN;
                continue;
            }
            self.adds_up(row, base, own, margins[row], raw[row])?;
        }
        let log_odds = self.scoring.link() == Link::Logistic;
        let base_score = self.scoring.score_of(base);
        Ok(Attributions { fields: self.fields.clone(), base, base_score, log_odds, values, margins, scores })
    }

    /// What a function gives each row.
    fn given(&self, kind: &Kind, x: &Matrix, task: &Task) -> Result<Given> {
        let width = self.fields.len();
        Ok(match kind {
            Kind::Trees(trees) => {
                let background = (self.method == Method::Interventional).then_some(&self.background);
                let out = trees.explain(x, &self.columns, width, background, task)?;
                Given { base: out.base, values: out.values, margins: out.margins }
            }
            Kind::Additive(additive) => {
                let mut values = vec![0.0; x.rows() * width];
                for (row, out) in values.chunks_exact_mut(width.max(1)).enumerate() {
                    additive.explain(x.row(row), &self.columns, out);
                }
                task.tick(1.0)?;
                let margins = (0..x.rows()).map(|row| additive.sum(x.row(row))).collect();
                Given { base: additive.base(), values, margins }
            }
            Kind::Difference(sides) => {
                let mut all = Given { base: 0.0, values: vec![0.0; x.rows() * width], margins: vec![0.0; x.rows()] };
                for ((kind, link), sign) in sides.iter().zip([1.0, -1.0]) {
                    let own = self.given(kind, x, task)?;
                    all.base += sign * link.apply(own.base);
                    for (row, margin) in own.margins.iter().enumerate() {
                        let slope = sign * link.mean_slope(own.base, *margin);
                        all.margins[row] += sign * link.apply(*margin);
                        let cells = row * width..(row + 1) * width;
                        let pairs = all.values[cells.clone()].iter_mut().zip(&own.values[cells]);
                        pairs.for_each(|(all, own)| *all += slope * own);
                    }
                }
                all
            }
        })
    }

    /// Refuses attributions that do not give the sum, or a sum that is not the one that decides.
    fn adds_up(&self, row: usize, base: f64, values: &[f64], margin: f64, raw: f64) -> Result<()> {
        let sum = values.iter().fold(base, |sum, x| sum + x);
        let scale = values.iter().fold(base.abs() + margin.abs(), |sum, x| sum + x.abs());
        let decided = self.scoring.link().apply(margin);
        // A sum that is not a number is within no bound.
        let exact = (sum - margin).abs() <= ADDITIVITY * scale && (decided - raw).abs() <= SINGLE * (1.0 + raw.abs());
        if exact {
            return Ok(());
        }
        Err(Error::new(format!(
            "attributions give {sum}, the model {margin} (score before calibration {raw}): this explanation would be wrong"
        ))
        .at_row(row as u64 + 1)
        .hint("report this model as a fault of the program"))
    }
}

impl Kind {
    /// Prepares a function of the model's inputs.
    fn new(model: &Model, function: &Function, background: &Matrix, task: &Task) -> Result<Kind> {
        Ok(match function {
            Function::Trees { base, trees, .. } => Kind::Trees(TreeShap::new(*base, trees, background, task)?),
            Function::Difference { of, less } => {
                let side = |function: &Function| -> Result<(Kind, Link)> {
                    let link = function.link().unwrap_or(Link::Identity);
                    Ok((Kind::new(model, function, background, task)?, link))
                };
                Kind::Difference(Box::new([side(of)?, side(less)?]))
            }
            // What else there is was refused when it was compiled for scoring.
            function => match Additive::new(model, function, background)? {
                Some(additive) => Kind::Additive(additive),
                None => return Err(Error::new(format!("model `{}` has no inputs to explain", model.id))),
            },
        })
    }
}

impl Attributions {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.margins.len()
    }

    /// Attributions of a row, which must be inside, by field.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.fields.len()..(row + 1) * self.fields.len()]
    }

    /// Fields of a row with their attributions, farthest from 0 first.
    pub fn strongest(&self, row: usize) -> Vec<(&str, f64)> {
        let mut all: Vec<(&str, f64)> =
            self.fields.iter().map(String::as_str).zip(self.row(row).iter().copied()).collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
        all
    }

    /// How much each field moves scores over all rows, strongest first.
    pub fn strengths(&self) -> Vec<Strength> {
        let n = self.rows().max(1) as f64;
        let column = |at: usize| (0..self.rows()).map(move |row| self.row(row)[at]);
        let mut out: Vec<Strength> = self
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| Strength {
                field: field.clone(),
                mean_absolute: column(at).map(f64::abs).sum::<f64>() / n,
                share: 0.0,
                least: column(at).fold(f64::INFINITY, f64::min),
                most: column(at).fold(f64::NEG_INFINITY, f64::max),
            })
            .collect();
        let all: f64 = out.iter().map(|strength| strength.mean_absolute).sum();
        out.iter_mut().for_each(|s| s.share = if all > 0.0 { s.mean_absolute / all } else { 0.0 });
        out.sort_by(|a, b| b.mean_absolute.total_cmp(&a.mean_absolute).then_with(|| a.field.cmp(&b.field)));
        out
    }
}

#[cfg(test)]
#[path = "attribution_tests.rs"]
mod tests;
