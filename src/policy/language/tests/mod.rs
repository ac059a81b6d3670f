//! The policy and the row that the tests of the language share, and how they ask: always both evaluators.

mod agreement;
mod columns;
mod editor;
mod findings;
pub mod generate;
mod joined;
mod law;
mod limits;
mod values;

use super::compiled::Evaluator;
use super::reads::Reads;
use super::*;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::contact::EventKind;
use crate::decision::Candidate;
use crate::document::Document;
use crate::history::{Event, Past};
use crate::model::{Calibration, Function, Model};
use crate::recipe::{Op as StepOp, Step};
use crate::schema::{Field, Schema};
use crate::table::Table;
use crate::value::{Type, Value};

pub(super) fn field(name: &str, type_: Type, categories: &[&str]) -> Field {
    let categories = categories.iter().map(|c| (*c).to_owned()).collect();
    Field { source: format!("{name}.raw"), categories, ..Field::new(name, type_) }
}

fn action(id: &str, group: &str, discount: Value, treatments: &[(&str, &str)]) -> Action {
    Action {
        id: id.into(),
        name: format!("The {id}"),
        group: group.into(),
        value: 20.0,
        cost: 0.5,
        weight: 10.0,
        valid_from: None,
        valid_until: None,
        tags: vec![],
        mandatory: false,
        service: false,
        obeys_caps: true,
        counts_toward_caps: true,
        propensity: None,
        // One action's flag is no flag.
        attributes: [
            ("discount".to_owned(), discount),
            ("flag".to_owned(), if id == "winback" { Value::Bool(true) } else { Value::text("yes") }),
        ]
        .into(),
        treatments: treatments
            .iter()
            .map(|(id, channel)| Treatment {
                id: (*id).into(),
                channel: (*channel).into(),
                template: String::new(),
                propensity: None,
                ..Treatment::default()
            })
            .collect(),
        ..Action::default()
    }
}

pub(super) fn document() -> Document {
    Document {
        id: "p".into(),
        schema: Schema {
            fields: vec![
                field("recency", Type::Integer, &[]),
                field("history", Type::Number, &[]),
                field("channel", Type::Text, &["Web", "Phone", "Multichannel"]),
                field("newbie", Type::Bool, &[]),
                field("missing", Type::Number, &[]),
                field("absent", Type::Bool, &[]),
                field("born", Type::Time, &[]),
                field("gone", Type::Text, &["a", "b"]),
                field("mens", Type::Integer, &[]),
            ],
        },
        recipe: vec![Step {
            output: "band".into(),
            input: "history".into(),
            op: StepOp::Bucket { edges: vec![100.0], labels: vec!["low".into(), "high".into()] },
        }],
        issues: vec![Issue {
            id: "retention".into(),
            weight: 0.0,
            groups: vec![Group { id: "cards".into(), weight: 0.0 }],
        }],
        channels: vec![
            Channel { id: "email".into(), direction: Direction::Outbound },
            Channel { id: "web".into(), direction: Direction::Inbound },
        ],
        actions: vec![
            action("winback", "cards", Value::Integer(10), &[("long", "email"), ("short", "web")]),
            action("upsell", "cards", Value::Number(7.5), &[("one", "email")]),
        ],
        models: ["visit", "spend", "broken", "none"].map(model).into(),
        tables: vec![table("rates", Type::Number), table("labels", Type::Text), table("torn", Type::Number)],
        ..Document::default()
    }
}

fn table(id: &str, output: Type) -> Table {
    Table {
        id: id.into(),
        name: id.into(),
        inputs: vec!["action.channel".into()],
        output,
        hit: Default::default(),
        rows: vec![],
        otherwise: Value::Unknown,
    }
}

fn model(id: &str) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: String::new(),
        inputs: vec![],
        function: Function::Constant(0.5),
        calibration: Calibration::Identity,
        fallback: 0.5,
        ..Model::default()
    }
}

/// A row of fixed values.
#[derive(Clone, Debug)]
pub(super) struct TestRow {
    pub fields: Vec<Value>,
    pub scores: Vec<Result<Value, String>>,
    pub tables: Vec<Result<Value, String>>,
    /// In the order of [`Term::ALL`].
    pub terms: [f64; 6],
    pub events: Vec<Event>,
    pub candidate: Candidate,
    pub zone: Option<String>,
}

pub(super) const DAY: i64 = 86_400_000;
/// 2026-01-31T23:30:00Z, a Saturday.
pub(super) const NOW: i64 = 1_769_902_200_000;

fn event(days_ago: i64, kind: EventKind, channel: &str) -> Event {
    Event {
        time: NOW - days_ago * DAY,
        kind,
        action: "winback".into(),
        treatment: "long".into(),
        channel: channel.into(),
        group: "cards".into(),
        issue: "retention".into(),
        tags: vec![],
        counts: true,
        ..Event::default()
    }
}

pub(super) fn row() -> TestRow {
    TestRow {
        fields: vec![
            Value::Integer(6),
            Value::Number(142.5),
            Value::text("Web"),
            Value::Bool(true),
            Value::Unknown,
            Value::Unknown,
            Value::Time(NOW - 10 * DAY),
            Value::Unknown,
            Value::Integer(1),
            Value::text("high"),
        ],
        scores: vec![
            Ok(Value::Number(0.25)),
            Ok(Value::Number(3.0)),
            Err("the model is torn".into()),
            Ok(Value::Unknown),
        ],
        tables: vec![Ok(Value::Number(0.25)), Ok(Value::text("b")), Err("two rows match".into())],
        terms: [0.25, 1.5, 20.0, 1.1, 0.5, 0.04],
        events: vec![
            event(40, EventKind::Sent, "email"),
            event(7, EventKind::Sent, "email"),
            event(5, EventKind::Sent, "web"),
            event(3, EventKind::Click, "web"),
            event(0, EventKind::Sent, "email"),
            event(-2, EventKind::Sent, "email"),
        ],
        candidate: Candidate { action: 0, treatment: 1 },
        zone: None,
    }
}

impl Env for TestRow {
    fn field(&self, index: usize) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        self.fields.get(index).unwrap_or(&UNKNOWN)
    }
    fn score(&self, model: usize) -> Result<Value, String> {
        self.scores[model].clone()
    }
    fn table(&self, index: usize) -> Result<Value, String> {
        self.tables[index].clone()
    }
    fn candidate(&self) -> Candidate {
        self.candidate
    }
    fn term(&self, term: Term) -> f64 {
        let at = Term::ALL.iter().position(|t| *t == term);
        at.map_or(f64::NAN, |at| self.terms[at])
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&self.events)
    }
    fn now(&self) -> i64 {
        NOW
    }
    fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }
    fn is_inbound(&self, channel: &str) -> bool {
        channel == "web"
    }
}

pub(super) fn context() -> Context {
    Context::new(&document())
}

/// Rules reckon with the types that the recipe gives.
#[test]
fn variables_have_the_types_of_the_row() {
    let sample = crate::testing::sample();
    let program = crate::recipe::Program::compile(&sample.recipe, &sample.schema).unwrap();
    let of_row: Vec<_> = program.columns().iter().map(|c| (c.name.as_str(), c.type_)).collect();
    let context = Context::new(&sample);
    let of_rules: Vec<_> = context.variables().iter().map(|v| (v.name.as_str(), v.type_)).collect();
    assert_eq!(of_rules, of_row);
    // So a whole number that loses its fraction is told.
    let said = check("is_women / 2 > 0", Use::Keep, &context);
    assert!(said.iter().any(|f| f.message.contains("drops the fraction")), "{said:?}");
}

/// Evaluates with every evaluator that can, and holds them to one answer, reads included.
#[track_caller]
pub(super) fn eval_as(text: &str, use_: Use, env: &TestRow) -> Result<Value, String> {
    let compiled = match compile(text, use_, &context()) {
        Ok(compiled) => compiled,
        Err(findings) => return Err(format!("{findings:?}")),
    };
    let interpreted = compiled.run(env, None, Evaluator::Interpreter);
    if compiled.kind() == Kind::Lowered {
        let row = compiled.run(env, None, Evaluator::Row);
        assert_eq!(row, interpreted, "{text}");
        let (mut a, mut b) = (Reads::default(), Reads::default());
        let _ = compiled.run(env, Some(&mut a), Evaluator::Row);
        let _ = compiled.run(env, Some(&mut b), Evaluator::Interpreter);
        assert_eq!(a.into_inner(), b.into_inner(), "{text}");
    }
    interpreted
}

#[track_caller]
fn keep(text: &str) -> Result<Value, String> {
    eval_as(text, Use::Keep, &row())
}

/// The findings as `line:column-end severity message`.
#[track_caller]
pub(super) fn findings(text: &str, use_: Use) -> Vec<String> {
    check(text, use_, &context())
        .iter()
        .map(|f| {
            let mark = if f.is_error() { "error" } else { "warning" };
            let end = f.end_column.map_or("?".to_owned(), |e| e.to_string());
            format!("{}:{}-{end} {mark}: {}", f.line, f.column, f.message)
        })
        .collect()
}
