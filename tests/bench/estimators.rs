//! Every off-policy estimator with paired bootstrap intervals on a million logged rounds, beside the same in numpy.
//!
//! `cargo bench -p attune-lab --bench estimators`; `ROUNDS` and `REPLICATES` in the environment change the size. The numpy side needs
//! `python3` with numpy; it does fewer resamples and is scaled, since all of them would take minutes. It prints; nothing fails by time.

use attune_lab::random::Random;
use attune_lab::simulate::off_policy::{Ask, Evaluation, Logged, Predictions, evaluate};
use attune_lab::task::Task;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

fn main() {
    let asked = |name: &str, default: usize| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (rounds, replicates) = (asked("ROUNDS", 1_000_000), asked("REPLICATES", 1_000));
    let columns = world(rounds);
    let [weights, rewards, q, q_target] = &columns;
    let model = Some(Predictions { logged: q, target: q_target });
    let logged = Logged { weights, rewards, model, clusters: None };
    let timed = |replicates| {
        let began = Instant::now();
        let found =
            evaluate(&logged, Ask { replicates, ..Ask::default() }, &Task::default()).expect("rounds are sound");
        (began.elapsed().as_secs_f64(), found)
    };
    let (point, _) = timed(0);
    let (ours, found) = timed(replicates);
    println!("{} estimators on {rounds} rounds", found.estimates.len());
    println!(
        "  ours: {point:.3} s without intervals, {ours:.2} s with {replicates} paired resamples, {} threads",
        threads()
    );
    match numpy(&columns, 5, &found) {
        Some((points, per_resample)) => {
            let theirs = points + per_resample * replicates as f64;
            println!(
                "  numpy: {points:.3} s without intervals, {per_resample:.3} s a resample, so {theirs:.0} s with {replicates}"
            );
            println!("ratio numpy / ours: {:.1}", theirs / ours);
        }
        None => println!("numpy was not found: no ratio"),
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Weights of a mild target policy, rare rewards, and a reward model that knows a part.
fn world(rounds: usize) -> [Vec<f64>; 4] {
    let mut random = Random::new(1);
    let mut columns: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        let x = random.uniform();
        let weight = (0.3 * random.normal()).exp() * 0.95;
        let rate = 0.01 + 0.05 * x;
        let row = [weight, f64::from(u8::from(random.chance(rate))), rate * 0.9, rate * 0.95];
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    columns
}

/// Seconds of the numpy script for the values and for one resample; its values must be ours.
fn numpy(columns: &[Vec<f64>; 4], resamples: usize, found: &Evaluation) -> Option<(f64, f64)> {
    let folder = tempfile::tempdir().ok()?;
    for (name, column) in ["w", "r", "q", "q_target"].into_iter().zip(columns) {
        let bytes: Vec<u8> = column.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.path().join(name), bytes).ok()?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/estimators.py");
    let out = Command::new("python3").arg(script).arg(folder.path()).arg(resamples.to_string()).output().ok()?;
    if !out.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&out.stderr));
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).ok()?;
    for estimated in &found.estimates {
        let key = estimated.estimator.key();
        let theirs = value["values"][&key].as_f64().unwrap_or_else(|| panic!("numpy has no {key}"));
        assert!(
            (theirs - estimated.answer.value).abs() < 1e-9,
            "{key}: numpy {theirs}, ours {}",
            estimated.answer.value
        );
    }
    Some((value["points"].as_f64()?, value["resample"].as_f64()?))
}
