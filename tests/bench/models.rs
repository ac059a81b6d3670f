//! Scores of one boosted model, 200 trees of 31 leaves over 62 inputs: row by row and in batches, bit for bit the same.
//!
//! Without arguments the model and the rows are made from a seed. `world=FOLDER` takes those of `tests/scripts/models.py`, which
//! puts LightGBM and compiled C beside them, on the same rows: `model.ron`, `columns.ron`, `values.bin`, `margins.bin`.

#[path = "harness.rs"]
mod harness;

use attune_policy::columns::{Column as Values, Columns, Table};
use attune_policy::model::{BatchScratch, Encode, Function, Input, Link, Model, Scorer, Scores, Scratch, Tree};
use attune_policy::recipe::Program;
use attune_policy::row::{Column, Row};
use attune_policy::schema::{Field, Schema};
use attune_policy::{Type, Value};
use harness::{Contest, Random, argument};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    // `cargo test` builds and starts benchmarks too.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let world = argument("world").map_or_else(World::made, |folder| World::read(&folder));
    let (rows, schema) = (world.rows, Schema { fields: world.columns.iter().map(Raw::field).collect() });
    let program = Program::compile(&[], &schema).expect("no recipe");
    let scorer = Scorer::compile(&world.model, program.columns()).unwrap_or_else(|findings| panic!("{findings:?}"));
    let columns = Columns::new(&schema, rows, world.columns.iter().map(Raw::values).collect()).expect("columns");
    let table = Table::new(&columns, &program);
    if let Some(margins) = &world.margins {
        compare(&world.model, program.columns(), &table, margins);
    }
    let values: Vec<Vec<Value>> = (0..rows)
        .map(|row| {
            let mut values = Vec::new();
            table.read(row, &mut values);
            values
        })
        .collect();
    let (mut one, mut scores, mut many) = (Scratch::default(), Scores::default(), BatchScratch::default());
    let mut by_row =
        || values.iter().fold(0, |sum, row| checksum(sum, scorer.score(&Row::complete(row), &mut one).value));
    let mut in_batches = || {
        scorer.score_batch(&table, &mut scores, &mut many);
        scores.values.iter().fold(0, |sum, value| checksum(sum, *value))
    };
    if world.margins.is_some() {
        // Beside other programs only time on the processor can be compared: wall clocks count what else the machine does.
        assert_eq!(by_row(), in_batches());
        let rounds = argument("rounds").and_then(|n| n.parse().ok()).unwrap_or(9);
        println!("nanoseconds {} {}", on_processor(rounds, rows, by_row), on_processor(rounds, rows, in_batches));
        return;
    }
    let mut contest = Contest::new("200 trees of 31 leaves", "row", rows);
    contest.add("row by row", by_row);
    contest.add("in batches", in_batches);
    if let Some(results) = contest.run() {
        results.ratio("row by row", "in batches", "the more the better");
    }
}

/// Median time per row that this thread spends on a processor, in nanoseconds; by the wall clock where the system does not tell.
fn on_processor(rounds: usize, rows: usize, mut work: impl FnMut() -> u64) -> f64 {
    let began = Instant::now();
    let now = || {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let first = told.as_ref().and_then(|told| told.split(' ').next()?.parse().ok());
        first.unwrap_or_else(|| began.elapsed().as_nanos() as f64)
    };
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let before = now();
            black_box(work());
            (now() - before) / rows as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}

fn checksum(sum: u64, value: f64) -> u64 {
    sum.rotate_left(1) ^ value.to_bits()
}

/// How far the sums lie from those of the library that trained the model; it adds leaves in f64.
fn compare(model: &Model, columns: &[Column], table: &Table<'_>, margins: &[f64]) {
    let mut model = model.clone();
    if let Function::Trees { link, .. } = &mut model.function {
        *link = Link::Identity;
    }
    let scorer = Scorer::compile(&model, columns).expect("compiled before");
    let mut scores = Scores::default();
    scorer.score_batch(table, &mut scores, &mut BatchScratch::default());
    let farthest = scores.values.iter().zip(margins).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("farthest sum from the trainer's: {farthest:.1e} over {} rows", margins.len());
    assert!(scores.len() == margins.len() && farthest < 1e-4, "not the same model");
}

/// A model and rows to score.
struct World {
    model: Model,
    rows: usize,
    columns: Vec<Raw>,
    margins: Option<Vec<f64>>,
}

/// A column of numbers, or of texts by their place in a list.
struct Raw {
    name: String,
    texts: Option<Arc<[Arc<str>]>>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
}

impl Raw {
    fn new(name: String, texts: Vec<String>, numbers: Vec<f64>) -> Raw {
        let codes = numbers.iter().map(|x| *x as u32).collect();
        let texts: Vec<Arc<str>> = texts.iter().map(|text| text.as_str().into()).collect();
        Raw { name, texts: (!texts.is_empty()).then(|| texts.into()), numbers, codes }
    }

    fn field(&self) -> Field {
        let type_ = if self.texts.is_some() { Type::Text } else { Type::Number };
        Field::new(&self.name, type_)
    }

    fn values(&self) -> Values<'_> {
        match &self.texts {
            None => Values::numbers(&self.numbers),
            Some(texts) => Values::texts(&self.codes, texts.clone()),
        }
    }
}

impl World {
    /// What the script wrote.
    fn read(folder: &str) -> World {
        let bytes = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"));
        let text = |name: &str| String::from_utf8(bytes(name)).expect("UTF-8");
        let numbers = |name: &str| -> Vec<f64> {
            bytes(name).as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
        };
        let model: Model = ron::from_str(&text("model.ron")).expect("model.ron");
        let columns: Vec<(String, Vec<String>)> = ron::from_str(&text("columns.ron")).expect("columns.ron");
        let (margins, values) = (numbers("margins.bin"), numbers("values.bin"));
        let rows = margins.len();
        assert_eq!(values.len(), rows * columns.len(), "values.bin");
        let columns = columns.into_iter().zip(values.chunks(rows)).map(|((n, t), xs)| Raw::new(n, t, xs.to_vec()));
        World { model, rows, columns: columns.collect(), margins: Some(margins) }
    }

    /// Ten numbers and eleven texts, of which 52 categories are inputs; trees that split more often near the root on numbers.
    fn made() -> World {
        let mut random = Random::new(7);
        let rows = 16_384;
        let mut columns = Vec::new();
        let mut inputs = Vec::new();
        for i in 0..10 {
            let name = format!("x{i}");
            inputs.push(Input { field: name.clone(), encode: Encode::Number });
            columns.push(Raw::new(name, vec![], (0..rows).map(|_| random.unit()).collect()));
        }
        for (i, categories) in [4, 4, 4, 4, 4, 4, 4, 4, 4, 8, 8].into_iter().enumerate() {
            let name = format!("t{i}");
            let texts: Vec<String> = (0..categories).map(|c| format!("category {c}")).collect();
            inputs.extend(texts.iter().map(|text| Input {
                field: name.clone(),
                encode: Encode::OneHot { category: text.clone(), center: 0.0, scale: 1.0 },
            }));
            columns.push(Raw::new(name, texts, (0..rows).map(|_| random.below(categories) as f64).collect()));
        }
        let trees = (0..200).map(|_| tree(31, &mut random, inputs.len())).collect();
        let function = Function::Trees { base: -1.5, trees, link: Link::Logistic };
        let model = Model { id: "m".into(), inputs, function, fallback: 0.1, ..Model::default() };
        World { model, rows, columns, margins: None }
    }
}

/// Grown by splitting random leaves: seven splits of ten on one of ten numbers, at one of 255 points.
fn tree(leaves: usize, random: &mut Random, inputs: usize) -> Tree {
    let mut tree = Tree::default();
    let leaf = |tree: &mut Tree, random: &mut Random| {
        tree.feature.push(-1);
        tree.threshold.push(random.unit() as f32 * 0.1 - 0.05);
        tree.left.push(0);
        tree.right.push(0);
        tree.missing_left.push(false);
        tree.feature.len() as u32 - 1
    };
    let mut open = vec![leaf(&mut tree, random)];
    while open.len() < leaves {
        let at = open.swap_remove(random.below(open.len())) as usize;
        let number = random.unit() < 0.7;
        tree.feature[at] = if number { random.below(10) } else { 10 + random.below(inputs - 10) } as i32;
        tree.threshold[at] = if number { (1 + random.below(255)) as f32 / 256.0 } else { 0.5 };
        (tree.left[at], tree.right[at]) = (leaf(&mut tree, random), leaf(&mut tree, random));
        open.extend([tree.left[at], tree.right[at]]);
    }
    tree
}
