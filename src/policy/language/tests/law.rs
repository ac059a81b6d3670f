//! The law that interpreter, row evaluator and column evaluator agree bit for bit on every input, errors and unknowns included; and the
//! proof that the test of it finds faults, by planting some.

use super::generate::{Program, Programs, Rows};
use super::{NOW, TestRow, context};
use crate::columns::{Columns, Table};
use crate::decision::Candidate;
use crate::language::columns::{BatchEnv, ColumnRules, ColumnScratch};
use crate::language::compiled::Evaluator;
use crate::language::mutant::{self, Mutant};
use crate::language::reads::Reads;
use crate::language::*;
use crate::recipe;
use crate::request::Request;
use crate::schema::Schema;
use crate::testing::field;
use crate::value::Value;
use std::collections::BTreeMap;

/// What a run has seen.
#[derive(Default)]
struct Tally {
    programs: usize,
    /// Programs that failed on some row.
    erring: usize,
    pairs: usize,
    failed: usize,
    unknown: usize,
    inputs: usize,
    missing: usize,
    interpreted: usize,
    /// How often each kind of node was part of a program that met a row, in the source graph and in the joined one.
    nodes: BTreeMap<String, usize>,
}

/// Programs that are joined to one rule set.
const TOGETHER: usize = 5;

/// Runs `sets` rule sets on `requests` requests of two candidates each; the first disagreement in words.
fn run(seed: u64, sets: usize, requests: usize) -> Result<Tally, String> {
    let context = context();
    let mut programs = Programs::new(seed);
    let mut rows = Rows::new(seed + 1);
    let mut tally = Tally::default();
    for _ in 0..sets {
        let mut given: Vec<Program> = Vec::new();
        let mut compiled: Vec<Compiled> = Vec::new();
        while compiled.len() < TOGETHER {
            let program = programs.next();
            if let Ok(one) = compile(&program.text, program.use_, &context) {
                given.push(program);
                compiled.push(one);
            }
        }
        let set = RuleSet::new(&compiled);
        let pairs = 2 * requests;
        for (kind, times) in kinds(&set, &compiled) {
            *tally.nodes.entry(kind).or_default() += times * pairs;
        }
        tally.interpreted += compiled.iter().filter(|one| one.kind() == Kind::Interpreted).count();
        tally.programs += TOGETHER;
        let mut erring = [false; TOGETHER];
        let mut scratch = set.scratch();
        let mut batch = Batch::default();
        for request in 0..requests {
            let mut first = rows.next();
            // A batch has one candidate at a time.
            first.candidate.treatment = batch.rows.first().map_or(first.candidate, |row| row[0].candidate).treatment;
            let second = rows.other_candidate(&first);
            batch.rows.push([first.clone(), second.clone()]);
            scratch.begin();
            for env in [&first, &second] {
                scratch.candidate();
                tally.inputs += env.fields.len() * TOGETHER;
                tally.missing += env.fields.iter().filter(|value| !value.is_known()).count() * TOGETHER;
                for (i, one) in compiled.iter().enumerate() {
                    tally.pairs += 1;
                    let at = (i, request, std::ptr::eq(env, &second));
                    let expected = one.run(env, None, Evaluator::Interpreter);
                    let said = |what: &str, found: String| {
                        let (text, use_) = (&given[i].text, given[i].use_);
                        let others: Vec<&str> = given.iter().map(|program| program.text.as_str()).collect();
                        format!(
                            "seed {seed}, {use_:?}: {text}\ninterpreter: {expected:?}\n{what}: {found}\nrow: {env:?}\njoined with: {others:#?}"
                        )
                    };
                    match &expected {
                        Ok(Value::Unknown) => tally.unknown += 1,
                        Ok(_) => {}
                        Err(_) => {
                            tally.failed += 1;
                            erring[i] = true;
                        }
                    }
                    if one.kind() == Kind::Lowered {
                        let row = one.run(env, None, Evaluator::Row);
                        if bits(&row) != bits(&expected) {
                            return Err(said("row", format!("{row:?}")));
                        }
                    }
                    let outcome = set.eval(i, env, &mut scratch);
                    let found = match outcome {
                        Outcome::True => Some(Value::Bool(true)),
                        Outcome::False => Some(Value::Bool(false)),
                        Outcome::Unknown => Some(Value::Unknown),
                        Outcome::Number(x) => Some(Value::Number(x)),
                        Outcome::Integer(i) => Some(Value::Integer(i)),
                        Outcome::Time(t) => Some(Value::Time(t)),
                        Outcome::Text(text) => Some(Value::text(set.text(text, env, &scratch))),
                        Outcome::Fault => None,
                    };
                    if found.as_ref().map(|v| bits(&Ok(v.clone())))
                        != expected.as_ref().ok().map(|v| bits(&Ok(v.clone())))
                    {
                        return Err(said("joined", format!("{outcome:?}")));
                    }
                    batch.expected.push((at, expected.as_ref().ok().map(|v| bits(&Ok(v.clone())))));
                    if tally.pairs % 16 == 0 {
                        reads_agree(one, env).map_err(|found| said("reads", found))?;
                    }
                }
            }
        }
        if let Some((i, row, found)) = batch.disagrees(&set) {
            let (text, expected) = (&given[i].text, compiled[i].eval_interpreted(row));
            return Err(format!("seed {seed}: {text}\ninterpreter: {expected:?}\ncolumns: {found:?}\nrow: {row:?}"));
        }
        tally.erring += erring.iter().filter(|erring| **erring).count();
    }
    Ok(tally)
}

/// The rows of a rule set as columns, each as two candidates see it, and what the interpreter said: of which rule, for which row, whether as
/// the second candidate; `None` for a failure.
#[derive(Default)]
struct Batch {
    rows: Vec<[TestRow; 2]>,
    expected: Vec<((usize, usize, bool), Option<String>)>,
}

impl BatchEnv for Batch {
    fn row(&self, row: usize, candidate: Candidate, visit: &mut dyn FnMut(&dyn Env)) {
        let [first, second] = &self.rows[row];
        visit(if second.candidate == candidate { second } else { first });
    }
}

impl Batch {
    /// The first rule and row where columns say something else.
    fn disagrees(&self, set: &RuleSet) -> Option<(usize, &TestRow, Option<Value>)> {
        let context = context();
        let schema = Schema { fields: context.variables().iter().map(|v| field(&v.name, v.type_)).collect() };
        let request = |row: &[TestRow; 2]| Request {
            fields: row[0].fields.clone(),
            now: NOW,
            zone: row[0].zone.clone(),
            ..Request::default()
        };
        let requests: Vec<Request> = self.rows.iter().map(request).collect();
        let columns = Columns::from_requests(&schema, &requests);
        let table = Table::new(&columns, &recipe::Program::compile(&[], &schema).unwrap());
        let rules = ColumnRules::new(set);
        let mut scratch = ColumnScratch::default();
        let mut run = rules.start(&table, self, &mut scratch);
        for second in [false, true] {
            run.candidate(self.rows[0][usize::from(second)].candidate);
            for ((rule, row, _), expected) in self.expected.iter().filter(|((.., which), _)| *which == second) {
                let rows = run.rows();
                let found = run.eval(*rule, rows).get(*row);
                if found.as_ref().map(|v| bits(&Ok(v.clone()))) != *expected {
                    return Some((*rule, &self.rows[*row][usize::from(second)], found));
                }
            }
        }
        None
    }
}

/// What was read, by both evaluators in the same order.
fn reads_agree(one: &Compiled, env: &TestRow) -> Result<(), String> {
    if one.kind() == Kind::Interpreted {
        return Ok(());
    }
    let (mut row, mut interpreter) = (Reads::default(), Reads::default());
    let _ = one.run(env, Some(&mut row), Evaluator::Row);
    let _ = one.run(env, Some(&mut interpreter), Evaluator::Interpreter);
    let (row, interpreter) = (format!("{:?}", row.into_inner()), format!("{:?}", interpreter.into_inner()));
    if row == interpreter { Ok(()) } else { Err(format!("{row} against {interpreter}")) }
}

/// The nodes that a row of these programs meets.
fn kinds(set: &RuleSet, compiled: &[Compiled]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for node in set.graph().nodes() {
        *kinds.entry(node.kind()).or_default() += 1;
    }
    for (graph, root) in compiled.iter().filter_map(Compiled::graph) {
        for (needed, node) in graph.reachable([root]).into_iter().zip(graph.nodes()) {
            if needed && !kinds.contains_key(&node.kind()) {
                kinds.insert(node.kind(), 1);
            }
        }
    }
    kinds
}

/// Bits, not numbers: NaN is itself, 0.0 is not -0.0.
fn bits(result: &Result<Value, String>) -> String {
    match result {
        Ok(Value::Number(x)) => format!("number {:016x}", x.to_bits()),
        other => format!("{other:?}"),
    }
}

/// Every kind of node there is.
fn all_kinds() -> Vec<String> {
    let plain = [
        "Const", "Field", "Fact", "Term", "Score", "Table", "And", "Or", "Not", "AsBool", "Negate", "InConst",
        "OrElse", "IsKnown", "If", "Demand", "Seq",
    ];
    let operators = ops::Op::ALL.iter().map(|op| format!("Binary {}", op.symbol()));
    // These have nodes of their own.
    let own = ["score", "table", "is_known", "between"];
    let functions =
        functions::TABLE.iter().filter(|f| !own.contains(&f.name)).map(|function| format!("Call {}", function.name));
    plain.iter().map(|kind| (*kind).to_owned()).chain(operators).chain(functions).collect()
}

#[test]
fn interpreter_row_and_column_evaluators_agree() {
    let tally = run(2026, 600, 20).unwrap_or_else(|found| panic!("{found}"));
    assert!(tally.pairs >= 100_000, "{} pairs", tally.pairs);
    assert!(tally.missing * 5 >= tally.inputs, "{} of {} inputs are missing", tally.missing, tally.inputs);
    assert!(tally.erring * 20 >= tally.programs, "{} of {} programs err", tally.erring, tally.programs);
    assert!(tally.failed * 20 >= tally.pairs, "{} of {} pairs fail", tally.failed, tally.pairs);
    assert!(tally.unknown * 10 >= tally.pairs, "{} of {} pairs are unknown", tally.unknown, tally.pairs);
    assert!(tally.interpreted * 10 <= tally.programs, "{} of {} are interpreted", tally.interpreted, tally.programs);
    for kind in all_kinds() {
        let times = tally.nodes.get(&kind).copied().unwrap_or(0);
        assert!(times >= 1_000, "{kind} met a row {times} times only");
    }
    assert!(tally.nodes.keys().all(|kind| all_kinds().contains(kind)), "{:?}", tally.nodes.keys());
}

#[test]
fn planted_faults_are_found() {
    for mutant in Mutant::ROWS.into_iter().chain(Mutant::COLUMNS) {
        let found = mutant::with(mutant, || run(7, 400, 10));
        assert!(found.is_err(), "{mutant:?} was not found");
    }
    assert!(run(7, 20, 10).is_ok());
}
