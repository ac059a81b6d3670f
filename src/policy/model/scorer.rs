//! A model ready to score: inputs by position, tables and trees in contiguous arrays. Scores are the same on every machine.

use super::additive::Additive;
use super::encoder::{Inputs, Kind};
use super::factors::{Factors, Sum};
use super::forest::Forest;
use super::neighbours::Neighbours;
use super::{Calibration, Fact, Facts, Function, Link, Model, NoFacts, Spread};
use crate::row::{Column, Row};

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Scorer {
    pub(super) inputs: Inputs,
    pub(super) kernel: Kernel,
    calibration: Calibration,
    fallback: f64,
    evidence: Option<f64>,
    spread: Option<Spread>,
}

/// The output of a model for one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Before calibration; `None` when the function could not be evaluated as a whole.
    pub raw: Option<f64>,
    /// Calibrated output; or what stands in for it: the model's declared fallback, or what a recommender knows of a cold start.
    pub value: f64,
    /// Observations behind it, when the model says; `None` for a stand-in.
    pub evidence: Option<f64>,
    /// Half-width of the interval around `value`, when the model says; `None` for a stand-in.
    pub spread: Option<f64>,
}

/// Space for scoring, kept by the caller so that it does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(super) numbers: Vec<f64>,
    pub(super) rounded: Vec<f32>,
    pub(super) codes: Vec<u32>,
    pub(super) sides: [Vec<f64>; 2],
}

/// A function ready to evaluate.
#[derive(Clone, Debug)]
pub(super) enum Kernel {
    Constant(f64),
    Linear { intercept: f64, coefficients: Vec<f64>, link: Link },
    Trees { forest: Forest, link: Link },
    Additive { additive: Additive, link: Link },
    Factors { factors: Factors, link: Link },
    Neighbours { neighbours: Neighbours, link: Link },
    Difference(Box<[Kernel; 2]>),
}

impl Scored {
    /// Whether something stands in for the function.
    pub fn degraded(&self) -> bool {
        self.raw.is_none()
    }
}

impl Scorer {
    /// Compiles `model` for rows with these columns, without facts of a candidate.
    ///
    /// # Errors
    /// Every finding at once, each a sentence.
    pub fn compile(model: &Model, columns: &[Column]) -> Result<Scorer, Vec<String>> {
        Scorer::compile_with(model, columns, &[])
    }

    /// Compiles `model` for rows with these columns and candidates with these facts.
    ///
    /// # Errors
    /// Every finding at once, each a sentence.
    pub fn compile_with(model: &Model, columns: &[Column], facts: &[Fact]) -> Result<Scorer, Vec<String>> {
        let mut findings = Vec::new();
        let inputs = Inputs::compile(&model.inputs, columns, facts).map_err(|messages| findings.extend(messages));
        if !model.fallback.is_finite() {
            findings.push("the fallback is not a finite number; give the answer for rows it cannot score".into());
        }
        if model.evidence.is_some_and(|n| !(n.is_finite() && n >= 0.0)) {
            findings.push("its evidence must be a finite number of observations, 0 or more".into());
        }
        findings.extend(model.calibration.findings());
        findings.extend(model.spread.iter().flat_map(Spread::findings));
        // Without its inputs nothing can be said about how the function reads them.
        let inputs = inputs.unwrap_or_default();
        let whole = inputs.len() == model.inputs.len();
        let kernel = match whole.then(|| compile_function(&model.function, &inputs.kinds())) {
            Some(Ok(kernel)) => kernel,
            Some(Err(messages)) => {
                findings.extend(messages);
                Kernel::Constant(0.0)
            }
            None => Kernel::Constant(0.0),
        };
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Scorer {
            inputs,
            kernel,
            calibration: model.calibration.clone(),
            fallback: model.fallback,
            evidence: model.evidence,
            spread: model.spread.clone(),
        })
    }

    /// Whether a score is one per candidate: an input is a fact of the candidate.
    pub fn reads_candidate(&self) -> bool {
        self.inputs.read_candidate()
    }

    /// Scores one row, whatever the candidate.
    pub fn score(&self, row: &Row<'_>, scratch: &mut Scratch) -> Scored {
        self.score_candidate(row, &NoFacts, scratch)
    }

    /// Scores one row and one candidate.
    pub fn score_candidate(&self, row: &Row<'_>, facts: &(impl Facts + ?Sized), scratch: &mut Scratch) -> Scored {
        self.read(row, facts, scratch);
        let sum = self.kernel.sum(scratch);
        self.finish(sum)
    }

    /// The score of a sum.
    pub(super) fn finish(&self, sum: Sum) -> Scored {
        let (raw, value) = self.output(sum.value);
        if !value.is_finite() {
            Scored { raw: None, value: self.fallback, evidence: None, spread: None }
        } else if !sum.whole {
            Scored { raw: None, value, evidence: None, spread: None }
        } else {
            self.told(raw, value)
        }
    }

    /// A score with what the model tells of its confidence; a raw output of NaN says that something stands in.
    pub(super) fn told(&self, raw: f64, value: f64) -> Scored {
        if raw.is_nan() {
            return Scored { raw: None, value, evidence: None, spread: None };
        }
        let spread = self.spread.as_ref().map(|spread| spread.at(value));
        Scored { raw: Some(raw), value, evidence: self.evidence, spread }
    }

    /// Raw and calibrated output of a sum; the latter not finite when there is none.
    fn output(&self, sum: f64) -> (f64, f64) {
        // A link must not turn an infinite sum into a confident 0 or 1.
        if !sum.is_finite() {
            return (f64::NAN, f64::NAN);
        }
        let raw = self.kernel.link().apply(sum);
        (raw, if raw.is_finite() { self.calibration.apply(raw) } else { f64::NAN })
    }

    /// Reads the inputs of a row in the form that the function takes.
    pub(super) fn read(&self, row: &Row<'_>, facts: &(impl Facts + ?Sized), scratch: &mut Scratch) {
        if self.kernel.reads_rounded() {
            self.inputs.read(row, facts, f32::NAN, |x| x as f32, &mut scratch.rounded);
        }
        if self.kernel.reads_numbers() {
            self.inputs.read(row, facts, f64::NAN, |x| x, &mut scratch.numbers);
        }
        if let Kernel::Neighbours { neighbours, .. } = &self.kernel {
            self.inputs.items(neighbours.basket(), row, facts, &mut scratch.codes);
        }
    }
}

impl Kernel {
    /// Whether it takes its inputs in single precision.
    fn reads_rounded(&self) -> bool {
        match self {
            Kernel::Trees { .. } => true,
            Kernel::Difference(sides) => sides.iter().any(Kernel::reads_rounded),
            _ => false,
        }
    }

    /// Whether it takes its inputs in double precision.
    fn reads_numbers(&self) -> bool {
        match self {
            Kernel::Constant(_) | Kernel::Trees { .. } => false,
            Kernel::Difference(sides) => sides.iter().any(Kernel::reads_numbers),
            _ => true,
        }
    }

    /// The output of a side of a difference for its sum; not finite when there is none.
    pub(super) fn linked(&self, sum: Sum) -> f64 {
        // A link must not turn an infinite sum into a confident 0 or 1.
        if sum.value.is_finite() { self.link().apply(sum.value) } else { f64::NAN }
    }

    /// The sum of the inputs in `scratch`; not finite when there is none.
    pub(super) fn sum(&self, scratch: &mut Scratch) -> Sum {
        let value = match self {
            Kernel::Constant(c) => *c,
            Kernel::Linear { intercept, coefficients, .. } => {
                let products = scratch.numbers.iter().zip(coefficients).map(|(x, coefficient)| coefficient * x);
                products.fold(*intercept, |sum, product| sum + product)
            }
            Kernel::Trees { forest, .. } => f64::from(forest.sum(&scratch.rounded)),
            Kernel::Additive { additive, .. } => additive.sum(&scratch.numbers),
            Kernel::Factors { factors, .. } => return factors.sum(&scratch.numbers, &mut scratch.sides),
            Kernel::Neighbours { neighbours, .. } => return neighbours.sum(&scratch.numbers, &scratch.codes),
            Kernel::Difference(sides) => {
                let [of, less] = sides.as_ref();
                let of = of.linked(of.sum(scratch));
                of - less.linked(less.sum(scratch))
            }
        };
        Sum { value, whole: true }
    }

    /// The link from the sum to the output.
    pub(super) fn link(&self) -> Link {
        match self {
            Kernel::Constant(_) | Kernel::Difference(_) => Link::Identity,
            Kernel::Linear { link, .. }
            | Kernel::Trees { link, .. }
            | Kernel::Additive { link, .. }
            | Kernel::Factors { link, .. }
            | Kernel::Neighbours { link, .. } => *link,
        }
    }
}

fn compile_function(function: &Function, kinds: &[Kind]) -> Result<Kernel, Vec<String>> {
    match function {
        Function::Constant(c) if c.is_finite() => Ok(Kernel::Constant(*c)),
        Function::Constant(_) => Err(vec!["the constant is not a finite number".into()]),
        Function::Linear { intercept, coefficients, link } => {
            linear(*intercept, coefficients, kinds)?;
            Ok(Kernel::Linear { intercept: *intercept, coefficients: coefficients.clone(), link: *link })
        }
        Function::Trees { base, trees, link } => {
            Forest::compile(*base, trees, kinds).map(|forest| Kernel::Trees { forest, link: *link })
        }
        Function::Scorecard { base, characteristics, link } => {
            let additive = Additive::scorecard(*base, characteristics, kinds)?;
            Ok(Kernel::Additive { additive, link: *link })
        }
        Function::Shapes { intercept, shapes, pairs, link } => {
            let additive = Additive::shapes(*intercept, shapes, pairs, kinds)?;
            Ok(Kernel::Additive { additive, link: *link })
        }
        Function::Factors { bias, subject, item, cold, link } => {
            let factors = Factors::compile(*bias, subject, item, *cold, kinds)?;
            Ok(Kernel::Factors { factors, link: *link })
        }
        Function::Neighbours { bias, basket, item, biases, similar, cold, link } => {
            let neighbours = Neighbours::compile(*bias, (*basket, *item), biases, similar, *cold, kinds)?;
            Ok(Kernel::Neighbours { neighbours, link: *link })
        }
        Function::Difference { of, less } => {
            let mut findings = Vec::new();
            let mut side = |name: &str, function: &Function| {
                let compiled = match function {
                    Function::Difference { .. } => Err(vec!["it is a difference itself".to_owned()]),
                    Function::Factors { .. } | Function::Neighbours { .. } => {
                        Err(vec!["it recommends items, which no difference can".to_owned()])
                    }
                    function => compile_function(function, kinds),
                };
                let named = |messages: Vec<String>| {
                    messages.into_iter().map(|m| format!("`{name}` of its difference: {m}")).collect::<Vec<_>>()
                };
                compiled.map_err(|messages| findings.extend(named(messages))).ok()
            };
            match (side("of", of), side("less", less)) {
                (Some(of), Some(less)) => Ok(Kernel::Difference(Box::new([of, less]))),
                _ => Err(findings),
            }
        }
    }
}

fn linear(intercept: f64, coefficients: &[f64], kinds: &[Kind]) -> Result<(), Vec<String>> {
    let mut findings = Vec::new();
    if coefficients.len() != kinds.len() {
        let (inputs, coefficients) = (kinds.len(), coefficients.len());
        findings.push(format!("{inputs} inputs need as many coefficients; there are {coefficients}"));
    }
    if !intercept.is_finite() {
        findings.push("the intercept is not a finite number".into());
    }
    if let Some(i) = coefficients.iter().position(|c| !c.is_finite()) {
        findings.push(format!("coefficient {} is not a finite number", i + 1));
    }
    if let Some(i) = kinds.iter().position(|kind| matches!(kind, Kind::Category(_) | Kind::Items(_))) {
        findings.push(format!("input {} is no number that a coefficient can multiply; encode it as `OneHot`", i + 1));
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
