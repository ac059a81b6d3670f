//! What rules cost per row: `cargo bench -p attune-policy --bench rules`.
//!
//! The same seven small rules over the same rows as a plain Rhai loop that leaves at the first failure, in our
//! interpreter, in the row evaluator, in the column evaluator, and by hand. All on one thread; all must find the same
//! rows.

#[path = "allocations.rs"]
mod allocations;
#[path = "harness.rs"]
mod harness;
#[path = "rhai_loop.rs"]
mod rhai_loop;
#[path = "worlds.rs"]
mod worlds;

use attune_policy::columns::{Column, Columns, Table, bits};
use attune_policy::decision::Candidate;
use attune_policy::history::Past;
use attune_policy::language::columns::{BATCH, BatchEnv, ColumnRules, ColumnScratch};
use attune_policy::language::{self, Compiled, Context, Env, RuleSet, Term, Use, compile};
use attune_policy::recipe::Program;
use attune_policy::{BatchScratch, Document, NoHistory, Outcome, Policy, Scratch, Value};
use harness::Contest;
use rhai_loop::RhaiLoop;
use std::hint::black_box;
use std::sync::Arc;
use worlds::{Row, SEVEN};

const ROWS: usize = 100_000;

fn main() {
    let rows = Row::many(ROWS, 7);
    let document = worlds::rules_only();
    let buffers = Buffers::new(&rows);
    let set = RuleSet::new(&compiled(&document, ""));
    let rules = ColumnRules::new(&set);
    println!("{} of {ROWS} rows pass all seven rules", rows.iter().filter(|row| row.passes()).count());
    seven(&rows, &document, &buffers, &set, &rules);
    each(&rows, &document, &buffers, &rules);
    allocated(&document, &buffers, &rules);
    decisions("Decisions: seven rules, one action", &rows, &document);
    decisions("Decisions: 50 actions, 10 rules each, 200 trees", &rows[..2_048], &worlds::fifty_actions());
    decisions(
        "Decisions: 500 actions of two treatments, 800 rules, 20 caps",
        &rows[..1_024],
        &worlds::many_actions(500),
    );
}

/// Whole decisions of a batch beside the same one by one.
fn decisions(title: &str, rows: &[Row], document: &Document) {
    let policy = Policy::compile(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    let requests = worlds::requests(rows);
    let buffers = Buffers::new(rows);
    let columns =
        buffers.columns(document).with_subjects(requests.iter().map(|r| r.subject.as_str()).collect::<Vec<_>>());
    let columns = columns.expect("one subject per row");
    let (mut scratch, mut space) = (Scratch::default(), BatchScratch::default());
    let chosen = |outcome: &Outcome| u64::from(outcome.chosen().is_some());
    let mut contest = Contest::new(title, "decision", rows.len());
    contest.add("one by one", || {
        requests.iter().map(|request| chosen(policy.decide_into(request, &NoHistory, &mut scratch))).sum()
    });
    contest.add("in batches", || {
        let mut sum = 0;
        policy.decide_batch_into(&columns, &NoHistory, &mut space, &mut |_, outcome| sum += chosen(outcome));
        sum
    });
    if let Some(results) = contest.run() {
        results.ratio("one by one", "in batches", "> 1");
    }
}

fn seven(rows: &[Row], document: &Document, buffers: &Buffers, set: &RuleSet, rules: &ColumnRules) {
    let rhai = RhaiLoop::new();
    let mut scope = rhai::Scope::new();
    let mut row_scratch = set.scratch();
    let (mut scratch, mut other) = (ColumnScratch::default(), ColumnScratch::default());
    let values: Vec<Subject> = rows.iter().map(|row| Subject(row.values())).collect();
    // A loop, even of no rounds, keeps a rule in the interpreter.
    let interpreted = compiled(document, "for i in 0..0 {} ");
    let columns = buffers.columns(document);
    let passes = |rules: &[Compiled], row: &Subject| rules.iter().all(|rule| rule.eval(row) == Ok(Value::Bool(true)));
    let mut contest = Contest::new("Seven rules per row, one thread", "row", rows.len());
    contest.add("by hand", || rows.iter().map(|row| u64::from(black_box(row).passes())).sum());
    contest.add("Rhai loop", || rows.iter().map(|row| u64::from(rhai.passes(row, &mut scope))).sum());
    contest.add("interpreter", || values.iter().map(|row| u64::from(passes(&interpreted, row))).sum());
    contest.add("rows", || {
        let passes = |row: &Subject| {
            row_scratch.begin();
            (0..SEVEN.len()).all(|i| set.eval(i, row, &mut row_scratch) == language::Outcome::True)
        };
        values.iter().map(passes).map(u64::from).sum()
    });
    contest.add("columns", || kept(&columns, rules, &mut scratch));
    contest.add("columns, checking the buffers too", || kept(&buffers.columns(document), rules, &mut other));
    if let Some(results) = contest.run() {
        results.ratio("Rhai loop", "interpreter", "for orientation").ratio("Rhai loop", "rows", "≥ 5");
        results.ratio("columns", "by hand", "≤ 5").ratio("Rhai loop", "columns", "≥ 30");
    }
}

/// Every rule for every row, none left out: what a report on rules asks for.
fn each(rows: &[Row], document: &Document, buffers: &Buffers, rules: &ColumnRules) {
    let columns = buffers.columns(document);
    let table = Table::new(&columns, &Program::default());
    let mut scratch = ColumnScratch::default();
    for (i, (_, text)) in SEVEN.iter().enumerate() {
        let mut contest = Contest::new(&format!("One rule in columns: {text}"), "row", rows.len());
        contest.add("columns", || {
            let mut run = rules.start(&table, &Nothing, &mut scratch);
            (0..table.len())
                .step_by(BATCH)
                .map(|start| {
                    run.batch(start);
                    let all = run.rows();
                    bits::count((run.eval(i, all).keep & all).words()) as u64
                })
                .sum()
        });
        contest.run();
    }
}

/// Rows that every rule keeps; a rule is asked about those that are left.
fn kept(columns: &Columns<'_>, rules: &ColumnRules, scratch: &mut ColumnScratch) -> u64 {
    let table = Table::new(columns, &Program::default());
    let mut run = rules.start(&table, &Nothing, scratch);
    let mut kept = 0;
    for start in (0..table.len()).step_by(BATCH) {
        run.batch(start);
        let mut left = run.rows();
        for i in 0..SEVEN.len() {
            left &= run.eval(i, left).keep;
        }
        kept += bits::count(left.words()) as u64;
    }
    kept
}

fn allocated(document: &Document, buffers: &Buffers, rules: &ColumnRules) {
    let columns = buffers.columns(document);
    let mut scratch = ColumnScratch::default();
    kept(&columns, rules, &mut scratch);
    let (_, made) = allocations::made(|| kept(&columns, rules, &mut scratch));
    println!("\nAllocations of the column evaluator for {} batches of a table once warm: {made}", ROWS.div_ceil(BATCH));
}

fn compiled(document: &Document, before: &str) -> Vec<Compiled> {
    let context = Context::new(document);
    let rule = |(_, text): &(_, &str)| compile(&format!("{before}{text}"), Use::Keep, &context).expect("a rule");
    SEVEN.iter().map(rule).collect()
}

/// The rows as a host holds them in columns.
struct Buffers {
    recency: Vec<i64>,
    spend: Vec<f64>,
    consent: Vec<u64>,
    segment: (Vec<u32>, Arc<[Arc<str>]>),
    age: Vec<i64>,
    visits: Vec<i64>,
    opened: Vec<f64>,
    device: (Vec<u32>, Arc<[Arc<str>]>),
}

impl Buffers {
    fn new(rows: &[Row]) -> Buffers {
        let texts = |of: fn(&Row) -> &'static str| {
            let mut dictionary: Vec<Arc<str>> = Vec::new();
            let codes = rows.iter().map(|row| {
                let at = dictionary.iter().position(|text| **text == *of(row)).unwrap_or_else(|| {
                    dictionary.push(of(row).into());
                    dictionary.len() - 1
                });
                at as u32
            });
            let codes = codes.collect();
            (codes, dictionary.into())
        };
        let mut consent = vec![0; bits::words(rows.len())];
        rows.iter().enumerate().filter(|(_, row)| row.consent).for_each(|(i, _)| bits::set(&mut consent, i));
        Buffers {
            recency: rows.iter().map(|row| row.recency).collect(),
            spend: rows.iter().map(|row| row.spend).collect(),
            consent,
            segment: texts(|row| row.segment),
            age: rows.iter().map(|row| row.age).collect(),
            visits: rows.iter().map(|row| row.visits).collect(),
            opened: rows.iter().map(|row| row.opened).collect(),
            device: texts(|row| row.device),
        }
    }

    fn columns(&self, document: &Document) -> Columns<'_> {
        let columns = vec![
            Column::integers(&self.recency),
            Column::numbers(&self.spend),
            Column::bools(&self.consent),
            Column::texts(&self.segment.0, self.segment.1.clone()),
            Column::integers(&self.age),
            Column::integers(&self.visits),
            Column::numbers(&self.opened),
            Column::texts(&self.device.0, self.device.1.clone()),
        ];
        let columns = Columns::new(&document.schema, self.recency.len(), columns).expect("columns of the schema");
        columns.with_now(worlds::NOW).expect("one instant for all rows")
    }
}

/// The rules read fields alone.
struct Nothing;

impl BatchEnv for Nothing {
    fn row(&self, _: usize, _: Candidate, _: &mut dyn FnMut(&dyn Env)) {}
}

/// A row as rules see it.
struct Subject(Vec<Value>);

impl Env for Subject {
    fn field(&self, index: usize) -> &Value {
        &self.0[index]
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn candidate(&self) -> Candidate {
        Candidate { action: 0, treatment: 0 }
    }
    fn term(&self, _: Term) -> f64 {
        f64::NAN
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        worlds::NOW
    }
    fn zone(&self) -> Option<&str> {
        None
    }
    fn is_inbound(&self, _: &str) -> bool {
        false
    }
}
