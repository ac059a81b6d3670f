//! Explainable boosting machines (Lou, Caruana & Gehrke, 2012; Nori et al., 2019), by hessboost: the score is a sum of one
//! function per input and a few of two, each a table that a reviewer reads in the policy file.
//!
//! Inputs take turns, one small tree each per round; several bags of the rows are averaged, each stopped on the rows it left
//! out. Edges of the tables are moved to the roundest number that parts the training values alike.

use super::boosted::{self, failed, grow, labelled, objective};
use super::learner::{Examples, Fitted, Learner, Watch};
use super::tables::{Tables, distinct, readable};
use crate::error::{Error, Result};
use crate::features::{Matrix, Style};
use attune_policy::model::{Pair, Shape};
use hessboost::config::{BoosterKind, Ebm as Settings, EbmEarlyStopping, GrowPolicy};
use hessboost::data::FeatureType;
use hessboost::ebm::{TermAxis, TermShape, shape_functions};
use hessboost::model::BoostedModel;
use std::num::NonZeroUsize;

/// Share of the rows that a bag learns from; the others say when it stops.
const BAG: f64 = 0.85;

/// Rounds without improvement after which a bag stops.
const PATIENCE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// Leaves of each tree.
const LEAVES: usize = 3;

/// The family's settings; see [`super::spec::Family::Ebm`].
pub struct Ebm {
    /// Most rounds.
    pub rounds: u32,
    /// Share of each step.
    pub learning_rate: f64,
    /// Bags that are averaged.
    pub bags: u32,
    /// Functions of two inputs.
    pub interactions: u32,
    /// Seed of the bags.
    pub seed: u64,
}

impl Learner for Ebm {
    fn style(&self) -> Style {
        Style::Tabular
    }

    fn fit(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<Box<dyn Fitted>> {
        let (model, link) = self.grow(examples, watch)?;
        let x = examples.x;
        let found = shape_functions(&model).map_err(failed)?;
        let categories: Vec<u32> = (0..x.inputs()).map(|input| examples.categories(input)).collect();
        let (mut shapes, mut pairs) = (Vec::new(), Vec::new());
        for term in &found.terms {
            match (term.features(), term.axes()) {
                ([input], [axis]) => shapes.push(shape(*input, axis, term, x, &categories)),
                ([a, b], [first, second]) => pairs.push(pair((*a, *b), (first, second), term, x, &categories)),
                _ => return Err(Error::new("a table of the model has more than two inputs")),
            }
        }
        // A table that says 0 everywhere only lengthens the policy.
        shapes.retain(|s| s.missing != 0.0 || s.other != 0.0 || s.scores.iter().any(|score| *score != 0.0));
        Ok(Box::new(Tables::new(found.intercept, shapes, pairs, link, x, categories)))
    }
}

impl Ebm {
    fn grow(&self, examples: &Examples<'_>, watch: &Watch<'_>) -> Result<(BoostedModel, attune_policy::model::Link)> {
        let (objective, link) = objective(examples.goal);
        let x = examples.x;
        let inputs = x.inputs();
        let pairs = (self.interactions as usize).min(inputs * inputs.saturating_sub(1) / 2);
        let settings = Settings::builder()
            .outer_bags(self.bags as usize)
            .bag_fraction(BAG)
            .interactions(pairs)
            .early_stopping(EbmEarlyStopping::new(PATIENCE, EbmEarlyStopping::DEFAULT_TOLERANCE).map_err(failed)?)
            .build()
            .map_err(failed)?;
        let types: Vec<FeatureType> = (0..inputs)
            .map(|input| if examples.categories(input) > 0 { FeatureType::Categorical } else { FeatureType::Numerical })
            .collect();
        let data = labelled(examples).and_then(|data| data.with_feature_types(&types)).map_err(failed)?;
        let model = grow(&data, self.rounds, watch, |nudge| {
            boosted::settings(examples, &objective, self.learning_rate, self.seed)
                .booster(BoosterKind::Ebm(settings))
                .grow_policy(GrowPolicy::LossGuide)
                .max_leaves(LEAVES)
                .min_child_weight(4.0)
                .lambda(1.0 + nudge)
        })?;
        Ok((model, link))
    }
}

/// The table of one input.
fn shape(input: u32, axis: &TermAxis, term: &TermShape, x: &Matrix, categories: &[u32]) -> Shape {
    let cells = Cells::new(input, axis, x, categories);
    let mut scores: Vec<f64> = cells.places.iter().map(|&place| term.values()[place]).collect();
    let missing = scores.pop().unwrap_or(0.0);
    let other = if categories[input as usize] > 0 { scores.pop().unwrap_or(0.0) } else { 0.0 };
    Shape { input, edges: cells.edges, scores, other, missing }
}

/// The table of two inputs.
fn pair(inputs: (u32, u32), axes: (&TermAxis, &TermAxis), term: &TermShape, x: &Matrix, categories: &[u32]) -> Pair {
    let first = Cells::new(inputs.0, axes.0, x, categories);
    let second = Cells::new(inputs.1, axes.1, x, categories);
    let width = axes.1.cells();
    let line = |a: &usize| second.places.iter().map(|b| term.values()[a * width + b]).collect();
    Pair { inputs, scores: first.places.iter().map(line).collect(), edges: (first.edges, second.edges) }
}

/// The bins of an input as the policy counts them, and the learner's cell of each.
struct Cells {
    edges: Vec<f64>,
    places: Vec<usize>,
}

impl Cells {
    fn new(input: u32, axis: &TermAxis, x: &Matrix, categories: &[u32]) -> Cells {
        let last = axis.cells() - 1;
        match axis {
            TermAxis::Categorical { categories: named, .. } => {
                // Every category, then that of all others.
                let count = categories[input as usize];
                let place = |code: u32| named.binary_search(&code).unwrap_or(named.len());
                Cells { edges: Vec::new(), places: (0..=count).map(place).chain([last]).collect() }
            }
            TermAxis::Numeric { edges, .. } => {
                let values = distinct(x, input as usize);
                // The learner rounds values to f32 before it compares them.
                let edge = |edge: &f32| {
                    let above = values.partition_point(|value| (*value as f32) < *edge);
                    match (above.checked_sub(1).and_then(|at| values.get(at)), values.get(above)) {
                        (Some(&low), Some(&high)) => readable(low, high),
                        _ => f64::from(*edge),
                    }
                };
                let mut out = Cells { edges: Vec::new(), places: vec![0] };
                for (place, edge) in edges.iter().map(edge).enumerate() {
                    // Two edges between the same two values part nothing: the later cell is the one values fall into.
                    if out.edges.last() == Some(&edge) {
                        out.places.pop();
                    } else {
                        out.edges.push(edge);
                    }
                    out.places.push(place + 1);
                }
                out.places.push(last);
                out
            }
            _ => Cells { edges: Vec::new(), places: vec![0, last] },
        }
    }
}

#[cfg(test)]
#[path = "ebm_tests.rs"]
mod tests;
