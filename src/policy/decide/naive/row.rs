//! What a row means, naively: its fields, the recipe, models, decision tables, and the expressions that the generator writes.

use super::contact::wall;
use super::{Candidate, Naive};
use crate::action::Direction;
use crate::contact::EventKind;
use crate::model::{Encode, Function, Link};
use crate::recipe::Op;
use crate::schema::Missing;
use crate::table::HitPolicy;
use crate::value::{Type, Value};
use crate::{Event, History};

/// What a generated expression means, beside its text.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// `n <= k`.
    AtMost(i64),
    /// `filled <= k`: an output of the recipe.
    FilledAtMost(i64),
    /// `b`.
    Holds,
    /// `r == "…"`.
    In(String),
    /// `action.channel == "…"`.
    OnChannel(String),
    /// `action.price >= x`.
    PriceAtLeast(f64),
    /// `score("…") >= x`.
    ScoreAtLeast(String, f64),
    /// `contacts(days) < n`.
    ContactsBelow(i64, i64),
    /// `contacts_on("…", days) < n`.
    ContactsOnBelow(String, i64, i64),
    /// `outcomes("visit", "…", days) < n`.
    VisitsBelow(String, i64, i64),
    /// `days_since("sent") >= x`.
    SentDaysAgo(f64),
    /// `hour() < k`.
    HourBelow(i64),
    /// `table("…")`: true or false.
    Says(String),
    /// A loop: how many of 1, 2, 3 are at most `n`, and whether these are at least k.
    Counted(i64),
    /// `12 / n >= k`: fails at 0. Never inside another.
    Quotient(i64),
    Not(Box<Meaning>),
    Both(Box<Meaning>, Box<Meaning>),
    Either(Box<Meaning>, Box<Meaning>),
    /// `x`, as a multiplier.
    Multiplier,
    /// `table("…")`, as a multiplier.
    Weighs(String),
    /// `x * 6.0`, as an hour.
    Hour,
    /// `if … { "…" } else { () }`.
    Names(Box<Meaning>, String),
}

/// The output of a model.
#[derive(Clone, Copy)]
pub struct Scored {
    pub value: f64,
    pub evidence: Option<f64>,
    pub spread: Option<f64>,
    /// Whether the function gave it; else the fallback stands in.
    pub sound: bool,
}

const DAY: i64 = 86_400_000;

impl<'n> Naive<'n> {
    /// What an expression says: unknown when a script in it stops at an unknown condition.
    pub(super) fn truth(&self, meaning: &Meaning, candidate: Candidate<'_>) -> Option<bool> {
        if self.stops(meaning, candidate) { None } else { self.kleene(meaning, candidate) }
    }

    /// Whether an `if` of a script meets an unknown condition: then everything is unknown. What is not needed is not looked at.
    fn stops(&self, meaning: &Meaning, candidate: Candidate<'_>) -> bool {
        let reached = |a: &Meaning, b: &Meaning, settled: bool| {
            self.stops(a, candidate) || (self.kleene(a, candidate) != Some(settled) && self.stops(b, candidate))
        };
        match meaning {
            Meaning::Counted(_) => !self.field(0).is_known(),
            Meaning::Not(a) => self.stops(a, candidate),
            Meaning::Both(a, b) => reached(a, b, false),
            Meaning::Either(a, b) => reached(a, b, true),
            _ => false,
        }
    }

    /// Kleene's three values.
    fn kleene(&self, meaning: &Meaning, candidate: Candidate<'_>) -> Option<bool> {
        let n = self.field(0).as_f64();
        match meaning {
            Meaning::AtMost(k) => n.map(|n| n <= *k as f64),
            Meaning::FilledAtMost(k) => Some(n.unwrap_or(self.filler()) <= *k as f64),
            Meaning::Holds => as_bool(&self.field(1)),
            Meaning::In(region) => self.region().map(|own| own == *region),
            Meaning::OnChannel(id) => Some(candidate.1.channel == *id),
            Meaning::PriceAtLeast(x) => price(candidate).map(|price| price >= *x),
            Meaning::ScoreAtLeast(model, x) => Some(self.scored(model, candidate).value >= *x),
            Meaning::ContactsBelow(days, n) => Some(self.count(*days, |event| self.is_contact(event)) < *n),
            Meaning::ContactsOnBelow(channel, days, n) => {
                Some(self.count(*days, |event| self.is_contact(event) && event.channel == *channel) < *n)
            }
            Meaning::VisitsBelow(of, days, n) => {
                let is_of = |e: &Event| *of == "*" || [&e.action, &e.group, &e.issue].contains(&of);
                let visits = |event: &Event| event.kind == EventKind::Custom("visit".into()) && is_of(event);
                Some(self.count(*days, visits) < *n)
            }
            Meaning::SentDaysAgo(days) => {
                let last = self.past().filter(|event| event.kind == EventKind::Sent).last();
                last.map(|event| (self.request.now - event.time) as f64 / DAY as f64 >= *days)
            }
            Meaning::HourBelow(k) => {
                let home = self.contact(|contact| contact.home());
                Some(i64::from(wall(&home, self.request.now).hour()) < *k)
            }
            Meaning::Says(table) => as_bool(&self.table(table)),
            Meaning::Counted(k) => n.map(|n| (1..=3).filter(|i| n >= f64::from(*i)).count() as i64 >= *k),
            Meaning::Quotient(k) => match self.field(0) {
                Value::Integer(n) if n != 0 => Some(12 / n >= *k),
                _ => None,
            },
            Meaning::Not(a) => self.kleene(a, candidate).map(|a| !a),
            Meaning::Both(a, b) => match (self.kleene(a, candidate), self.kleene(b, candidate)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Meaning::Either(a, b) => match (self.kleene(a, candidate), self.kleene(b, candidate)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Meaning::Multiplier | Meaning::Weighs(_) | Meaning::Hour | Meaning::Names(..) => None,
        }
    }

    /// Whether it fails on this row.
    pub(super) fn fails(&self, meaning: &Meaning) -> bool {
        matches!(meaning, Meaning::Quotient(_)) && self.field(0) == Value::Integer(0)
    }

    /// Of a meaning that is a number.
    pub(super) fn number(&self, meaning: &Meaning, _: Candidate<'_>) -> Option<f64> {
        match meaning {
            Meaning::Multiplier => self.field(2).as_f64(),
            Meaning::Weighs(table) => self.table(table).as_f64(),
            Meaning::Hour => self.field(2).as_f64().map(|x| x * 6.0),
            _ => None,
        }
    }

    /// Of a meaning that is the id of an action. It reads no candidate.
    pub(super) fn action_named(&self, meaning: &Meaning) -> Option<String> {
        let Meaning::Names(when, action) = meaning else { return None };
        let nobody = self.candidates().next()?;
        self.truth(when, nobody).filter(|holds| *holds).map(|_| action.clone())
    }

    /// A field: the request's if it is fresh, else the default.
    pub(super) fn field(&self, i: usize) -> Value {
        let fields = &self.document.schema.fields;
        let fresh = fields[i].freshness.as_ref().is_none_or(|fresh| {
            let dated = fields.iter().position(|field| field.name == fresh.at).unwrap();
            let age = |t| self.request.now - t;
            matches!(self.given(dated), Value::Time(t) if age(t) >= 0 && age(t) <= fresh.max_age as i64 * 1000)
        });
        match (self.given(i), &fields[i].missing) {
            (value, _) if value.is_known() && fresh => value,
            (_, Missing::Default(default)) => default.clone(),
            _ => Value::Unknown,
        }
    }

    /// The first field that is missing and without which the policy does not decide.
    pub(super) fn refused(&self) -> Option<&'n str> {
        let fields = self.document.schema.fields.iter().enumerate();
        let mut missing = fields.filter(|(at, _)| !self.field(*at).is_known());
        missing.find(|(_, field)| field.missing == Missing::Refuse).map(|(_, field)| field.name.as_str())
    }

    /// What the request carries, unknown when absent or of the wrong type.
    fn given(&self, i: usize) -> Value {
        match (self.document.schema.fields[i].type_, self.request.fields.get(i)) {
            (Type::Number, Some(Value::Integer(x))) => Value::Number(*x as f64),
            (Type::Number, Some(Value::Number(x))) if x.is_nan() => Value::Unknown,
            (type_, Some(value)) if value.type_of() == Some(type_) => value.clone(),
            _ => Value::Unknown,
        }
    }

    /// The region that the row names.
    pub(super) fn region(&self) -> Option<String> {
        self.field(3).as_text().map(str::to_owned)
    }

    /// What the recipe puts in place of a missing `n`.
    fn filler(&self) -> f64 {
        match &self.document.recipe[0].op {
            Op::Impute(value) => value.as_f64().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The generator writes constants and linear functions of one input.
    pub(super) fn scored(&self, id: &str, candidate: Candidate<'_>) -> Scored {
        let model = self.document.models.iter().find(|model| model.id == id).unwrap();
        let value = match (&model.function, model.inputs.first()) {
            (Function::Constant(c), _) => Some(*c),
            (Function::Linear { intercept, coefficients, link }, Some(input)) => {
                let read = match input.field.as_str() {
                    "n" => self.field(0).as_f64(),
                    "filled" => Some(self.field(0).as_f64().unwrap_or(self.filler())),
                    _ => price(candidate),
                };
                let x = match input.encode {
                    Encode::Standard { missing, center, scale } => Some((read.unwrap_or(missing) - center) / scale),
                    _ => read,
                };
                let sum = x.map(|x| intercept + coefficients[0] * x);
                sum.map(|sum| if *link == Link::Logistic { 1.0 / (1.0 + libm::exp(-sum)) } else { sum })
            }
            other => panic!("{other:?}"),
        };
        let Some(value) = value else {
            return Scored { value: model.fallback, evidence: None, spread: None, sound: false };
        };
        let spread = model.spread.as_ref().map(|spread| spread.at(value));
        Scored { value, evidence: model.evidence, spread, sound: true }
    }

    /// The answer of a decision table: what it is however the rows that nobody can tell turn out, unknown when that differs.
    fn table(&self, id: &str) -> Value {
        let table = self.document.tables.iter().find(|table| table.id == id).unwrap();
        let holds = |input: &str, test: &str| match (input, test) {
            (_, "-") => Some(true),
            ("n", test) => self.field(0).as_f64().map(|n| n <= test.trim_start_matches("<= ").parse().unwrap()),
            (_, test) => self.region().map(|region| region == test.trim_matches('"')),
        };
        let matches = |tests: &Vec<String>| {
            let tests: Vec<_> = table.inputs.iter().zip(tests).map(|(input, test)| holds(input, test)).collect();
            if tests.contains(&Some(false)) {
                Some(false)
            } else {
                tests.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        };
        let told: Vec<_> = table.rows.iter().map(|row| matches(&row.tests)).collect();
        let answer = |case: usize| {
            let hit = (0..told.len()).filter(|i| told[*i].unwrap_or(case >> i & 1 == 1));
            let outputs: Vec<&Value> = hit.map(|i| &table.rows[i].output).collect();
            let numbers = || outputs.iter().map(|output| output.as_f64().unwrap());
            match (table.hit, outputs.first()) {
                (_, None) => table.otherwise.clone(),
                (HitPolicy::First, Some(first)) => (*first).clone(),
                (HitPolicy::Sum, _) => Value::Number(numbers().sum()),
                (HitPolicy::Min, _) => Value::Number(numbers().fold(f64::MAX, f64::min)),
                (HitPolicy::Max | HitPolicy::Priority, _) => Value::Number(numbers().fold(f64::MIN, f64::max)),
                other => panic!("{other:?}"),
            }
        };
        let answers: Vec<Value> = (0..1 << told.len()).map(answer).collect();
        if answers.windows(2).all(|pair| pair[0] == pair[1]) { answers[0].clone() } else { Value::Unknown }
    }

    /// The subject's events up to now.
    fn past(&self) -> impl Iterator<Item = &'n Event> {
        let (events, now) = (self.history.events(&self.request.subject), self.request.now);
        events.iter().filter(move |event| event.time <= now)
    }

    fn count(&self, days: i64, wanted: impl Fn(&Event) -> bool) -> i64 {
        let start = self.request.now - days * DAY;
        self.past().filter(|event| event.time > start && wanted(event)).count() as i64
    }

    fn is_contact(&self, event: &Event) -> bool {
        let inbound = |id: &str| self.document.channels.iter().any(|c| c.id == id && c.direction == Direction::Inbound);
        event.kind == EventKind::Sent && event.counts && !inbound(&event.channel)
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(truth) = value { Some(*truth) } else { None }
}

fn price((action, _): Candidate<'_>) -> Option<f64> {
    action.attributes.get("price").and_then(Value::as_f64)
}
