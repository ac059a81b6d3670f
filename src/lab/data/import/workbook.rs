//! Sheets of Excel and OpenDocument workbooks as tables. A sheet becomes delimited text, one line per row, and is read like any
//! other: the same types, notes and lists of what does not fit. Formulas are not computed: their saved results are read.

use super::delimited::{self, Reading};
use super::file::size_word;
use super::text::Input;
use super::{Bounds, Encoding, Format, ImportOptions, Table};
use crate::error::{Error, Result};
use crate::task::Task;
use calamine::{Data, Range, Reader, SheetType, SheetVisible, Sheets};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Divides the cells of a row; no keyboard has it.
const DELIMITER: char = '\u{1F}';
/// Rows among which the names of the columns are looked for.
const HEADER_ROWS: usize = 20;

/// Whether bytes are a workbook rather than another archive or another document.
pub fn is_workbook(bytes: &[u8], extension: &str) -> bool {
    const EXTENSIONS: [&str; 9] = ["xlsx", "xlsm", "xlam", "xltx", "xlsb", "xls", "xla", "ods", "fods"];
    let zip = bytes.starts_with(b"PK\x03\x04");
    let old = bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
    let names = |name: &[u8]| bytes.windows(name.len()).take(1 << 16).any(|window| window == name);
    old || (zip
        && (EXTENSIONS.contains(&extension) || names(b"[Content_Types].xml") || names(b"opendocument.spreadsheet")))
}

/// Reads the sheet that the options name, else the first one that is visible and holds something.
pub fn read(bytes: &[u8], options: &ImportOptions, bounds: &Bounds, task: &Task) -> Result<Table> {
    task.stage("Reading the workbook")?;
    refuse_bomb(bytes, bounds)?;
    let damaged = |what: String| {
        Error::new(format!("the workbook cannot be read: {what}")).hint("it may be cut off or locked; save it again")
    };
    let open = || -> std::result::Result<Book, String> {
        let mut book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let sheets: Vec<String> = book
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| (sheet.visible == SheetVisible::Visible, sheet.name.clone()))
            .map(|(visible, name)| if visible { name } else { format!("{name}{HIDDEN}") })
            .collect();
        let found = choose(&mut book, &sheets, options.workbook.sheet.as_deref())?;
        Ok(Book { sheets: sheets.iter().map(|name| shown(name).to_owned()).collect(), found })
    };
    // The reader may stumble over what is damaged.
    let book =
        catch_unwind(AssertUnwindSafe(open)).map_err(|_| damaged("it is damaged".to_owned()))?.map_err(damaged)?;
    let Some((sheet, range)) = book.found else {
        return Err(match &options.workbook.sheet {
            Some(asked) => {
                let near = attune_policy::suggest::nearest(asked, book.sheets.iter().map(String::as_str));
                let error = Error::new(format!("the workbook has no sheet `{asked}`"));
                match near {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!("it has {}", book.sheets.join(", "))),
                }
            }
            None => Error::new("no sheet of the workbook holds anything").hint("choose a file that holds a table"),
        });
    };
    task.tick(0.5)?;
    table(&range, &sheet, &book.sheets, options, bounds, task)
}

/// What is wanted of a workbook.
struct Book {
    sheets: Vec<String>,
    found: Option<(String, Range<Data>)>,
}

/// Marks the name of a hidden sheet.
const HIDDEN: char = '\u{0}';

fn shown(name: &str) -> &str {
    name.trim_end_matches(HIDDEN)
}

type Found = std::result::Result<Option<(String, Range<Data>)>, String>;

fn choose(book: &mut Sheets<Cursor<&[u8]>>, sheets: &[String], asked: Option<&str>) -> Found {
    let visible = |name: &&String| !name.ends_with(HIDDEN);
    let candidates: Vec<&String> = match asked {
        Some(asked) => sheets.iter().filter(|name| shown(name) == asked).collect(),
        None => sheets.iter().filter(visible).chain(sheets.iter().filter(|name| !visible(name))).collect(),
    };
    for name in candidates {
        let range = book.worksheet_range(shown(name)).map_err(|error| error.to_string())?;
        if asked.is_some() || range.used_cells().next().is_some() {
            return Ok(Some((shown(name).to_owned(), range)));
        }
    }
    Ok(None)
}

fn table(
    range: &Range<Data>,
    sheet: &str,
    sheets: &[String],
    options: &ImportOptions,
    bounds: &Bounds,
    task: &Task,
) -> Result<Table> {
    let mut notes = Vec::new();
    let others: Vec<&str> = sheets.iter().map(String::as_str).filter(|name| *name != sheet).collect();
    notes.push(match others.len() {
        0 => format!("Sheet `{sheet}`."),
        _ => format!("Sheet `{sheet}`; the workbook also has {}.", others.join(", ")),
    });
    let empty = |row: &[Data]| row.iter().all(is_empty);
    let first_row = range.start().map_or(0, |(row, _)| row as usize);
    let rows: Vec<(usize, &[Data])> =
        range.rows().enumerate().map(|(i, row)| (first_row + i + 1, row)).filter(|(_, row)| !empty(row)).collect();
    if rows.is_empty() {
        return Err(Error::new(format!("sheet `{sheet}` is empty")).hint("choose another sheet"));
    }
    let header = match options.workbook.header_row {
        Some(asked) => rows.iter().position(|(row, _)| *row == asked as usize).ok_or_else(|| {
            Error::new(format!("row {asked} of sheet `{sheet}` is empty and names no columns"))
                .hint("choose another row")
        })?,
        None => header_of(&rows),
    };
    if header > 0 {
        let titles: Vec<String> = rows[..header].iter().map(|(_, row)| words(row)).collect();
        notes.push(format!("Passed over above the table: {}", titles.join(" / ")));
    }
    // Columns in which nothing stands, beside the table or inside it, are none.
    let width = range.width();
    let used: Vec<usize> =
        (0..width).filter(|column| rows[header..].iter().any(|(_, row)| !is_empty(&row[*column]))).collect();
    if let (Some(first), Some(last)) = (used.first(), used.last())
        && last - first + 1 > used.len()
    {
        notes.push(format!("{} columns without any cell were left out.", last - first + 1 - used.len()));
    }
    let mut text = String::new();
    let mut places = Vec::with_capacity(rows.len() - header);
    let mut kinds = vec![Kinds::default(); used.len()];
    for (i, (place, row)) in rows[header..].iter().enumerate() {
        if i % 4_096 == 0 {
            task.tick(0.5 + 0.5 * i as f32 / rows.len() as f32)?;
        }
        for (n, column) in used.iter().enumerate() {
            if n > 0 {
                text.push(DELIMITER);
            }
            if i > 0 {
                kinds[n].add(&row[*column]);
            }
            push(&mut text, &row[*column]);
        }
        text.push('\n');
        places.push(*place as u64);
        if text.len() as u64 > bounds.memory {
            return Err(Error::new(format!("sheet `{sheet}` needs more than {}", size_word(bounds.memory)))
                .hint("save it as CSV, which is read piece by piece"));
        }
    }
    let mut inner = options.clone();
    inner.format = Some(Format::Csv);
    inner.csv.delimiter = Some(DELIMITER);
    inner.csv.quote = Some('"');
    if inner.csv.header.is_none() && options.workbook.header_row.is_some() {
        inner.csv.header = Some(true);
    }
    let reading =
        Reading { input: Input::Memory(text.as_bytes()), encoding: Encoding::Utf8, head: &text, hashed: false, bounds };
    let mut table = delimited::read(&reading, &inner, task)?.table;
    // How the text in between was written is nobody's concern.
    table.notes.retain(|note| !note.starts_with("Fields are divided") && !note.starts_with("One column"));
    let named = table.options.csv.header == Some(true);
    for (n, kinds) in kinds.iter().enumerate() {
        if let Some((column, cells)) = table.columns.get(n)
            && kinds.texts > 0
            && options.only.is_none()
            && matches!(cells.type_(), attune_policy::value::Type::Integer | attune_policy::value::Type::Number)
        {
            notes.push(format!("`{}`: {} numbers are stored as text.", column.source, kinds.texts));
        }
    }
    notes.append(&mut table.notes);
    table.notes = notes;
    table.options.format = Some(Format::Workbook);
    table.options.csv.delimiter = None;
    table.options.csv.quote = None;
    table.options.workbook.sheet = Some(sheet.to_owned());
    if named {
        table.options.workbook.header_row = places.first().map(|place| *place as u32);
    }
    let line = |row: u64| places.get(row as usize - usize::from(!named)).copied().unwrap_or(0);
    table.bad_cells.iter_mut().for_each(|bad| bad.line = line(bad.row));
    table.bad_rows.iter_mut().for_each(|bad| bad.line = line(bad.row));
    Ok(table)
}

/// Position of the row that names the columns, or of the first row when none does: the first with as many cells as most rows below.
fn header_of(rows: &[(usize, &[Data])]) -> usize {
    let cells = |row: &[Data]| row.iter().filter(|cell| !is_empty(cell)).count();
    let widest = rows.iter().take(HEADER_ROWS * 2).map(|(_, row)| cells(row)).max().unwrap_or(0);
    let enough = (widest / 2 + 1).min(widest);
    rows.iter().take(HEADER_ROWS).position(|(_, row)| cells(row) >= enough).unwrap_or(0)
}

/// What kinds of cells a column has.
#[derive(Clone, Default)]
struct Kinds {
    /// Texts that look like numbers begin with a digit or a sign.
    texts: usize,
}

impl Kinds {
    fn add(&mut self, cell: &Data) {
        if let Data::String(text) = cell {
            self.texts += usize::from(text.trim().starts_with(|c: char| c.is_ascii_digit() || "+-.,$€£".contains(c)));
        }
    }
}

fn is_empty(cell: &Data) -> bool {
    match cell {
        Data::Empty => true,
        Data::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The texts of a row, for people.
fn words(row: &[Data]) -> String {
    let mut all = Vec::new();
    for cell in row.iter().filter(|cell| !is_empty(cell)) {
        let mut text = String::new();
        push(&mut text, cell);
        all.push(text.trim_matches('"').to_owned());
    }
    all.join(", ")
}

/// Appends a cell as text that reads back as what it is.
fn push(text: &mut String, cell: &Data) {
    match cell {
        Data::Empty => {}
        Data::Int(i) => text.push_str(&i.to_string()),
        Data::Float(x) if x.is_finite() => text.push_str(&number(*x)),
        Data::Float(_) => {}
        Data::Bool(b) => text.push_str(if *b { "true" } else { "false" }),
        Data::Error(error) => text.push_str(&error.to_string()),
        Data::DateTimeIso(when) => text.push_str(when.trim()),
        Data::DurationIso(length) => text.push_str(length.trim()),
        Data::DateTime(when) if when.is_datetime() && when.as_f64() >= 0.0 => {
            // Day 60 of the calendar that begins in 1900 is the 29th of February, which was none: it is listed.
            let (year, month, day, hour, minute, second, milli) = when.to_ymd_hms_milli();
            text.push_str(&format!("{year:04}-{month:02}-{day:02}"));
            if (hour, minute, second, milli) != (0, 0, 0, 0) {
                text.push_str(&format!("T{hour:02}:{minute:02}:{second:02}"));
                if milli > 0 {
                    text.push_str(&format!(".{milli:03}"));
                }
            }
        }
        // Lengths of time are numbers of days, as the sheet keeps them.
        Data::DateTime(length) => text.push_str(&number(length.as_f64())),
        Data::String(words) => {
            let words = words.trim();
            if words.contains(['"', DELIMITER, '\n', '\r']) {
                text.push('"');
                text.push_str(&words.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(words);
            }
        }
    }
}

/// A number with as many digits as it takes to read it back, whole ones without decimals.
fn number(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0 { format!("{}", x as i64) } else { format!("{x}") }
}

/// Refuses an archive whose parts claim to unpack to more than may be held.
fn refuse_bomb(bytes: &[u8], bounds: &Bounds) -> Result<()> {
    if !bytes.starts_with(b"PK") {
        return Ok(());
    }
    let word = |at: usize| bytes.get(at..at + 4).map(|w| u32::from_le_bytes(w.try_into().unwrap_or_default()));
    // Each part has an entry in the directory at the end, with its unpacked size (APPNOTE.TXT 4.3.12).
    let unpacked: u64 = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, signature)| *signature == b"PK\x01\x02")
        .filter_map(|(at, _)| word(at + 24))
        .map(u64::from)
        .sum();
    if unpacked > bounds.memory / 4 {
        return Err(Error::new(format!(
            "the workbook unpacks to {}, too much to be held in memory",
            size_word(unpacked)
        ))
        .hint("save the sheet as CSV, which is read piece by piece"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::DateOrder;
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    fn day(serial: f64, since_1904: bool) -> String {
        let mut text = String::new();
        push(&mut text, &Data::DateTime(ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, since_1904)));
        text
    }

    #[test]
    fn serial_days_are_dates_of_both_calendars() {
        let cases = [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (60.0, false, "1900-02-29"),
            (61.0, false, "1900-03-01"),
            (45_657.0, false, "2024-12-31"),
            (45_657.5, false, "2024-12-31T12:00:00"),
            (45_657.999_988_425_93, false, "2024-12-31T23:59:59"),
            (0.0, true, "1904-01-01"),
            (44_195.0, true, "2024-12-31"),
        ];
        for (serial, since_1904, expected) in cases {
            assert_eq!(day(serial, since_1904), expected, "{serial}");
        }
        // The day that Lotus invented and Excel kept is no date and is listed.
        assert_eq!(crate::data::import::dates::parse("1900-02-29", DateOrder::DayFirst), None);
    }
}

#[cfg(test)]
#[path = "workbook_tests.rs"]
mod files;
