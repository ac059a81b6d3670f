//! TreeSHAP of boosted trees, many rows at once, beside Lundberg's algorithm row by row; and against background rows, beside the
//! mean over them.
//!
//! Without arguments the model and the rows are made from a seed. `world=FOLDER` takes those of `tests/scripts/explain.py`, which puts
//! the `shap` package and LightGBM beside them: `model.ron`, `matrix.bin`; attributions go to `ours.bin`.

#[path = "allocator.rs"]
mod allocator;
#[path = "harness.rs"]
mod harness;

use attune_lab::explain::tree_shap::TreeShap;
use attune_lab::features::Matrix;
use attune_lab::task::Task;
use attune_policy::model::{Function, Model, Tree};
use harness::{Contest, Random, argument};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    match argument("world") {
        Some(folder) => beside_others(&folder),
        None => made(),
    }
}

/// The script's model and rows: how long it takes on both cores, in seconds of the processor and of the clock.
fn beside_others(folder: &str) {
    let bytes = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"));
    let model: Model = ron::from_str(&String::from_utf8(bytes("model.ron")).expect("UTF-8")).expect("model.ron");
    let values: Vec<f64> = bytes("matrix.bin").as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
    let inputs = model.inputs.len();
    let x = Matrix::new(values.len() / inputs, inputs, values).expect("whole rows");
    let Function::Trees { base, trees, .. } = &model.function else { panic!("trees") };
    let background = x.select(&(0..100).map(|i| (i * x.rows() / 100) as u32).collect::<Vec<u32>>());
    let (task, columns) = (Task::default(), (0..inputs as u32).collect::<Vec<u32>>());
    let shap = TreeShap::new(*base, trees, &x, &task).expect("trees");
    for (name, others) in [("path", None), ("background", Some(&background))] {
        let mut times: Vec<(f64, f64)> = (0..3)
            .map(|_| {
                let (clock, processor) = (Instant::now(), on_processor());
                black_box(shap.explain(&x, &columns, inputs, others, &task).expect("attributions"));
                (on_processor() - processor, clock.elapsed().as_secs_f64())
            })
            .collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!("seconds {name} {} {}", times[1].0, times[1].1);
        let out = shap.explain(&x, &columns, inputs, others, &task).expect("attributions");
        let bytes: Vec<u8> = out.values.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(format!("{folder}/ours-{name}.bin"), bytes).expect("written");
    }
}

/// Seconds that all threads have spent on a processor; by the clock where the system does not tell.
fn on_processor() -> f64 {
    let told = || {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks: f64 = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
        Some(ticks / 100.0)
    };
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let began = *BEGAN.get_or_init(Instant::now);
    told().unwrap_or_else(|| began.elapsed().as_secs_f64())
}

fn made() {
    let mut random = Random::new(11);
    let (inputs, rows) = (30, 512);
    let trees: Vec<Tree> = (0..100).map(|_| tree(31, inputs, &mut random)).collect();
    let mut matrix = |n: usize| Matrix::new(n, inputs, (0..n * inputs).map(|_| random.unit()).collect()).expect("rows");
    let (counted, x) = (matrix(2000), matrix(rows));
    let (task, columns) = (Task::default(), (0..inputs as u32).collect::<Vec<u32>>());
    let shap = TreeShap::new(0.0, &trees, &counted, &task).expect("trees");
    let naive = Naive::new(&trees, &counted);

    let ours = shap.explain(&x, &columns, inputs, None, &task).expect("attributions").values;
    let theirs = naive.explain(&x);
    let farthest = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("farthest from the algorithm row by row: {farthest:.1e}");
    assert!(farthest < 1e-9, "not the same attributions");

    let mut contest = Contest::new("TreeSHAP, 100 trees of 31 leaves over 30 inputs", "row", rows);
    // What they give was compared above; sums of floating-point numbers in another order have another last bit.
    contest.add("row by row (Lundberg's algorithm 2)", || black_box(naive.explain(&x)).len() as u64);
    contest.add("in batches", || {
        black_box(shap.explain(&x, &columns, inputs, None, &task).expect("attributions").values).len() as u64
    });
    if let Some(results) = contest.run() {
        results.ratio("row by row (Lundberg's algorithm 2)", "in batches", "the more the better");
    }

    let background = matrix_of(&counted, 100);
    let mut contest = Contest::new("TreeSHAP against 100 background rows", "row", rows);
    contest.add("path-dependent", || {
        black_box(shap.explain(&x, &columns, inputs, None, &task).expect("attributions").values).len() as u64
    });
    contest.add("interventional", || {
        black_box(shap.explain(&x, &columns, inputs, Some(&background), &task).expect("attributions").values).len()
            as u64
    });
    if let Some(results) = contest.run() {
        results.ratio("interventional", "path-dependent", "near 1: background rows are walked once, not once per row");
    }
}

fn matrix_of(x: &Matrix, rows: u32) -> Matrix {
    x.select(&(0..rows).collect::<Vec<u32>>())
}

/// A tree grown leaf by leaf at random.
fn tree(leaves: usize, inputs: usize, random: &mut Random) -> Tree {
    let mut tree = Tree::default();
    let push = |tree: &mut Tree| {
        tree.feature.push(-1);
        tree.threshold.push(0.0);
        tree.left.push(0);
        tree.right.push(0);
        tree.missing_left.push(false);
        tree.feature.len() - 1
    };
    let mut open = vec![push(&mut tree)];
    for _ in 1..leaves {
        let at = open.swap_remove(random.below(open.len()));
        tree.feature[at] = random.below(inputs) as i32;
        tree.threshold[at] = random.unit() as f32;
        let (left, right) = (push(&mut tree), push(&mut tree));
        (tree.left[at], tree.right[at]) = (left as u32, right as u32);
        open.extend([left, right]);
    }
    for at in open {
        tree.threshold[at] = random.unit() as f32 - 0.5;
    }
    tree
}

/// Algorithm 2 of Lundberg, Erion and Lee (2018), as it is written: a path of fractions extended at each split and unwound.
struct Naive<'a> {
    trees: &'a [Tree],
    covers: Vec<Vec<f64>>,
    inputs: usize,
}

#[derive(Clone, Copy)]
struct Step {
    input: i32,
    zero: f64,
    one: f64,
    weight: f64,
}

impl<'a> Naive<'a> {
    fn new(trees: &'a [Tree], counted: &Matrix) -> Naive<'a> {
        let cover = |tree: &Tree| {
            let mut cover = vec![0.0; tree.feature.len()];
            for row in 0..counted.rows() {
                let mut at = 0;
                loop {
                    cover[at] += 1.0;
                    let Ok(input) = usize::try_from(tree.feature[at]) else { break };
                    at = next(tree, at, counted.row(row)[input]);
                }
            }
            cover
        };
        Naive { trees, covers: trees.iter().map(cover).collect(), inputs: counted.inputs() }
    }

    fn explain(&self, x: &Matrix) -> Vec<f64> {
        let mut out = vec![0.0; x.rows() * self.inputs];
        for (row, out) in out.chunks_exact_mut(self.inputs).enumerate() {
            for (tree, cover) in self.trees.iter().zip(&self.covers) {
                recurse(tree, cover, x.row(row), out, 0, Vec::new(), 1.0, 1.0, -1);
            }
        }
        out
    }
}

fn next(tree: &Tree, at: usize, x: f64) -> usize {
    if (x as f32) < tree.threshold[at] { tree.left[at] as usize } else { tree.right[at] as usize }
}

#[allow(clippy::too_many_arguments)] // the algorithm's own
fn recurse(
    tree: &Tree,
    cover: &[f64],
    x: &[f64],
    out: &mut [f64],
    at: usize,
    mut path: Vec<Step>,
    zero: f64,
    one: f64,
    input: i32,
) {
    extend(&mut path, zero, one, input);
    let Ok(own) = usize::try_from(tree.feature[at]) else {
        for i in 1..path.len() {
            let mut without = path.clone();
            unwind(&mut without, i);
            let weight: f64 = without.iter().map(|step| step.weight).sum();
            out[path[i].input as usize] += weight * (path[i].one - path[i].zero) * f64::from(tree.threshold[at]);
        }
        return;
    };
    let (left, right) = (tree.left[at] as usize, tree.right[at] as usize);
    let hot = next(tree, at, x[own]);
    let cold = if hot == left { right } else { left };
    let (mut zero, mut one) = (1.0, 1.0);
    if let Some(known) = path.iter().position(|step| step.input == own as i32) {
        (zero, one) = (path[known].zero, path[known].one);
        unwind(&mut path, known);
    }
    let share = |child: usize| if cover[at] > 0.0 { cover[child] / cover[at] } else { 0.5 };
    recurse(tree, cover, x, out, hot, path.clone(), zero * share(hot), one, own as i32);
    recurse(tree, cover, x, out, cold, path, zero * share(cold), 0.0, own as i32);
}

fn extend(path: &mut Vec<Step>, zero: f64, one: f64, input: i32) {
    let length = path.len();
    path.push(Step { input, zero, one, weight: if length == 0 { 1.0 } else { 0.0 } });
    for i in (0..length).rev() {
        path[i + 1].weight += one * path[i].weight * (i + 1) as f64 / (length + 1) as f64;
        path[i].weight = zero * path[i].weight * (length - i) as f64 / (length + 1) as f64;
    }
}

fn unwind(path: &mut Vec<Step>, i: usize) {
    let last = path.len() - 1;
    let (zero, one) = (path[i].zero, path[i].one);
    let mut behind = path[last].weight;
    for j in (0..last).rev() {
        if one != 0.0 {
            let own = path[j].weight;
            path[j].weight = behind * (last + 1) as f64 / ((j + 1) as f64 * one);
            behind = own - path[j].weight * zero * (last - j) as f64 / (last + 1) as f64;
        } else if zero != 0.0 {
            path[j].weight = path[j].weight * (last + 1) as f64 / (zero * (last - j) as f64);
        }
    }
    for j in i..last {
        (path[j].input, path[j].zero, path[j].one) = (path[j + 1].input, path[j + 1].zero, path[j + 1].one);
    }
    path.pop();
}
