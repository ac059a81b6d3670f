//! A customer file of a million rows and twelve columns from disk to typed columns, beside polars' own reader of the same file.
//!
//! `cargo bench -p attune-lab --bench import`; `rows=N`, `rounds=N` and `only=TEXT` after `--`. Both use as many threads as there are
//! cores. Ours does what polars leaves out: types from all rows instead of the first hundred, dates, missing words, a list of what does
//! not fit, and the hash of the file.

#[path = "harness.rs"]
mod harness;

use attune_lab::data::import::{ImportOptions, import};
use attune_lab::task::Task;
use harness::{Contest, Random, argument, grouped};
use polars::prelude::{CsvReadOptions, DataType, SerReader};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let rows = argument("rows").and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("customers.csv");
    let bytes = write(&path, rows);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{} rows × 12 columns, {} bytes, {threads} threads", grouped(rows as u64), grouped(bytes));
    let options = ImportOptions::default();
    let seen = import(&path, &options, &Task::default()).expect("a sound file");
    for column in seen.dataset.columns() {
        println!("  {}: {}", column.name, column.type_);
    }
    assert!(seen.bad_rows.is_empty() && seen.bad_cells.is_empty(), "the file is sound");

    let mut contest = Contest::new("CSV to typed columns", "row", rows);
    contest.add("polars", || polars(&path));
    contest.add("attune", || import(&path, &options, &Task::default()).expect("a sound file").dataset.rows() as u64);
    if let Some(results) = contest.run() {
        results.ratio("attune", "polars", "≤ 1.3");
    }
}

fn polars(path: &Path) -> u64 {
    let reader = CsvReadOptions::default().with_has_header(true).try_into_reader_with_file_path(Some(path.into()));
    let frame = reader.and_then(SerReader::finish).expect("a sound file");
    assert_eq!(frame.columns()[3].dtype(), &DataType::Int64, "typed");
    frame.height() as u64
}

/// Orders as a shop exports them; gives the size of the file.
fn write(path: &Path, rows: usize) -> u64 {
    const COUNTRIES: [&str; 8] =
        ["Germany", "France", "Spain", "Italy", "Poland", "Norway", "Austria", "United Kingdom"];
    const CHANNELS: [&str; 4] = ["web", "app", "store", "phone"];
    let mut random = Random::new(7);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a new file"));
    let header = "order_id,customer,ordered,items,price,discount,country,channel,member,postcode,score,comment\n";
    file.write_all(header.as_bytes()).expect("room on the disk");
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        let _ = write!(line, "{},C{:07}", 1_000_000 + row, random.below(200_000));
        let (year, month, day) = (2019 + random.below(6), 1 + random.below(12), 1 + random.below(28));
        let _ = write!(line, ",{year}-{month:02}-{day:02},{}", 1 + random.below(12));
        let _ = write!(line, ",{}.{:02},", random.below(400), random.below(100));
        if random.below(4) == 0 {
            let _ = write!(line, "0.{:02}", 5 * random.below(10));
        }
        let member = if random.below(3) == 0 { "true" } else { "false" };
        let _ = write!(
            line,
            ",{},{},{member},{:05}",
            random.pick(&COUNTRIES),
            random.pick(&CHANNELS),
            random.below(99_999)
        );
        let _ = write!(line, ",{:.6},", random.unit());
        match random.below(10) {
            0 => line.push_str("\"late, but complete\""),
            1 => line.push_str("gift"),
            _ => {}
        }
        line.push('\n');
        file.write_all(line.as_bytes()).expect("room on the disk");
    }
    file.flush().expect("room on the disk");
    std::fs::metadata(path).expect("a written file").len()
}
