//! What is chosen: arbitration and uplift, exploration, holdouts, overrides, decision tables.

use super::super::Vector;
use super::NOW;
use super::models::model;
use super::policies::{ask, decisions, policy, with};
use crate::action::Treatment;
use crate::arbitration::{Arbitration, ContextWeight, Floor, Mode, Per, SlotLimit, Slots};
use crate::cases::Past;
use crate::contact::{Cap, EventKind, Window};
use crate::document::Fallback;
use crate::exploration::Exploration;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::model::{Calibration, Function, Spread};
use crate::overrides::{Override, OverrideKind};
use crate::rule::{Rule, Scope, Stage};
use crate::table::{HitPolicy, Table, TableRow};
use crate::testing::HOUR;
use crate::value::{Type, Value};

pub fn arbitration() -> Vec<Vector> {
    let modes = [
        Mode::Pcvl,
        Mode::NetValue,
        Mode::GeometricMean { p: 1.0, c: 0.5, v: 2.0, l: 1.0 },
        Mode::Expression("propensity * value - 2.0 * cost + age / 100".into()),
    ];
    let asked = || vec![ask("young", NOW, "a", 20, vec![]), ask("old", NOW, "a", 80, vec![])];
    let mut vectors: Vec<Vector> = Vec::new();
    for (mode, i) in modes.into_iter().zip(1..) {
        let mut document = policy(&format!("mode_{i}"));
        document.arbitration = Arbitration {
            mode,
            context_weights: vec![ContextWeight {
                id: "senior".into(),
                scope: Scope::Action("loan".into()),
                when: "age >= 60".into(),
                percent: 80.0,
            }],
            floors: vec![Floor {
                scope: Scope::Issue("service".into()),
                min_propensity: Some(0.15),
                min_priority: None,
            }],
        };
        vectors.push(decisions(document, asked()));
    }
    let mut ties = policy("ties");
    ties.models.iter_mut().for_each(|model| model.function = Function::Constant(0.2));
    vectors.push(decisions(ties.clone(), asked()));
    ties.actions[2].mandatory = true;
    ties.actions[1].boosted = true;
    ties.id = "tiers".into();
    vectors.push(decisions(ties, asked()));
    let mut levers = policy("levers");
    (levers.issues[0].weight, levers.issues[0].groups[1].weight, levers.actions[1].weight) = (10.0, 20.0, 30.0);
    levers.rules = vec![
        Rule {
            id: "adult".into(),
            name: "adult".into(),
            stage: Stage::Guard,
            scope: Scope::Group("loans".into()),
            expr: "age >= 21".into(),
            ..Rule::default()
        },
        Rule {
            id: "soft".into(),
            name: "soft".into(),
            stage: Stage::SoftSuitability,
            scope: Scope::Action("gold".into()),
            expr: "if age > 60 { 0.5 } else { 1.0 }".into(),
            ..Rule::default()
        },
    ];
    vectors.push(decisions(levers, asked()));
    let mut slots = policy("slots");
    slots.slots = Slots { count: 3, limits: vec![SlotLimit { per: Per::Channel, limit: 2 }], bundles: Vec::new() };
    vectors.push(decisions(slots, asked()));
    let mut ladder = policy("ladder");
    ladder.arbitration.floors = vec![Floor { scope: Scope::All, min_propensity: Some(0.9), min_priority: None }];
    ladder.fallback = vec![Fallback { action: "loan".into(), treatment: "banner".into() }];
    vectors.push(decisions(ladder, asked()));
    vectors
}

pub fn exploration() -> Vec<Vector> {
    let kinds = [
        Exploration::EpsilonGreedy { epsilon: 0.2 },
        Exploration::EpsilonGreedy { epsilon: 1.0 },
        Exploration::Softmax { temperature: 0.7 },
        Exploration::Thompson { draws: 200 },
    ];
    let asked = || (0..12).map(|i| ask(&format!("decision-{i}"), NOW, "a", 40, vec![])).collect();
    let kinds = kinds.into_iter().zip(1..).map(|(kind, i)| {
        let mut document = policy(&format!("exploration_{i}"));
        document.actions.iter_mut().for_each(|action| action.evidence = Some(50.0));
        document.exploration = Some(kind);
        decisions(document, asked())
    });
    kinds.collect()
}

pub fn holdouts() -> Vec<Vector> {
    let layer = |id: &str, kind, share| Holdout {
        id: id.into(),
        kind,
        salt: format!("{id}-salt"),
        share,
        ..Holdout::default()
    };
    let kinds = [
        HoldoutKind::Global,
        HoldoutKind::Program,
        HoldoutKind::Action("gold".into()),
        HoldoutKind::ModelControl,
        HoldoutKind::Ablation(Arm::RandomEligible),
        HoldoutKind::Ablation(Arm::PropensityOnly),
    ];
    let asked = || (0..8).map(|i| ask(&format!("subject-{i}"), NOW, &format!("subject-{i}"), 40, vec![])).collect();
    let kinds = kinds.into_iter().zip(1..).map(|(kind, i)| {
        let mut document = policy(&format!("holdout_{i}"));
        document.actions[2].service = true;
        document.holdouts = vec![layer("layer", kind, 0.4)];
        decisions(document, asked())
    });
    kinds.collect()
}

/// Who wins: guard deny, override deny, cap, override force, arbitration; and when an override holds.
pub fn overrides() -> Vec<Vector> {
    let over = |id: &str, kind, when: Option<&str>| Override {
        id: id.into(),
        kind,
        when: when.map(str::to_owned),
        reason: "agreed".into(),
        author: "author".into(),
        approver: "approver".into(),
        from: NOW,
        until: NOW + 24 * HOUR,
    };
    let force = |action: &str| OverrideKind::Force(Scope::Action(action.into()));
    let deny = |action: &str| OverrideKind::Deny(Scope::Action(action.into()));
    let guard = |expr: &str| Rule {
        id: "guard".into(),
        name: "guard".into(),
        scope: Scope::Action("hint".into()),
        expr: expr.into(),
        ..Rule::default()
    };
    let asked = || {
        let sent = Past {
            at: NOW - HOUR,
            event: EventKind::Sent,
            action: "hint".into(),
            treatment: "mail".into(),
            ..Past::default()
        };
        let mut unknown = ask("age is not known", NOW, "a", 40, vec![]);
        unknown.request.fields.remove("age");
        vec![
            ask("a moment before", NOW - 1, "a", 40, vec![]),
            ask("at its beginning", NOW, "a", 40, vec![]),
            ask("the last moment", NOW + 24 * HOUR - 1, "a", 40, vec![]),
            ask("at its end", NOW + 24 * HOUR, "a", 40, vec![]),
            ask("for another", NOW, "a", 20, vec![]),
            ask("after a contact", NOW, "a", 40, vec![sent]),
            unknown,
        ]
    };
    let capped = |id: &str, bypassable| {
        with(id, &|d| {
            d.overrides = vec![over("first", force("hint"), None)];
            let cap = Cap {
                id: "once".into(),
                name: "once".into(),
                limit: Some(1),
                window: Window::Lifetime,
                ..Cap::default()
            };
            d.caps = vec![Cap { bypassable, ..cap }];
        })
    };
    let several = |id: &str, all: &[Override]| {
        with(id, &|d| {
            d.overrides = all.to_vec();
            d.slots.count = 2;
        })
    };
    vec![
        decisions(with("force", &|d| d.overrides = vec![over("first", force("hint"), None)]), asked()),
        decisions(with("deny", &|d| d.overrides = vec![over("not", deny("gold"), None)]), asked()),
        decisions(with("force_for", &|d| d.overrides = vec![over("first", force("hint"), Some("age >= 30"))]), asked()),
        decisions(with("deny_for", &|d| d.overrides = vec![over("not", deny("gold"), Some("age >= 30"))]), asked()),
        decisions(
            several("deny_before_force", &[over("first", force("gold"), None), over("not", deny("gold"), None)]),
            asked(),
        ),
        decisions(
            several("two_forces", &[over("hints", force("hint"), None), over("loans", force("loan"), None)]),
            asked(),
        ),
        decisions(
            with("guard_before_force", &|d| {
                d.overrides = vec![over("first", force("hint"), None)];
                d.rules = vec![guard("age < 30")];
            }),
            asked(),
        ),
        decisions(capped("cap_before_force", false), asked()),
        decisions(
            with("force_below_floor", &|d| {
                d.overrides = vec![over("first", force("hint"), None)];
                d.arbitration.floors =
                    vec![Floor { scope: Scope::All, min_propensity: Some(0.25), min_priority: None }];
            }),
            asked(),
        ),
    ]
}

/// `tau·V·C·L − cost` against doing nothing, and do no harm by the upper bound on tau.
pub fn uplift() -> Vec<Vector> {
    let vector = |id: &str, taus: [(f64, Option<f64>); 3]| {
        let document = with(id, &|d| {
            d.arbitration.mode = Mode::Uplift;
            for ((action, (tau, spread)), i) in d.actions.iter_mut().zip(taus).zip(0..) {
                let id = format!("tau_{i}");
                action.uplift = Some(id.clone());
                let spread = spread.map(Spread::Constant);
                let constant = model(&id, Vec::new(), Function::Constant(tau), Calibration::Identity);
                d.models.push(crate::model::Model { spread, ..constant });
            }
        });
        decisions(document, vec![ask("anybody", NOW, "a", 40, vec![])])
    };
    let levels = with("discounts", &|d| {
        d.arbitration.mode = Mode::Uplift;
        d.models.push(model("small", Vec::new(), Function::Constant(0.06), Calibration::Identity));
        d.models.push(model("large", Vec::new(), Function::Constant(0.11), Calibration::Identity));
        let level = |id: &str, cost| Treatment {
            id: id.into(),
            channel: "email".into(),
            uplift: Some(id.into()),
            cost: Some(cost),
            ..Treatment::default()
        };
        d.actions.truncate(1);
        d.actions[0].treatments = vec![level("small", 0.2), level("large", 0.8)];
    });
    vec![
        vector("gains", [(0.04, None), (0.09, None), (0.06, None)]),
        vector("costs_more", [(0.04, None), (0.05, None), (-0.01, Some(0.02))]),
        vector("harm", [(-0.01, None), (-0.05, Some(0.04)), (-0.05, Some(0.05))]),
        // Without a model of tau, P.
        decisions(
            with("without_model", &|d| d.arbitration.mode = Mode::Uplift),
            vec![ask("anybody", NOW, "a", 40, vec![])],
        ),
        decisions(levels, vec![ask("anybody", NOW, "a", 40, vec![])]),
    ]
}

/// Every hit policy over rows that overlap, with missing values; the priority is what the table gives, −1 where that is unknown.
pub fn tables() -> Vec<Vector> {
    let row = |tests: [&str; 2], output: f64| TableRow {
        tests: tests.map(str::to_owned).into(),
        output: Value::Number(output),
        note: String::new(),
    };
    let rows = vec![
        row(["< 30", "-"], 1.0),
        row(["[18..40)", "true"], 2.0),
        row(["35, 40, > 60", "-"], 4.0),
        row(["not(< 60)", "false"], 4.0),
        row(["17", "-"], 1.0),
    ];
    let asked = || {
        let ages =
            [Some(10), Some(17), Some(18), Some(29), Some(30), Some(35), Some(40), Some(50), Some(60), Some(70), None];
        let consents = [Some(true), Some(false), None];
        let all = ages.iter().flat_map(|age| consents.iter().map(move |consent| (*age, *consent)));
        let one = |(age, consent): (Option<i64>, Option<bool>)| {
            let mut asked = ask(&format!("{age:?}, {consent:?}"), NOW, "a", 0, vec![]);
            asked.request.fields = [
                ("age".to_owned(), age.map_or(Value::Unknown, Value::Integer)),
                ("consent".to_owned(), consent.map_or(Value::Unknown, Value::Bool)),
            ]
            .into();
            asked
        };
        all.map(one).collect()
    };
    let table = |hit, rows: Vec<TableRow>, otherwise| {
        let whole = |value: &Value| Value::Integer(value.as_f64().unwrap_or(0.0) as i64);
        let counts = hit == HitPolicy::Count;
        let rows = rows
            .into_iter()
            .map(|row| TableRow { output: if counts { whole(&row.output) } else { row.output }, ..row });
        Table {
            id: "points".into(),
            name: "points".into(),
            inputs: vec!["age".into(), "consent".into()],
            output: if counts { Type::Integer } else { Type::Number },
            hit,
            rows: rows.collect(),
            otherwise,
        }
    };
    let of = |id: &str, table: Table| {
        with(id, &|d| {
            d.actions.truncate(1);
            d.actions[0].treatments.truncate(1);
            d.tables = vec![table.clone()];
            d.arbitration.mode = Mode::Expression("table(\"points\") ?? -1.0".into());
        })
    };
    let hits = [
        ("unique", HitPolicy::Unique),
        ("any", HitPolicy::Any),
        ("first", HitPolicy::First),
        ("priority", HitPolicy::Priority),
        ("sum", HitPolicy::Sum),
        ("min", HitPolicy::Min),
        ("max", HitPolicy::Max),
        ("count", HitPolicy::Count),
    ];
    let mut vectors: Vec<Vector> =
        hits.iter().map(|(id, hit)| decisions(of(id, table(*hit, rows.clone(), Value::Unknown)), asked())).collect();
    let missing = vec![row(["unknown", "-"], 8.0), row(["< 30", "unknown"], 1.0), row([">= 30", "-"], 2.0)];
    vectors.push(decisions(of("missing", table(HitPolicy::First, missing, Value::Number(0.5))), asked()));
    vectors
}
