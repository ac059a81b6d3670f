//! Sums of tables: scorecards and explainable boosting machines. Two documents, one way to evaluate them.

use super::encoder::Kind;
use super::table::Axis;
use serde::{Deserialize, Serialize};

/// What a scorecard gives points for: one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Characteristic {
    /// The input.
    pub input: u32,
    /// Where bins of a number begin, ascending: `(−∞, e_0), [e_0, e_1), … [e_last, ∞)`. None for a category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
    /// Points per bin, one more than edges; or per category.
    pub points: Vec<f64>,
    /// Points of values in no category; 0 for numbers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other: f64,
    /// Points of missing values.
    pub missing: f64,
    /// What is said to a person who lost points here: the text of the reason code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A function of one input, as a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// The input.
    pub input: u32,
    /// Where bins of a number begin, ascending: `(−∞, e_0), [e_0, e_1), … [e_last, ∞)`. None for a category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
    /// Score per bin, one more than edges; or per category.
    pub scores: Vec<f64>,
    /// Score of values in no category; 0 for numbers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other: f64,
    /// Score of missing values.
    pub missing: f64,
}

/// A function of two inputs, as a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The two inputs.
    pub inputs: (u32, u32),
    /// Where bins of each begin, as for [`Shape::edges`]; they may be coarser than those of the shapes.
    #[serde(default)]
    pub edges: (Vec<f64>, Vec<f64>),
    /// One list per bin of the first input, with a score per bin of the second. The bins of an input: those of its edges, or its
    /// categories and then that of values in none; last that of missing values.
    pub scores: Vec<Vec<f64>>,
}

fn is_zero(x: &f64) -> bool {
    x.to_bits() == 0
}

/// A sum of tables.
#[derive(Clone, Debug)]
pub struct Additive {
    intercept: f64,
    shapes: Vec<(Axis, Vec<f64>)>,
    pairs: Vec<(Axis, Axis, Vec<f64>)>,
}

impl Additive {
    /// Checks a scorecard.
    ///
    /// # Errors
    /// One sentence per part at fault.
    pub fn scorecard(base: f64, characteristics: &[Characteristic], kinds: &[Kind]) -> Result<Additive, Vec<String>> {
        let shapes = characteristics.iter().map(|c| One {
            input: c.input,
            edges: &c.edges,
            scores: &c.points,
            other: c.other,
            missing: c.missing,
        });
        Additive::new(("base", base), ("characteristic", "points"), shapes, &[], kinds)
    }

    /// Checks shapes and pairs.
    ///
    /// # Errors
    /// One sentence per part at fault.
    pub fn shapes(intercept: f64, shapes: &[Shape], pairs: &[Pair], kinds: &[Kind]) -> Result<Additive, Vec<String>> {
        let shapes = shapes.iter().map(|s| One {
            input: s.input,
            edges: &s.edges,
            scores: &s.scores,
            other: s.other,
            missing: s.missing,
        });
        Additive::new(("intercept", intercept), ("shape", "scores"), shapes, pairs, kinds)
    }

    fn new<'a>(
        (start, intercept): (&str, f64),
        (part, unit): (&str, &str),
        shapes: impl Iterator<Item = One<'a>>,
        pairs: &[Pair],
        kinds: &[Kind],
    ) -> Result<Additive, Vec<String>> {
        let mut additive = Additive { intercept, shapes: Vec::new(), pairs: Vec::new() };
        let mut findings = Vec::new();
        if !intercept.is_finite() {
            findings.push(format!("the {start} is not a finite number"));
        }
        for (i, one) in shapes.enumerate() {
            match one.compile(unit, kinds) {
                Ok(shape) => additive.shapes.push(shape),
                Err(message) => findings.push(format!("{part} {} {message}", i + 1)),
            }
        }
        for (i, pair) in pairs.iter().enumerate() {
            match compile_pair(pair, kinds) {
                Ok(pair) => additive.pairs.push(pair),
                Err(message) => findings.push(format!("pair {} {message}", i + 1)),
            }
        }
        if findings.is_empty() { Ok(additive) } else { Err(findings) }
    }

    /// The sum for the inputs of a row.
    pub fn sum(&self, inputs: &[f64]) -> f64 {
        let mut sum = self.intercept;
        self.terms(inputs, |term, _| sum += term);
        sum
    }

    /// The constant that tables are added to.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Adds every table, in order, to the sum of each row of a block.
    pub fn add<const ROWS: usize>(&self, columns: &[[f64; ROWS]], sums: &mut [f64; ROWS]) {
        let column = |axis: &Axis| columns.get(axis.input);
        for (axis, scores) in &self.shapes {
            let Some(xs) = column(axis) else { continue };
            for (sum, x) in sums.iter_mut().zip(xs) {
                *sum += scores.get(axis.bin(*x)).copied().unwrap_or(f64::NAN);
            }
        }
        for (a, b, scores) in &self.pairs {
            let (Some(xs), Some(ys)) = (column(a), column(b)) else { continue };
            for ((sum, x), y) in sums.iter_mut().zip(xs).zip(ys) {
                *sum += scores.get(a.bin(*x) * b.len() + b.bin(*y)).copied().unwrap_or(f64::NAN);
            }
        }
    }

    /// Adds what each table gives to the input it reads; of a pair half to each of its two.
    pub fn contributions(&self, inputs: &[f64], out: &mut [f64]) {
        let mut add = |input: usize, x: f64| {
            if let Some(out) = out.get_mut(input) {
                *out += x;
            }
        };
        self.terms(inputs, |term, (a, b)| match b {
            None => add(a, term),
            Some(b) => {
                add(a, term / 2.0);
                add(b, term / 2.0);
            }
        });
    }

    /// The most each table of one input gives, less what it gives here: by table.
    pub fn shortfalls(&self, inputs: &[f64]) -> Vec<f64> {
        let lost = |(axis, scores): &(Axis, Vec<f64>)| {
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - one(axis, scores, inputs)
        };
        self.shapes.iter().map(lost).collect()
    }

    /// Every term in order, with the inputs it reads.
    fn terms(&self, inputs: &[f64], mut with: impl FnMut(f64, (usize, Option<usize>))) {
        for (axis, scores) in &self.shapes {
            with(one(axis, scores, inputs), (axis.input, None));
        }
        for (a, b, scores) in &self.pairs {
            let at = a.bin(number(inputs, a.input)) * b.len() + b.bin(number(inputs, b.input));
            with(scores.get(at).copied().unwrap_or(f64::NAN), (a.input, Some(b.input)));
        }
    }
}

fn number(inputs: &[f64], at: usize) -> f64 {
    inputs.get(at).copied().unwrap_or(f64::NAN)
}

fn one(axis: &Axis, scores: &[f64], inputs: &[f64]) -> f64 {
    scores.get(axis.bin(number(inputs, axis.input))).copied().unwrap_or(f64::NAN)
}

/// A table of one input, whatever the document calls it.
struct One<'a> {
    input: u32,
    edges: &'a [f64],
    scores: &'a [f64],
    other: f64,
    missing: f64,
}

impl One<'_> {
    fn compile(&self, unit: &str, kinds: &[Kind]) -> Result<(Axis, Vec<f64>), String> {
        let axis = Axis::new(self.input, self.edges, kinds)?;
        if self.scores.len() != axis.named() {
            let (have, want) = (self.scores.len(), axis.named());
            return Err(format!("has {have} {unit} for {want} bins; give one per bin"));
        }
        if !axis.has_other() && !is_zero(&self.other) {
            return Err(format!(
                "has {unit} for other values, but its input {} is a number; take them out",
                self.input
            ));
        }
        let mut scores = self.scores.to_vec();
        if axis.has_other() {
            scores.push(self.other);
        }
        scores.push(self.missing);
        if !scores.iter().all(|x| x.is_finite()) {
            return Err(format!("has {unit} that are not finite numbers"));
        }
        Ok((axis, scores))
    }
}

fn compile_pair(pair: &Pair, kinds: &[Kind]) -> Result<(Axis, Axis, Vec<f64>), String> {
    let a = Axis::new(pair.inputs.0, &pair.edges.0, kinds)?;
    let b = Axis::new(pair.inputs.1, &pair.edges.1, kinds)?;
    if pair.scores.len() != a.len() || pair.scores.iter().any(|row| row.len() != b.len()) {
        return Err(format!(
            "must have {} lists of {} scores: the bins of its inputs, that of missing values last",
            a.len(),
            b.len()
        ));
    }
    let scores: Vec<f64> = pair.scores.iter().flatten().copied().collect();
    if !scores.iter().all(|x| x.is_finite()) {
        return Err("has scores that are not finite numbers".into());
    }
    Ok((a, b, scores))
}
