//! Random policies of every part with expressions of known meaning, random requests and histories: small numbers, so that ties,
//! boundaries and missing values are common. Everything happens at full quarters of an hour.

mod conditions;
pub mod contact;
mod meetings;

use super::naive::Meaning;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::arbitration::{
    Arbitration, Bundle, ColdStart, ContextWeight, Floor, LowConfidence, Mode, Per, Prior, SlotLimit, Slots,
};
use crate::contact::{Cap, CapTarget, EventKind, Window};
use crate::diagnostic::Severity;
use crate::document::{Document, Fallback, Operation};
use crate::exploration::Exploration;
use crate::history::Identity;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::model::{Calibration, Encode, Function, Input, Link, Model, Spread};
use crate::overrides::{Override, OverrideKind};
use crate::recipe::{Op, Step};
use crate::rule::{OnMissing, Protects, Rule, Scope, Stage};
use crate::schema::{Freshness, Missing, Schema};
use crate::table::{HitPolicy, Table, TableRow};
use crate::testing::{HOUR, Random, event, field};
use crate::value::{Type, Value};
use crate::{MemoryHistory, Request};
use conditions::{about_the_row, condition, written};
use meetings::provoke;
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
            field("r", Type::Text),
            field("stood", Type::Time),
        ],
    };
    if random.chance(0.1) {
        entry(random, &mut document.schema);
    }
    let filler = Value::Integer(random.below(5) as i64);
    document.recipe = vec![Step { output: "filled".into(), input: "n".into(), op: Op::Impute(filler) }];
    document.tables = tables(random);
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
            Stage::Fallback,
        ];
        let stage = *random.pick(&stages);
        let meaning = match stage {
            Stage::Fallback => {
                Meaning::Names(Box::new(about_the_row(random)), random.pick(&document.actions).id.clone())
            }
            Stage::SoftSuitability | Stage::Lever if random.chance(0.3) => Meaning::Weighs("t1".into()),
            Stage::SoftSuitability | Stage::Lever => Meaning::Multiplier,
            _ => condition(random, 2),
        };
        let keep = stage == Stage::Applicability && random.chance(0.5);
        document.rules.push(Rule {
            id: format!("r{i}"),
            name: format!("Rule {i}"),
            stage,
            scope: if stage == Stage::Fallback { Scope::All } else { scope(random, &document) },
            expr: text(meaning, &mut meanings),
            on_missing: if keep { OnMissing::Keep } else { OnMissing::Remove },
            reason: String::new(),
            enabled: random.chance(0.9),
            note: String::new(),
            protects: match stage {
                Stage::Guard => *random.pick(&[Protects::Law, Protects::Consent, Protects::OptOut]),
                _ => Protects::Law,
            },
        });
    }
    if random.chance(0.5) {
        for i in 0..random.below(4) {
            let cap = cap(random, i);
            document.caps.push(cap);
        }
    } else {
        let conditions = [condition(random, 1), condition(random, 1), Meaning::Quotient(4)];
        let conditions = conditions.map(|meaning| text(meaning, &mut meanings));
        // What contradicts itself (a budget without a bound, nothing in stock) is drawn again.
        let bare = document.clone();
        loop {
            contact::furnish(random, &mut document, &conditions.each_ref().map(String::as_str), NOW);
            document.zones.region = random.chance(0.8).then(|| "r".into());
            let (_, findings) = crate::check::compile(&document);
            if findings.iter().all(|finding| finding.severity != Severity::Error) {
                break;
            }
            document = bare.clone();
        }
        for send_time in &mut document.send_times {
            if random.chance(0.5) {
                send_time.hour = text(Meaning::Hour, &mut meanings);
            }
        }
    }
    for i in 0..random.below(3) {
        let arms = [Arm::RandomEligible, Arm::PropensityOnly, Arm::NoLevers, Arm::EligibilityOnly];
        let kind = match random.below(7) {
            0 | 1 => HoldoutKind::Global,
            2 => HoldoutKind::Program,
            3 => HoldoutKind::Ablation(*random.pick(&arms)),
            4 => HoldoutKind::ModelControl,
            _ => HoldoutKind::Action(random.pick(&document.actions).id.clone()),
        };
        let share = *random.pick(&[0.0, 0.3, 1.0]);
        document.holdouts.push(Holdout {
            id: format!("h{i}"),
            kind,
            salt: format!("salt{i}"),
            share,
            unit: *random.pick(&[Identity::Subject, Identity::Subject, Identity::Household, Identity::Device]),
        });
    }
    let modes = [
        Mode::Pcvl,
        Mode::NetValue,
        Mode::Uplift,
        Mode::GeometricMean { p: 1.0, c: 0.0, v: 1.0, l: 0.0 },
        Mode::Expression("propensity * context_weight + value - cost".into()),
        // Fails where the value is 1, unknown where `x` is.
        Mode::Expression("propensity * x / (value - 1.0)".into()),
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
            max_width: random.chance(0.3).then_some(0.2),
            on_low: *random.pick(&[
                LowConfidence::UsePrior,
                LowConfidence::RulesRank,
                LowConfidence::Explore,
                LowConfidence::Abstain,
            ]),
            ..ColdStart::default()
        };
        for _ in 0..random.below(3) {
            let scope = scope(random, &document);
            let (propensity, weight) = (*random.pick(&[0.0, 0.25, 0.5]), *random.pick(&[0.0, 10.0]));
            document.cold_start.priors.push(Prior { scope, propensity, weight });
        }
    }
    if random.chance(0.5) {
        document.slots = slots(random, &document);
    }
    if random.chance(0.4) {
        document.exploration = Some(match random.below(3) {
            0 => Exploration::EpsilonGreedy { epsilon: *random.pick(&[0.0, 0.3, 1.0]) },
            1 => Exploration::Softmax { temperature: *random.pick(&[0.1, 1.0]) },
            _ => Exploration::Thompson { draws: 1 + random.below(8) as u32 },
        });
    }
    if random.chance(0.2) {
        provoke(random, &mut document);
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

/// Several slots, with limits and a bundle now and then.
fn slots(random: &mut Random, document: &Document) -> Slots {
    let mut slots = Slots { count: 1 + random.below(3) as u32, ..Slots::default() };
    for _ in 0..random.below(2) {
        let per = *random.pick(&[Per::Action, Per::Group, Per::Issue, Per::Channel]);
        slots.limits.push(SlotLimit { per, limit: 1 + random.below(2) as u32 });
    }
    if document.actions.len() > 1 && random.chance(0.5) {
        slots.count = slots.count.max(2);
        let mut actions: Vec<String> = document.actions.iter().map(|action| action.id.clone()).collect();
        actions.swap(0, random.below(document.actions.len()));
        actions.truncate(2 + random.below(slots.count as usize - 1));
        slots.bundles.push(Bundle { id: "whole".into(), actions });
    }
    slots
}

/// A table of true and false, and one of numbers.
fn tables(random: &mut Random) -> Vec<Table> {
    let rows = |random: &mut Random, outputs: &[Value]| {
        let row = |random: &mut Random| {
            let n = if random.chance(0.3) { "-".into() } else { format!("<= {}", random.below(5)) };
            let r = (*random.pick(&["-", "-", "\"north\"", "\"south\""])).to_owned();
            TableRow { tests: vec![n, r], output: random.pick(outputs).clone(), note: String::new() }
        };
        (0..1 + random.below(3)).map(|_| row(random)).collect::<Vec<_>>()
    };
    let table = |id: &str, output, hit, rows, otherwise| {
        let inputs = vec!["n".into(), "r".into()];
        Table { id: id.into(), name: id.into(), inputs, output, hit, rows, otherwise }
    };
    let truths = [Value::Bool(true), Value::Bool(true), Value::Bool(false)];
    let numbers = [0.25, 0.5, 1.0].map(Value::Number);
    let hit = *random.pick(&[HitPolicy::Sum, HitPolicy::Min, HitPolicy::Max, HitPolicy::Priority, HitPolicy::First]);
    let otherwise = |random: &mut Random, value: Value| if random.chance(0.5) { value } else { Value::Unknown };
    let (says, weighs) = (rows(random, &truths), rows(random, &numbers));
    let (no, half) = (otherwise(random, Value::Bool(false)), otherwise(random, Value::Number(0.5)));
    vec![table("t0", Type::Bool, HitPolicy::First, says, no), table("t1", Type::Number, hit, weighs, half)]
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
        Value::text(*random.pick(&["north", "south", "west"])),
        Value::Time(NOW + (random.below(72) as i64 - 24) * HOUR),
    ];
    for field in &mut fields {
        if random.chance(0.15) {
            *field = random.pick(&[Value::Unknown, Value::Unknown, Value::text("wrong"), Value::Integer(1)]).clone();
        }
    }
    fields.truncate(if random.chance(0.05) { random.below(6) } else { 5 });
    let now = NOW + random.below(48) as i64 * HOUR;
    let zone = random.chance(0.3).then(|| (*random.pick(&contact::ZONES)).to_owned());
    let shared = |random: &mut Random| random.chance(0.6).then(|| subject(random));
    let (household, device) = (shared(random), shared(random));
    let decision_id = random.next().to_string();
    Request { decision_id, subject: subject(random), now, zone, household, device, fields }
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
        event.cost = *random.pick(&[0.0, 0.5, 1.0]);
        let (whose, id) = (random.below(8), subject(random));
        match whose {
            0 => history.push_shared(Identity::Household, &id, event),
            1 => history.push_shared(Identity::Device, &id, event),
            _ => history.push(&id, event),
        }
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
    let model = |random: &mut Random| random.chance(0.6).then(|| (*random.pick(&["m0", "m1", "m2", "m5"])).to_owned());
    let treatments = (0..1 + random.below(3)).map(|t| Treatment {
        id: format!("t{t}"),
        channel: (*random.pick(&CHANNELS)).to_owned(),
        template: String::new(),
        propensity: if random.chance(0.3) { model(random) } else { None },
        value: random.chance(0.2).then_some(1.5),
        evidence: random.chance(0.2).then_some(20.0),
        standby: t > 0 && random.chance(0.4),
        ..Treatment::default()
    });
    let treatments = treatments.collect();
    // Every document has an action with a price.
    let price = (i == 0 || random.chance(0.7)).then(|| *random.pick(&[0.5, 1.0, 2.5]));
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
        uplift: random.chance(0.5).then(|| (*random.pick(&["m0", "m1", "m3", "m4"])).to_owned()),
        evidence: random.chance(0.4).then(|| *random.pick(&[0.0, 4.0, 10.0])),
        boosted: random.chance(0.15),
        attributes: price.map(|x| ("price".to_owned(), Value::Number(x))).into_iter().collect(),
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
    let filled = || vec![Input { field: "filled".into(), encode: Encode::Number }];
    let price = Function::Linear { intercept: 0.1, coefficients: vec![0.2], link: Link::Identity };
    vec![
        model("m0", filled(), linear(0.2)),
        model("m1", input(Encode::Number), linear(0.3)),
        model("m2", input(Encode::Standard { missing: 2.0, center: 1.0, scale: 2.0 }), linear(-0.4)),
        // Its upper bound is above 0, that of the next below.
        Model { spread: Some(Spread::Constant(0.15)), ..model("m3", Vec::new(), Function::Constant(-0.1)) },
        Model { spread: Some(Spread::Constant(0.05)), ..model("m4", Vec::new(), Function::Constant(-0.1)) },
        Model {
            evidence: Some(3.0),
            spread: Some(Spread::Bands { edges: vec![0.4], half_widths: vec![0.05, 0.2] }),
            ..model("m5", vec![Input { field: "action.price".into(), encode: Encode::Number }], price)
        },
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
