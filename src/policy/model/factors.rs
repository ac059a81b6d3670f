//! Factors for recommendations: who and what, each as a vector; keyed by a category or folded in from features.

use super::encoder::Kind;
use serde::{Deserialize, Serialize};

/// The subject's or the item's part of a factor model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Side {
    /// A bias and factors per category of an input. A value of no category, or a missing one, is unknown.
    Keyed {
        /// An input encoded as `Category`.
        input: u32,
        /// One per category; all 0 when left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        biases: Vec<f64>,
        /// One list per category, all equally long.
        factors: Vec<Vec<f32>>,
    },
    /// Folded in from features: `Σ x · bias` and `Σ x · factors`, summed in order. Unknown when an input is missing.
    Folded {
        /// One per feature.
        terms: Vec<Term>,
    },
}

/// What one feature adds to a folded side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// A numeric input.
    pub input: u32,
    /// Multiplied by the input.
    #[serde(default)]
    pub bias: f64,
    /// Multiplied by the input.
    pub factors: Vec<f32>,
}

/// What is answered when subject or item is unknown to a recommender. The score is degraded either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cold {
    /// The biases of what is known: popularity for an unknown subject. The model's fallback when neither is known.
    Biases,
    /// The model's fallback.
    Fallback,
}

/// Two sides ready to multiply.
#[derive(Clone, Debug)]
pub struct Factors {
    bias: f64,
    subject: Compiled,
    item: Compiled,
    cold: Cold,
}

#[derive(Clone, Debug)]
enum Compiled {
    Keyed { input: usize, width: usize, biases: Vec<f64>, factors: Vec<f32> },
    Folded { width: usize, terms: Vec<(usize, f64)>, factors: Vec<f32> },
}

/// The sum of a recommender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// The sum, NaN when there is none.
    pub value: f64,
    /// Whether subject and item were known.
    pub whole: bool,
}

impl Factors {
    /// Checks both sides.
    ///
    /// # Errors
    /// Every finding, each a sentence.
    pub fn compile(bias: f64, subject: &Side, item: &Side, cold: Cold, kinds: &[Kind]) -> Result<Factors, Vec<String>> {
        let mut findings = Vec::new();
        if !bias.is_finite() {
            findings.push("the bias is not a finite number".to_owned());
        }
        let mut side = |name: &str, side: &Side| {
            Compiled::new(side, kinds).map_err(|message| findings.push(format!("its {name} side {message}"))).ok()
        };
        let (subject, item) = (side("subject", subject), side("item", item));
        if let (Some(subject), Some(item)) = (subject, item) {
            let (a, b) = (subject.width(), item.width());
            if a != b {
                findings.push(format!("its subject side has {a} factors and its item side {b}; give as many"));
            }
            if findings.is_empty() {
                return Ok(Factors { bias, subject, item, cold });
            }
        }
        Err(findings)
    }

    /// The sum for the inputs of a row; `buffer` is scratch space.
    pub fn sum(&self, inputs: &[f64], buffer: &mut [Vec<f64>; 2]) -> Sum {
        let [a, b] = buffer;
        match (self.subject.read(inputs, a), self.item.read(inputs, b)) {
            (Some(subject), Some(item)) => {
                let mut sum = self.bias + subject + item;
                for (a, b) in a.iter().zip(b) {
                    sum += *a * *b;
                }
                Sum { value: sum, whole: true }
            }
            (Some(known), None) | (None, Some(known)) if self.cold == Cold::Biases => {
                Sum { value: self.bias + known, whole: false }
            }
            _ => Sum { value: f64::NAN, whole: false },
        }
    }

    /// Adds what each input gives; of the product of the factors half to each side.
    pub fn contributions(&self, inputs: &[f64], buffer: &mut [Vec<f64>; 2], out: &mut [f64]) {
        let [a, b] = buffer;
        let subject = self.subject.read(inputs, a);
        let item = self.item.read(inputs, b);
        let none: &[f64] = &[];
        let known = subject.is_some() && item.is_some();
        if subject.is_some() {
            self.subject.contributions(inputs, if known { b } else { none }, out);
        }
        if item.is_some() {
            self.item.contributions(inputs, if known { a } else { none }, out);
        }
    }
}

impl Compiled {
    fn new(side: &Side, kinds: &[Kind]) -> Result<Compiled, String> {
        let compiled = match side {
            Side::Keyed { input, biases, factors } => {
                let n = match kinds.get(*input as usize) {
                    Some(Kind::Category(n)) => *n as usize,
                    Some(_) => return Err(format!("is keyed by input {input}, which is not encoded as `Category`")),
                    None => return Err(out_of_range(*input, kinds)),
                };
                if factors.len() != n || !(biases.is_empty() || biases.len() == n) {
                    let (b, f) = (biases.len(), factors.len());
                    return Err(format!(
                        "has {b} biases and {f} lists of factors for {n} categories; give one of each"
                    ));
                }
                let width = factors.first().map_or(0, Vec::len);
                if factors.iter().any(|list| list.len() != width) {
                    return Err("has lists of factors that are not equally long".into());
                }
                let biases = if biases.is_empty() { vec![0.0; n] } else { biases.clone() };
                Compiled::Keyed { input: *input as usize, width, biases, factors: factors.concat() }
            }
            Side::Folded { terms } => {
                let width = terms.first().map_or(0, |term| term.factors.len());
                if terms.iter().any(|term| term.factors.len() != width) {
                    return Err("has lists of factors that are not equally long".into());
                }
                for term in terms {
                    match kinds.get(term.input as usize) {
                        None => return Err(out_of_range(term.input, kinds)),
                        Some(Kind::Number | Kind::Whole) => {}
                        Some(_) => return Err(format!("folds in input {}, which is not a number", term.input)),
                    }
                }
                Compiled::Folded {
                    width,
                    terms: terms.iter().map(|term| (term.input as usize, term.bias)).collect(),
                    factors: terms.iter().flat_map(|term| term.factors.iter().copied()).collect(),
                }
            }
        };
        let (biases, factors): (Vec<f64>, _) = match &compiled {
            Compiled::Keyed { biases, factors, .. } => (biases.clone(), factors),
            Compiled::Folded { terms, factors, .. } => (terms.iter().map(|(_, bias)| *bias).collect(), factors),
        };
        if !biases.iter().all(|x| x.is_finite()) || !factors.iter().all(|x| x.is_finite()) {
            return Err("has biases or factors that are not finite numbers".into());
        }
        Ok(compiled)
    }

    fn width(&self) -> usize {
        match self {
            Compiled::Keyed { width, .. } | Compiled::Folded { width, .. } => *width,
        }
    }

    /// Its bias; its factors replace `out`. `None` when it is unknown.
    fn read(&self, inputs: &[f64], out: &mut Vec<f64>) -> Option<f64> {
        out.clear();
        match self {
            Compiled::Keyed { input, width, biases, factors } => {
                let code = inputs.get(*input).filter(|x| !x.is_nan())?;
                let at = *code as usize;
                let bias = biases.get(at)?;
                out.extend(factors.get(at * width..(at + 1) * width)?.iter().map(|x| f64::from(*x)));
                Some(*bias)
            }
            Compiled::Folded { width, terms, factors } => {
                out.resize(*width, 0.0);
                let mut sum = 0.0;
                for (i, (input, bias)) in terms.iter().enumerate() {
                    let x = *inputs.get(*input)?;
                    if x.is_nan() {
                        return None;
                    }
                    sum += x * bias;
                    for (out, factor) in out.iter_mut().zip(factors.get(i * width..(i + 1) * width)?) {
                        *out += x * f64::from(*factor);
                    }
                }
                Some(sum)
            }
        }
    }

    fn contributions(&self, inputs: &[f64], other: &[f64], out: &mut [f64]) {
        let half = |factors: Option<&[f32]>| {
            let products = factors.unwrap_or(&[]).iter().zip(other).map(|(a, b)| f64::from(*a) * b);
            products.fold(0.0, |sum, x| sum + x) / 2.0
        };
        let mut add = |input: usize, x: f64| {
            if let Some(out) = out.get_mut(input) {
                *out += x;
            }
        };
        match self {
            Compiled::Keyed { input, width, biases, factors } => {
                let at = inputs.get(*input).map_or(usize::MAX, |x| *x as usize);
                let bias = biases.get(at).copied().unwrap_or(0.0);
                let list = at.checked_mul(*width).and_then(|from| factors.get(from..from + width));
                add(*input, bias + half(list));
            }
            Compiled::Folded { width, terms, factors } => {
                for (i, (input, bias)) in terms.iter().enumerate() {
                    let x = inputs.get(*input).copied().unwrap_or(f64::NAN);
                    add(*input, x * (bias + half(factors.get(i * width..(i + 1) * width))));
                }
            }
        }
    }
}

fn out_of_range(input: u32, kinds: &[Kind]) -> String {
    format!("reads input {input}, but there are {} inputs, counted from 0", kinds.len())
}
