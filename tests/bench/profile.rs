//! What looking at data costs beside reading them: `cargo bench -p attune-lab --bench profile [-- FILE…]`.
//!
//! Each table is profiled and checked in turns with polars' own read of its file, and with the same statistics computed in the
//! obvious way; the ratios are printed last. `rows=N` and `rounds=N` after `--`. Without files: a generated one of a million rows,
//! and the public data sets beside the project. All use both cores but the obvious way, which is told to know less: no checks but
//! repeated rows.

#[path = "allocator.rs"]
mod allocator;
#[path = "customers.rs"]
mod customers;
#[path = "harness.rs"]
mod harness;

use attune_lab::data::profile::{CheckId, Known, Problem, profile_table};
use attune_lab::data::{Dataset, Roles, import};
use attune_lab::task::Task;
use harness::{Contest, argument, grouped};
use polars::prelude::{CsvParseOptions, CsvReadOptions, PolarsResult, SerReader};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

const FILES: [&str; 3] =
    ["online_retail/online_retail.csv", "bank_marketing/bank-additional-full.csv", "hillstrom/hillstrom.csv"];

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let is_file = |arg: &String| !arg.starts_with('-') && !arg.contains('=');
    let named: Vec<PathBuf> = std::env::args().skip(1).filter(is_file).map(PathBuf::from).collect();
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let files = if named.is_empty() {
        let generated = folder.path().join("customers.csv");
        customers::write(&generated, argument("rows").and_then(|n| n.parse().ok()).unwrap_or(1_000_000));
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        [generated].into_iter().chain(FILES.iter().map(|file| shared.join(file))).collect()
    } else {
        named
    };
    for file in files {
        match file.is_file() {
            true => measure(&file),
            false => println!("{}: not there", file.display()),
        }
    }
}

fn measure(file: &Path) {
    let task = Task::default();
    let imported = import::import(file, &import::ImportOptions::default(), &task).unwrap_or_else(|e| panic!("{e}"));
    let (dataset, delimiter) = (&imported.dataset, imported.options.csv.delimiter.unwrap_or(','));
    let roles = Roles::suggest(dataset);
    let look = || profile_table(dataset, &roles, &Known::default(), &task).unwrap_or_else(|e| panic!("{e}"));
    let profile = look();
    let copies = |p: &&Problem| p.check == CheckId::RepeatedRows;
    let copies = profile.problems.iter().find(copies).map_or(0, |p| p.count);
    let plain = plainly(dataset);
    // What both tell is the same.
    assert_eq!(plain.copies, copies, "repeated rows");
    for (about, plain) in profile.columns.iter().zip(&plain.columns) {
        assert_eq!((about.missing, about.distinct), (plain.missing, plain.distinct), "{}", about.name);
        assert!((about.mean.unwrap_or(0.0) - plain.mean).abs() <= 1e-9 * plain.mean.abs().max(1.0), "{}", about.name);
    }
    println!(
        "\n{}: {} rows, {} columns, {} problems, {copies} repeated rows",
        file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default(),
        grouped(profile.rows),
        profile.columns.len(),
        profile.problems.len()
    );
    let mut contest = Contest::new("profile and checks", "row", dataset.rows());
    let reads = polars(file, delimiter).is_ok_and(|rows| rows == dataset.rows() as u64);
    if reads {
        contest.add("polars' read", || polars(file, delimiter).expect("read before"));
    }
    contest.add("profile and checks", || look().rows);
    contest.add("the obvious way", || plainly(dataset).rows);
    if let Some(results) = contest.run() {
        results.ratio("the obvious way", "profile and checks", "more than 1");
        if reads {
            results.ratio("profile and checks", "polars' read", "≤ 2");
        } else {
            println!("  polars does not read this file, or reads other rows");
        }
    }
}

/// Rows of a file as polars reads it.
fn polars(path: &Path, delimiter: char) -> PolarsResult<u64> {
    let parse = CsvParseOptions::default().with_separator(u8::try_from(delimiter).unwrap_or(b','));
    let options = CsvReadOptions::default().with_has_header(true).with_infer_schema_length(Some(10_000));
    let reader = options.with_parse_options(parse).try_into_reader_with_file_path(Some(path.into()))?;
    Ok(reader.finish()?.height() as u64)
}

struct Plain {
    rows: u64,
    copies: u64,
    columns: Vec<PlainColumn>,
}

struct PlainColumn {
    missing: u64,
    distinct: u64,
    mean: f64,
    /// Quartiles and counts of values are what the obvious way takes its time for.
    _quartiles: Vec<f64>,
    _top: Vec<(String, u64)>,
}

/// Column by column: every cell as text in a map of counts, numbers sorted; rows joined and looked up in a set.
fn plainly(dataset: &Dataset) -> Plain {
    let names: Vec<&str> = dataset.columns().iter().map(|column| column.name.as_str()).collect();
    let columns = names.iter().map(|name| {
        let cells = dataset.cells(name).expect("a column");
        let mut counts: HashMap<String, u64> = HashMap::new();
        for text in (0..cells.len()).filter_map(|row| cells.text(row)) {
            *counts.entry(text).or_default() += 1;
        }
        let mut known: Vec<f64> = cells.numbers().unwrap_or_default().into_iter().filter(|x| !x.is_nan()).collect();
        known.sort_by(f64::total_cmp);
        let first = known.first().copied().unwrap_or(0.0);
        let (missing, distinct) = (cells.len() as u64 - counts.values().sum::<u64>(), counts.len() as u64);
        let mut top: Vec<(String, u64)> = counts.into_iter().collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        PlainColumn {
            missing,
            distinct,
            mean: first + known.iter().map(|x| x - first).sum::<f64>() / known.len().max(1) as f64,
            _quartiles: [1, 2, 3].iter().filter_map(|n| known.get(known.len() * n / 4).copied()).collect(),
            _top: top,
        }
    });
    let columns = columns.collect();
    let mut seen = HashSet::new();
    let all: Vec<usize> = (0..names.len()).collect();
    let rows = dataset.rows();
    let copies = (0..rows).filter(|row| !seen.insert(dataset.page(*row..row + 1, &all).rows)).count() as u64;
    Plain { rows: rows as u64, copies, columns }
}
