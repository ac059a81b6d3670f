//! Answering vectors and comparing the answers.

use super::{
    Answer, Asked, Bucket, Canonical, Decided, Decisions, Deviation, Expressions, Report, Scores, Slot, Vector,
};
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::cases::{Case, Prepared, fates};
use crate::codec;
use crate::decision::Candidate;
use crate::document::Document;
use crate::error::Error;
use crate::fingerprint::{bucket, sha256_hex};
use crate::history::Past;
use crate::language::{self, Context, Env, Term, Use};
use crate::policy::Policy;
use crate::request::Request;
use crate::schema::{Field, Schema};
use crate::value::{Type, Value};
use serde::Serialize;

/// The vector with this implementation's answers.
pub fn answered(vector: &Vector) -> Result<Vector, Error> {
    Ok(match vector {
        Vector::Buckets(all) => Vector::Buckets(all.iter().map(place).collect()),
        Vector::Expressions(vector) => Vector::Expressions(expressions(vector)),
        Vector::Scores(vector) => Vector::Scores(Box::new(scores(vector)?)),
        Vector::Decisions(vector) => Vector::Decisions(Box::new(decisions(vector)?)),
        Vector::File(vector) => Vector::File(Box::new(Canonical {
            policy: vector.policy.clone(),
            revision: codec::revision(&vector.policy)?,
            text: codec::write(&vector.policy)?,
        })),
    })
}

fn place(asked: &Bucket) -> Bucket {
    let Bucket { salt, unit, .. } = asked;
    Bucket {
        salt: salt.clone(),
        unit: unit.clone(),
        sha256: sha256_hex(&[salt.as_bytes(), &[0x1F], unit.as_bytes()].concat()),
        bucket: bucket(salt, unit),
    }
}

fn schema(fields: &[(String, Type)]) -> Schema {
    let field = |(name, type_): &(String, Type)| Field::new(name, *type_);
    Schema { fields: fields.iter().map(field).collect() }
}

/// A row without candidates, scores or events.
struct Bare<'a> {
    values: &'a [Value],
    now: i64,
    zone: &'a str,
}

impl Env for Bare<'_> {
    fn field(&self, index: usize) -> &Value {
        const UNKNOWN: &Value = &Value::Unknown;
        self.values.get(index).unwrap_or(UNKNOWN)
    }
    fn score(&self, _: usize) -> Result<Value, String> {
        Ok(Value::Unknown)
    }
    fn candidate(&self) -> Candidate {
        Candidate { action: 0, treatment: 0 }
    }
    fn term(&self, _: Term) -> f64 {
        0.0
    }
    fn past(&self) -> Past<'_> {
        Past::Told(&[])
    }
    fn now(&self) -> i64 {
        self.now
    }
    fn zone(&self) -> Option<&str> {
        Some(self.zone)
    }
    fn is_inbound(&self, _: &str) -> bool {
        false
    }
}

fn answer_of(result: Result<Value, String>) -> Answer {
    match result {
        Err(_) => Answer::Fails,
        Ok(Value::Number(x)) if x.is_nan() => Answer::NotANumber,
        Ok(Value::Number(f64::INFINITY)) => Answer::Infinite,
        Ok(Value::Number(f64::NEG_INFINITY)) => Answer::NegativeInfinite,
        Ok(value) => Answer::Is(value),
    }
}

fn expressions(vector: &Expressions) -> Expressions {
    let document = Document { schema: schema(&vector.fields), ..Document::default() };
    let context = Context::new(&document);
    let answer = |asked: &Asked| {
        let answers = match language::compile(&asked.expr, Use::Input, &context) {
            Err(_) => vec![Answer::Refused],
            Ok(compiled) => {
                let row = |values: &Vec<Value>| {
                    answer_of(compiled.eval(&Bare { values, now: vector.now, zone: &vector.zone }))
                };
                vector.rows.iter().map(row).collect()
            }
        };
        Asked { expr: asked.expr.clone(), answers }
    };
    Expressions { asked: vector.asked.iter().map(answer).collect(), ..vector.clone() }
}

fn scores(vector: &Scores) -> Result<Scores, Error> {
    // A policy needs something to decide about.
    let treatment = Treatment { id: "any".into(), channel: "any".into(), ..Treatment::default() };
    let action = Action { id: "any".into(), group: "any".into(), treatments: vec![treatment], ..Action::default() };
    let groups = vec![Group { id: "any".into(), weight: 0.0 }];
    let document = Document {
        id: "vectors".into(),
        issues: vec![Issue { id: "any".into(), weight: 0.0, groups }],
        channels: vec![Channel { id: "any".into(), direction: Direction::Outbound }],
        actions: vec![action],
        schema: schema(&vector.fields),
        models: vec![vector.model.clone()],
        ..Document::default()
    };
    let policy = Policy::compile(document)?;
    let row = |(values, _): &(Vec<Value>, f64)| {
        let request = Request { subject: "s".into(), fields: values.clone(), ..Request::default() };
        (values.clone(), policy.score(&vector.model.id, &request).unwrap_or_default())
    };
    Ok(Scores { rows: vector.rows.iter().map(row).collect(), ..vector.clone() })
}

fn decisions(vector: &Decisions) -> Result<Decisions, Error> {
    let policy = Policy::compile(vector.policy.clone())?;
    let answer = |asked: &Decided| {
        let case = Case { request: asked.request.clone(), history: asked.history.clone(), ..Case::default() };
        let Prepared { request, history } = Prepared::new(&policy, &case);
        let decision = policy.decide(&request, &history);
        let names = |candidate| {
            let (action, treatment) = policy.names(candidate);
            (action.to_owned(), treatment.to_owned())
        };
        let slots = decision.slots.iter().map(|slot| {
            let (action, treatment) = names(slot.candidate);
            let probability = |(candidate, p): &(Candidate, f64)| {
                let (action, treatment) = names(*candidate);
                (action, treatment, *p)
            };
            Slot {
                action,
                treatment,
                send_at: slot.send_at,
                probability: slot.probability,
                probabilities: slot.probabilities.iter().map(probability).collect(),
            }
        });
        Decided { slots: slots.collect(), fates: fates(&policy, &decision), ..asked.clone() }
    };
    Ok(Decisions { asked: vector.asked.iter().map(answer).collect(), policy: vector.policy.clone() })
}

/// Compares published answers with found ones, one by one.
pub fn compare(expected: &Vector, found: &Vector, report: &mut Report) {
    match (expected, found) {
        (Vector::Buckets(a), Vector::Buckets(b)) => {
            for (a, b) in a.iter().zip(b) {
                one(report, || format!("bucket of {:?} in {:?}", a.unit, a.salt), a, b);
            }
        }
        (Vector::Expressions(a), Vector::Expressions(b)) => {
            for (x, y) in a.asked.iter().zip(&b.asked) {
                if x.answers.len() != y.answers.len() {
                    one(report, || format!("`{}`", x.expr), &x.answers, &y.answers);
                    continue;
                }
                for ((p, q), at) in x.answers.iter().zip(&y.answers).zip(0..) {
                    one(report, || format!("`{}` with {}", x.expr, named(&a.fields, a.rows.get(at))), p, q);
                }
            }
        }
        (Vector::Scores(a), Vector::Scores(b)) => {
            for ((values, x), (_, y)) in a.rows.iter().zip(&b.rows) {
                one(report, || format!("model `{}` with {}", a.model.id, named(&a.fields, Some(values))), x, y);
            }
        }
        (Vector::Decisions(a), Vector::Decisions(b)) => {
            for (x, y) in a.asked.iter().zip(&b.asked) {
                one(report, || format!("{}: slots", x.name), &x.slots, &y.slots);
                if x.fates.len() != y.fates.len() {
                    one(report, || format!("{}: candidates", x.name), &x.fates, &y.fates);
                }
                for (p, q) in x.fates.iter().zip(&y.fates) {
                    one(report, || format!("{}: {}/{}", x.name, p.action, p.treatment), p, q);
                }
            }
        }
        (Vector::File(a), Vector::File(b)) => {
            one(report, || format!("revision of policy `{}`", a.policy.id), &a.revision, &b.revision);
            one(report, || format!("file of policy `{}`", a.policy.id), &a.text, &b.text);
        }
        // Answers are of the kind that was asked.
        _ => {}
    }
}

/// Compares one answer. What is written tells numbers apart by their bits, 0 and −0 included.
fn one<T: Serialize>(report: &mut Report, asked: impl Fn() -> String, expected: &T, found: &T) {
    let text = |value: &T| codec::write_part(value).map_or_else(|e| e.to_string(), |text| text.trim_end().to_owned());
    let (expected, found) = (text(expected), text(found));
    report.compared += 1;
    if expected != found {
        report.deviations.push(Deviation { asked: asked(), expected, found });
    }
}

fn named(fields: &[(String, Type)], values: Option<&Vec<Value>>) -> String {
    let pairs = fields.iter().zip(values.into_iter().flatten());
    pairs.map(|((name, _), value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}
