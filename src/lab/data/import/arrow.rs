//! Arrow IPC as typed columns: files, which begin with `ARROW1`, and streams.

use super::frame::{self, Part};
use super::{Format, ImportOptions, Table};
use crate::error::Result;
use crate::task::Task;
use polars::prelude::{Column, DataFrame, IntoColumn, IpcReader, PolarsResult, SerReader, Series, polars_err};
use polars_arrow::io::ipc::read::{StreamReader, StreamState, read_stream_metadata};
use std::io::Cursor;

/// Whether bytes begin an Arrow file or stream. A stream begins with a marker and the length of its schema.
pub fn is_arrow(bytes: &[u8]) -> bool {
    let length = |bytes: &[u8]| bytes.get(4..8).map_or(0, |l| u32::from_le_bytes(l.try_into().unwrap_or_default()));
    bytes.starts_with(b"ARROW1") || (bytes.starts_with(&[0xFF; 4]) && (8..1 << 24).contains(&length(bytes)))
}

/// Reads a table, at most about `limit` rows of it. Columns that are not asked for are not decoded.
pub fn read(bytes: &[u8], options: &ImportOptions, limit: Option<usize>, task: &Task) -> Result<Table> {
    task.stage("Reading Arrow")?;
    if !bytes.starts_with(b"ARROW1") {
        let frame = frame::frame("Arrow", || stream(bytes, limit))?;
        return frame::table(Part::whole(frame), Format::Arrow, "Arrow stream", options, task);
    }
    let names = frame::guarded("Arrow", || {
        let schema = IpcReader::new(Cursor::new(bytes)).schema()?;
        PolarsResult::Ok(schema.iter_names().map(ToString::to_string).collect::<Vec<String>>())
    })?;
    let wanted = super::delimited::wanted(options, &names, &crate::data::names::identifiers(&names))?;
    let columns = names.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(name, _)| name.clone()).collect();
    let frame = frame::frame("Arrow", || {
        IpcReader::new(Cursor::new(bytes)).with_columns(Some(columns)).with_n_rows(limit).finish()
    })?;
    let part = Part { total: frame.height(), frame, names, kept: None };
    frame::table(part, Format::Arrow, "Arrow file", options, task)
}

/// The batches of a stream, one below the other.
pub(super) fn stream(bytes: &[u8], limit: Option<usize>) -> PolarsResult<DataFrame> {
    let mut source = Cursor::new(bytes);
    let metadata = read_stream_metadata(&mut source)?;
    let names: Vec<_> = metadata.schema.iter_values().map(|field| field.name.clone()).collect();
    let mut columns: Vec<Series> = Vec::new();
    let mut reader = StreamReader::new(source, metadata, None);
    while columns.first().is_none_or(|column| limit.is_none_or(|limit| column.len() < limit)) {
        let batch = match reader.next() {
            None => break,
            Some(Ok(StreamState::Some(batch))) => batch,
            Some(Ok(StreamState::Waiting)) => {
                return Err(polars_err!(ComputeError: "it ends in the middle of a batch"));
            }
            Some(Err(error)) => return Err(error),
        };
        for (i, (name, array)) in names.iter().zip(batch.into_arrays()).enumerate() {
            let part = Series::try_from((name.clone(), array))?;
            match columns.get_mut(i) {
                Some(column) => {
                    column.append(&part)?;
                }
                None => columns.push(part),
            }
        }
    }
    let rows = columns.first().map_or(0, |column| column.len());
    let columns: Vec<Column> = columns.into_iter().map(IntoColumn::into_column).collect();
    let frame = DataFrame::new(rows, columns)?;
    Ok(limit.map_or(frame.clone(), |limit| frame.head(Some(limit))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::value::{Type, Value};
    use polars::prelude::{CompatLevel, IpcWriter, NamedFrom, SchemaExt, SerWriter};
    use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};

    fn sample() -> DataFrame {
        let columns = vec![
            Series::new("emp.rate".into(), [Some(1.5), None, Some(2.5)]).into_column(),
            Series::new("n".into(), [1i64, -2, 3]).into_column(),
            Series::new("ok".into(), [true, false, true]).into_column(),
            Series::new("name".into(), [Some("07"), Some(" x "), None]).into_column(),
        ];
        DataFrame::new(3, columns).unwrap()
    }

    fn file() -> Vec<u8> {
        let mut bytes = Vec::new();
        IpcWriter::new(&mut bytes).finish(&mut sample()).unwrap();
        bytes
    }

    fn written_as_stream() -> Vec<u8> {
        let (mut bytes, frame) = (Vec::new(), sample());
        let mut writer = StreamWriter::new(&mut bytes, WriteOptions { compression: None });
        let level = CompatLevel::newest();
        writer.start(&frame.schema().to_arrow(level), None).unwrap();
        for _ in 0..2 {
            for batch in frame.iter_chunks(level, false) {
                writer.write(&batch, None).unwrap();
            }
        }
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn files_and_streams_are_read_under_their_own_types() {
        for (bytes, rows) in [(file(), 3), (written_as_stream(), 6)] {
            assert!(is_arrow(&bytes));
            let table = read(&bytes, &ImportOptions::default(), None, &Task::default()).unwrap();
            let found: Vec<(&str, Type)> = table.columns.iter().map(|(c, _)| (c.name.as_str(), c.type_)).collect();
            let expected = [("emp_rate", Type::Number), ("n", Type::Integer), ("ok", Type::Bool), ("name", Type::Text)];
            assert_eq!(found, expected);
            let row = |row: usize| table.columns.iter().map(|(_, cells)| cells.value(row)).collect::<Vec<_>>();
            let second = [Value::Unknown, Value::Integer(-2), Value::Bool(false), Value::text("x")];
            assert_eq!((row(1), table.columns[0].1.len()), (second.to_vec(), rows));
            assert_eq!(row(0)[3], Value::text("07"));
            let few = read(&bytes, &ImportOptions::default(), Some(2), &Task::default()).unwrap();
            assert_eq!(few.columns[0].1.len(), 2);
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for whole in [file(), written_as_stream()] {
            for length in (0..whole.len() - 64).step_by(61) {
                let cut = read(&whole[..length], &ImportOptions::default(), None, &Task::default());
                // A stream that ends between two batches is a shorter stream.
                assert!(cut.is_err() || cut.unwrap().columns[0].1.len() < 6, "{length} bytes");
            }
        }
    }
}
