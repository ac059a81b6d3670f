//! Parquet as typed columns.

use super::{Format, ImportOptions, Table, frame};
use crate::error::Result;
use crate::task::Task;
use polars::prelude::{ParquetReader, SerReader};
use std::io::Cursor;

/// Reads a table, at most `limit` rows of it.
pub fn read(bytes: &[u8], options: &ImportOptions, limit: Option<usize>, task: &Task) -> Result<Table> {
    task.stage("Reading Parquet")?;
    let frame = frame::frame("Parquet", || {
        let reader = ParquetReader::new(Cursor::new(bytes));
        match limit {
            Some(limit) => reader.with_slice(Some((0, limit))).finish(),
            None => reader.finish(),
        }
    })?;
    frame::table(&frame, Format::Parquet, "Parquet", options, task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use attune_policy::value::{Type, Value};
    use polars::prelude::{Column as Series, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, TimeUnit};

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
