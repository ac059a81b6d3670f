//! Parquet as typed columns. Of a file only the columns that are asked for are read, some row groups at a time, so that neither the
//! other columns nor the rows that a sample leaves out are ever held.

use super::file::size_word;
use super::frame::{self, Part};
use super::rows::is_drawn;
use super::{Bounds, Format, ImportOptions, Table};
use crate::data::names;
use crate::error::{Error, Result};
use crate::task::Task;
use polars::io::mmap::MmapBytesReader;
use polars::prelude::{BooleanChunked, DataFrame, ParquetReader, SerReader};
use std::fs::File;
use std::io::Cursor;
use std::path::Path;

/// Rows read at a time, where a row group is not larger.
const AT_A_TIME: usize = 1 << 18;

/// Reads a table in memory, at most `limit` rows of it.
pub fn read(bytes: &[u8], options: &ImportOptions, limit: Option<usize>, task: &Task) -> Result<Table> {
    read_from(|| Ok(Cursor::new(bytes)), options, limit, &Bounds::default(), task)
}

/// Reads a table from a file, at most `limit` rows of it.
pub fn read_file(
    path: &Path,
    options: &ImportOptions,
    limit: Option<usize>,
    bounds: &Bounds,
    task: &Task,
) -> Result<Table> {
    read_from(|| File::open(path).map_err(|error| super::file::unreadable(&error)), options, limit, bounds, task)
}

fn read_from<R: MmapBytesReader>(
    open: impl Fn() -> Result<R>,
    options: &ImportOptions,
    limit: Option<usize>,
    bounds: &Bounds,
    task: &Task,
) -> Result<Table> {
    task.stage("Reading Parquet")?;
    let source = open()?;
    let (all, groups) = frame::guarded("Parquet", || {
        let mut reader = ParquetReader::new(source);
        let all: Vec<String> = reader.schema()?.iter_names().map(ToString::to_string).collect();
        let groups: Vec<usize> = reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect();
        Ok::<_, polars::error::PolarsError>((all, groups))
    })?;
    let wanted = super::delimited::wanted(options, &all, &names::identifiers(&all))?;
    let columns: Vec<String> =
        all.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(name, _)| name.clone()).collect();
    let total = groups.iter().sum::<usize>().min(limit.unwrap_or(usize::MAX));
    // A preview shows the first rows, whatever is drawn.
    let sample = options.sample.filter(|_| limit.is_none());
    let (mut frame, mut kept): (Option<DataFrame>, Vec<u32>) = (None, Vec::new());
    for (from, rows) in slices(&groups, total) {
        task.tick(from as f32 / total.max(1) as f32)?;
        let source = open()?;
        let part = frame::guarded("Parquet", || {
            let reader = ParquetReader::new(source).with_columns(Some(columns.clone()));
            let mut part = reader.with_slice(Some((from, rows))).finish()?;
            if let Some(n) = sample {
                let drawn: Vec<bool> = (from..from + part.height()).map(|row| is_drawn(row as u64, n)).collect();
                kept.extend(
                    drawn.iter().enumerate().filter(|(_, drawn)| **drawn).map(|(row, _)| (from + row + 1) as u32),
                );
                let mask: BooleanChunked = drawn.into_iter().collect();
                part = part.filter(&mask)?;
            }
            Ok::<_, polars::error::PolarsError>(match frame.take() {
                None => part,
                Some(mut before) => {
                    before.vstack_mut(&part)?;
                    before
                }
            })
        })?;
        // Cells of a table take about the room of the frame, and both are held for a moment.
        if part.estimated_size() as u64 > bounds.memory / 2 {
            return Err(Error::new(format!(
                "the table needs more than {} of memory: {} of {total} rows took that much",
                size_word(bounds.memory),
                from + rows
            ))
            .hint("read fewer columns, or a sample of the rows"));
        }
        frame = Some(part);
    }
    let frame = frame.unwrap_or_default();
    let part = Part { frame, names: all, total, kept: sample.map(|_| kept) };
    frame::table(part, Format::Parquet, "Parquet", options, task)
}

/// Where to begin and how many rows to read, row groups together that are small.
fn slices(groups: &[usize], total: usize) -> Vec<(usize, usize)> {
    let (mut slices, mut from, mut rows) = (Vec::new(), 0, 0);
    for group in groups {
        rows += group;
        if rows >= AT_A_TIME {
            slices.push((from, rows));
            (from, rows) = (from + rows, 0);
        }
    }
    slices.push((from, rows));
    slices.retain(|(from, rows)| *rows > 0 && *from < total);
    slices.iter().map(|(from, rows)| (*from, (*rows).min(total - from))).collect()
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

    #[test]
    fn columns_and_rows_are_left_out_where_they_are_read() {
        use polars::prelude::Series as S;
        let rows = 1_000i64;
        let wide: Vec<String> = (0..rows).map(|i| format!("{i} {}", "x".repeat(2_000))).collect();
        let mut frame = DataFrame::new(
            rows as usize,
            vec![
                S::new("a.b".into(), (0..rows).collect::<Vec<_>>()).into_column(),
                S::new("a b".into(), (0..rows).map(|i| i * 2).collect::<Vec<_>>()).into_column(),
                S::new("wide".into(), wide).into_column(),
            ],
        )
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let file = File::create(&path).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(64)).finish(&mut frame).unwrap();
        // The wide column alone needs more than there is room for.
        let bounds = Bounds { memory: 1 << 20, ..Bounds::default() };
        let read = |options: &ImportOptions| read_file(&path, options, None, &bounds, &Task::default());
        let refused = read(&ImportOptions::default()).err().unwrap().to_string();
        assert!(refused.contains("the table needs more than 1.0 MiB of memory"), "{refused}");
        let some = ImportOptions { only: Some(vec!["a b".into()]), ..ImportOptions::default() };
        let table = read(&some).unwrap();
        // It is called as it would be beside the other columns.
        assert_eq!((table.columns.len(), table.columns[0].0.name.as_str()), (1, "a_b_2"));
        assert_eq!(table.columns[0].1.value(999), Value::Integer(1_998));
        let sample = ImportOptions { sample: Some(10), ..ImportOptions::default() };
        let table = read(&sample).unwrap();
        let numbers = table.numbers.unwrap();
        assert!((60..140).contains(&numbers.len()), "{}", numbers.len());
        for (row, number) in numbers.iter().enumerate() {
            assert_eq!(table.columns[0].1.value(row), Value::Integer(i64::from(*number) - 1));
        }
        assert!(
            table.notes.iter().any(|note| note.contains(&format!("{} of 1000", numbers.len()))),
            "{:?}",
            table.notes
        );
        let gone = ImportOptions { only: Some(vec!["wid".into()]), ..ImportOptions::default() };
        assert!(read(&gone).err().unwrap().to_string().contains("did you mean `wide`?"));
    }

    #[test]
    fn slices_hold_whole_row_groups_and_every_row_once() {
        let half = AT_A_TIME / 2;
        for (groups, total, expected) in [
            (vec![], 0, vec![]),
            (vec![5, 6], 11, vec![(0, 11)]),
            (vec![5, 6], 7, vec![(0, 7)]),
            (vec![half, half, 3], AT_A_TIME + 3, vec![(0, AT_A_TIME), (AT_A_TIME, 3)]),
            (vec![AT_A_TIME * 2, 9], AT_A_TIME * 2 + 9, vec![(0, AT_A_TIME * 2), (AT_A_TIME * 2, 9)]),
        ] {
            assert_eq!(slices(&groups, total), expected, "{groups:?}");
        }
    }
}
