//! A learned effect: a weighted sum of predictions. How it scores, and the one function of a policy that it is.

use super::algebra::{held, sum};
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::models::learner::Fitted;
use attune_policy::model::{Calibration, Function, Input, Link, Model};
use std::sync::Arc;

/// `offset + Σ weight · prediction`.
pub struct Effect {
    /// Inputs of the models, the treatment apart.
    pub inputs: Vec<Input>,
    /// What is added up.
    pub terms: Vec<Term>,
    /// Added.
    pub offset: f64,
}

/// A prediction and its weight.
pub struct Term {
    /// Multiplies the prediction.
    pub weight: f64,
    /// The model.
    pub fitted: Arc<dyn Fitted>,
    /// The value of a last input that says whether a row is treated; `None` when the model has no such input.
    pub treatment: Option<f64>,
}

/// An effect with the function that a policy holds.
pub struct Lowered {
    effect: Effect,
    function: Function,
    calibration: Calibration,
}

impl Effect {
    /// The learners' own answer, one per row of inputs.
    ///
    /// # Errors
    /// When a learner cannot predict.
    pub fn predict(&self, x: &Matrix) -> Result<Vec<f64>> {
        let mut tau = vec![self.offset; x.rows()];
        for term in &self.terms {
            let predictions = match term.treatment {
                None => term.fitted.predict(x)?,
                Some(value) => term.fitted.predict(&with_last(x, &vec![value; x.rows()]))?,
            };
            tau.iter_mut().zip(predictions).for_each(|(tau, p)| *tau += term.weight * p);
        }
        Ok(tau)
    }

    /// The effect with its function: a sum where functions can be added up, else the difference of two.
    ///
    /// # Errors
    /// When the family's functions can be neither added up nor taken apart.
    pub fn lower(self) -> Result<Lowered> {
        let functions: Vec<(f64, Function)> = self
            .terms
            .iter()
            .map(|term| {
                let function = term.fitted.lower();
                let function = match term.treatment {
                    None => Some(function),
                    Some(value) => held(&function, self.inputs.len() as u32, value),
                };
                function.map(|function| (term.weight, function)).ok_or_else(refused)
            })
            .collect::<Result<_>>()?;
        let whole = if self.offset == 0.0 { sum(&functions) } else { None };
        let (function, calibration) = match (whole, &functions[..]) {
            (Some(function), _) => (function, Calibration::Identity),
            // 2·P − 1 is a straight line through two points.
            (None, [(2.0, function)]) if self.offset == -1.0 && function.link() == Some(Link::Logistic) => {
                (function.clone(), Calibration::Isotonic { raw: vec![0.0, 1.0], calibrated: vec![-1.0, 1.0] })
            }
            (None, [(1.0, of), (-1.0, less)]) if self.offset == 0.0 => {
                let (of, less) = (of.clone().into(), less.clone().into());
                (Function::Difference { of, less }, Calibration::Identity)
            }
            _ => return Err(refused()),
        };
        Ok(Lowered { effect: self, function, calibration })
    }
}

impl Lowered {
    /// The learners' own effect.
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    /// The model of a policy whose score is the effect.
    pub fn model(&self, id: &str, name: &str, target: &str, fallback: f64) -> Model {
        Model {
            id: id.to_owned(),
            name: name.to_owned(),
            target: target.to_owned(),
            inputs: self.effect.inputs.clone(),
            function: self.function.clone(),
            calibration: self.calibration.clone(),
            fallback,
            ..Model::default()
        }
    }
}

/// An effect scores and lowers like any fitted model; its predictions are the effect.
impl Fitted for Lowered {
    fn margins(&self, x: &Matrix) -> Result<Vec<f64>> {
        self.effect.predict(x)
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn lower(&self) -> Function {
        self.function.clone()
    }

    fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.effect.inputs.len()];
        for term in &self.effect.terms {
            let own = term.fitted.weights();
            weights.iter_mut().zip(own).for_each(|(sum, own)| *sum += term.weight.abs() * own);
        }
        weights
    }
}

/// The rows with one more input.
pub fn with_last(x: &Matrix, last: &[f64]) -> Matrix {
    let values = (0..x.rows()).flat_map(|row| x.row(row).iter().copied().chain([last[row]])).collect();
    Matrix::new(x.rows(), x.inputs() + 1, values).unwrap_or_default()
}

fn refused() -> Error {
    Error::new("this learner over this family is no function that a policy can hold")
        .hint("choose logistic or linear regression or trees, or another uplift learner")
}
