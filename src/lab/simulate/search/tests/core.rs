//! The numeric core against brute force, planted rules, budgets and worlds in which there is nothing to find.

use crate::random::Random;
use crate::simulate::search::exact::Learner;
use crate::simulate::search::matrix::{Resource, ScoreMatrix};
use crate::simulate::search::prune::pruned;
use crate::simulate::search::tree::{Binned, Node};
use crate::simulate::search::within::{depths, within};
use crate::task::Task;

/// Random columns: ordered and by value, with and without missing values.
fn columns(rows: usize, random: &mut Random) -> Vec<Binned> {
    (0..4)
        .map(|i| {
            let known = 2 + random.below(3) as u8;
            let missing = i % 2 == 0;
            let all = usize::from(known) + usize::from(missing);
            let codes: Vec<u8> = (0..rows).map(|_| random.below(all) as u8).collect();
            if i < 2 { Binned::ordered(codes, known, missing) } else { Binned::by_value(codes, known, missing) }
        })
        .collect()
}

/// Inverse-propensity scores of a trial with three arms, and the weights.
fn matrix(rows: usize, resources: Vec<Resource>, random: &mut Random) -> ScoreMatrix {
    let (mut values, mut weights) = (vec![0.0; rows * 3], vec![0.0; rows * 3]);
    for row in 0..rows {
        let arm = random.below(3);
        let p = [0.5, 0.25, 0.25][random.below(2)];
        weights[row * 3 + arm] = 1.0 / p;
        (0..3).for_each(|a| values[row * 3 + a] = random.normal());
    }
    ScoreMatrix::new(3, &values, &weights, resources)
}

/// The best supported choice of a leaf, row by row.
fn leaf(matrix: &ScoreMatrix, rows: &[u32], least: f64) -> f64 {
    let supported = |choice: &usize| {
        let w = || rows.iter().map(|row| matrix.weight(*row, *choice));
        let squares: f64 = w().map(|w| w * w).sum();
        squares > 0.0 && w().sum::<f64>().powi(2) >= least * squares
    };
    let value = |choice: usize| rows.iter().map(|row| matrix.value(*row, choice)).sum::<f64>();
    (0..matrix.choices()).filter(supported).map(value).fold(f64::NEG_INFINITY, f64::max)
}

/// The best tree by trying every test on every way.
fn brute(columns: &[Binned], matrix: &ScoreMatrix, rows: &[u32], depth: usize, least: f64) -> f64 {
    let mut best = leaf(matrix, rows, least);
    if depth == 0 {
        return best;
    }
    for column in columns {
        for test in &column.tests {
            let (yes, no): (Vec<u32>, Vec<u32>) =
                rows.iter().partition(|row| column.passes(*test, **row) == Some(true));
            let found = brute(columns, matrix, &yes, depth - 1, least) + brute(columns, matrix, &no, depth - 1, least);
            best = best.max(found);
        }
    }
    best
}

fn value(tree: &Node, columns: &[Binned], matrix: &ScoreMatrix, rows: &[u32]) -> f64 {
    rows.iter().map(|row| matrix.value(*row, tree.choose(columns, *row).unwrap())).sum()
}

#[test]
fn exact_trees_are_those_of_brute_force() {
    let task = Task::default();
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let rows = 30 + random.below(60);
        let columns = columns(rows, &mut random);
        let matrix = matrix(rows, Vec::new(), &mut random);
        let all: Vec<u32> = (0..rows as u32).collect();
        for least in [0.0, 5.0] {
            let mut learner = Learner::new(&columns, &matrix, &all, least);
            for depth in 0..=2 {
                let expected = brute(&columns, &matrix, &all, depth, least);
                match learner.tree(depth, 0.0, &task).unwrap() {
                    None => assert_eq!(expected, f64::NEG_INFINITY),
                    Some(tree) => {
                        let found = value(&tree, &columns, &matrix, &all);
                        assert!((found - expected).abs() < 1e-9, "seed {seed}, depth {depth}: {found} {expected}");
                        assert!(tree.depth() <= depth);
                        for own in tree.leaves() {
                            let inside: Vec<u32> =
                                all.iter().copied().filter(|row| own.holds(&columns, *row)).collect();
                            let w: Vec<f64> = inside.iter().map(|row| matrix.weight(*row, own.choice)).collect();
                            let (sum, squares) = (w.iter().sum::<f64>(), w.iter().map(|w| w * w).sum::<f64>());
                            assert!(sum * sum >= least * squares - 1e-9 && squares > 0.0);
                        }
                    }
                }
            }
            // One look ahead finds no more than everything, and no less than depth 2.
            if let Some(tree) = learner.tree(3, 0.0, &task).unwrap() {
                let found = value(&tree, &columns, &matrix, &all);
                assert!(found >= brute(&columns, &matrix, &all, 2, least) - 1e-9 && tree.depth() <= 3);
            }
        }
    }
}

#[test]
fn any_number_of_threads_finds_the_same_tree() {
    let mut random = Random::new(3);
    let columns = columns(500, &mut random);
    let matrix = matrix(500, Vec::new(), &mut random);
    let all: Vec<u32> = (0..500).collect();
    let found = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Learner::new(&columns, &matrix, &all, 5.0).tree(3, 0.0, &Task::default()).unwrap())
    };
    assert_eq!(found(1), found(2));
    assert_eq!(found(1), found(7));
}

/// A world of `rows` with two arms: arm 1 helps by `effect` where x ≤ 6 of 12 and a flag is set, and harms elsewhere.
fn planted(rows: usize, effect: f64, random: &mut Random) -> (Vec<Binned>, Vec<f64>, Vec<f64>) {
    let mut codes: Vec<Vec<u8>> = (0..5).map(|_| Vec::with_capacity(rows)).collect();
    let (mut values, mut weights) = (vec![0.0; 2 * rows], vec![0.0; 2 * rows]);
    for row in 0..rows {
        let own: Vec<u8> = (0..5).map(|c| random.below(if c == 1 { 2 } else { 12 }) as u8).collect();
        let helped = own[0] <= 6 && own[1] == 1;
        let arm = random.below(2);
        let mean = 1.0 + if arm == 1 { if helped { effect } else { -effect } } else { 0.0 };
        values[2 * row + arm] = 2.0 * (mean + 0.5 * random.normal());
        weights[2 * row + arm] = 2.0;
        codes.iter_mut().zip(own).for_each(|(codes, code)| codes.push(code));
    }
    let columns = codes
        .into_iter()
        .enumerate()
        .map(|(c, codes)| Binned::ordered(codes, if c == 1 { 2 } else { 12 }, false))
        .collect();
    (columns, values, weights)
}

#[test]
fn a_planted_rule_is_found_and_its_depth_too() {
    let mut random = Random::new(11);
    let (columns, values, weights) = planted(4_000, 0.6, &mut random);
    let matrix = ScoreMatrix::new(2, &values, &weights, Vec::new());
    let rows: Vec<u32> = (0..4_000).collect();
    let part: Vec<u32> = rows.iter().map(|row| row % 5).collect();
    let (depth, found) = depths(&columns, &matrix, &rows, &part, 2, 50.0, &Task::default()).unwrap();
    assert_eq!((depth, found.len()), (2, 3));
    let tree = within(&columns, &matrix, &rows, depth, 50.0, &Task::default()).unwrap().unwrap().tree;
    let wrong = rows
        .iter()
        .filter(|row| {
            let at = **row as usize;
            let helped = columns[0].codes[at] <= 6 && columns[1].codes[at] == 1;
            tree.choose(&columns, **row) != Some(usize::from(helped))
        })
        .count();
    assert!(wrong < 200, "{wrong} rows of 4,000 are chosen otherwise: {tree:?}");
}

#[test]
fn splits_that_fit_noise_are_taken_back() {
    let (mut needless, mut lost) = (0, 0);
    for seed in 0..30 {
        let mut random = Random::new(60 + seed);
        let (columns, values, weights) = planted(2_000, 0.6, &mut random);
        let matrix = ScoreMatrix::new(2, &values, &weights, Vec::new());
        let rows: Vec<u32> = (0..2_000).collect();
        let found = within(&columns, &matrix, &rows, 2, 20.0, &Task::default()).unwrap().unwrap();
        let before = found.tree.leaves().len();
        let tree = pruned(found, &columns, &matrix, &rows, 20.0).tree;
        assert!(tree.leaves().len() <= before);
        needless += usize::from(tree.leaves().len() > 3);
        lost += usize::from(tree.depth() < 2);
    }
    assert!(needless <= 6 && lost == 0, "of 30 trees {needless} have a split too many, and {lost} lost one");
}

#[test]
fn noise_carries_no_split() {
    let mut flat = 0;
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (columns, mut values, weights) = planted(600, 0.0, &mut random);
        // The arm helps everybody alike.
        (0..600).for_each(|row| values[2 * row + 1] += if values[2 * row + 1] != 0.0 { 0.6 } else { 0.0 });
        let matrix = ScoreMatrix::new(2, &values, &weights, Vec::new());
        let rows: Vec<u32> = (0..600).collect();
        let part: Vec<u32> = rows.iter().map(|row| row % 5).collect();
        let (depth, _) = depths(&columns, &matrix, &rows, &part, 2, 20.0, &Task::default()).unwrap();
        flat += usize::from(depth == 0);
    }
    assert!(flat >= 36, "{flat} of 40");
}

#[test]
fn budgets_are_kept_and_bind() {
    let mut random = Random::new(5);
    let (columns, values, weights) = planted(4_000, 0.6, &mut random);
    let rows: Vec<u32> = (0..4_000).collect();
    let uses: Vec<f64> = (0..8_000).map(|i| f64::from(i % 2 == 1)).collect();
    let mut before = f64::INFINITY;
    for limit in [1.0, 0.25, 0.1, 0.02] {
        let matrix = ScoreMatrix::new(2, &values, &weights, vec![Resource { uses: uses.clone(), limit }]);
        let priced = within(&columns, &matrix, &rows, 2, 5.0, &Task::default()).unwrap().unwrap();
        let chosen: Vec<usize> = rows.iter().map(|row| priced.tree.choose(&columns, *row).unwrap()).collect();
        let share = chosen.iter().sum::<usize>() as f64 / 4_000.0;
        assert!(share <= limit && matrix.keeps(&rows, &chosen), "{share} of {limit}");
        // 7 of 12 values and half the flags: 29 % are helped.
        assert!(share > 0.4 * limit.min(0.29), "{share} of {limit} leaves most of the budget");
        assert_eq!(priced.price > 0.0, limit < 0.29, "price {} at {limit}", priced.price);
        // Taking splits back leaves the budget to those who gain.
        let shorter = pruned(priced.clone(), &columns, &matrix, &rows, 5.0).tree;
        let left = rows.iter().filter(|row| shorter.choose(&columns, **row) == Some(1)).count() as f64 / 4_000.0;
        // What 80 of 4,000 rows gain cannot be told from luck.
        assert!(left <= limit && (limit < 0.1 || left > 0.4 * limit.min(0.29)), "{left} of {limit} after pruning");
        let own = value(&priced.tree, &columns, &matrix, &rows);
        assert!(own <= before + 1e-9, "less budget cannot bring more");
        before = own;
    }
}

#[test]
fn a_cancelled_search_stops() {
    let mut random = Random::new(1);
    let columns = columns(100, &mut random);
    let matrix = matrix(100, Vec::new(), &mut random);
    let rows: Vec<u32> = (0..100).collect();
    let task = Task::default();
    task.cancel();
    assert!(within(&columns, &matrix, &rows, 2, 0.0, &task).unwrap_err().is_cancelled());
}

/// Value and use of every supported tree, by trying all.
fn every(
    columns: &[Binned],
    matrix: &ScoreMatrix,
    uses: &[f64],
    rows: &[u32],
    depth: usize,
    limit: f64,
) -> Vec<(f64, f64)> {
    let n = matrix.choices();
    let mut found: Vec<(f64, f64)> = (0..n)
        .filter(|choice| rows.iter().any(|row| matrix.weight(*row, *choice) > 0.0))
        .map(|choice| {
            let value = rows.iter().map(|row| matrix.value(*row, choice)).sum();
            (value, rows.iter().map(|row| uses[*row as usize * n + choice]).sum())
        })
        .collect();
    if depth > 0 {
        for column in columns {
            for test in &column.tests {
                let (yes, no): (Vec<u32>, Vec<u32>) =
                    rows.iter().partition(|row| column.passes(*test, **row) == Some(true));
                let (a, b) = (
                    every(columns, matrix, uses, &yes, depth - 1, limit),
                    every(columns, matrix, uses, &no, depth - 1, limit),
                );
                for (value, used) in a {
                    let fit = b.iter().filter(|(_, other)| used + other <= limit + 1e-9);
                    found.extend(fit.map(|(other, more)| (value + other, used + more)));
                }
            }
        }
    }
    found.retain(|(_, used)| *used <= limit + 1e-9);
    found
}

#[test]
fn budgets_cost_no_more_than_they_must() {
    for seed in 0..12 {
        let mut random = Random::new(300 + seed);
        let rows = 24;
        let columns: Vec<Binned> = columns(rows, &mut random).into_iter().skip(1).take(2).collect();
        let uses: Vec<f64> = (0..rows * 3).map(|i| [0.0, 1.0, 0.25][i % 3]).collect();
        let limit = 0.1 + 0.5 * random.uniform();
        let own = matrix(rows, vec![Resource { uses: uses.clone(), limit }], &mut random);
        let all: Vec<u32> = (0..rows as u32).collect();
        for depth in 0..=2 {
            let top = |limit: f64| {
                let trees = every(&columns, &own, &uses, &all, depth, limit * rows as f64);
                trees.into_iter().map(|(value, _)| value).fold(f64::NEG_INFINITY, f64::max)
            };
            let found = within(&columns, &own, &all, depth, 0.0, &Task::default()).unwrap();
            let found = found.map_or(f64::NEG_INFINITY, |found| value(&found.tree, &columns, &own, &all));
            // Amounts are kept in steps of 1/512 of the budget; two of them may be lost.
            let (least, most) = (top(limit * (1.0 - 2.0 / 512.0)), top(limit));
            assert!(
                found >= least - 1e-9 && found <= most + 1e-9,
                "seed {seed}, depth {depth}: {least} {found} {most}"
            );
        }
    }
}
