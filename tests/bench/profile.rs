//! What looking at data costs beside reading them: `cargo bench -p attune-lab --bench profile [FILE…]`.
//!
//! Each file is imported, then profiled and checked, in turns; the ratio of the medians is printed last. Both use all cores.
//! Without arguments the files are those of the public data sets beside the project.

use attune_lab::data::profile::{CheckId, Known, profile_table};
use attune_lab::data::quality::Problem;
use attune_lab::data::{Roles, import};
use attune_lab::task::Task;
use std::path::{Path, PathBuf};
use std::time::Instant;

const FILES: [&str; 3] =
    ["online_retail/online_retail.csv", "bank_marketing/bank-additional-full.csv", "hillstrom/hillstrom.csv"];

/// Turns of reading and looking; the median of each is compared.
const ROUNDS: usize = 7;

fn main() {
    let named: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from).collect();
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let files = if named.is_empty() { FILES.iter().map(|file| shared.join(file)).collect() } else { named };
    for file in files {
        if !file.is_file() {
            println!("{}: not there", file.display());
            continue;
        }
        measure(&file);
    }
}

fn measure(file: &Path) {
    let task = Task::default();
    let (mut reads, mut looks) = (Vec::new(), Vec::new());
    let mut told = String::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let imported = import::import(file, &import::ImportOptions::default(), &task).unwrap_or_else(|e| panic!("{e}"));
        reads.push(start.elapsed().as_secs_f64());
        let roles = Roles::suggest(&imported.dataset);
        let start = Instant::now();
        let profile =
            profile_table(&imported.dataset, &roles, &Known::default(), &task).unwrap_or_else(|e| panic!("{e}"));
        looks.push(start.elapsed().as_secs_f64());
        let copies = |p: &&Problem| p.check == CheckId::RepeatedRows;
        let copies = profile.problems.iter().find(copies).map_or(0, |p| p.count);
        told = format!(
            "{} rows, {} columns, {} problems, {copies} repeated rows",
            profile.rows,
            profile.columns.len(),
            profile.problems.len()
        );
    }
    let (read, look) = (median(&mut reads), median(&mut looks));
    println!("{}: {told}", file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default());
    println!("  read {:.0} ms ({:.0} to {:.0})", read * 1e3, reads[0] * 1e3, reads[ROUNDS - 1] * 1e3);
    println!("  profile and checks {:.0} ms ({:.0} to {:.0})", look * 1e3, looks[0] * 1e3, looks[ROUNDS - 1] * 1e3);
    println!("  ratio {:.2} (budget 2)", look / read);
}

/// The median; leaves the values in order.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
