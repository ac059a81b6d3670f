//! The law that column evaluator and row evaluator agree bit for bit: sets of generated programs on batches of
//! generated rows, in any order, for any rows and candidates, unknowns and faults included.

use super::generate::{self, Programs};
use super::{NOW, TestRow, context};
use crate::columns::{Columns, Table};
use crate::decision::Candidate;
use crate::history::Past;
use crate::language::columns::*;
use crate::language::mutant::{Mutant, is_caught};
use crate::language::*;
use crate::recipe::Program;
use crate::request::Request;
use crate::schema::Schema;
use crate::testing::{Random, field};
use crate::value::Value;

/// A row as another candidate sees it.
struct As<'a>(&'a TestRow, Candidate);

impl Env for As<'_> {
    fn field(&self, index: usize) -> &Value {
        self.0.field(index)
    }
    fn score(&self, model: usize) -> Result<Value, String> {
        self.0.score(model)
    }
    fn table(&self, index: usize) -> Result<Value, String> {
        self.0.table(index)
    }
    fn candidate(&self) -> Candidate {
        self.1
    }
    fn term(&self, term: Term) -> f64 {
        self.0.term(term)
    }
    fn past(&self) -> Past<'_> {
        self.0.past()
    }
    fn now(&self) -> i64 {
        self.0.now()
    }
    fn zone(&self) -> Option<&str> {
        self.0.zone()
    }
    fn is_inbound(&self, channel: &str) -> bool {
        self.0.is_inbound(channel)
    }
}

/// Rows as a batch sees them; scores come in columns when `prefilled`.
struct Rows<'a> {
    rows: &'a [TestRow],
    prefilled: bool,
}

impl BatchEnv for Rows<'_> {
    fn row(&self, row: usize, candidate: Candidate, visit: &mut dyn FnMut(&dyn Env)) {
        visit(&As(&self.rows[row], candidate));
    }

    fn scores(&self, model: usize, start: usize, out: &mut [f64]) -> bool {
        // The broken one fails row by row.
        if !self.prefilled || model == 2 {
            return false;
        }
        for (out, row) in out.iter_mut().zip(&self.rows[start..]) {
            *out = row.score(model).unwrap().as_f64().unwrap_or(f64::NAN);
        }
        true
    }
}

/// Bits, not numbers: NaN is itself, 0.0 is not -0.0. Of a fault only that it is one.
fn bits(answer: Option<Value>) -> String {
    match answer {
        Some(Value::Number(x)) => format!("number {:016x}", x.to_bits()),
        Some(other) => format!("{other:?}"),
        None => "fault".to_owned(),
    }
}

/// Holds a set of rules to the row evaluator on these rows. Gives how many answers were known, unknown and faults.
fn hold(texts: &[(String, Use)], rows: &[TestRow], random: &mut Random) -> [usize; 3] {
    let context = context();
    let compiled: Vec<Compiled> = texts.iter().filter_map(|(text, use_)| compile(text, *use_, &context).ok()).collect();
    let variables = context.variables().iter();
    let schema = Schema { fields: variables.map(|v| field(&v.name, v.type_)).collect() };
    let request =
        |row: &TestRow| Request { fields: row.fields.clone(), now: NOW, zone: row.zone.clone(), ..Request::default() };
    let requests: Vec<Request> = rows.iter().map(request).collect();
    let columns = Columns::from_requests(&schema, &requests);
    let table = Table::new(&columns, &Program::compile(&[], &schema).unwrap());
    let rules = ColumnRules::new(&RuleSet::new(&compiled));
    let env = Rows { rows, prefilled: random.chance(0.5) };
    let mut scratch = ColumnScratch::default();
    let mut counts = [0; 3];
    for _ in 0..2 {
        // The second time everything is in use already.
        let mut run = rules.start(&table, &env, &mut scratch);
        for start in (0..rows.len()).step_by(BATCH) {
            run.batch(start);
            for (action, treatment) in [(0, 0), (0, 1), (1, 0), (0, 0)] {
                let candidate = Candidate { action, treatment };
                run.candidate(candidate);
                for _ in 0..compiled.len() * 2 {
                    let index = random.below(compiled.len());
                    let share = *random.pick(&[0.0, 0.1, 0.9, 1.0]);
                    let mut wanted = Bits::NONE;
                    (0..BATCH).for_each(|row| wanted.set(row, random.chance(share)));
                    let answer = run.eval(index, wanted).clone();
                    for row in wanted.rows().filter(|row| start + row < rows.len()) {
                        let expected = compiled[index].eval(&As(&rows[start + row], candidate));
                        let found = answer.get(row);
                        let text = compiled[index].text();
                        assert_eq!(
                            bits(found.clone()),
                            bits(expected.clone().ok()),
                            "{text}\n{:?}\n{expected:?}",
                            rows[start + row].fields
                        );
                        let at = if found.is_none() { 2 } else { usize::from(found == Some(Value::Unknown)) };
                        counts[at] += 1;
                        let (keep, unknown, fault) =
                            (answer.keep.get(row), answer.unknown.get(row), answer.fault.get(row));
                        let decides = compiled[index].for_use() == Use::Keep;
                        let kept =
                            found.as_ref().is_some_and(|v| v.is_known() && (!decides || *v != Value::Bool(false)));
                        assert_eq!((keep, unknown, fault), (kept, at == 1, at == 2), "{text} {found:?}");
                    }
                }
            }
        }
    }
    counts
}

#[test]
fn column_evaluator_and_row_evaluator_agree() {
    let counts = generated(150);
    assert!(counts.iter().all(|count| *count > 5_000), "{counts:?}");
}

/// Sets of generated programs on generated rows.
fn generated(rounds: usize) -> [usize; 3] {
    let mut programs = Programs::new(77);
    let mut random = Random::new(78);
    let mut given = generate::Rows::new(79);
    let mut counts = [0; 3];
    for round in 0..rounds {
        let count = 1 + random.below(12);
        let texts: Vec<(String, Use)> =
            (0..count).map(|_| programs.next()).map(|program| (program.text, program.use_)).collect();
        let rows = if round % 10 == 0 { BATCH + 100 } else { 1 + random.below(150) };
        let rows: Vec<TestRow> = (0..rows).map(|_| given.next()).collect();
        let found = hold(&texts, &rows, &mut random);
        counts.iter_mut().zip(found).for_each(|(count, found)| *count += found);
    }
    counts
}

#[test]
fn every_mistake_planted_in_columns_is_caught() {
    for mutant in Mutant::COLUMNS {
        let held = || {
            generated(60);
            rare_forms_agree_too();
        };
        assert!(is_caught(mutant, held), "{mutant:?} was not seen");
    }
}

/// What generated programs seldom have: texts from several dictionaries, functions of texts, values of one kind for all
/// rows, loops.
#[test]
fn rare_forms_agree_too() {
    let texts = [
        "channel == gone",
        "channel < gone",
        "channel >= action.channel",
        "action.channel != channel",
        "action.id > \"u\"",
        "(gone ?? channel) == \"Web\"",
        "(gone ?? action.id) == \"winback\"",
        "(gone ?? action.id) == (channel ?? \"winback\")",
        "(if newbie { action.channel } else { channel }) < \"f\"",
        "lower(channel) == \"web\"",
        "lower(gone ?? action.id) == lower(action.id)",
        "upper(channel) in [\"WEB\", \"PHONE\", action.id]",
        "channel in [\"Web\", \"Phone\"]",
        "channel in []",
        "channel in [\"Web\", ()]",
        "recency in [0, 6, ()]",
        "history in [0, 2.5, 0.25]",
        "contains(channel, \"e\") || starts_with(channel, action.id) || ends_with(gone, channel)",
        "len(channel) > 3 && trim(channel) == channel",
        "len(table(\"labels\")) == 1",
        "table(\"labels\") == gone",
        "(table(\"labels\") ?? channel) == \"b\"",
        "(if newbie { table(\"labels\") } else { gone }) == \"b\"",
        "table(\"torn\") > 0.0 && newbie",
        "action.discount > recency",
        "clamp(history, 0, 50) > 10",
        "clamp(recency, 0, 50) > 10",
        "clamp(history, recency, 50) > 10",
        "clamp(recency, mens, 50) == 50",
        "between(recency, mens, history)",
        "between(born, date(\"2026-01-01\"), now())",
        "between(channel, \"A\", \"X\")",
        "days_between(born, now()) > 5",
        "hour() > 3 && weekday() < 7 && month() == 1",
        "now() > born",
        "newbie == absent",
        "newbie != true",
        "is_known(absent) && is_known(recency / mens)",
        "min(recency, mens) <= max(recency, 3)",
        "min(recency, history) <= max(history, 3)",
        "to_int(history) == recency",
        "abs(recency) > 2 || -recency == 3",
        "let n = 0; for i in 0..3 { n += recency; } n > 2",
        "let x = recency / mens; x > 1",
        "switch channel { \"Web\" => recency > 1, \"Phone\" => absent, _ => newbie }",
        "if absent { 1 / mens > 0 } else { recency / (mens - mens) > 1 }",
        "outcomes(\"click\", action.id, 30) > 0",
    ];
    let numbers = [
        "recency",
        "history",
        "propensity * value",
        "exp(history)",
        "recency ** 2",
        "history ** 0.5",
        "recency % mens",
        "history % 2.5",
        "recency * mens",
        "-recency",
        "ln(history) + sqrt(history)",
        "floor(history) - ceil(history) + round(history)",
        "to_float(recency) / 7",
        "if newbie { recency } else { history }",
        "(missing ?? recency) + 1",
        "score(\"visit\") + table(\"rates\")",
        "action.discount * 2",
        "contacts(7) + contacts_on(\"email\", 30)",
        "days_since(\"click\")",
        "len(channel)",
        "abs(history)",
        "context_weight + lever + cost + uplift",
    ];
    let mut random = Random::new(9);
    let mut given = generate::Rows::new(10);
    let context = context();
    let mut all: Vec<(String, Use)> = texts.iter().map(|text| ((*text).to_owned(), Use::Keep)).collect();
    all.extend(numbers.iter().map(|text| ((*text).to_owned(), Use::Priority)));
    all.extend(["gone", "action.id", "gone ?? action.id"].map(|text| (text.to_owned(), Use::Input)));
    for (text, use_) in &all {
        compile(text, *use_, &context).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    }
    for rows in [1, 64, 700, 2 * BATCH + 5] {
        let mut rows: Vec<TestRow> = (0..rows).map(|_| given.next()).collect();
        for row in &mut rows {
            row.fields[5] = random.pick(&[Value::Bool(true), Value::Bool(false), Value::Unknown]).clone();
            row.fields[6] = random.pick(&[Value::Time(NOW), Value::Time(NOW - 1), Value::Unknown]).clone();
            row.fields[7] =
                random.pick(&[Value::text("a"), Value::text("b"), Value::text("Web"), Value::Unknown]).clone();
            row.zone = random.pick(&[None, Some("Asia/Tokyo"), Some("Nowhere/At_all")]).map(str::to_owned);
            row.tables[1] = random.pick(&[Ok(Value::text("b")), Ok(Value::Unknown), Err("no".into())]).clone();
        }
        hold(&all, &rows, &mut random);
        all.reverse();
    }
}
