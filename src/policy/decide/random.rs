//! Random policies with expressions of known meaning, random requests and histories: small numbers, so that ties,
//! boundaries and missing values are common.

pub mod contact;

use super::naive::Meaning;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::arbitration::{
    Arbitration, ColdStart, ContextWeight, Floor, LowConfidence, Mode, Per, Prior, SlotLimit, Slots,
};
use crate::contact::{Cap, CapTarget, EventKind, Window};
use crate::document::{Document, Fallback, Operation};
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::model::{Calibration, Encode, Function, Input, Link, Model};
use crate::overrides::{Override, OverrideKind};
use crate::rule::{OnMissing, Rule, Scope, Stage};
use crate::schema::{Freshness, Missing, Schema};
use crate::testing::{HOUR, Random, event, field};
use crate::value::{Type, Value};
use crate::{MemoryHistory, Request};
use std::collections::BTreeMap;

/// What every expression of a document means.
pub type Meanings = BTreeMap<String, Meaning>;

const CHANNELS: [&str; 3] = ["email", "sms", "web"];
const TAGS: [&str; 2] = ["promo", "seasonal"];
/// About when everything happens.
const NOW: i64 = 500_000 * HOUR;

/// A policy and the meaning of its expressions.
pub fn document(random: &mut Random) -> (Document, Meanings) {
    let mut meanings = Meanings::new();
    let mut document = Document { id: "random".into(), name: "Random".into(), ..Document::default() };
    document.schema = Schema {
        fields: vec![
            field("n", Type::Integer),
            field("b", Type::Bool),
            field("x", Type::Number),
            field("stood", Type::Time),
        ],
    };
    if random.chance(0.25) {
        entry(random, &mut document.schema);
    }
    let weight = |random: &mut Random| *random.pick(&[0.0, 0.0, 10.0, -20.0]);
    let group = |random: &mut Random, id: &str| Group { id: id.into(), weight: weight(random) };
    document.issues = vec![
        Issue { id: "i0".into(), weight: weight(random), groups: vec![group(random, "g0"), group(random, "g1")] },
        Issue { id: "i1".into(), weight: weight(random), groups: vec![group(random, "g2")] },
    ];
    let direction = |id: &str| if id == "web" { Direction::Inbound } else { Direction::Outbound };
    document.channels = CHANNELS.map(|id| Channel { id: id.into(), direction: direction(id) }).into();
    document.models = models();
    for i in 0..1 + random.below(4) {
        let action = action(random, i);
        document.actions.push(action);
    }
    let text = |meaning: Meaning, meanings: &mut Meanings| {
        let text = written(&meaning);
        meanings.insert(text.clone(), meaning);
        text
    };
    for i in 0..random.below(6) {
        let stages = [
            Stage::Guard,
            Stage::Eligibility,
            Stage::Applicability,
            Stage::Suitability,
            Stage::SoftSuitability,
            Stage::Lever,
        ];
        let stage = *random.pick(&stages);
        let number = matches!(stage, Stage::SoftSuitability | Stage::Lever);
        let meaning = if number { Meaning::Multiplier } else { condition(random, 2) };
        let keep = stage == Stage::Applicability && random.chance(0.5);
        document.rules.push(Rule {
            id: format!("r{i}"),
            name: format!("Rule {i}"),
            stage,
            scope: scope(random, &document),
            expr: text(meaning, &mut meanings),
            on_missing: if keep { OnMissing::Keep } else { OnMissing::Remove },
            reason: String::new(),
            enabled: random.chance(0.9),
            note: String::new(),
            ..Rule::default()
        });
    }
    for i in 0..random.below(4) {
        let cap = cap(random, i);
        document.caps.push(cap);
    }
    for i in 0..random.below(3) {
        let kind = match random.below(6) {
            0 | 1 => HoldoutKind::Global,
            2 => HoldoutKind::Program,
            3 => HoldoutKind::Ablation(*random.pick(&[Arm::PropensityOnly, Arm::NoLevers, Arm::EligibilityOnly])),
            _ => HoldoutKind::Action(random.pick(&document.actions).id.clone()),
        };
        let share = *random.pick(&[0.0, 0.3, 1.0]);
        document.holdouts.push(Holdout {
            id: format!("h{i}"),
            kind,
            salt: format!("salt{i}"),
            share,
            ..Holdout::default()
        });
    }
    let modes = [
        Mode::Pcvl,
        Mode::NetValue,
        Mode::Uplift,
        Mode::GeometricMean { p: 1.0, c: 0.0, v: 1.0, l: 0.0 },
        Mode::Expression("propensity * context_weight + value - cost".into()),
    ];
    document.arbitration = Arbitration { mode: random.pick(&modes).clone(), ..Arbitration::default() };
    for i in 0..random.below(3) {
        let when = text(condition(random, 1), &mut meanings);
        let (scope, percent) = (scope(random, &document), *random.pick(&[25.0, -50.0]));
        document.arbitration.context_weights.push(ContextWeight { id: format!("w{i}"), scope, when, percent });
    }
    for _ in 0..random.below(3) {
        let scope = scope(random, &document);
        let min_propensity = random.chance(0.5).then(|| *random.pick(&[0.0, 0.2, 0.5]));
        let min_priority = random.chance(0.5).then(|| *random.pick(&[-1.0, 0.0, 0.2]));
        document.arbitration.floors.push(Floor { scope, min_propensity, min_priority });
    }
    for _ in 0..random.below(3) {
        let action = random.pick(&document.actions);
        let treatment = random.pick(&action.treatments).id.clone();
        document.fallback.push(Fallback { action: action.id.clone(), treatment });
    }
    if random.chance(0.15) {
        document.mode = *random.pick(&[Operation::Shadow, Operation::Off]);
        let action = random.pick(&document.actions);
        let treatment = random.pick(&action.treatments).id.clone();
        document.baseline = random.chance(0.8).then(|| Fallback { action: action.id.clone(), treatment });
    }
    for i in 0..if random.chance(0.4) { 1 + random.below(2) } else { 0 } {
        let scope = scope(random, &document);
        let kind = if random.chance(0.5) { OverrideKind::Deny(scope) } else { OverrideKind::Force(scope) };
        let when = random.chance(0.5).then(|| text(about_the_row(random), &mut meanings));
        let from = NOW + (random.below(48) as i64 - 12) * HOUR;
        let until = from + (1 + random.below(48)) as i64 * HOUR;
        document.overrides.push(Override {
            id: format!("o{i}"),
            kind,
            when,
            reason: "r".into(),
            author: "a".into(),
            approver: "b".into(),
            from,
            until,
        });
    }
    if random.chance(0.3) {
        document.cold_start = ColdStart {
            min_evidence: random.chance(0.5).then_some(5.0),
            on_low: *random.pick(&[LowConfidence::UsePrior, LowConfidence::RulesRank, LowConfidence::Abstain]),
            ..ColdStart::default()
        };
        for _ in 0..random.below(3) {
            let scope = scope(random, &document);
            let (propensity, weight) = (*random.pick(&[0.0, 0.25, 0.5]), *random.pick(&[0.0, 10.0]));
            document.cold_start.priors.push(Prior { scope, propensity, weight });
        }
    }
    // What this decision has reserved counts toward caps, which the naive model does not know.
    if document.caps.is_empty() && random.chance(0.5) {
        document.slots = Slots { count: 1 + random.below(3) as u32, ..Slots::default() };
        for _ in 0..random.below(2) {
            let per = *random.pick(&[Per::Action, Per::Group, Per::Issue, Per::Channel]);
            document.slots.limits.push(SlotLimit { per, limit: 1 + random.below(2) as u32 });
        }
    }
    (document, meanings)
}

/// Some fields must be fresh, have a default, or be there.
fn entry(random: &mut Random, schema: &mut Schema) {
    let defaults = [Value::Integer(3), Value::Bool(true), Value::Number(0.5)];
    for (field, default) in schema.fields.iter_mut().zip(defaults) {
        if random.chance(0.5) {
            field.freshness = Some(Freshness { at: "stood".into(), max_age: *random.pick(&[3_600, 24 * 3_600]) });
        }
        field.missing = match random.below(4) {
            0 => Missing::Default(default),
            1 if random.chance(0.5) => Missing::Refuse,
            _ => Missing::Unknown,
        };
    }
}

/// A guard over a condition.
pub fn guard(random: &mut Random, document: &Document, meanings: &mut Meanings) -> Rule {
    let meaning = condition(random, 1);
    let expr = written(&meaning);
    meanings.insert(expr.clone(), meaning);
    Rule {
        id: "added".into(),
        name: "Added".into(),
        stage: Stage::Guard,
        scope: scope(random, document),
        expr,
        on_missing: OnMissing::Remove,
        reason: String::new(),
        enabled: true,
        note: String::new(),
        ..Rule::default()
    }
}

/// A cap.
pub fn cap(random: &mut Random, i: usize) -> Cap {
    let targets = [
        CapTarget::All,
        CapTarget::Channel,
        CapTarget::Issue,
        CapTarget::Group,
        CapTarget::Action,
        CapTarget::Treatment,
        // Every document has an action with this tag.
        CapTarget::Tag("promo".into()),
    ];
    let windows = [Window::Rolling(3600), Window::Rolling(86_400), Window::Rolling(604_800), Window::Lifetime];
    Cap {
        id: format!("c{i}"),
        name: format!("Cap {i}"),
        target: random.pick(&targets).clone(),
        channel: random.chance(0.3).then(|| (*random.pick(&CHANNELS)).to_owned()),
        event: kind(random),
        limit: *random.pick(&[None, Some(0), Some(1), Some(2), Some(3)]),
        window: *random.pick(&windows),
        bypassable: random.chance(0.5),
        enabled: random.chance(0.9),
        ..Cap::default()
    }
}

/// A request; sometimes a value is missing, of the wrong type, or absent.
pub fn request(random: &mut Random) -> Request {
    let mut fields = vec![
        Value::Integer(random.below(5) as i64),
        Value::Bool(random.chance(0.5)),
        Value::Number(*random.pick(&[0.25, 0.5, 1.0, 2.0, 0.0, f64::NAN])),
        Value::Time(NOW + (random.below(72) as i64 - 24) * HOUR),
    ];
    for field in &mut fields {
        if random.chance(0.15) {
            *field = random.pick(&[Value::Unknown, Value::Unknown, Value::text("wrong"), Value::Integer(1)]).clone();
        }
    }
    fields.truncate(if random.chance(0.05) { random.below(5) } else { 4 });
    let now = NOW + random.below(48) as i64 * HOUR;
    Request { decision_id: "d".into(), subject: subject(random), now, zone: None, fields, ..Request::default() }
}

/// A history of all subjects, with events on the hour, some of them after now.
pub fn history(random: &mut Random, document: &Document) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for _ in 0..random.below(60) {
        let time = NOW + (random.below(240) as i64 - 190) * HOUR;
        let kind = kind(random);
        let at = random.below(document.actions.len());
        let mut event = event(document, time, kind, at);
        let treatment = random.pick(&document.actions[at].treatments);
        (event.treatment, event.channel) = (treatment.id.clone(), treatment.channel.clone());
        if random.chance(0.1) {
            (event.action, event.channel) = ("gone".into(), "fax".into());
        }
        history.push(&subject(random), event);
    }
    history
}

fn subject(random: &mut Random) -> String {
    format!("s{}", random.below(6))
}

fn kind(random: &mut Random) -> EventKind {
    random.pick(&[EventKind::Sent, EventKind::Sent, EventKind::Decision, EventKind::Custom("visit".into())]).clone()
}

fn action(random: &mut Random, i: usize) -> Action {
    let model = |random: &mut Random| random.chance(0.6).then(|| format!("m{}", random.below(3)));
    let treatments = (0..1 + random.below(2)).map(|t| Treatment {
        id: format!("t{t}"),
        channel: (*random.pick(&CHANNELS)).to_owned(),
        template: String::new(),
        propensity: if random.chance(0.3) { model(random) } else { None },
        value: random.chance(0.2).then_some(1.5),
        evidence: random.chance(0.2).then_some(20.0),
        ..Treatment::default()
    });
    let treatments = treatments.collect();
    Action {
        id: format!("a{i}"),
        name: format!("Action {i}"),
        group: format!("g{}", random.below(3)),
        value: *random.pick(&[0.0, 1.0, 1.0, 2.5]),
        cost: *random.pick(&[0.0, 0.5, 1.0]),
        weight: *random.pick(&[0.0, 10.0]),
        valid_from: random.chance(0.1).then_some(NOW + 24 * HOUR),
        valid_until: random.chance(0.1).then_some(NOW + 36 * HOUR),
        tags: TAGS.iter().filter(|tag| i == 0 || random.chance(0.4) && **tag == "promo").map(|t| (*t).into()).collect(),
        mandatory: random.chance(0.15),
        service: random.chance(0.2),
        obeys_caps: random.chance(0.9),
        counts_toward_caps: random.chance(0.9),
        propensity: model(random),
        uplift: random.chance(0.5).then(|| (*random.pick(&["m0", "m1", "m3"])).to_owned()),
        evidence: random.chance(0.4).then(|| *random.pick(&[0.0, 4.0, 10.0])),
        boosted: random.chance(0.15),
        attributes: BTreeMap::new(),
        treatments,
    }
}

fn models() -> Vec<Model> {
    let model = |id: &str, inputs: Vec<Input>, function| Model {
        id: id.into(),
        name: id.into(),
        target: "probability".into(),
        inputs,
        function,
        calibration: Calibration::Identity,
        fallback: 0.3,
        ..Model::default()
    };
    let input = |encode| vec![Input { field: "n".into(), encode }];
    let linear =
        |coefficient| Function::Linear { intercept: -0.5, coefficients: vec![coefficient], link: Link::Logistic };
    vec![
        model("m0", Vec::new(), Function::Constant(0.4)),
        model("m1", input(Encode::Number), linear(0.3)),
        model("m2", input(Encode::Standard { missing: 2.0, center: 1.0, scale: 2.0 }), linear(-0.4)),
        model("m3", Vec::new(), Function::Constant(-0.1)),
    ]
}

fn scope(random: &mut Random, document: &Document) -> Scope {
    let action = random.pick(&document.actions);
    match random.below(8) {
        0 => Scope::Issue(format!("i{}", random.below(2))),
        1 => Scope::Group(format!("g{}", random.below(3))),
        2 => Scope::Action(action.id.clone()),
        3 => Scope::Treatment(action.id.clone(), random.pick(&action.treatments).id.clone()),
        4 => Scope::Channel((*random.pick(&CHANNELS)).to_owned()),
        _ => Scope::All,
    }
}

fn condition(random: &mut Random, depth: usize) -> Meaning {
    let inner = |random: &mut Random| Box::new(condition(random, depth - 1));
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => Meaning::AtMost(random.below(5) as i64),
        1 => Meaning::Holds,
        2 => Meaning::OnChannel((*random.pick(&CHANNELS)).to_owned()),
        3 => Meaning::ScoreAtLeast(format!("m{}", random.below(3)), 0.4),
        4 => Meaning::ContactsBelow(1 + random.below(7) as i64, 1 + random.below(2) as i64),
        5 => Meaning::Not(inner(random)),
        6 => Meaning::Both(inner(random), inner(random)),
        _ => Meaning::Either(inner(random), inner(random)),
    }
}

/// A condition that reads no candidate.
fn about_the_row(random: &mut Random) -> Meaning {
    match random.below(3) {
        0 => Meaning::AtMost(random.below(5) as i64),
        1 => Meaning::Holds,
        _ => Meaning::Not(Box::new(Meaning::Holds)),
    }
}

fn written(meaning: &Meaning) -> String {
    match meaning {
        Meaning::AtMost(k) => format!("n <= {k}"),
        Meaning::Holds => "b".into(),
        Meaning::OnChannel(id) => format!("action.channel == \"{id}\""),
        Meaning::ScoreAtLeast(model, x) => format!("score(\"{model}\") >= {x}"),
        Meaning::ContactsBelow(days, n) => format!("contacts({days}) < {n}"),
        Meaning::Not(a) => format!("!({})", written(a)),
        Meaning::Both(a, b) => format!("({}) && ({})", written(a), written(b)),
        Meaning::Either(a, b) => format!("({}) || ({})", written(a), written(b)),
        Meaning::Multiplier => "x".into(),
    }
}
