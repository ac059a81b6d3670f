//! The row recipe over columns: one step at a time for all rows, with the values that it gives row by row.

use super::program::{Program, Run, date_part, log1p};
use crate::columns::{Columns, Data, MISSING, Table, Texts, Values, bits, column};
use crate::value::{Type, Value};
use std::collections::HashMap;
use std::sync::Arc;

impl Program {
    /// Adds the outputs of the steps to the fields of a table, in their order.
    pub(crate) fn run_columns<'a>(&self, columns: &'a Columns<'a>, table: &mut Table<'a>) {
        let fields = columns.fields().len();
        for (at, (input, run)) in self.steps.iter().enumerate() {
            let type_ = self.columns.get(fields + at).map_or(Type::Number, |column| column.type_);
            let rows = columns.len();
            let output = match run {
                Run::Formula(formula) => Some(formula.eval_columns(columns, table)),
                Run::Ratio(below) => {
                    table.variable(*input).zip(table.variable(*below)).map(|(above, below)| ratio(above, below, rows))
                }
                Run::DatePart(part, clock) => table.variable(*input).map(|values| {
                    let shown = (0..rows).map(|row| match values.get(row) {
                        Value::Time(ms) => date_part(*part, clock, ms, columns.now(row)),
                        _ => Value::Unknown,
                    });
                    column(type_, rows, shown.collect::<Vec<_>>().iter())
                }),
                run => table.variable(*input).and_then(|values| apply(run, values, rows)),
            };
            table.push(output.unwrap_or_else(|| Values::unknown(type_, rows)));
        }
    }
}

/// One step; `None` where nothing can be known.
fn apply<'a>(run: &Run, values: &Values<'a>, rows: usize) -> Option<Values<'a>> {
    match run {
        Run::Impute(replacement) => impute(values, replacement, rows),
        Run::Scale { center, scale } => Some(numbers(values, rows, |x| (x - center) / scale)),
        Run::Log1p => Some(numbers(values, rows, log1p)),
        Run::Clip(low, high) => Some(numbers(values, rows, |x| x.clamp(*low, *high))),
        Run::Ordinal(places) => {
            let (codes, dictionary) = values.codes()?;
            let places: Vec<Option<i64>> = dictionary.iter().map(|text| places.get(text).copied()).collect();
            let place = |code: &u32| places.get(*code as usize).copied().flatten();
            let mut known = vec![0; bits::words(rows)];
            for (row, code) in codes.iter().enumerate() {
                if place(code).is_some() {
                    bits::set(&mut known, row);
                }
            }
            let whole: Vec<i64> = codes.iter().map(|code| place(code).unwrap_or(0)).collect();
            Some(Values { data: Data::Integer(whole.into()), known: known.into() })
        }
        Run::TargetMean { means, otherwise } => {
            let (codes, dictionary) = values.codes()?;
            let means: Vec<f64> = dictionary.iter().map(|text| *means.get(text).unwrap_or(otherwise)).collect();
            let mean = |code: &u32| means.get(*code as usize).copied().unwrap_or(f64::NAN);
            let found: Vec<f64> = codes.iter().map(mean).collect();
            Some(Values { data: Data::Number(found.into()), known: values.known.clone() })
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
        // Those that read more than one column are run where the others are known.
        Run::Ratio(_) | Run::DatePart(..) | Run::Formula(_) | Run::Refused => None,
    }
}

/// A number of each number; what is not finite is unknown.
fn numbers<'a>(values: &Values<'_>, rows: usize, f: impl Fn(f64) -> f64) -> Values<'a> {
    let mut numbers = as_numbers(values, rows);
    numbers.iter_mut().for_each(|x| *x = f(*x));
    finite(numbers)
}

fn ratio<'a>(above: &Values<'_>, below: &Values<'_>, rows: usize) -> Values<'a> {
    let mut numbers = as_numbers(above, rows);
    numbers.iter_mut().zip(as_numbers(below, rows)).for_each(|(a, b)| *a /= b);
    finite(numbers)
}

fn finite<'a>(mut numbers: Vec<f64>) -> Values<'a> {
    let mut known = vec![0; bits::words(numbers.len())];
    for (row, x) in numbers.iter_mut().enumerate() {
        match x.is_finite() {
            true => bits::set(&mut known, row),
            false => *x = f64::NAN,
        }
    }
    Values { data: Data::Number(numbers.into()), known: known.into() }
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
pub(crate) fn impute<'a>(values: &Values<'a>, replacement: &Value, rows: usize) -> Option<Values<'a>> {
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
