//! Inputs ready to be read: every name resolved to a position, every category in the type of its column.

use super::dictionary::{Category, Dictionary};
use super::{CANDIDATE, Encode, Fact, Facts, Input};
use crate::row::{Column, Row};
use crate::suggest::unknown_name;
use crate::value::{Type, Value};

/// The inputs of a model.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    inputs: Vec<(Source, Encoder)>,
    /// The same in the order in which rows are read: one-hot inputs of one text together.
    steps: Vec<Step>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Column of the row.
    Column(usize),
    /// Fact of the candidate.
    Fact(usize),
}

/// How a value becomes a number.
#[derive(Clone, Debug)]
pub enum Encoder {
    Number,
    Standard { missing: f64, center: f64, scale: f64 },
    OneHot { category: Category, type_: Type, hit: f64, miss: f64 },
    Missing,
    Category(Dictionary),
    Items { items: Dictionary, separator: String },
}

/// What an input is to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that is always there.
    Whole,
    /// A number, or NaN.
    Number,
    /// A code up to this one, which stands for values of no category; or NaN.
    Category(u32),
    /// Items, of which this many are known.
    Items(u32),
}

#[derive(Clone, Debug)]
enum Step {
    One(usize),
    OneHots { source: Source, dictionary: Dictionary, misses: Vec<(usize, f64)>, hits: Vec<(usize, f64)> },
}

impl Inputs {
    /// Resolves the inputs.
    ///
    /// # Errors
    /// One sentence per input at fault.
    pub fn compile(inputs: &[Input], columns: &[Column], facts: &[Fact]) -> Result<Inputs, Vec<String>> {
        let mut findings = Vec::new();
        let mut compiled = Vec::with_capacity(inputs.len());
        for (i, input) in inputs.iter().enumerate() {
            match compile(input, columns, facts) {
                Ok(input) => compiled.push(input),
                Err(message) => findings.push(format!("input {}: {message}", i + 1)),
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let steps = steps(inputs, &compiled);
        Ok(Inputs { inputs: compiled, steps })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// What each is to a function.
    pub fn kinds(&self) -> Vec<Kind> {
        let kind = |encoder: &Encoder| match encoder {
            Encoder::Number => Kind::Number,
            Encoder::Standard { .. } | Encoder::OneHot { .. } | Encoder::Missing => Kind::Whole,
            Encoder::Category(dictionary) => Kind::Category(dictionary.len()),
            Encoder::Items { items, .. } => Kind::Items(items.len()),
        };
        self.inputs.iter().map(|(_, encoder)| kind(encoder)).collect()
    }

    /// Where each stands, and how it is read.
    pub fn iter(&self) -> impl Iterator<Item = &(Source, Encoder)> {
        self.inputs.iter()
    }

    /// The one-hot inputs that are read together: the column of the text, its categories, and the input of each.
    pub fn one_hots(&self) -> impl Iterator<Item = (usize, &Dictionary, &[(usize, f64)])> {
        self.steps.iter().filter_map(|step| match step {
            Step::OneHots { source: Source::Column(at), dictionary, hits, .. } => Some((*at, dictionary, &hits[..])),
            _ => None,
        })
    }

    /// Whether one is a fact of the candidate.
    pub fn read_candidate(&self) -> bool {
        self.inputs.iter().any(|(source, _)| matches!(source, Source::Fact(_)))
    }

    /// Replaces `out` by the inputs of a row, each made of its number by `as_`.
    pub fn read<T: Clone>(
        &self,
        row: &Row<'_>,
        facts: &(impl Facts + ?Sized),
        zero: T,
        as_: impl Fn(f64) -> T,
        out: &mut Vec<T>,
    ) {
        out.clear();
        out.resize(self.inputs.len(), zero);
        let mut put = |at: usize, x: f64| {
            if let Some(slot) = out.get_mut(at) {
                *slot = as_(x);
            }
        };
        for step in &self.steps {
            match step {
                Step::One(at) => {
                    if let Some((source, encoder)) = self.inputs.get(*at) {
                        put(*at, encoder.encode(source.value(row, facts)));
                    }
                }
                Step::OneHots { source, dictionary, misses, hits } => {
                    misses.iter().for_each(|(at, x)| put(*at, *x));
                    let code = dictionary.code(source.value(row, facts));
                    if let Some((at, x)) = code.and_then(|code| hits.get(code as usize)) {
                        put(*at, *x);
                    }
                }
            }
        }
    }

    /// Replaces `out` by the known items that input `at` lists, ascending, each once.
    pub fn items(&self, at: usize, row: &Row<'_>, facts: &(impl Facts + ?Sized), out: &mut Vec<u32>) {
        out.clear();
        if let Some((source, encoder)) = self.inputs.get(at) {
            encoder.items(source.value(row, facts).as_text().unwrap_or(""), out);
        }
    }
}

impl Source {
    /// The value that stands there.
    pub fn value<'a>(self, row: &'a Row<'_>, facts: &'a (impl Facts + ?Sized)) -> &'a Value {
        match self {
            Source::Column(at) => row.get(at),
            Source::Fact(at) => facts.fact(at),
        }
    }
}

impl Encoder {
    /// The number of a value; NaN when missing.
    pub fn encode(&self, value: &Value) -> f64 {
        match self {
            Encoder::Number => value.as_f64().unwrap_or(f64::NAN),
            Encoder::Standard { missing, center, scale } => (value.as_f64().unwrap_or(*missing) - center) / scale,
            Encoder::OneHot { category, type_, hit, miss } => {
                if category.matches(*type_, value) {
                    *hit
                } else {
                    *miss
                }
            }
            Encoder::Missing => f64::from(u8::from(!value.is_known())),
            Encoder::Category(dictionary) => dictionary.code(value).map_or(f64::NAN, f64::from),
            Encoder::Items { .. } => f64::NAN,
        }
    }

    /// Replaces `out` by the known items that a text lists, ascending, each once.
    pub fn items(&self, text: &str, out: &mut Vec<u32>) {
        out.clear();
        if let Encoder::Items { items, separator } = self {
            out.extend(text.split(separator.as_str()).filter_map(|item| items.text(item.trim())));
            out.sort_unstable();
            out.dedup();
        }
    }
}

/// Groups the one-hot inputs of one text that name different categories.
fn steps(inputs: &[Input], compiled: &[(Source, Encoder)]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut taken = vec![false; compiled.len()];
    for (at, (source, encoder)) in compiled.iter().enumerate() {
        if taken.get(at).is_some_and(|taken| *taken) {
            continue;
        }
        let Encoder::OneHot { type_: Type::Text, .. } = encoder else {
            steps.push(Step::One(at));
            continue;
        };
        let mut names: Vec<String> = Vec::new();
        let (mut misses, mut hits) = (Vec::new(), Vec::new());
        for (other, (from, encoder)) in compiled.iter().enumerate().skip(at) {
            let (Some(Encode::OneHot { category, .. }), Encoder::OneHot { hit, miss, .. }) =
                (inputs.get(other).map(|input| &input.encode), encoder)
            else {
                continue;
            };
            if from == source && !names.contains(category) {
                names.push(category.clone());
                misses.push((other, *miss));
                hits.push((other, *hit));
                if let Some(taken) = taken.get_mut(other) {
                    *taken = true;
                }
            }
        }
        match Dictionary::new(&names, Type::Text) {
            Ok(dictionary) if names.len() > 1 => {
                steps.push(Step::OneHots { source: *source, dictionary, misses, hits });
            }
            _ => steps.extend(hits.iter().map(|(at, _)| Step::One(*at))),
        }
    }
    steps
}

fn compile(input: &Input, columns: &[Column], facts: &[Fact]) -> Result<(Source, Encoder), String> {
    let (source, type_) = resolve(&input.field, columns, facts)?;
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
            let category = Category::new(category, type_);
            Encoder::OneHot { category, type_, hit: (1.0 - center) / scale, miss: (0.0 - center) / scale }
        }
        Encode::Missing => Encoder::Missing,
        Encode::Category { categories } => Encoder::Category(Dictionary::new(categories, type_)?),
        Encode::Items { items, separator } => {
            if type_ != Type::Text {
                return Err(format!("`{}` is a {type_}; only a text can list items", input.field));
            }
            if separator.is_empty() {
                return Err("the separator of its items is empty; give what stands between two items".into());
            }
            if let Some(item) = items.iter().find(|item| item.trim() != **item || item.contains(separator.as_str())) {
                return Err(format!(
                    "the item {item:?} can never be listed: it holds the separator or ends in a blank"
                ));
            }
            Encoder::Items { items: Dictionary::new(items, type_)?, separator: separator.clone() }
        }
    };
    Ok((source, encoder))
}

fn resolve(name: &str, columns: &[Column], facts: &[Fact]) -> Result<(Source, Type), String> {
    if let Some(fact) = name.strip_prefix(CANDIDATE) {
        let Some((at, found)) = facts.iter().enumerate().find(|(_, f)| f.name == fact) else {
            return Err(unknown_name("a fact of the candidate", fact, facts.iter().map(|f| f.name.as_str())));
        };
        let type_ = found
            .type_
            .ok_or_else(|| format!("actions disagree about the type of `{name}`; give all of them one type"))?;
        return Ok((Source::Fact(at), type_));
    }
    match columns.iter().enumerate().find(|(_, c)| c.name == name) {
        Some((at, column)) => Ok((Source::Column(at), column.type_)),
        None => Err(unknown_name("a field or a recipe step", name, columns.iter().map(|c| c.name.as_str()))),
    }
}
