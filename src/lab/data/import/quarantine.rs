//! What an import could not use, as a file that people correct and import again: nothing is lost.

use super::{BadCell, BadRow};
use crate::error::{Error, Result};
use std::path::Path;

/// Names of the columns of such a file.
pub const COLUMNS: [&str; 5] = ["row", "line", "column", "text", "reason"];

/// Writes rows that were set aside and cells that became missing, by row, as CSV with the columns of [`COLUMNS`]: for a row
/// `column` is empty and `text` is the row as it stands in its file. Gives how many there are.
///
/// # Errors
/// When the file cannot be written; one that stands there already is not overwritten.
pub fn write(path: &Path, rows: &[BadRow], cells: &[BadCell]) -> Result<usize> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(format!("the quarantine cannot be written: {error}")).in_file(path).hint("choose another place")
    };
    let file = match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Error::new("there is such a file already")
                .in_file(path)
                .hint("choose another name for the quarantine, or remove the file"));
        }
        Err(error) => return Err(failed(&error)),
    };
    let row = |bad: &BadRow| (bad.row, bad.line, String::new(), bad.text.clone(), bad.reason.clone());
    let cell =
        |bad: &BadCell| (bad.row, bad.line, bad.column.clone(), bad.text.clone(), format!("not {}", bad.expected));
    let mut all: Vec<_> = rows.iter().map(row).chain(cells.iter().map(cell)).collect();
    all.sort_by_key(|(row, ..)| *row);
    let mut writer = csv::Writer::from_writer(std::io::BufWriter::new(file));
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for (row, line, column, text, reason) in &all {
        let fields = [&row.to_string(), &line.to_string(), column, text, reason];
        writer.write_record(fields).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))?;
    Ok(all.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::{ImportOptions, import};
    use crate::task::Task;

    #[test]
    fn what_was_set_aside_is_written_and_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("rows.csv");
        let mut text: String = (0..30).map(|i| format!("{i},x\n")).collect();
        text.insert_str(0, "n,name\n");
        text.push_str("7\noops,\"a \"\"b\"\"\"\n8,\"un\nclosed\n");
        std::fs::write(&source, &text).unwrap();
        let seen = import(&source, &ImportOptions::default(), &Task::default()).unwrap();
        let out = folder.path().join("quarantine.csv");
        assert_eq!(write(&out, &seen.bad_rows, &seen.bad_cells).unwrap(), 4);
        let expected = "row,line,column,text,reason\n\
            31,32,,7,1 field where the table has 2\n\
            32,33,n,oops,not a whole number\n\
            33,34,,\"8,\"\"un\",\"an opening \"\" has no end\"\n\
            34,35,,closed,1 field where the table has 2\n";
        assert_eq!(std::fs::read_to_string(&out).unwrap(), expected);
        let again = import(&out, &ImportOptions::default(), &Task::default()).unwrap();
        assert_eq!((again.dataset.rows(), again.bad_rows.len()), (4, 0));
        let twice = write(&out, &seen.bad_rows, &seen.bad_cells).unwrap_err().to_string();
        assert!(twice.contains("there is such a file already; choose another name"), "{twice}");
    }
}
