//! A file without some of its rows, for the erasure of a person: Parquet and Arrow IPC as bytes again, under the same schema and in the
//! same order. It reads back what it wrote and compares, so that nothing else can have changed; what it cannot hold so, it leaves
//! alone. It touches no file: who calls it has the bytes, and replaces the file at once.
//!
//! How columns are encoded and packed is the writer's choice; what they hold is not. Workbooks are not rewritten: formats, formulas and
//! other sheets would not survive it.

use super::arrow::is_arrow;
use super::{Format, arrow, frame};
use crate::error::{Error, Result};
use polars::prelude::{
    BooleanChunked, CompatLevel, DataFrame, DataType, IpcReader, IpcWriter, ParquetReader, ParquetWriter, PolarsResult,
    SchemaExt, SerReader, SerWriter,
};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};
use std::io::Cursor;

/// Containers that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Parquet,
    ArrowFile,
    ArrowStream,
}

/// The bytes without the rows whose `key` (a column of the file) is gone, as its cells print, and how many went; `None` when no row did.
///
/// # Errors
/// When the format is not one of these, the bytes are packed or damaged, there is no such column, or what was written is not what was
/// read.
pub fn without(
    bytes: &[u8],
    format: Format,
    key: &str,
    is_gone: &dyn Fn(&str) -> bool,
) -> Result<Option<(Vec<u8>, u64)>> {
    let container = match format {
        Format::Parquet if bytes.starts_with(b"PAR1") => Container::Parquet,
        Format::Arrow if bytes.starts_with(b"ARROW1") => Container::ArrowFile,
        Format::Arrow if is_arrow(bytes) => Container::ArrowStream,
        Format::Parquet | Format::Arrow => {
            return Err(Error::new("is packed, and rows are not taken out of packed files").hint("unpack it first"));
        }
        _ => return Err(Error::new("is no Parquet or Arrow file")),
    };
    let whole = container.read(bytes)?;
    let failed = |error: polars::error::PolarsError| Error::new(format!("could not be rewritten: {error}"));
    let column = whole.column(key).map_err(|_| Error::new("there is no such column").in_column(key))?;
    let texts = column.cast(&DataType::String).map_err(failed)?;
    let texts = texts.str().map_err(failed)?;
    let keeps: Vec<bool> = texts.iter().map(|text| !text.is_some_and(|text| is_gone(text.trim()))).collect();
    let removed = keeps.iter().filter(|keep| !**keep).count() as u64;
    if removed == 0 {
        return Ok(None);
    }
    let mask: BooleanChunked = keeps.into_iter().collect();
    let mut kept = whole.filter(&mask).map_err(failed)?;
    kept.rechunk_mut();
    let written = container.write(&mut kept).map_err(failed)?;
    let again = container.read(&written)?;
    if again.schema() != whole.schema() || !again.equals_missing(&kept) {
        return Err(Error::new("would not be the same but for the rows of the subject, so it was left alone"));
    }
    Ok(Some((written, removed)))
}

impl Container {
    fn read(self, bytes: &[u8]) -> Result<DataFrame> {
        match self {
            Container::Parquet => frame::frame("Parquet", || ParquetReader::new(Cursor::new(bytes)).finish()),
            Container::ArrowFile => frame::frame("Arrow", || IpcReader::new(Cursor::new(bytes)).finish()),
            Container::ArrowStream => frame::frame("Arrow", || arrow::stream(bytes, None)),
        }
    }

    fn write(self, frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Container::Parquet => {
                ParquetWriter::new(&mut bytes).finish(frame)?;
            }
            Container::ArrowFile => IpcWriter::new(&mut bytes).finish(frame)?,
            Container::ArrowStream => {
                let level = CompatLevel::newest();
                let mut writer = StreamWriter::new(&mut bytes, WriteOptions { compression: None });
                writer.start(&frame.schema().to_arrow(level), None)?;
                for batch in frame.iter_chunks(level, false) {
                    writer.write(&batch, None)?;
                }
                writer.finish()?;
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use polars::prelude::{Column, IntoColumn, NamedFrom, Series, TimeUnit};

    /// A table with every type that is read, as a file of each kind: name of the file and bytes. Rows 1 and 3 are of subject 12346.
    pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
        let each = [
            ("c.parquet", Container::Parquet),
            ("c.arrow", Container::ArrowFile),
            ("c.arrows", Container::ArrowStream),
        ];
        each.map(|(name, container)| (name, container.write(&mut sample()).unwrap())).into()
    }

    fn sample() -> DataFrame {
        let time = Series::new("when".into(), [0i64, 86_400_000_000, 5, 7]);
        let columns: Vec<Column> = vec![
            Series::new("note".into(), [Some("b"), None, Some(""), Some("ü")]).into_column(),
            Series::new("customer_id".into(), [Some(12_346i64), Some(12_350), Some(12_346), None]).into_column(),
            Series::new("small".into(), [1.5f32, f32::NAN, -0.0, 3.25]).into_column(),
            Series::new("ok".into(), [Some(true), None, Some(false), Some(true)]).into_column(),
            time.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap().into_column(),
        ];
        DataFrame::new(4, columns).unwrap()
    }

    #[test]
    fn the_rows_go_and_nothing_else_changes() {
        let whole = sample();
        let left: BooleanChunked = [false, true, false, true].into_iter().collect();
        let expected = whole.filter(&left).unwrap();
        for (name, bytes) in files() {
            let format = if name.ends_with("parquet") { Format::Parquet } else { Format::Arrow };
            let gone = |text: &str| text == "12346";
            let (kept, removed) = without(&bytes, format, "customer_id", &gone).unwrap().unwrap();
            assert_eq!(removed, 2, "{name}");
            let container = match name {
                "c.parquet" => Container::Parquet,
                "c.arrow" => Container::ArrowFile,
                _ => Container::ArrowStream,
            };
            let again = container.read(&kept).unwrap();
            assert!(again.equals_missing(&expected) && again.schema() == whole.schema(), "{name}: {again:?}");
            assert_eq!(without(&kept, format, "customer_id", &gone).unwrap(), None, "{name}: nobody is left to go");
            let words = without(&bytes, format, "customer", &gone).unwrap_err().to_string();
            assert!(words.contains("no such column"), "{words}");
            for length in (0..bytes.len()).step_by(97) {
                // Cut off anywhere it is refused, or, between the batches of a stream, shorter.
                let cut = without(&bytes[..length], format, "customer_id", &gone);
                assert!(cut.is_err() || name == "c.arrows", "{name}, {length} bytes");
            }
        }
        let packed = [0x1F, 0x8B, 8, 0, 0];
        let words = without(&packed, Format::Parquet, "a", &|_| true).unwrap_err().to_string();
        assert!(words.contains("packed"), "{words}");
        assert!(without(b"a\n1\n", Format::Csv, "a", &|_| true).is_err());
    }
}
