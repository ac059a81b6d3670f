//! Training on bank marketing without `duration` and on telco churn, four fifths of the rows: logistic regression and boosted trees as
//! the product sets them, beside scikit-learn and LightGBM in the same run where `python=PATH` names a Python that has them.
//!
//! Both sides learn from the very same numbers on as many threads as there are cores: the bench writes the encoded rows for
//! `tests/scripts/train.py`. Logistic regressions must agree in their coefficients, boosted trees must reach the peer's AUC, less 0.003,
//! on the fifth left out; the time to get there is compared.

#[path = "allocator.rs"]
mod allocator;
#[path = "harness.rs"]
mod harness;

use attune_lab::data::import::{ImportOptions, import};
use attune_lab::data::{Dataset, Role, Roles};
use attune_lab::features;
use attune_lab::models::learner::{Examples, Fits, Fitted};
use attune_lab::models::{Family, Goal, base, metrics};
use attune_lab::task::Task;
use attune_policy::Value;
use attune_policy::model::Function;
use harness::{argument, time};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let shared = std::env::var_os("ATTUNE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    for (file, outcome, left_out) in [
        ("data/bank_marketing/bank-additional-full.csv", "y", "duration"),
        ("data/telco_churn/telco_churn.csv", "Churn", "customerID"),
    ] {
        let file = shared.join(file);
        if !file.exists() {
            println!("left out: {} is missing", file.display());
            continue;
        }
        let dataset = import(&file, &ImportOptions::default(), &Task::default()).expect("a readable file").dataset;
        compare(&dataset, outcome, left_out);
    }
}

fn compare(dataset: &Dataset, outcome: &str, left_out: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let rounds = argument("rounds").and_then(|n| n.parse().ok()).unwrap_or(5);
    let peers = argument("python").map(|python| (python, folder.path().to_owned()));
    for (name, family, peer) in [
        ("logistic regression", Family::logistic(), "scikit-learn"),
        ("boosted trees", Family::boosted(), "LightGBM, 200 of 31 leaves"),
    ] {
        let sides = Sides::new(dataset, outcome, left_out, &family);
        let ours = sides.ours(&family, rounds);
        let (rows, inputs) = (sides.train.len(), sides.inputs);
        println!("\n{}: {name}, {rows} rows × {inputs} inputs, {rounds} rounds", dataset.name());
        println!("  ours {:>10} (lowest {}), AUC {:.4}", time(ours.median), time(ours.lowest), ours.auc);
        let Some((python, folder)) = &peers else { continue };
        sides.write(folder);
        let theirs = peer_of(python, folder, &family, rounds);
        println!("  {peer} {:>10} (lowest {}), AUC {:.4}", time(theirs.median), time(theirs.lowest), theirs.auc);
        if let Function::Linear { intercept, coefficients, .. } = ours.fitted.lower() {
            let all = std::iter::once(intercept).chain(coefficients);
            let farthest = all.zip(&theirs.coefficients).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("  farthest coefficient from the peer's: {farthest:.1e}");
            assert!(farthest < 1e-3, "not the same model");
        }
        assert!(ours.auc >= theirs.auc - 0.003, "not as good as the peer");
        let budget = if ours.fitted.standardised().is_some() { "≤ 1" } else { "≤ 0.5" };
        println!("  ratio ours / {peer}: {:.2}   (budget {budget})", ours.median / theirs.median);
    }
}

/// The rows as a family learns from them: every fifth is left out.
struct Sides {
    train: Vec<u32>,
    test: Vec<u32>,
    x: features::Matrix,
    held_out: features::Matrix,
    y: Vec<f64>,
    labels: Vec<bool>,
    inputs: usize,
}

struct Run {
    median: f64,
    lowest: f64,
    auc: f64,
    fitted: Box<dyn Fitted>,
}

struct Peer {
    median: f64,
    lowest: f64,
    auc: f64,
    coefficients: Vec<f64>,
}

impl Sides {
    fn new(dataset: &Dataset, outcome: &str, left_out: &str, family: &Family) -> Sides {
        let mut roles = Roles::default();
        for column in dataset.columns().iter().filter(|c| c.name != outcome && c.name != left_out) {
            roles.columns.insert(column.name.clone(), Role::Feature);
        }
        let (test, train): (Vec<u32>, Vec<u32>) = (0..dataset.rows() as u32).partition(|row| row % 5 == 0);
        let fields = roles.with_role(dataset, Role::Feature);
        let inputs = features::fit(dataset, &train, &fields, base::style(family)).expect("inputs").inputs;
        let happened = |row: &u32| match dataset.value(*row as usize, outcome) {
            Value::Bool(y) => y,
            other => other.as_text().is_some_and(|text| text.eq_ignore_ascii_case("yes")),
        };
        Sides {
            x: features::matrix(dataset, &train, &inputs).expect("rows"),
            held_out: features::matrix(dataset, &test, &inputs).expect("rows"),
            y: train.iter().map(|row| f64::from(u8::from(happened(row)))).collect(),
            labels: test.iter().map(happened).collect(),
            inputs: inputs.len(),
            train,
            test,
        }
    }

    fn ours(&self, family: &Family, rounds: usize) -> Run {
        let task = Task::default();
        let fits = Fits::new(&task, 1);
        let fit = || {
            let examples = Examples::new(&self.x, &self.y, Goal::Propensity);
            base::fit(family, &examples, 42, &fits.watch(0)).expect("a fit")
        };
        let fitted = fit();
        let mut times: Vec<f64> = (0..rounds)
            .map(|_| {
                let began = Instant::now();
                std::hint::black_box(fit());
                began.elapsed().as_secs_f64() * 1e9
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let auc = metrics::auc(&fitted.predict(&self.held_out).expect("scores"), &self.labels);
        Run { median: times[times.len() / 2], lowest: times[0], auc, fitted }
    }

    /// What the script reads: shape, then rows and outcomes as 64-bit numbers.
    fn write(&self, folder: &Path) {
        let bytes = |values: &mut dyn Iterator<Item = f64>| -> Vec<u8> { values.flat_map(f64::to_le_bytes).collect() };
        let put = |name: &str, content: Vec<u8>| std::fs::write(folder.join(name), content).expect("a file");
        let shape = format!("{} {} {}", self.train.len(), self.test.len(), self.inputs);
        put("shape.txt", shape.into_bytes());
        put("train.bin", bytes(&mut self.x.values().iter().copied()));
        put("test.bin", bytes(&mut self.held_out.values().iter().copied()));
        put("y.bin", bytes(&mut self.y.iter().copied()));
        put("labels.bin", bytes(&mut self.labels.iter().map(|&y| f64::from(u8::from(y)))));
    }
}

/// The peer's fits, one line of numbers: median and lowest time in nanoseconds, AUC, then coefficients, the intercept first.
fn peer_of(python: &str, folder: &Path, family: &Family, rounds: usize) -> Peer {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/scripts/train.py");
    let kind = if matches!(family, Family::Logistic { .. }) { "logistic" } else { "boosted" };
    let out = Command::new(python).args([script, kind]).arg(folder).arg(rounds.to_string()).output().expect("a Python");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    let numbers: Vec<f64> =
        text.lines().last().unwrap_or("").split(' ').map(|n| n.parse().expect("a number")).collect();
    Peer { median: numbers[0], lowest: numbers[1], auc: numbers[2], coefficients: numbers[3..].to_vec() }
}
