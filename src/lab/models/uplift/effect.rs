//! A learned effect: a weighted sum of predictions. How it scores, and what of it a policy can hold.

use super::algebra::{held, sum};
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::models::learner::Fitted;
use attune_policy::model::{Calibration, Function, Input, Link, Model};
use serde::{Deserialize, Serialize};
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

/// An effect as data of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tau {
    /// One model whose score is tau: what an action names as its `uplift`.
    One(Box<Model>),
    /// Two models whose difference is tau, where no single function is: models of a probability.
    Difference {
        /// Expected outcome when treated.
        treated: Box<Model>,
        /// Expected outcome when not.
        control: Box<Model>,
        /// The Rhai expression of tau, for arbitration by expression and for rules.
        expression: String,
    },
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

    /// The effect as data of a policy. `target` says in words what tau is.
    ///
    /// # Errors
    /// When the family's functions can be neither added up nor taken apart.
    pub fn lower(&self, id: &str, name: &str, target: &str, fallback: [f64; 3]) -> Result<Tau> {
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
        let [tau, treated, control] = fallback;
        let model = |id: String, name: String, target: String, function: Function, fallback: f64| Model {
            id,
            name,
            target,
            inputs: self.inputs.clone(),
            function,
            fallback,
            ..Model::default()
        };
        let whole = |function: Function| model(id.to_owned(), name.to_owned(), target.to_owned(), function, tau);
        if self.offset == 0.0
            && let Some(function) = sum(&functions)
        {
            return Ok(Tau::One(Box::new(whole(function))));
        }
        match &functions[..] {
            // 2·P − 1 is a straight line through two points.
            [(2.0, function)] if self.offset == -1.0 && function.link() == Some(Link::Logistic) => {
                let calibration = Calibration::Isotonic { raw: vec![0.0, 1.0], calibrated: vec![-1.0, 1.0] };
                Ok(Tau::One(Box::new(Model { calibration, ..whole(function.clone()) })))
            }
            [(1.0, a), (-1.0, b)] if self.offset == 0.0 => {
                let (first, second) = (format!("{id}_treated"), format!("{id}_control"));
                let expression = format!("score(\"{first}\") - score(\"{second}\")");
                let treated = model(
                    first,
                    format!("{name}: treated"),
                    format!("{target}: the outcome when treated"),
                    a.clone(),
                    treated,
                );
                let control = model(
                    second,
                    format!("{name}: control"),
                    format!("{target}: the outcome when not"),
                    b.clone(),
                    control,
                );
                Ok(Tau::Difference { treated: Box::new(treated), control: Box::new(control), expression })
            }
            _ => Err(refused()),
        }
    }
}

impl Tau {
    /// The models, in the order of the expression.
    pub fn models(&self) -> Vec<&Model> {
        match self {
            Tau::One(model) => vec![model],
            Tau::Difference { treated, control, .. } => vec![treated, control],
        }
    }

    /// The Rhai expression of tau.
    pub fn expression(&self) -> String {
        match self {
            Tau::One(model) => format!("score(\"{}\")", model.id),
            Tau::Difference { expression, .. } => expression.clone(),
        }
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
