//! Attributions against the definition (every subset of the inputs), against the `shap` package, and against each other.

use super::*;
use crate::random::Random;
use attune_policy::model::CategorySplit;

/// A tree of at most `leaves` leaves over `inputs` inputs; the first `categories.len()` are codes with so many categories.
fn tree(leaves: usize, inputs: usize, categories: &[u32], random: &mut Random) -> Tree {
    let mut tree = Tree::default();
    let mut open = vec![push(&mut tree)];
    for _ in 1..leaves {
        let at = open.swap_remove(random.below(open.len()));
        let input = random.below(inputs);
        tree.feature[at] = input as i32;
        tree.threshold[at] = random.normal() as f32;
        tree.missing_left[at] = random.chance(0.5);
        if let Some(&n) = categories.get(input) {
            let left: Vec<u32> = (0..=n).filter(|_| random.chance(0.5)).collect();
            tree.categorical.push(CategorySplit { node: at as u32, left });
        }
        let (left, right) = (push(&mut tree), push(&mut tree));
        (tree.left[at], tree.right[at]) = (left as u32, right as u32);
        open.extend([left, right]);
    }
    for at in open {
        tree.threshold[at] = random.normal() as f32;
    }
    tree.categorical.sort_by_key(|split| split.node);
    tree
}

fn push(tree: &mut Tree) -> usize {
    tree.feature.push(-1);
    tree.threshold.push(0.0);
    tree.left.push(0);
    tree.right.push(0);
    tree.missing_left.push(false);
    tree.feature.len() - 1
}

/// Rows with a tenth of the numbers and codes missing.
fn rows(n: usize, inputs: usize, categories: &[u32], random: &mut Random) -> Matrix {
    let mut values = Vec::new();
    for _ in 0..n {
        for input in 0..inputs {
            let x = match categories.get(input) {
                Some(&n) => random.below(n as usize + 1) as f64,
                None => random.normal(),
            };
            values.push(if random.chance(0.1) { f64::NAN } else { x });
        }
    }
    Matrix::new(n, inputs, values).unwrap()
}

/// Shapley values by their definition: the mean over all orders, as a weighted sum over all subsets.
fn shapley(inputs: usize, value: impl Fn(u32) -> f64) -> Vec<f64> {
    let values: Vec<f64> = (0..1_u32 << inputs).map(value).collect();
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    (0..inputs)
        .map(|i| {
            let without = (0..1_u32 << inputs).filter(|set| set >> i & 1 == 0);
            without
                .map(|set| {
                    let size = set.count_ones();
                    let weight = factorial(size) * factorial(inputs as u32 - size - 1) / factorial(inputs as u32);
                    weight * (values[(set | 1 << i) as usize] - values[set as usize])
                })
                .sum()
        })
        .collect()
}

/// What a tree gives when only the inputs of a set are known: each other split sends its shares both ways.
fn conditional(flat: &Flat, at: u32, x: &[f64], set: u32) -> f64 {
    let node = flat.node(at);
    let Some(split) = &node.split else { return node.value };
    let [left, right] = node.children.map(|child| conditional(flat, child, x, set));
    if set >> split.input & 1 == 1 {
        return if split.left(x[split.input] as f32) { left } else { right };
    }
    node.left_share * left + (1.0 - node.left_share) * right
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-11 * scale
}

#[test]
fn both_kinds_are_shapley_values_by_definition() {
    // Inputs, leaves, trees, categories of the first inputs.
    let worlds: [(usize, usize, usize, &[u32]); 7] = [
        (1, 5, 2, &[]),
        (2, 6, 3, &[]),
        (4, 12, 5, &[3]),
        (7, 31, 4, &[5, 70]),
        (9, 60, 3, &[2]),
        (10, 200, 2, &[4, 4]),
        (3, 1, 2, &[]),
    ];
    for (seed, (inputs, leaves, count, categories)) in worlds.into_iter().enumerate() {
        let mut random = Random::new(seed as u64);
        let trees: Vec<Tree> = (0..count).map(|_| tree(leaves, inputs, categories, &mut random)).collect();
        // Few counted rows, so that some splits are reached by none and some send nothing to one side.
        let counted = rows(20, inputs, categories, &mut random);
        let x = rows(12, inputs, categories, &mut random);
        let columns: Vec<u32> = (0..inputs as u32).collect();
        let task = Task::default();
        let shap = TreeShap::new(0.25, &trees, &counted, &task).unwrap();

        let by_path = shap.explain(&x, &columns, inputs, None, &task).unwrap();
        let against = shap.explain(&x, &columns, inputs, Some(&counted), &task).unwrap();
        for row in 0..x.rows() {
            let line = x.row(row);
            let expected = shapley(inputs, |set| {
                shap.trees.iter().map(|flat| conditional(flat, 0, line, set)).sum::<f64>() + 0.25
            });
            let scale = 1.0 + expected.iter().map(|x| x.abs()).sum::<f64>();
            for (ours, truth) in by_path.values[row * inputs..][..inputs].iter().zip(&expected) {
                assert!(close(*ours, *truth, scale), "world {seed}, row {row}, path: {ours} for {truth}");
            }
            let expected = shapley(inputs, |set| {
                let mixed = |other: &[f64], i: usize| if set >> i & 1 == 1 { line[i] } else { other[i] };
                let value = |other: &[f64]| -> f64 {
                    shap.trees.iter().map(|flat| flat.value(|i| mixed(other, i) as f32)).sum::<f64>()
                };
                (0..counted.rows()).map(|b| value(counted.row(b))).sum::<f64>() / counted.rows() as f64
            });
            for (ours, truth) in against.values[row * inputs..][..inputs].iter().zip(&expected) {
                assert!(close(*ours, *truth, scale), "world {seed}, row {row}, background: {ours} for {truth}");
            }
            for values in [&by_path, &against] {
                let sum = values.base + values.values[row * inputs..][..inputs].iter().sum::<f64>();
                assert!(close(sum, values.margins[row], scale), "world {seed}, row {row}: {sum}");
            }
        }
    }
}

#[test]
fn paths_of_many_inputs_add_up_and_agree_with_short_ones() {
    // A chain that reads 40 inputs, each once: no table fits, rows are sorted by their bits instead.
    let inputs = 40;
    let mut chain = Tree::default();
    let mut at = push(&mut chain);
    for input in 0..inputs {
        chain.feature[at] = input;
        let (left, right) = (push(&mut chain), push(&mut chain));
        (chain.left[at], chain.right[at]) = (left as u32, right as u32);
        chain.threshold[left] = input as f32;
        at = right;
    }
    chain.threshold[at] = 100.0;
    let mut random = Random::new(5);
    let inputs = inputs as usize;
    let (counted, x) = (rows(300, inputs, &[], &mut random), rows(50, inputs, &[], &mut random));
    let columns: Vec<u32> = (0..inputs as u32).collect();
    let task = Task::default();
    let shap = TreeShap::new(0.0, &[chain], &counted, &task).unwrap();
    for background in [None, Some(&counted)] {
        let values = shap.explain(&x, &columns, inputs, background, &task).unwrap();
        for row in 0..x.rows() {
            let sum = values.base + values.values[row * inputs..][..inputs].iter().sum::<f64>();
            assert!((sum - values.margins[row]).abs() < 1e-10, "row {row}: {sum} for {}", values.margins[row]);
        }
        // All into one column: nothing is lost.
        let one = shap.explain(&x, &vec![0; inputs], 1, background, &task).unwrap();
        for row in 0..x.rows() {
            assert!((one.values[row] - (values.margins[row] - values.base)).abs() < 1e-10);
        }
    }
}

/// `shap` 0.51: `TreeExplainer({"trees": …})`, path-dependent and with the counted rows as background.
const BY_PATH: (f64, [f64; 9]) =
    (1.03125, [-1.453125, -1.125, -1.953125, 1.515625, 0.375, 2.578125, -2.078125, -1.125, -1.328125]);
const BACKGROUND: (f64, [f64; 9]) =
    (1.03125, [-1.640625, -0.9375, -1.953125, 1.359375, 0.375, 2.734375, -2.265625, -0.9375, -1.328125]);

/// Two trees, the second with the first input twice on a path, and what `shap` 0.51 says of three rows.
#[test]
fn numbers_of_the_shap_package() {
    let trees = [
        Tree {
            feature: vec![0, 1, -1, -1, 2, -1, -1],
            threshold: vec![0.5, -0.25, 1.0, -2.0, 1.5, 0.5, 3.0],
            left: vec![1, 2, 0, 0, 5, 0, 0],
            right: vec![4, 3, 0, 0, 6, 0, 0],
            missing_left: vec![true, false, false, false, false, false, false],
            categorical: vec![],
        },
        Tree {
            feature: vec![0, 2, 0, -1, -1, -1, -1],
            threshold: vec![1.25, 0.75, -0.5, 0.25, -1.5, 2.5, -0.75],
            left: vec![1, 2, 3, 0, 0, 0, 0],
            right: vec![6, 5, 4, 0, 0, 0, 0],
            missing_left: vec![true, true, false, false, false, false, false],
            categorical: vec![],
        },
    ];
    #[rustfmt::skip]
    let counted = vec![
        -1.0, 0.0, 2.0,   0.0, -1.0, 0.0,   1.0, 1.0, 1.0,   2.0, -0.5, 2.0,
        0.25, 0.5, 0.5,   -2.0, -2.0, 0.5,   0.75, 0.0, 1.75,   1.5, 1.0, -1.0,
    ];
    let counted = Matrix::new(8, 3, counted).unwrap();
    let x = Matrix::new(3, 3, vec![0.0, 0.0, 0.0, 1.0, -1.0, 2.0, f64::NAN, 0.5, f64::NAN]).unwrap();
    let task = Task::default();
    let shap = TreeShap::new(0.0, &trees, &counted, &task).unwrap();
    for (background, base, expected) in [(None, BY_PATH.0, BY_PATH.1), (Some(&counted), BACKGROUND.0, BACKGROUND.1)] {
        let ours = shap.explain(&x, &[0, 1, 2], 3, background, &task).unwrap();
        assert!((ours.base - base).abs() < 1e-12, "{}", ours.base);
        for (ours, theirs) in ours.values.iter().zip(expected) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} for {theirs}");
        }
    }
}

#[test]
fn blocks_and_columns_change_nothing() {
    let mut random = Random::new(8);
    let trees: Vec<Tree> = (0..5).map(|_| tree(20, 6, &[3], &mut random)).collect();
    let (counted, x) = (rows(100, 6, &[3], &mut random), rows(2 * BLOCK + 77, 6, &[3], &mut random));
    let columns = [0, 1, 1, 2, 0, 2];
    let task = Task::default();
    let shap = TreeShap::new(-1.0, &trees, &counted, &task).unwrap();
    let inputs = shap.explain(&x, &[0, 1, 2, 3, 4, 5], 6, None, &task).unwrap();
    let fields = shap.explain(&x, &columns, 3, None, &task).unwrap();
    for row in [0, 1, BLOCK, x.rows() - 1] {
        let one = shap.explain(&x.select(&[row as u32]), &columns, 3, None, &task).unwrap();
        assert_eq!(one.values, fields.values[row * 3..][..3], "a row alone and among others");
        for column in 0..3 {
            let sum: f64 = (0..6).filter(|&i| columns[i] == column).map(|i| inputs.values[row * 6 + i]).sum();
            assert!((sum - fields.values[row * 3 + column as usize]).abs() < 1e-12);
        }
    }
    task.cancel();
    assert!(shap.explain(&x, &columns, 3, None, &task).is_err_and(|error| error.is_cancelled()));
}

#[test]
fn what_is_no_tree_is_refused() {
    let split = |left: u32, right: u32| Tree {
        feature: vec![0, -1, -1],
        threshold: vec![0.0; 3],
        left: vec![left, 0, 0],
        right: vec![right, 0, 0],
        missing_left: vec![false; 3],
        categorical: vec![],
    };
    let counted = Matrix::new(1, 1, vec![0.0]).unwrap();
    let refused = |tree: Tree| TreeShap::new(0.0, &[tree], &counted, &Task::default()).is_err();
    assert!(!refused(split(1, 2)));
    for (left, right) in [(0, 2), (1, 1), (1, 3)] {
        assert!(refused(split(left, right)), "children {left} and {right}");
    }
    assert!(refused(Tree { feature: vec![1, -1, -1], ..split(1, 2) }), "an input that is not there");
    assert!(refused(Tree { threshold: vec![0.0], ..split(1, 2) }) && refused(Tree::default()));
}
