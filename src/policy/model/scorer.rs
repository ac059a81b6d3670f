//! A model ready to score: inputs by position, trees in one contiguous array. Scores are the same on every machine.

use super::forest::Forest;
use super::{Calibration, Encode, Function, Input, Link, Model};
use crate::row::{Column, Row};
use crate::suggest::unknown_name;
use crate::value::{Type, Value};
use std::sync::Arc;

/// A compiled model.
#[derive(Clone, Debug)]
pub struct Scorer {
    inputs: Vec<(usize, Encoder)>,
    kernel: Kernel,
    calibration: Calibration,
    fallback: f64,
}

/// The output of a model for one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Before calibration; `None` when the function could not be evaluated.
    pub raw: Option<f64>,
    /// Calibrated output, or the model's declared fallback.
    pub value: f64,
}

#[derive(Clone, Debug)]
enum Kernel {
    Constant(f64),
    Linear { intercept: f64, coefficients: Vec<f64>, link: Link },
    Trees { forest: Forest, link: Link },
}

#[derive(Clone, Debug)]
enum Encoder {
    Number,
    Standard { missing: f64, center: f64, scale: f64 },
    OneHot { category: Category, center: f64, scale: f64 },
    Missing,
}

/// A category in the type of its column, so that no value is printed while scoring.
#[derive(Clone, Debug)]
enum Category {
    Text(Arc<str>),
    Bool(bool),
    Integer(i64),
    /// Bits of the number: the text `-0` is not the text `0`.
    Number(u64),
    Time(i64),
    /// No value of the column prints like this.
    Never,
}

impl Scored {
    /// Whether the fallback stands in for the function.
    pub fn degraded(&self) -> bool {
        self.raw.is_none()
    }
}

impl Scorer {
    /// Compiles `model` for rows with these columns.
    ///
    /// # Errors
    /// Every finding at once, each a sentence.
    pub fn compile(model: &Model, columns: &[Column]) -> Result<Scorer, Vec<String>> {
        let mut findings = Vec::new();
        let inputs = model.inputs.iter().enumerate().map(|(i, input)| {
            compile_input(input, columns).unwrap_or_else(|message| {
                findings.push(format!("input {}: {message}", i + 1));
                (0, Encoder::Missing)
            })
        });
        let inputs: Vec<_> = inputs.collect();
        if !model.fallback.is_finite() {
            findings.push("the fallback is not a finite number; give the answer for rows it cannot score".into());
        }
        findings.extend(model.calibration.findings());
        let kernel = compile_function(&model.function, inputs.len()).unwrap_or_else(|messages| {
            findings.extend(messages);
            Kernel::Constant(0.0)
        });
        if findings.is_empty() {
            Ok(Scorer { inputs, kernel, calibration: model.calibration.clone(), fallback: model.fallback })
        } else {
            Err(findings)
        }
    }

    /// Scores one row. `buffer` is scratch space, kept by the caller so that scoring does not allocate.
    pub fn score(&self, row: &Row<'_>, buffer: &mut Vec<f32>) -> Scored {
        let raw = self.raw(row, buffer);
        let value = if raw.is_finite() { self.calibration.apply(raw) } else { raw };
        if value.is_finite() { Scored { raw: Some(raw), value } } else { Scored { raw: None, value: self.fallback } }
    }

    /// The function's output before calibration; not finite when it cannot be evaluated.
    fn raw(&self, row: &Row<'_>, buffer: &mut Vec<f32>) -> f64 {
        match &self.kernel {
            Kernel::Constant(c) => *c,
            Kernel::Linear { intercept, coefficients, link } => {
                let mut sum = *intercept;
                for ((at, encoder), coefficient) in self.inputs.iter().zip(coefficients) {
                    sum += coefficient * encoder.encode(row.get(*at));
                }
                // A link must not turn an infinite sum into a confident 0 or 1.
                if sum.is_finite() { link.apply(sum) } else { f64::NAN }
            }
            Kernel::Trees { forest, link } => {
                buffer.clear();
                buffer.extend(self.inputs.iter().map(|(at, encoder)| encoder.encode(row.get(*at)) as f32));
                let sum = f64::from(forest.sum(buffer));
                if sum.is_finite() { link.apply(sum) } else { f64::NAN }
            }
        }
    }
}

impl Link {
    /// The output for a sum.
    pub fn apply(self, sum: f64) -> f64 {
        match self {
            Link::Identity => sum,
            Link::Logistic => 1.0 / (1.0 + libm::exp(-sum)),
        }
    }
}

impl Encoder {
    fn encode(&self, value: &Value) -> f64 {
        match self {
            Encoder::Number => value.as_f64().unwrap_or(f64::NAN),
            Encoder::Standard { missing, center, scale } => (value.as_f64().unwrap_or(*missing) - center) / scale,
            Encoder::OneHot { category, center, scale } => {
                (f64::from(u8::from(category.matches(value))) - center) / scale
            }
            Encoder::Missing => f64::from(u8::from(!value.is_known())),
        }
    }
}

impl Category {
    /// The value of type `type_` that prints as `text`.
    fn new(text: &str, type_: Type) -> Category {
        let printed = |value: Value| value.to_string() == text;
        match type_ {
            Type::Text => Category::Text(text.into()),
            Type::Bool => text.parse().map_or(Category::Never, Category::Bool),
            Type::Integer => match text.parse() {
                Ok(x) if printed(Value::Integer(x)) => Category::Integer(x),
                _ => Category::Never,
            },
            Type::Number => match text.parse::<f64>() {
                Ok(x) if printed(Value::Number(x)) => Category::Number(x.to_bits()),
                _ => Category::Never,
            },
            Type::Time => match text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond) {
                Ok(x) if printed(Value::Time(x)) => Category::Time(x),
                _ => Category::Never,
            },
        }
    }

    fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Category::Text(a), Value::Text(b)) => a == b,
            (Category::Bool(a), Value::Bool(b)) => a == b,
            (Category::Integer(a), Value::Integer(b)) | (Category::Time(a), Value::Time(b)) => a == b,
            (Category::Number(a), Value::Number(b)) => *a == b.to_bits(),
            _ => false,
        }
    }
}

fn compile_input(input: &Input, columns: &[Column]) -> Result<(usize, Encoder), String> {
    let names = columns.iter().map(|c| c.name.as_str());
    let at = columns.iter().position(|c| c.name == input.field);
    let Some((at, type_)) = at.and_then(|at| Some((at, columns.get(at)?.type_))) else {
        return Err(unknown_name("a field or a recipe step", &input.field, names));
    };
    let scaling = |center: f64, scale: f64| {
        if center.is_finite() && scale.is_finite() && scale != 0.0 {
            Ok(())
        } else {
            Err(format!("center {center} and scale {scale} must be finite, and scale not 0"))
        }
    };
    let numeric = || match type_ {
        Type::Bool | Type::Integer | Type::Number => Ok(()),
        Type::Text | Type::Time => Err(format!("`{}` is a {type_}; it cannot be read as a number", input.field)),
    };
    let encoder = match &input.encode {
        Encode::Number => {
            numeric()?;
            Encoder::Number
        }
        Encode::Standard { missing, center, scale } => {
            numeric()?;
            scaling(*center, *scale)?;
            if !missing.is_finite() {
                return Err("the replacement of missing values is not a finite number".into());
            }
            Encoder::Standard { missing: *missing, center: *center, scale: *scale }
        }
        Encode::OneHot { category, center, scale } => {
            scaling(*center, *scale)?;
            Encoder::OneHot { category: Category::new(category, type_), center: *center, scale: *scale }
        }
        Encode::Missing => Encoder::Missing,
    };
    Ok((at, encoder))
}

fn compile_function(function: &Function, inputs: usize) -> Result<Kernel, Vec<String>> {
    match function {
        Function::Constant(c) if c.is_finite() => Ok(Kernel::Constant(*c)),
        Function::Constant(_) => Err(vec!["the constant is not a finite number".into()]),
        Function::Linear { intercept, coefficients, link } => {
            let mut findings = Vec::new();
            if coefficients.len() != inputs {
                findings.push(format!("{inputs} inputs need as many coefficients; there are {}", coefficients.len()));
            }
            if !intercept.is_finite() {
                findings.push("the intercept is not a finite number".into());
            }
            if let Some(i) = coefficients.iter().position(|c| !c.is_finite()) {
                findings.push(format!("coefficient {} is not a finite number", i + 1));
            }
            if !findings.is_empty() {
                return Err(findings);
            }
            Ok(Kernel::Linear { intercept: *intercept, coefficients: coefficients.clone(), link: *link })
        }
        Function::Trees { base, trees, link } => {
            Forest::compile(*base, trees, inputs).map(|forest| Kernel::Trees { forest, link: *link })
        }
    }
}
