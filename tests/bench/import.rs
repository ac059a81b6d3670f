//! A customer file of a million rows and twelve columns from disk to typed columns, beside polars' own reader of the same file.
//!
//! `cargo bench -p attune-lab --bench import`; `rows=N`, `rounds=N` and `only=TEXT` after `--`. Both use as many threads as there are
//! cores. Ours does what polars leaves out: types from all rows instead of the first hundred, dates, missing words, a list of what does
//! not fit, and the hash of the file. The first two polars does when it is asked to: that is timed too.

#[path = "allocator.rs"]
mod allocator;
#[path = "customers.rs"]
mod customers;
#[path = "harness.rs"]
mod harness;

use attune_lab::data::import::{ImportOptions, import};
use attune_lab::task::Task;
use harness::{Contest, argument, grouped};
use polars::prelude::{CsvParseOptions, CsvReadOptions, DataType, SerReader};
use std::path::Path;

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let rows = argument("rows").and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("customers.csv");
    let bytes = customers::write(&path, rows);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{} rows × 12 columns, {} bytes, {threads} threads", grouped(rows as u64), grouped(bytes));
    let options = ImportOptions::default();
    let seen = import(&path, &options, &Task::default()).expect("a sound file");
    for column in seen.dataset.columns() {
        println!("  {}: {}", column.name, column.type_);
    }
    assert!(seen.bad_rows.is_empty() && seen.bad_cells.is_empty(), "the file is sound");

    let mut contest = Contest::new("CSV to typed columns", "row", rows);
    contest.add("polars", || polars(&path, CsvReadOptions::default()));
    contest.add("attune", || import(&path, &options, &Task::default()).expect("a sound file").dataset.rows() as u64);
    if let Some(results) = contest.run() {
        results.ratio("attune", "polars", "≤ 1.3");
    }
    let dates = CsvParseOptions::default().with_try_parse_dates(true);
    let alike = CsvReadOptions::default().with_infer_schema_length(None).with_parse_options(dates);
    let mut contest = Contest::new("the same with dates, and types of all rows", "row", rows);
    contest.add("polars, asked for them", || polars(&path, alike.clone()));
    contest.add("attune", || import(&path, &options, &Task::default()).expect("a sound file").dataset.rows() as u64);
    if let Some(results) = contest.run() {
        results.ratio("attune", "polars, asked for them", "for orientation");
    }
}

fn polars(path: &Path, options: CsvReadOptions) -> u64 {
    let reader = options.with_has_header(true).try_into_reader_with_file_path(Some(path.into()));
    let frame = reader.and_then(SerReader::finish).expect("a sound file");
    assert_eq!(frame.columns()[3].dtype(), &DataType::Int64, "typed");
    frame.height() as u64
}
