//! The row recipe over columns: one step at a time for all rows, with the values that it gives row by row.

use super::program::{Program, Run};
use crate::columns::{Columns, Data, MISSING, Texts, Values, bits};
use crate::value::{Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

impl Program {
    /// The outputs of the steps, in their order.
    pub fn run_columns<'a>(&self, columns: &'a Columns<'a>) -> Vec<Values<'a>> {
        let fields = columns.fields();
        let mut derived: Vec<Values<'a>> = Vec::with_capacity(self.steps.len());
        for (at, (input, run)) in self.steps.iter().enumerate() {
            let type_ = self.columns.get(fields.len() + at).map_or(Type::Number, |column| column.type_);
            let values = fields.get(*input).or_else(|| derived.get(input.wrapping_sub(fields.len())));
            let output = values.and_then(|values| apply(run, values, columns.len()));
            derived.push(output.unwrap_or_else(|| Values::unknown(type_, columns.len())));
        }
        derived
    }
}

/// One step; `None` where nothing can be known.
fn apply<'a>(run: &Run, values: &Values<'a>, rows: usize) -> Option<Values<'a>> {
    match run {
        Run::Impute(replacement) => impute(values, replacement, rows),
        Run::Scale { center, scale } => {
            let mut scaled = as_numbers(values, rows);
            for x in &mut scaled {
                *x = (*x - center) / scale;
            }
            // What is not finite is unknown.
            let mut known = vec![0; bits::words(rows)];
            for (row, x) in scaled.iter_mut().enumerate() {
                match x.is_finite() {
                    true => bits::set(&mut known, row),
                    false => *x = f64::NAN,
                }
            }
            Some(Values { data: Data::Number(scaled.into()), known: known.into() })
        }
        Run::OneHot(category) => {
            let (codes, dictionary) = values.codes()?;
            let wanted = place(dictionary, category).unwrap_or(MISSING);
            let hot = codes.iter().map(|code| i64::from(*code == wanted && wanted != MISSING)).collect::<Vec<_>>();
            Some(Values { data: Data::Integer(hot.into()), known: values.known.clone() })
        }
        Run::Bucket { edges, labels } => {
            let mut places = HashMap::new();
            let mut dictionary: Vec<Arc<str>> = Vec::new();
            // Two bins may have one label; a dictionary has it once.
            let codes: Vec<u32> = labels
                .iter()
                .map(|label| {
                    *places.entry(label).or_insert_with(|| {
                        dictionary.push(label.clone());
                        dictionary.len() as u32 - 1
                    })
                })
                .collect();
            let binned = as_numbers(values, rows).into_iter().map(|x| match x.is_nan() {
                true => MISSING,
                false => codes.get(edges.partition_point(|edge| *edge <= x)).copied().unwrap_or(MISSING),
            });
            let texts = Texts { codes: binned.collect::<Vec<_>>().into(), dictionary: dictionary.into() };
            Some(Values { data: Data::Text(texts), known: values.known.clone() })
        }
        Run::Refused => None,
    }
}

/// NaN where unknown: a known number is never NaN.
fn as_numbers(values: &Values<'_>, rows: usize) -> Vec<f64> {
    let mut numbers = vec![f64::NAN; rows];
    values.write_f64(0, &mut numbers);
    numbers
}

fn place(dictionary: &[Arc<str>], text: &str) -> Option<u32> {
    dictionary.iter().position(|entry| **entry == *text).and_then(|place| u32::try_from(place).ok())
}

/// The replacement wherever a value is unknown.
fn impute<'a>(values: &Values<'a>, replacement: &Value, rows: usize) -> Option<Values<'a>> {
    let known = values.known();
    let filled = |xs: &[i64], with: i64| -> Vec<i64> {
        xs.iter().enumerate().map(|(row, x)| if bits::get(known, row) { *x } else { with }).collect()
    };
    let data = match (&values.data, replacement) {
        (Data::Bool(truths), Value::Bool(with)) => {
            let with = if *with { u64::MAX } else { 0 };
            let words = truths.iter().zip(known).enumerate();
            let words = words.map(|(at, (truth, known))| truth | with & !known & bits::mask(at, rows));
            Data::Bool(words.collect::<Vec<_>>().into())
        }
        (Data::Integer(xs), Value::Integer(with)) => Data::Integer(filled(xs, *with).into()),
        (Data::Time(xs), Value::Time(with)) => Data::Time(filled(xs, *with).into()),
        (Data::Number(xs), Value::Number(with)) => {
            Data::Number(xs.iter().map(|x| if x.is_nan() { *with } else { *x }).collect::<Vec<_>>().into())
        }
        (Data::Text(texts), Value::Text(with)) => {
            let mut dictionary = texts.dictionary.clone();
            let code = match place(&dictionary, with) {
                Some(code) => code,
                None => {
                    dictionary = dictionary.iter().chain([with]).cloned().collect();
                    u32::try_from(dictionary.len()).map_or(MISSING, |len| len - 1)
                }
            };
            let codes = texts.codes.iter().map(|c| if *c == MISSING { code } else { *c }).collect::<Vec<_>>();
            Data::Text(Texts { codes: codes.into(), dictionary })
        }
        // The program gives a replacement the type of its input.
        _ => return None,
    };
    Some(Values { data, known: bits::all(rows).into() })
}
