//! The policy that the vectors of decisions change, and what is asked of it.

use super::super::{Decided, Decisions, Vector};
use super::models::model;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::cases::{Past, Question};
use crate::contact::EventKind;
use crate::document::Document;
use crate::model::{Calibration, Function};
use crate::testing::field;
use crate::value::{Type, Value};

/// Three actions on three channels, with constant propensities.
pub fn policy(id: &str) -> Document {
    let action = |id: &str, group: &str, model: &str, treatments: &[(&str, &str)]| Action {
        id: id.into(),
        name: id.into(),
        group: group.into(),
        value: 10.0,
        cost: 0.5,
        tags: vec!["promo".into()],
        propensity: Some(model.into()),
        treatments: treatments
            .iter()
            .map(|(id, channel)| Treatment { id: (*id).into(), channel: (*channel).into(), ..Treatment::default() })
            .collect(),
        ..Action::default()
    };
    let channel = |id: &str, direction| Channel { id: id.into(), direction };
    let group = |id: &str| Group { id: id.into(), weight: 0.0 };
    let constant = |id: &str, p| model(id, Vec::new(), Function::Constant(p), Calibration::Identity);
    Document {
        id: id.into(),
        name: id.into(),
        issues: vec![
            Issue { id: "sales".into(), weight: 0.0, groups: vec![group("cards"), group("loans")] },
            Issue { id: "service".into(), weight: 0.0, groups: vec![group("account")] },
        ],
        channels: vec![
            channel("email", Direction::Outbound),
            channel("sms", Direction::Outbound),
            channel("web", Direction::Inbound),
        ],
        actions: vec![
            action("gold", "cards", "high", &[("mail", "email"), ("text", "sms")]),
            action("loan", "loans", "middle", &[("mail", "email"), ("banner", "web")]),
            action("hint", "account", "low", &[("mail", "email")]),
        ],
        models: vec![constant("high", 0.3), constant("middle", 0.2), constant("low", 0.1)],
        schema: crate::schema::Schema { fields: vec![field("age", Type::Integer), field("consent", Type::Bool)] },
        ..Document::default()
    }
}

pub fn ask(name: &str, now: i64, subject: &str, age: i64, history: Vec<Past>) -> Decided {
    let fields = [("age".to_owned(), Value::Integer(age)), ("consent".to_owned(), Value::Bool(true))].into();
    let request = Question {
        subject: subject.into(),
        now,
        zone: Some("Europe/Berlin".into()),
        decision_id: name.into(),
        fields,
        ..Question::default()
    };
    Decided { name: name.into(), request, history, ..Decided::default() }
}

pub fn past(at: i64, event: EventKind, action: &str, treatment: &str) -> Past {
    Past { at, event, action: action.into(), treatment: treatment.into(), ..Past::default() }
}

pub fn decisions(policy: Document, asked: Vec<Decided>) -> Vector {
    Vector::Decisions(Box::new(Decisions { policy, asked }))
}

/// The policy of an id, changed.
pub fn with(id: &str, change: &dyn Fn(&mut Document)) -> Document {
    let mut document = policy(id);
    change(&mut document);
    document
}
