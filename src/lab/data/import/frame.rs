//! Data frames of typed file formats as columns. The file says the types; options may ask for others.

use super::json_lines::from_values;
use super::parse::{CellParser, expected};
use super::rows::is_drawn;
use super::{BadCell, DateOrder, Format, ImportOptions, Table};
use crate::data::cells::{Cells, render};
use crate::data::dataset::Column;
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::{Type, Value};
use polars::prelude::{AnyValue, DataFrame, DataType, Series, TimeUnit};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What was read of a file.
pub struct Part {
    /// The columns that are wanted, or all of them.
    pub frame: DataFrame,
    /// All columns of the file.
    pub names: Vec<String>,
    /// Rows of the file.
    pub total: usize,
    /// Numbers of the rows of the frame, where a sample was drawn already.
    pub kept: Option<Vec<u32>>,
}

impl Part {
    /// All of a file.
    pub fn whole(frame: DataFrame) -> Part {
        let names = frame.columns().iter().map(|c| c.name().to_string()).collect();
        Part { total: frame.height(), frame, names, kept: None }
    }
}

/// Reads a frame of a format called `word`. A damaged file is an error, also where the reader would panic.
pub fn frame<E: std::fmt::Display>(
    word: &str,
    read: impl FnOnce() -> std::result::Result<DataFrame, E>,
) -> Result<DataFrame> {
    guarded(word, read)
}

/// As [`frame`], for anything that is read.
pub fn guarded<T, E: std::fmt::Display>(word: &str, read: impl FnOnce() -> std::result::Result<T, E>) -> Result<T> {
    let damaged = |what: String| {
        Error::new(format!("the {word} file cannot be read: {what}")).hint("it may be cut off; write it again")
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("it is damaged".to_owned())),
    }
}

/// A frame as a table.
pub fn table(part: Part, format: Format, word: &str, options: &ImportOptions, task: &Task) -> Result<Table> {
    let Part { frame, names: raw, total, kept } = part;
    let mut sources = raw.clone();
    if sources.is_empty() {
        return Err(Error::new("the file has no columns").hint("choose a file that holds a table"));
    }
    if total == 0 {
        return Err(Error::new("the file names its columns and holds no rows").hint("choose a file with rows"));
    }
    let mut notes = vec![format!("{word}: {total} rows, {} columns, typed by the file.", sources.len())];
    notes.extend(super::delimited::unique_sources(&mut sources));
    let names = names::identifiers(&sources);
    let wanted = super::delimited::wanted(options, &sources, &names)?;
    let mut options = options.clone();
    options.format = Some(format);
    options.missing.get_or_insert_with(|| super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    options.csv.decimal_comma.get_or_insert(false);
    options.dates.get_or_insert(DateOrder::DayFirst);
    options.zone.get_or_insert_with(|| "UTC".to_owned());
    options.pivot.get_or_insert(super::dates::PIVOT);
    let parser = CellParser::new(&options);
    let (mut columns, mut bad_cells, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    let each = names.into_iter().zip(sources).zip(&raw).zip(wanted);
    for (((name, source), raw), _) in each.filter(|(_, wanted)| *wanted) {
        let missing = |_| Error::new("the column was not read").in_column(&source);
        let column = frame.column(raw).map_err(missing)?;
        task.tick(columns.len() as f32 / frame.width() as f32)?;
        let series = column.as_materialized_series();
        let wanted = options.types.get(&source).or_else(|| options.types.get(&name)).copied();
        let mut cells = cells(series, &source, &mut notes);
        if let (DataType::Datetime(_, None), Cells::Time(values)) = (series.dtype(), &mut cells) {
            naive.push(source.clone());
            if let Some(zone) = &parser.dates().zone {
                let known = values.iter_mut().filter(|value| **value != Cells::MISSING);
                known.for_each(|value| *value = zone.instant(*value));
            }
        }
        if let Some(own) = parser.of_column(&options, &source, &name) {
            without_marks(&mut cells, &own);
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != cells.type_()) {
            let mut values: Vec<Value> = (0..cells.len()).map(|row| cells.value(row)).collect();
            for (row, value) in values.iter_mut().enumerate() {
                let Some(text) = render(value) else { continue };
                *value = parser.parse(&text, wanted).unwrap_or_else(|_| {
                    bad_cells.push(BadCell {
                        row: kept.as_ref().map_or(row as u64 + 1, |kept| u64::from(kept[row])),
                        line: 0,
                        column: source.clone(),
                        text,
                        expected: expected(wanted).to_owned(),
                    });
                    Value::Unknown
                });
            }
            cells = from_values(&values, wanted);
        }
        columns.push((Column { name, source, type_: cells.type_() }, cells));
    }
    notes.extend(super::times::naive_columns(&naive, &options));
    bad_cells.sort_by_key(|cell: &BadCell| cell.row);
    let mut numbers = None;
    if let Some(n) = options.sample {
        let drawn =
            || (0..frame.height() as u32).filter(|row| is_drawn(u64::from(*row), n)).map(|row| row + 1).collect();
        let is_drawn_already = kept.is_some();
        let kept: Vec<u32> = kept.unwrap_or_else(drawn);
        if kept.is_empty() {
            return Err(
                Error::new(format!("the sample is empty: none of {total} rows is in it")).hint("keep more of the rows")
            );
        }
        notes.push(format!("A sample: one row in {n} was kept, {} of {total}.", kept.len()));
        if !is_drawn_already {
            let rows: Vec<u32> = kept.iter().map(|number| number - 1).collect();
            columns.iter_mut().for_each(|(_, cells): &mut (Column, Cells)| *cells = cells.select(&rows));
            bad_cells.retain(|bad| is_drawn(bad.row - 1, n));
        }
        numbers = Some(kept);
    }
    Ok(Table { columns, numbers, bad_rows: Vec::new(), bad_cells, options, notes })
}

/// Makes the cells missing that say so in their column.
fn without_marks(cells: &mut Cells, own: &CellParser) {
    let is_mark = |value: &Value| render(value).is_some_and(|text| own.is_missing(&text));
    let rows: Vec<usize> = (0..cells.len()).filter(|row| is_mark(&cells.value(*row))).collect();
    if rows.is_empty() {
        return;
    }
    let mut values: Vec<Value> = (0..cells.len()).map(|row| cells.value(row)).collect();
    rows.into_iter().for_each(|row| values[row] = Value::Unknown);
    *cells = from_values(&values, cells.type_());
}

/// The cells of a column: the common types as they are stored, the rest value by value.
fn cells(series: &Series, source: &str, notes: &mut Vec<String>) -> Cells {
    let whole = |x: Option<i64>| x.unwrap_or(Cells::MISSING);
    match series.dtype() {
        DataType::Int64 => {
            if let Ok(values) = series.i64() {
                return Cells::Integer(values.iter().map(whole).collect());
            }
        }
        DataType::Float64 => {
            if let Ok(values) = series.f64() {
                let finite = |x: Option<f64>| x.filter(|x| x.is_finite()).unwrap_or(f64::NAN);
                return Cells::Number(values.iter().map(finite).collect());
            }
        }
        DataType::Boolean => {
            if let Ok(values) = series.bool() {
                return Cells::Bool(values.iter().collect());
            }
        }
        DataType::String => {
            if let Ok(values) = series.str() {
                let text = |s: Option<&'_ str>| s.map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned);
                let texts: Vec<Option<String>> = values.iter().map(text).collect();
                return Cells::from_texts(texts.iter().map(Option::as_deref));
            }
        }
        _ => {}
    }
    let (type_, values) = values(&series.dtype().clone(), series.iter(), source, notes);
    from_values(&values, type_)
}

/// The values of a column and their type.
fn values<'a>(
    dtype: &DataType,
    cells: impl Iterator<Item = AnyValue<'a>>,
    source: &str,
    notes: &mut Vec<String>,
) -> (Type, Vec<Value>) {
    let mut odd = false;
    let mut values: Vec<Value> = cells
        .map(|cell| match cell {
            AnyValue::Null => Value::Unknown,
            AnyValue::Boolean(b) => Value::Bool(b),
            AnyValue::String(s) => text(s),
            AnyValue::StringOwned(s) => text(&s),
            AnyValue::Float32(x) => Value::number(f64::from(x)),
            AnyValue::Float64(x) => Value::number(x),
            AnyValue::Date(days) => Value::Time(i64::from(days) * 86_400_000),
            AnyValue::Datetime(t, unit, _) => Value::Time(milliseconds(t, unit)),
            AnyValue::DatetimeOwned(t, unit, _) => Value::Time(milliseconds(t, unit)),
            ref other if dtype.is_integer() => match other.extract::<i128>() {
                Some(i) => i64::try_from(i).map_or_else(|_| Value::number(i as f64), Value::Integer),
                None => Value::Unknown,
            },
            ref other => match other.extract::<f64>() {
                Some(x) if dtype.is_primitive_numeric() => Value::number(x),
                _ => {
                    odd = true;
                    Value::text(other.to_string())
                }
            },
        })
        .collect();
    let mut type_ = match dtype {
        DataType::Boolean => Type::Bool,
        DataType::Date | DataType::Datetime(..) => Type::Time,
        dtype if dtype.is_integer() => Type::Integer,
        dtype if dtype.is_primitive_numeric() => Type::Number,
        _ => Type::Text,
    };
    if type_ == Type::Integer && values.iter().any(|v| matches!(v, Value::Number(_))) {
        notes.push(format!("`{source}` holds whole numbers larger than 64 bits; it is read as numbers."));
        for value in &mut values {
            *value = value.as_f64().map_or(Value::Unknown, Value::number);
        }
        type_ = Type::Number;
    }
    if odd {
        notes.push(format!("`{source}` is {dtype}; it is shown as text."));
    }
    (type_, values)
}

/// Text without spaces around it; blank is missing.
fn text(s: &str) -> Value {
    let s = s.trim();
    if s.is_empty() { Value::Unknown } else { Value::text(s) }
}

fn milliseconds(t: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => t.div_euclid(1_000_000),
        TimeUnit::Microseconds => t.div_euclid(1_000),
        TimeUnit::Milliseconds => t,
    }
}
