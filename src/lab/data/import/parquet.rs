//! Parquet as typed columns. The file says the types; options may ask for others.

use super::json_lines::from_values;
use super::parse::{CellParser, expected};
use super::{BadCell, DateOrder, Format, ImportOptions, Table};
use crate::data::cells::render;
use crate::data::dataset::Column;
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::{Type, Value};
use polars::prelude::{AnyValue, DataFrame, DataType, ParquetReader, SerReader, TimeUnit};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads a table, at most `limit` rows of it.
pub fn read(bytes: &[u8], options: &ImportOptions, limit: Option<usize>, task: &Task) -> Result<Table> {
    task.stage("Reading Parquet")?;
    let frame = frame(bytes, limit)?;
    let mut sources: Vec<String> = frame.columns().iter().map(|c| c.name().to_string()).collect();
    if sources.is_empty() {
        return Err(Error::new("the file has no columns").hint("choose a file that holds a table"));
    }
    if frame.height() == 0 {
        return Err(Error::new("the file names its columns and holds no rows").hint("choose a file with rows"));
    }
    let mut notes = vec![format!("Parquet: {} rows, {} columns, typed by the file.", frame.height(), sources.len())];
    notes.extend(super::delimited::unique_sources(&mut sources));
    let names = names::identifiers(&sources);
    let mut options = options.clone();
    options.format = Some(Format::Parquet);
    options.missing.get_or_insert_with(|| super::parse::MISSING_TOKENS.iter().map(|t| (*t).to_owned()).collect());
    options.csv.decimal_comma.get_or_insert(false);
    options.dates.get_or_insert(DateOrder::DayFirst);
    let parser = CellParser::new(&options);
    let (mut columns, mut bad_cells) = (Vec::new(), Vec::new());
    for ((name, source), column) in names.into_iter().zip(sources).zip(frame.columns()) {
        task.tick(columns.len() as f32 / frame.width() as f32)?;
        let (mut type_, mut values) =
            values(&column.dtype().clone(), column.as_materialized_series().iter(), &source, &mut notes);
        if let Some(wanted) = options.types.get(&source).or_else(|| options.types.get(&name)).copied()
            && wanted != type_
        {
            for (row, value) in values.iter_mut().enumerate() {
                let Some(text) = render(value) else { continue };
                *value = parser.parse(&text, wanted).unwrap_or_else(|_| {
                    bad_cells.push(BadCell {
                        row: row as u64 + 1,
                        line: 0,
                        column: source.clone(),
                        text,
                        expected: expected(wanted).to_owned(),
                    });
                    Value::Unknown
                });
            }
            type_ = wanted;
        }
        columns.push((Column { name, source, type_ }, from_values(&values, type_)));
    }
    bad_cells.sort_by_key(|cell: &BadCell| cell.row);
    Ok(Table { columns, numbers: None, bad_rows: Vec::new(), bad_cells, options, notes })
}

/// The file as a frame. A damaged file is an error, also where the reader would panic.
fn frame(bytes: &[u8], limit: Option<usize>) -> Result<DataFrame> {
    let read = || {
        let reader = ParquetReader::new(Cursor::new(bytes));
        match limit {
            Some(limit) => reader.with_slice(Some((0, limit))).finish(),
            None => reader.finish(),
        }
    };
    let damaged = |what: String| {
        Error::new(format!("the Parquet file cannot be read: {what}")).hint("it may be cut off; write it again")
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(frame)) => Ok(frame),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("it is damaged".to_owned())),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use polars::prelude::{Column as Series, IntoColumn, NamedFrom, ParquetWriter};

    fn file(columns: Vec<Series>) -> Vec<u8> {
        let rows = columns.first().map_or(0, Series::len);
        let mut frame = DataFrame::new(rows, columns).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        bytes
    }

    fn sample() -> Vec<u8> {
        use polars::prelude::Series as S;
        let time =
            S::new("when".into(), [0i64, 86_400_000_000]).cast(&DataType::Datetime(TimeUnit::Microseconds, None));
        file(vec![
            S::new("emp.rate".into(), [Some(1.5), None]).into_column(),
            S::new("n".into(), [1i64, -2]).into_column(),
            S::new("ok".into(), [true, false]).into_column(),
            S::new("name".into(), [Some("7"), Some(" x ")]).into_column(),
            time.unwrap().into_column(),
        ])
    }

    #[test]
    fn types_come_from_the_file() {
        let table = read(&sample(), &ImportOptions::default(), None, &Task::default()).unwrap();
        let found: Vec<(&str, Type)> = table.columns.iter().map(|(c, _)| (c.name.as_str(), c.type_)).collect();
        assert_eq!(
            found,
            [
                ("emp_rate", Type::Number),
                ("n", Type::Integer),
                ("ok", Type::Bool),
                ("name", Type::Text),
                ("when", Type::Time)
            ]
        );
        let row: Vec<Value> = table.columns.iter().map(|(_, cells)| cells.value(1)).collect();
        assert_eq!(
            row,
            [Value::Unknown, Value::Integer(-2), Value::Bool(false), Value::text("x"), Value::Time(86_400_000)]
        );
    }

    #[test]
    fn an_asked_type_lists_the_cells_that_do_not_fit() {
        let mut options = ImportOptions::default();
        options.types.insert("name".into(), Type::Integer);
        let table = read(&sample(), &options, None, &Task::default()).unwrap();
        assert_eq!(table.columns[3].1, Cells::Integer(vec![7, Cells::MISSING]));
        assert_eq!((table.bad_cells.len(), table.bad_cells[0].row, table.bad_cells[0].text.as_str()), (1, 2, "x"));
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        let whole = sample();
        for length in (0..whole.len()).step_by(37) {
            assert!(
                read(&whole[..length], &ImportOptions::default(), None, &Task::default()).is_err(),
                "{length} bytes"
            );
        }
    }
}
