//! The law of batches: every score is bit for bit that of the row alone. Held over random models of every kind, with missing
//! values, NaN, infinities, categories nobody knows, and rows in any order.

use super::block::ROWS;
use super::*;
use crate::Request;
use crate::columns::Columns;
use crate::model::*;
use crate::recipe::Program;
use crate::row::{Column, Row};
use crate::schema::Schema;
use crate::testing::{Random, field};
use crate::value::{Type, Value};

const FIELDS: [(&str, Type); 6] = [
    ("x", Type::Number),
    ("n", Type::Integer),
    ("t", Type::Text),
    ("b", Type::Bool),
    ("when", Type::Time),
    ("list", Type::Text),
];
const TEXTS: [&str; 6] = ["web", "mail", "shop", "phone", "", "no such"];

fn facts() -> Vec<Fact> {
    let fact = |name: &str, type_| Fact { name: name.into(), type_: Some(type_) };
    vec![fact("id", Type::Text), fact("price", Type::Number)]
}

fn value(random: &mut Random, type_: Type) -> Value {
    if random.chance(0.2) {
        return Value::Unknown;
    }
    match type_ {
        Type::Bool => Value::Bool(random.chance(0.5)),
        Type::Integer => Value::Integer(*random.pick(&[-3, 0, 1, 2, 7, i64::MAX, i64::MIN])),
        Type::Number => match random.below(8) {
            0 => Value::Number(*random.pick(&[f64::NAN, f64::INFINITY, 1e300, -1e300, -0.0, 0.0, 1e-320])),
            // On the thresholds themselves, in single precision and beside it.
            1..4 => Value::Number(f64::from(random.below(40) as f32 / 8.0 - 2.0)),
            _ => Value::Number(random.unit() * 6.0 - 3.0),
        },
        Type::Text => Value::text(*random.pick(&TEXTS)),
        Type::Time => Value::Time(*random.pick(&[0, 1000, -5])),
    }
}

/// A row in which `list` lists items.
fn row(random: &mut Random) -> Vec<Value> {
    let mut row: Vec<Value> = FIELDS.iter().map(|(_, type_)| value(random, *type_)).collect();
    if random.chance(0.7) {
        let items: Vec<&str> = (0..random.below(5)).map(|_| *random.pick(&TEXTS)).collect();
        row[5] = Value::text(items.join(", "));
    }
    row
}

fn strings(random: &mut Random, of: &[&str]) -> Vec<String> {
    let n = 1 + random.below(of.len());
    of.iter().take(n).map(|s| (*s).to_owned()).collect()
}

/// An input that is a number for sure.
fn numeric(random: &mut Random) -> Input {
    let scale = || Encode::Standard { missing: 0.5, center: 1.0, scale: 2.0 };
    let (field, encode) = match random.below(9) {
        0..3 => ("x", Encode::Number),
        3 => ("n", Encode::Number),
        4 => ("b", Encode::Number),
        5 => (*random.pick(&["x", "n", "b", "action.price"]), scale()),
        6 => (*random.pick(&["x", "t", "when", "action.id"]), Encode::Missing),
        7 => ("action.price", Encode::Number),
        _ => {
            let (field, category) = *random.pick(&[
                ("t", "web"),
                ("t", "mail"),
                ("t", "never"),
                ("n", "7"),
                ("b", "true"),
                ("when", "1970-01-01T00:00:01Z"),
                ("action.id", "web"),
            ]);
            (field, Encode::OneHot { category: category.into(), center: 0.25, scale: 0.5 })
        }
    };
    Input { field: field.into(), encode }
}

fn category(random: &mut Random) -> Input {
    let (field, categories) = match random.below(4) {
        0 => ("n", strings(random, &["7", "-3", "x", "0"])),
        1 => ("b", strings(random, &["true", "false"])),
        2 => ("action.id", strings(random, &TEXTS)),
        _ => ("t", strings(random, &TEXTS[..5])),
    };
    Input { field: field.into(), encode: Encode::Category { categories } }
}

fn codes(input: &Input) -> Option<usize> {
    match &input.encode {
        Encode::Category { categories } => Some(categories.len()),
        _ => None,
    }
}

fn edges(random: &mut Random) -> Vec<f64> {
    let mut edges: Vec<f64> = (0..random.below(6)).map(|_| random.below(40) as f64 / 8.0 - 2.0).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

/// Grown by splitting random leaves; thresholds from a coarse grid when `coarse`, so that rows lie on them.
fn tree(random: &mut Random, inputs: &[Input], leaves: usize, coarse: bool) -> Tree {
    let mut tree = Tree::default();
    let mut open = Vec::new();
    let add = |tree: &mut Tree, random: &mut Random| {
        tree.feature.push(-1);
        tree.threshold.push(random.unit() as f32 - 0.5);
        tree.left.push(0);
        tree.right.push(0);
        tree.missing_left.push(false);
        tree.feature.len() - 1
    };
    open.push(add(&mut tree, random));
    while open.len() < leaves {
        let at = open.swap_remove(random.below(open.len()));
        let input = random.below(inputs.len());
        tree.feature[at] = input as i32;
        tree.threshold[at] =
            if coarse { random.below(40) as f32 / 8.0 - 2.0 } else { random.unit() as f32 * 6.0 - 3.0 };
        tree.missing_left[at] = random.chance(0.5);
        if let Some(n) = codes(&inputs[input]).filter(|_| random.chance(0.8)) {
            let left = (0..=n as u32).filter(|_| random.chance(0.5)).collect();
            tree.categorical.push(CategorySplit { node: at as u32, left });
        }
        let (a, b) = (add(&mut tree, random), add(&mut tree, random));
        (tree.left[at], tree.right[at]) = if random.chance(0.5) { (a as u32, b as u32) } else { (b as u32, a as u32) };
        open.extend([a, b]);
    }
    tree.categorical.sort_by_key(|split| split.node);
    tree
}

fn side(random: &mut Random, inputs: &mut Vec<Input>, width: usize) -> Side {
    let factors = |random: &mut Random| (0..width).map(|_| random.unit() as f32 - 0.5).collect::<Vec<_>>();
    if random.chance(0.6) {
        let input = category(random);
        let n = codes(&input).unwrap();
        inputs.push(input);
        let biases = if random.chance(0.5) { vec![] } else { (0..n).map(|_| random.unit()).collect() };
        Side::Keyed { input: inputs.len() as u32 - 1, biases, factors: (0..n).map(|_| factors(random)).collect() }
    } else {
        let terms = (0..1 + random.below(3)).map(|_| {
            inputs.push(numeric(random));
            Term { input: inputs.len() as u32 - 1, bias: random.unit(), factors: factors(random) }
        });
        Side::Folded { terms: terms.collect() }
    }
}

fn function(random: &mut Random, kind: usize, inputs: &mut Vec<Input>) -> Function {
    let link = *random.pick(&[Link::Identity, Link::Logistic]);
    let cold = *random.pick(&[Cold::Biases, Cold::Fallback]);
    let number = |random: &mut Random| random.unit() * 2.0 - 1.0;
    match kind {
        0 => Function::Constant(random.unit()),
        1 => {
            *inputs = (0..random.below(8)).map(|_| numeric(random)).collect();
            let huge = random.chance(0.1);
            let coefficients = inputs.iter().map(|_| if huge { 1e300 } else { number(random) }).collect();
            Function::Linear { intercept: number(random), coefficients, link }
        }
        2 | 3 => {
            *inputs =
                (0..1 + random.below(6)).map(|i| if i % 2 == 0 { numeric(random) } else { category(random) }).collect();
            let shape = |random: &mut Random, input: usize| {
                let n = codes(&inputs[input]);
                let edges = if n.is_some() { vec![] } else { edges(random) };
                let scores = (0..n.unwrap_or(edges.len() + 1)).map(|_| number(random)).collect();
                let other = if n.is_some() { number(random) } else { 0.0 };
                Shape { input: input as u32, edges, scores, other, missing: number(random) }
            };
            let shapes: Vec<Shape> = (0..inputs.len()).map(|i| shape(random, i)).collect();
            if kind == 2 {
                let card = |s: Shape| Characteristic {
                    input: s.input,
                    edges: s.edges,
                    points: s.scores,
                    other: s.other,
                    missing: s.missing,
                    reason: String::new(),
                };
                let characteristics = shapes.into_iter().map(card).collect();
                return Function::Scorecard { base: 10.0, characteristics, link };
            }
            let pairs = (0..random.below(4)).map(|_| {
                let axis = |random: &mut Random| {
                    let at = random.below(inputs.len());
                    let edges = if codes(&inputs[at]).is_some() { vec![] } else { edges(random) };
                    let bins = codes(&inputs[at]).map_or(edges.len() + 2, |n| n + 2);
                    (at as u32, edges, bins)
                };
                let ((a, e, m), (b, f, n)) = (axis(random), axis(random));
                let scores = (0..m).map(|_| (0..n).map(|_| number(random)).collect()).collect();
                Pair { inputs: (a, b), edges: (e, f), scores }
            });
            let pairs = pairs.collect();
            Function::Shapes { intercept: number(random), pairs, shapes, link }
        }
        4..=6 => {
            *inputs =
                (0..1 + random.below(9)).map(|i| if i % 3 == 2 { category(random) } else { numeric(random) }).collect();
            // Some with one leaf, some of one byte, of one word, of two, and larger than any word.
            let sizes = [1, 2, 7, 8, 9, 31, 33, 64, 65, 200];
            let trees = (0..1 + random.below(30)).map(|_| {
                let leaves = if kind == 6 { *random.pick(&sizes) } else { 1 + random.below(40) };
                tree(random, inputs, leaves, kind != 5)
            });
            Function::Trees { base: 0.25, trees: trees.collect(), link }
        }
        7 => {
            let width = random.below(5);
            let subject = side(random, inputs, width);
            let item = side(random, inputs, width);
            Function::Factors { bias: 0.5, subject, item, cold, link }
        }
        8 => {
            let side = 1 + random.below(6);
            let of = function(random, side, inputs);
            let trees = (0..1 + random.below(9)).map(|_| {
                let leaves = 1 + random.below(20);
                tree(random, inputs, leaves, true)
            });
            let less = match inputs.is_empty() {
                true => Function::Constant(0.25),
                false => Function::Trees { base: 0.25, trees: trees.collect(), link },
            };
            let (of, less) = (of.into(), less.into());
            if random.chance(0.5) {
                Function::Difference { of, less }
            } else {
                Function::Difference { of: less, less: of }
            }
        }
        _ => {
            let items = strings(random, &TEXTS[..4]);
            let known = items.len() as u32;
            let item = category(random);
            let n = codes(&item).unwrap();
            let list = *random.pick(&["list", "t", "action.id"]);
            *inputs = vec![item, Input { field: list.into(), encode: Encode::Items { items, separator: ",".into() } }];
            let neighbours = |random: &mut Random| {
                let held: Vec<u32> = (0..known).filter(|_| random.chance(0.6)).collect();
                held.into_iter().map(|place| (place, random.unit())).collect()
            };
            let similar = (0..n).map(|_| neighbours(random)).collect();
            let biases = (0..n).map(|_| number(random)).collect();
            Function::Neighbours { bias: 0.5, basket: 1, item: 0, biases, similar, cold, link }
        }
    }
}

/// A random model of a kind from 0 to 9.
fn model(random: &mut Random, kind: usize) -> Model {
    let mut inputs = Vec::new();
    let function = function(random, kind, &mut inputs);
    let calibration = match random.below(3) {
        0 => Calibration::Identity,
        1 => Calibration::Platt { slope: 1.5, intercept: -0.25 },
        _ => Calibration::Isotonic { raw: vec![0.0, 0.3, 0.9], calibrated: vec![0.1, 0.2, 0.8] },
    };
    Model {
        id: "m".into(),
        name: "m".into(),
        target: "visits".into(),
        inputs,
        function,
        calibration,
        fallback: 0.125,
        evidence: Some(40.0),
        spread: Some(Spread::Bands { edges: vec![0.2], half_widths: vec![0.01, 0.02] }),
    }
}

struct World {
    columns: Vec<Column>,
    schema: Schema,
    requests: Vec<Request>,
}

impl World {
    fn new(random: &mut Random, rows: usize) -> World {
        let schema = Schema { fields: FIELDS.iter().map(|(name, type_)| field(name, *type_)).collect() };
        let columns = FIELDS.iter().map(|(name, type_)| Column { name: (*name).into(), type_: *type_ }).collect();
        let requests = (0..rows).map(|_| Request { fields: row(random), ..Request::default() }).collect();
        World { columns, schema, requests }
    }

    /// Asserts the law; gives how many scores there were and how many of them stood in.
    fn hold(&self, random: &mut Random, model: &Model) -> (usize, usize) {
        let scorer = Scorer::compile_with(model, &self.columns, &facts()).unwrap_or_else(|e| panic!("{e:?}"));
        let columns = Columns::from_requests(&self.schema, &self.requests);
        let table = Table::new(&columns, &Program::compile(&[], &self.schema).unwrap());
        let batch = scorer.batch(&table);
        let candidate = vec![value(random, Type::Text), value(random, Type::Number)];
        let from = random.below(self.requests.len() + 1);
        let list: Vec<u32> =
            (0..random.below(2 * ROWS)).map(|_| random.below(self.requests.len() + 2) as u32).collect();
        let (mut scores, mut scratch) = (Scores::default(), BatchScratch::default());
        let (mut one, mut seen, mut stand_ins) = (Scratch::default(), 0, 0);
        for rows in [Rows::Run(0..table.len()), Rows::Run(from..table.len()), Rows::List(&list)] {
            batch.score(rows.clone(), &candidate, &mut scores, &mut scratch);
            assert_eq!(scores.len(), rows.len());
            for i in 0..scores.len() {
                let at = match &rows {
                    Rows::Run(run) => run.start + i,
                    Rows::List(list) => list[i] as usize,
                };
                let mut values = Vec::new();
                table.read(at, &mut values);
                let alone = scorer.score_candidate(&Row::complete(&values), &candidate, &mut one);
                let together = batch.scored(&scores, i).unwrap();
                let bits = |s: Scored| (s.raw.map(f64::to_bits), s.value.to_bits(), s.evidence, s.spread);
                assert_eq!(bits(together), bits(alone), "row {at} {values:?}\n{candidate:?}\n{model:#?}");
                assert_eq!(scores.degraded(i), alone.degraded());
                seen += 1;
                stand_ins += usize::from(alone.degraded());
            }
        }
        (seen, stand_ins)
    }
}

#[test]
fn together_or_alone_every_row_has_one_score() {
    let mut random = Random::new(11);
    let mut counts = [(0, 0); 10];
    for round in 0..450 {
        let kind = round % 10;
        let rows = [1, 5, ROWS - 1, ROWS, ROWS + 1, 300][random.below(6)];
        let world = World::new(&mut random, rows);
        let model = model(&mut random, kind);
        let (seen, stand_ins) = world.hold(&mut random, &model);
        counts[kind].0 += seen;
        counts[kind].1 += stand_ins;
    }
    // The test keeps its bite: every kind is seen, and those that can fail do, but not always.
    for (kind, (seen, stand_ins)) in counts.into_iter().enumerate() {
        assert!(seen > 5_000, "kind {kind}: {seen}");
        let fails = matches!(kind, 1 | 7 | 9);
        assert!(!fails || (stand_ins > seen / 50 && stand_ins < seen * 49 / 50), "kind {kind}: {stand_ins} of {seen}");
    }
}

#[test]
fn many_thresholds_take_several_bytes() {
    // One number compared with about a thousand thresholds, missing to either side.
    let mut random = Random::new(12);
    let inputs = vec![Input { field: "x".into(), encode: Encode::Number }];
    let trees: Vec<Tree> = (0..40).map(|_| tree(&mut random, &inputs, 30, false)).collect();
    let model =
        Model { inputs, function: Function::Trees { base: 0.0, trees, link: Link::Identity }, ..model(&mut random, 0) };
    let world = World::new(&mut random, 2000);
    world.hold(&mut random, &model);
}

#[test]
fn no_row_has_no_score() {
    let mut random = Random::new(13);
    let world = World::new(&mut random, 0);
    for kind in 0..10 {
        let model = model(&mut random, kind);
        let scorer = Scorer::compile_with(&model, &world.columns, &facts()).unwrap();
        let columns = Columns::from_requests(&world.schema, &[]);
        let table = Table::new(&columns, &Program::compile(&[], &world.schema).unwrap());
        let mut scores = Scores { raw: vec![1.0], values: vec![1.0] };
        scorer.score_batch(&table, &mut scores, &mut BatchScratch::default());
        assert!(scores.is_empty() && scores.degraded(0) && scorer.batch(&table).scored(&scores, 0).is_none());
    }
}
