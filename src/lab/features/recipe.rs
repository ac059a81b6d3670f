//! The row recipe: steps fitted from rows, and their outputs as columns of a dataset, computed by the policy's own code.
//!
//! Steps are data that a person may change; once fitted they are never fitted again behind their back.

use super::inputs::{MAX_CATEGORIES, numbers};
use crate::data::cells::{Cells, Interner};
use crate::data::{Column, Dataset, Role, Roles};
use crate::error::{Error, Result};
use attune_policy::diagnostic::Severity;
use attune_policy::recipe::{Op, Program, Step};
use attune_policy::schema::Schema;
use attune_policy::value::{Type, Value};
use std::collections::HashSet;

/// The dataset with the outputs of the steps as columns after its own, and roles that call them features.
///
/// # Errors
/// When a step's input is not a feature or context or has the wrong type, or its output is a column already.
pub fn apply(dataset: &Dataset, roles: &Roles, steps: &[Step]) -> Result<(Dataset, Roles)> {
    if steps.is_empty() {
        return Ok((dataset.clone(), roles.clone()));
    }
    let clash = steps.iter().find(|step| dataset.column(&step.output).is_some());
    if let Some(step) = clash {
        return Err(Error::new("is a column already, so no recipe step can write it")
            .in_column(&step.output)
            .hint("give the step another output name"));
    }
    let compiled = |schema: &Schema| {
        Program::compile(steps, schema).map_err(|findings| {
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            let messages: Vec<String> = errors.map(ToString::to_string).collect();
            Error::new(messages.join("; ")).hint("correct the recipe first")
        })
    };
    // Only the fields that steps read; the policy has the others, but computes nothing from them.
    let mut schema = roles.schema(dataset);
    let whole = compiled(&schema)?;
    let inputs: HashSet<usize> = (0..steps.len()).flat_map(|step| whole.reads(step)).collect();
    let mut at = 0..;
    schema.fields.retain(|_| at.next().is_some_and(|at| inputs.contains(&at)));
    let read: Vec<usize> = schema.fields.iter().filter_map(|field| dataset.position(&field.name)).collect();
    let program = compiled(&schema)?;
    let now = instants(dataset, roles, &program)?;

    let outputs = &program.columns()[read.len()..];
    let mut cells: Vec<Sink> = outputs.iter().map(|column| Sink::new(column.type_, dataset.rows())).collect();
    let (mut row_values, mut derived) = (Vec::with_capacity(read.len()), Vec::with_capacity(steps.len()));
    let mut scratch = program.scratch();
    for row in 0..dataset.rows() {
        row_values.clear();
        row_values.extend(read.iter().map(|&i| dataset.value_at(row, i)));
        derived.clear();
        program.run_in(&row_values, now(row), &mut derived, &mut scratch);
        cells.iter_mut().zip(&derived).for_each(|(sink, value)| sink.push(value));
    }

    let own = dataset.columns().iter().filter_map(|c| Some((c.clone(), dataset.cells(&c.name)?.clone())));
    let new = outputs.iter().zip(cells).map(|(column, sink)| {
        let name = column.name.clone();
        (Column { source: name.clone(), name, type_: column.type_ }, sink.finish())
    });
    let numbers = (0..dataset.rows()).map(|row| dataset.row_number(row) as u32).collect();
    let with = Dataset::new(dataset.name(), own.chain(new).collect(), dataset.source().clone(), Some(numbers))?;
    let mut roles = roles.clone();
    roles.columns.extend(steps.iter().map(|step| (step.output.clone(), Role::Feature)));
    Ok((with, roles))
}

/// The instant at which a row stands: its time, else `as_of`, as a request of it has it.
fn instants<'a>(dataset: &'a Dataset, roles: &Roles, program: &Program) -> Result<impl Fn(usize) -> i64 + use<'a>> {
    let times = roles.first(Role::Time).and_then(|name| dataset.cells(name));
    let times = if let Some(Cells::Time(times)) = times { Some(times) } else { None };
    if program.asks_now() && times.is_none() && roles.as_of.is_none() {
        return Err(Error::new(
            "the recipe counts the days to the instant of a row, and there is no time column and no `as_of`",
        )
        .hint("set the instant at which these rows stand"));
    }
    let as_of = roles.as_of.unwrap_or(0);
    Ok(move |row: usize| match times.and_then(|times| times.get(row)) {
        Some(&time) if time != Cells::MISSING => time,
        _ => as_of,
    })
}

/// A replacement for missing values: the median of numbers, the most frequent text or truth value.
///
/// # Errors
/// When the column is not there, holds times, or has no value in these rows.
pub fn impute(dataset: &Dataset, rows: &[u32], column: &str) -> Result<Op> {
    let cells = known(dataset, rows, column)?;
    let value = match cells.type_() {
        Type::Number | Type::Integer => {
            let sorted = sorted(cells, rows);
            let median = quantile(&sorted, 0.5);
            if cells.type_() == Type::Integer { Value::Integer(median.round() as i64) } else { Value::Number(median) }
        }
        Type::Text => Value::text(frequent(dataset, rows, column)?.remove(0)),
        Type::Bool => Value::Bool(frequent(dataset, rows, column)?.remove(0) == "true"),
        Type::Time => return Err(Error::new("is a time, which has no usual value").in_column(column)),
    };
    Ok(Op::Impute(value))
}

/// Mean and standard deviation of a number.
///
/// # Errors
/// When the column is not there, is not a number, or is the same in all of these rows.
pub fn scale(dataset: &Dataset, rows: &[u32], column: &str) -> Result<Op> {
    let values = sorted(number(dataset, rows, column)?, rows);
    let n = values.len() as f64;
    let center = values.iter().sum::<f64>() / n;
    let scale = (values.iter().map(|x| (x - center) * (x - center)).sum::<f64>() / n).sqrt();
    if scale > 0.0 && scale.is_finite() {
        Ok(Op::Scale { center, scale })
    } else {
        Err(Error::new("is the same in every row: there is nothing to scale").in_column(column))
    }
}

/// One indicator per category of a text, most frequent first, at most [`MAX_CATEGORIES`].
///
/// # Errors
/// When the column is not there or is not text, or has no value in these rows.
pub fn one_hot(dataset: &Dataset, rows: &[u32], column: &str) -> Result<Vec<Op>> {
    if known(dataset, rows, column)?.type_() != Type::Text {
        return Err(Error::new("is not text, so it has no categories").in_column(column));
    }
    let mut categories = frequent(dataset, rows, column)?;
    categories.truncate(MAX_CATEGORIES);
    Ok(categories.into_iter().map(Op::OneHot).collect())
}

/// `bins` bins of about equal count over a number, fewer where values repeat; labels say the bounds.
///
/// # Errors
/// When the column is not there, is not a number, or has fewer than two different values in these rows.
pub fn bucket(dataset: &Dataset, rows: &[u32], column: &str, bins: usize) -> Result<Op> {
    let values = sorted(number(dataset, rows, column)?, rows);
    let (lowest, bins) = (values[0], bins.max(2));
    let mut edges: Vec<f64> = (1..bins).map(|i| quantile(&values, i as f64 / bins as f64)).collect();
    edges.dedup();
    edges.retain(|edge| *edge > lowest);
    if edges.is_empty() {
        return Err(Error::new("has too few different values for bins").in_column(column));
    }
    Ok(Op::Bucket { labels: bin_labels(&edges), edges })
}

/// Labels of the bins between inner edges, one more than edges: they say the bounds. None without edges.
pub fn bin_labels(edges: &[f64]) -> Vec<String> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Vec::new() };
    let mut labels = vec![format!("below {first}")];
    labels.extend(edges.windows(2).map(|pair| format!("{} to {}", pair[0], pair[1])));
    labels.push(format!("{last} and above"));
    labels
}

/// The cells of a column that has a value in some of `rows`.
fn known<'a>(dataset: &'a Dataset, rows: &[u32], column: &str) -> Result<&'a Cells> {
    let cells = dataset
        .cells(column)
        .ok_or_else(|| Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(column))?;
    if rows.iter().all(|&row| cells.is_missing(row as usize)) {
        return Err(Error::new(format!("has no value in any of the {} rows", rows.len())).in_column(column));
    }
    Ok(cells)
}

fn number<'a>(dataset: &'a Dataset, rows: &[u32], column: &str) -> Result<&'a Cells> {
    let cells = known(dataset, rows, column)?;
    match cells.type_() {
        Type::Number | Type::Integer | Type::Bool => Ok(cells),
        other => Err(Error::new(format!("is a {other} where a number is needed")).in_column(column)),
    }
}

fn sorted(cells: &Cells, rows: &[u32]) -> Vec<f64> {
    let mut values = numbers(cells, rows);
    values.retain(|x| !x.is_nan());
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Linear between order statistics; `sorted` is not empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// The texts of a column by falling count, then by text.
fn frequent(dataset: &Dataset, rows: &[u32], column: &str) -> Result<Vec<String>> {
    let dictionary = dataset.dictionary(column)?;
    let mut counts: Vec<(usize, &str)> = dictionary.values.iter().map(|text| (0, &**text)).collect();
    for &row in rows {
        if let Some(count) = dictionary.codes.get(row as usize).and_then(|&code| counts.get_mut(code as usize)) {
            count.0 += 1;
        }
    }
    counts.retain(|(count, _)| *count > 0);
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    Ok(counts.into_iter().map(|(_, text)| text.to_owned()).collect())
}

/// Cells that are being filled with values of one type.
pub(super) enum Sink {
    Bool(Vec<Option<bool>>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Text(Interner),
    Time(Vec<i64>),
}

impl Sink {
    pub(super) fn new(type_: Type, rows: usize) -> Sink {
        match type_ {
            Type::Bool => Sink::Bool(Vec::with_capacity(rows)),
            Type::Integer => Sink::Integer(Vec::with_capacity(rows)),
            Type::Number => Sink::Number(Vec::with_capacity(rows)),
            Type::Text => Sink::Text(Interner::default()),
            Type::Time => Sink::Time(Vec::with_capacity(rows)),
        }
    }

    /// Appends a value; one of another type counts as missing.
    pub(super) fn push(&mut self, value: &Value) {
        match (self, value) {
            (Sink::Bool(v), value) => v.push(if let Value::Bool(b) = value { Some(*b) } else { None }),
            (Sink::Integer(v), value) => v.push(if let Value::Integer(x) = value { *x } else { Cells::MISSING }),
            (Sink::Number(v), value) => v.push(value.as_f64().unwrap_or(f64::NAN)),
            (Sink::Text(interner), value) => interner.push(value.as_text()),
            (Sink::Time(v), value) => v.push(if let Value::Time(t) = value { *t } else { Cells::MISSING }),
        }
    }

    pub(super) fn finish(self) -> Cells {
        match self {
            Sink::Bool(v) => Cells::Bool(v),
            Sink::Integer(v) => Cells::Integer(v),
            Sink::Number(v) => Cells::Number(v),
            Sink::Text(interner) => Cells::Text(interner.finish()),
            Sink::Time(v) => Cells::Time(v),
        }
    }
}

#[cfg(test)]
#[path = "recipe_tests.rs"]
mod tests;
