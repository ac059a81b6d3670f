//! Broken and odd files, each with exactly what becomes of it. One line per outcome:
//!
//! `columns ; rows: cells / cells ; bad ROW@LINE `text`: reason ; cell ROW@LINE column=`text`` — or `error: …` as a person reads it.
//! What was said about the file is tested in part, behind the outcome.

mod bounds;
mod formats;
mod layout;
mod model;
mod values;

use super::tests::{lines, utf16};
use super::*;
use std::io::Write;

/// A file, how it is to be read, and what comes of it.
struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    options: ImportOptions,
    outcome: String,
    /// Parts of the notes.
    says: &'static [&'static str],
}

fn case(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, outcome: &str) -> Case {
    let (bytes, outcome) = (bytes.into(), outcome.to_owned());
    Case { name, file, bytes, options: ImportOptions::default(), outcome, says: &[] }
}

impl Case {
    fn says(self, says: &'static [&'static str]) -> Case {
        Case { says, ..self }
    }

    fn with(mut self, change: impl FnOnce(&mut ImportOptions)) -> Case {
        change(&mut self.options);
        self
    }
}

/// Rows shown of each table.
const SHOWN: usize = 3;

fn outcome(imported: &Imported) -> String {
    let dataset = &imported.dataset;
    let all: Vec<usize> = (0..dataset.columns().len()).collect();
    let columns: Vec<String> = dataset.columns().iter().map(|c| format!("{}:{:?}", c.name, c.type_)).collect();
    let row = |cells: &Vec<Option<String>>| {
        cells.iter().map(|cell| cell.as_deref().unwrap_or("–")).collect::<Vec<_>>().join(",").replace('\n', "⏎")
    };
    let rows: Vec<String> = dataset.page(0..SHOWN, &all).rows.iter().map(row).collect();
    let mut text = format!("{} ; {}: {}", columns.join(" "), dataset.rows(), rows.join(" / "));
    for bad in &imported.bad_rows {
        text.push_str(&format!(" ; bad {}@{} `{}`: {}", bad.row, bad.line, bad.text.replace('\n', "⏎"), bad.reason));
    }
    for bad in &imported.bad_cells {
        text.push_str(&format!(" ; cell {}@{} {}=`{}`", bad.row, bad.line, bad.column, bad.text));
    }
    text
}

fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, file, bytes, options, outcome: expected, says } in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, bytes).unwrap();
        let place = format!("{}: ", path.display());
        let (found, notes) = match import(&path, &options, &Task::default()) {
            Ok(imported) => (outcome(&imported), imported.notes.join("\n")),
            Err(error) => {
                // A place inside the file follows behind a comma.
                let text = error.to_string();
                let inner = text.strip_prefix(&place).map(str::to_owned);
                let inner = inner.or_else(|| Some(text.strip_prefix(&format!("{}, ", path.display()))?.to_owned()));
                (format!("error: {}", inner.unwrap_or(text)), String::new())
            }
        };
        if found != expected {
            wrong.push(format!("{name}\n  found    {found}\n  expected {expected}\n  {notes}"));
        }
        for part in says.iter().filter(|part| !notes.contains(**part)) {
            wrong.push(format!("{name}: `{part}` is not said:\n  {notes}"));
        }
        // Whatever it is, looking at it first does not panic and finds the same format.
        let _ = detect_with(&path, &options);
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
