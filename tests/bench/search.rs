//! The exact policy tree of depth 2 on 100,000 rows, 10 columns of 32 bins and 3 arms, beside the plain way: for every first split, every
//! column of both sides is counted again. Both find the same tree. Arguments after `--`: `rows=N`, `rounds=N`.

#[path = "allocator.rs"]
mod allocator;
#[path = "harness.rs"]
mod harness;

use attune_lab::simulate::search::exact::Learner;
use attune_lab::simulate::search::matrix::ScoreMatrix;
use attune_lab::simulate::search::tree::Binned;
use attune_lab::task::Task;
use harness::{Contest, Random, argument};

const COLUMNS: usize = 10;
const BINS: usize = 32;
const ARMS: usize = 3;
const LEAST: f64 = 100.0;

fn main() {
    let rows: usize = argument("rows").and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let (columns, values, weights) = world(rows);
    let matrix = ScoreMatrix::new(ARMS, &values, &weights, Vec::new());
    let all: Vec<u32> = (0..rows as u32).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let exact = || {
        let mut learner = Learner::new(&columns, &matrix, &all, LEAST);
        let tree = learner.tree(2, 0.0, &Task::default()).expect("not cancelled").expect("a tree");
        let value: f64 =
            all.iter().map(|row| matrix.value(*row, tree.choose(&columns, *row).expect("nothing is missing"))).sum();
        (value * 1e-3).round() as u64
    };
    let title = format!("exact tree of depth 2, {COLUMNS} columns of {BINS} bins, {ARMS} arms, {threads} threads");
    let mut contest = Contest::new(&title, "row", rows);
    contest.add("tables of pairs", exact);
    contest.add("tables of pairs, one thread", || pool.install(exact));
    contest.add("every first split counted again, one thread", || {
        (plain(&columns, &values, &weights, rows) * 1e-3).round() as u64
    });
    if let Some(results) = contest.run() {
        results.ratio("every first split counted again, one thread", "tables of pairs", "≥ 10");
        results.ratio("every first split counted again, one thread", "tables of pairs, one thread", "≥ 10");
    }
}

/// A trial of three arms whose second helps where two columns say so.
fn world(rows: usize) -> (Vec<Binned>, Vec<f64>, Vec<f64>) {
    let mut random = Random::new(1);
    let codes: Vec<Vec<u8>> = (0..COLUMNS).map(|_| (0..rows).map(|_| random.below(BINS) as u8).collect()).collect();
    let (mut values, mut weights) = (vec![0.0; rows * ARMS], vec![0.0; rows * ARMS]);
    for row in 0..rows {
        let arm = random.below(ARMS);
        let helped = codes[2][row] < 12 && codes[7][row] >= 20;
        values[row * ARMS + arm] = 3.0 * (random.unit() + if arm == 1 && helped { 2.0 } else { 0.0 });
        weights[row * ARMS + arm] = 3.0;
    }
    let columns = codes.into_iter().map(|codes| Binned::ordered(codes, BINS as u8, false)).collect();
    (columns, values, weights)
}

/// Value of the best tree of depth 2, the plain way.
fn plain(columns: &[Binned], values: &[f64], weights: &[f64], rows: usize) -> f64 {
    let leaf = |sums: &[[f64; 3]; ARMS]| {
        let supported = sums.iter().filter(|[_, w, squares]| *squares > 0.5 && w * w >= LEAST * squares);
        supported.map(|sum| sum[0]).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut best = f64::NEG_INFINITY;
    for root in columns {
        for cut in 1..root.known {
            let mut sides = [f64::NEG_INFINITY; 2];
            for column in columns {
                let mut bins = [[[[0.0; 3]; ARMS]; BINS]; 2];
                for row in 0..rows {
                    let side = usize::from(root.codes[row] >= cut);
                    let bin = &mut bins[side][usize::from(column.codes[row])];
                    for (arm, sums) in bin.iter_mut().enumerate() {
                        let (value, w) = (values[row * ARMS + arm], weights[row * ARMS + arm]);
                        (sums[0], sums[1], sums[2]) = (sums[0] + value, sums[1] + w, sums[2] + w * w);
                    }
                }
                for (best, bins) in sides.iter_mut().zip(&bins) {
                    let sum = |range: &[[[f64; 3]; ARMS]]| {
                        let mut total = [[0.0; 3]; ARMS];
                        for bin in range {
                            for (total, own) in total.iter_mut().zip(bin) {
                                total.iter_mut().zip(own).for_each(|(t, x)| *t += x);
                            }
                        }
                        total
                    };
                    *best = best.max(leaf(&sum(bins)));
                    for at in 1..BINS {
                        *best = best.max(leaf(&sum(&bins[..at])) + leaf(&sum(&bins[at..])));
                    }
                }
            }
            best = best.max(sides[0] + sides[1]);
        }
    }
    best
}
