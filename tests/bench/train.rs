//! Training on bank marketing without `duration`, four fifths of the rows: logistic regression and boosted trees, beside
//! scikit-learn and LightGBM in the same run where `python=PATH` names a Python that has them.
//!
//! Both sides learn from the very same numbers: the bench writes the encoded rows for `tests/scripts/train.py`. Logistic
//! regressions must agree in their coefficients, boosted trees are compared by their AUC on the fifth left out.

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
    let file = shared.join("data/bank_marketing/bank-additional-full.csv");
    if !file.exists() {
        println!("left out: {} is missing", file.display());
        return;
    }
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).expect("a readable file").dataset;
    let folder = tempfile::tempdir().expect("a folder");
    let rounds = argument("rounds").and_then(|n| n.parse().ok()).unwrap_or(5);
    let peers = argument("python").map(|python| (python, folder.path().to_owned()));
    let boosted = Family::Boosted {
        trees: 200,
        depth: 6,
        learning_rate: 0.05,
        min_child_weight: 10.0,
        subsample: 0.8,
        column_sample: 0.8,
        l2: 1.0,
    };
    for (name, family, peer) in [
        ("logistic regression", Family::logistic(), "scikit-learn"),
        ("boosted trees, 200 of depth 6", boosted, "LightGBM, 200 of 31 leaves"),
    ] {
        let sides = Sides::new(&dataset, &family);
        let ours = sides.ours(&family, rounds);
        println!("\n{name}, {} rows × {} inputs, {rounds} rounds", sides.train.len(), sides.inputs);
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
    fn new(dataset: &Dataset, family: &Family) -> Sides {
        let mut roles = Roles::default();
        for column in dataset.columns().iter().filter(|c| !matches!(c.name.as_str(), "y" | "duration")) {
            roles.columns.insert(column.name.clone(), Role::Feature);
        }
        let (test, train): (Vec<u32>, Vec<u32>) = (0..dataset.rows() as u32).partition(|row| row % 5 == 0);
        let fields = roles.with_role(dataset, Role::Feature);
        let inputs = features::fit(dataset, &train, &fields, base::style(family)).expect("inputs").inputs;
        let happened = |row: &u32| match dataset.value(*row as usize, "y") {
            Value::Bool(y) => y,
            other => other.as_text() == Some("yes"),
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
