//! The published suites: their inputs as code. The answers are filled in by this implementation, and those that can be told
//! beforehand are told in the tests.

use super::*;
use crate::action::{Action, Channel, Direction, Group, Issue, Treatment};
use crate::arbitration::{Arbitration, ContextWeight, Floor, Mode, Per, SlotLimit, Slots};
use crate::contact::{
    Budget, Cap, CapTarget, Clock, CoolDown, EventKind, Exclusion, Measure, OnHit, Period, QuietHours, Stock,
    Suppression, TimeOfDay, Window,
};
use crate::document::Fallback;
use crate::exploration::Exploration;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::model::{Calibration, Characteristic, Encode, Function, Input, Link, Pair, Shape, Tree};
use crate::rule::{Rule, Scope, Stage};
use crate::testing::{HOUR, field, sample};

/// 2026-03-29T00:30:00Z: half an hour before clocks go forward in Europe.
pub const NOW: i64 = 1_774_744_200_000;

/// Every suite, answers left to be filled in.
pub fn all() -> Vec<Suite> {
    let suite = |name: &str, about: &str, vectors: Vec<Vector>| Suite {
        format: FORMAT.into(),
        version: (1, 0),
        name: name.into(),
        about: about.into(),
        vectors,
    };
    vec![
        suite(
            "buckets",
            "Holdout buckets: SHA-256 of salt, 0x1F and unit, its first 8 bytes over 2^64.",
            vec![buckets()],
        ),
        suite(
            "kleene",
            "Three-valued logic: unknown, true, false, and what asks for a value.",
            vec![kleene(), switches()],
        ),
        suite(
            "arithmetic",
            "Whole numbers are exact or fail; numbers follow IEEE 754; what they are compared with.",
            vec![whole(), numbers()],
        ),
        suite(
            "functions",
            "Functions of numbers, texts and local time, one day across the change of clocks.",
            vec![functions(), times()],
        ),
        suite("models", "Linear functions, trees with missing directions, and calibration.", models()),
        suite(
            "contact",
            "Caps, windows at their edges and across the change of clocks, cool-downs, suppression, exclusion, quiet hours.",
            contact(),
        ),
        suite("arbitration", "Every mode, ties, tiers, floors, context weights, slots, fallback.", arbitration()),
        suite(
            "exploration",
            "Probabilities of every survivor, and draws that follow from policy, revision and decision id.",
            exploration(),
        ),
        suite("holdouts", "Who is held out of what, and ablation arms.", holdouts()),
        suite("file", "Canonical bytes and revision of a policy.", vec![file()]),
    ]
}

fn buckets() -> Vector {
    let pairs = [
        ("", ""),
        ("attune-split", "1"),
        ("attune-split", "64000"),
        ("spring-control", "anna"),
        ("s", "ünï"),
        ("control", "customer-000017"),
        ("a\u{1F}b", "c"),
        ("a", "b\u{1F}c"),
    ];
    let bucket = |(salt, unit): (&str, &str)| Bucket {
        salt: salt.into(),
        unit: unit.into(),
        sha256: String::new(),
        bucket: 0.0,
    };
    Vector::Buckets(pairs.map(bucket).into())
}

fn asked(fields: &[(&str, Type)], rows: Vec<Vec<Value>>, expressions: &[&str]) -> Vector {
    Vector::Expressions(Expressions {
        fields: fields.iter().map(|(name, type_)| ((*name).to_owned(), *type_)).collect(),
        now: NOW,
        zone: "Europe/Berlin".into(),
        rows,
        asked: expressions.iter().map(|expr| Asked { expr: (*expr).into(), answers: Vec::new() }).collect(),
    })
}

const TRUTHS: [Value; 3] = [Value::Bool(true), Value::Bool(false), Value::Unknown];

fn kleene() -> Vector {
    let rows = TRUTHS.iter().flat_map(|a| TRUTHS.iter().map(|b| vec![a.clone(), b.clone()])).collect();
    let expressions = [
        "a && b",
        "a || b",
        "!a",
        "a == b",
        "a != b",
        "a ?? b",
        "is_known(a)",
        "a && !a",
        "a || !a",
        "!(a && b) == (!a || !b)",
        "if a { b } else { !b }",
        "(a ?? true) && (b ?? false)",
    ];
    asked(&[("a", Type::Bool), ("b", Type::Bool)], rows, &expressions)
}

fn switches() -> Vector {
    let rows = [Value::text("x"), Value::text("y"), Value::text(""), Value::Unknown].map(|v| vec![v]).into();
    let expressions = [
        r#"switch s { "x" => 1, "y" => 2, _ => 3 }"#,
        r#"s in ["x", "z"]"#,
        r#"s == "x""#,
        r#"s < "y""#,
        "len(s)",
        "let t = s; t == s",
        "s > 3",
    ];
    asked(&[("s", Type::Text)], rows, &expressions)
}

fn whole() -> Vector {
    let values = [0, 1, -1, 7, -7, 2, i64::MAX, i64::MIN];
    let mut rows: Vec<Vec<Value>> =
        values.iter().flat_map(|i| values.iter().map(|j| vec![Value::Integer(*i), Value::Integer(*j)])).collect();
    rows.push(vec![Value::Unknown, Value::Integer(0)]);
    rows.push(vec![Value::Integer(1), Value::Unknown]);
    let expressions = [
        "i + j",
        "i - j",
        "i * j",
        "i / j",
        "i % j",
        "-i",
        "abs(i)",
        "i < j",
        "i <= j",
        "i == j",
        "min(i, j)",
        "max(i, j)",
        "between(i, j, 7)",
        "to_float(i) / to_float(j)",
        "i + 0.5 < j",
        "clamp(i, -2, 2)",
    ];
    asked(&[("i", Type::Integer), ("j", Type::Integer)], rows, &expressions)
}

fn numbers() -> Vector {
    let values = [0.0, -0.0, 1.0, 0.1, 0.2, -2.5, 1e308, 5e-324, 9_007_199_254_740_993.0];
    let rows = values.iter().flat_map(|x| values.iter().map(|y| vec![Value::Number(*x), Value::Number(*y)])).collect();
    let expressions =
        ["x + y", "x - y", "x * y", "x / y", "x % y", "-x", "x < y", "x == y", "x > 1", "x == 1", "x + 1", "to_int(x)"];
    asked(&[("x", Type::Number), ("y", Type::Number)], rows, &expressions)
}

fn functions() -> Vector {
    let numbers = [0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 10.0, 1e-9, 700.0, 1e19];
    let texts = ["", "Straße", " ünï ", "abc", "ABC", "a😀c", "\t x"];
    let mut rows: Vec<Vec<Value>> = numbers.iter().map(|x| vec![Value::Number(*x), Value::text("abc")]).collect();
    rows.extend(texts.iter().map(|s| vec![Value::Number(1.0), Value::text(*s)]));
    rows.push(vec![Value::Unknown, Value::Unknown]);
    let expressions = [
        "floor(x)",
        "ceil(x)",
        "round(x)",
        "sqrt(x)",
        "exp(x)",
        "ln(x)",
        "abs(x)",
        "to_int(x)",
        "clamp(x, 0.0, 1.0)",
        "min(x, 1)",
        "max(x, 1)",
        "len(s)",
        "lower(s)",
        "upper(s)",
        "trim(s)",
        r#"contains(s, "b")"#,
        r#""b" in s"#,
        r#"starts_with(s, "a")"#,
        r#"ends_with(s, "C")"#,
        "x ?? 7.5",
        r#"s ?? "none""#,
        "unheard_of(x)",
    ];
    asked(&[("x", Type::Number), ("s", Type::Text)], rows, &expressions)
}

fn times() -> Vector {
    let instants = [NOW, NOW + HOUR, NOW - 24 * HOUR, 0, 951_782_400_000];
    let mut rows: Vec<Vec<Value>> = instants.iter().map(|t| vec![Value::Time(*t)]).collect();
    rows.push(vec![Value::Unknown]);
    let expressions = [
        "hour()",
        "weekday()",
        "month()",
        "now() == t",
        "days_between(t, now())",
        "days_between(now(), t)",
        r#"t < date("2026-03-29")"#,
        r#"days_between(date("2026-03-29"), date("2026-03-30"))"#,
        r#"date("2026-03-29T00:30:00Z") == now()"#,
        r#"date("2026-02-30")"#,
    ];
    asked(&[("t", Type::Time)], rows, &expressions)
}

fn model(id: &str, inputs: Vec<Input>, function: Function, calibration: Calibration) -> Model {
    Model {
        id: id.into(),
        name: id.into(),
        target: "probability of a visit".into(),
        inputs,
        function,
        calibration,
        fallback: 0.25,
        evidence: None,
        spread: None,
    }
}

fn models() -> Vec<Vector> {
    let fields: Vec<(String, Type)> = [("x", Type::Number), ("n", Type::Integer), ("s", Type::Text), ("b", Type::Bool)]
        .map(|(n, t)| (n.to_owned(), t))
        .into();
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let inputs = || {
        vec![
            input("x", Encode::Standard { missing: 1.5, center: 0.7, scale: 1.3 }),
            input("n", Encode::Standard { missing: 3.0, center: 0.0, scale: 1.0 }),
            input("s", Encode::OneHot { category: "a".into(), center: 0.0, scale: 1.0 }),
            input("b", Encode::Missing),
        ]
    };
    let raw = || vec![input("x", Encode::Number), input("n", Encode::Number), input("b", Encode::Number)];
    let linear = |link| Function::Linear { intercept: -0.3, coefficients: vec![0.1, -0.07, 0.9, 0.33], link };
    let tree = |first: f32, leaves: [f32; 3], missing| Tree {
        feature: vec![0, 1, -1, -1, -1],
        threshold: vec![first, 2.5, leaves[0], leaves[1], leaves[2]],
        left: vec![1, 2, 0, 0, 0],
        right: vec![4, 3, 0, 0, 0],
        missing_left: vec![missing, !missing, false, false, false],
        categorical: Vec::new(),
    };
    let trees = || Function::Trees {
        base: 0.1,
        trees: vec![tree(0.3, [0.11, -0.2, 0.7], true), tree(1.7, [-0.4, 0.05, 0.123_456_79], false)],
        link: Link::Logistic,
    };
    let tabled = || {
        let categories = vec!["a".to_owned(), "b".to_owned()];
        vec![input("x", Encode::Number), input("s", Encode::Category { categories })]
    };
    let scorecard = Function::Scorecard {
        base: 0.1,
        characteristics: vec![
            Characteristic {
                input: 0,
                edges: vec![0.3, 1.7],
                points: vec![0.5, 0.25, -0.7],
                missing: -0.1,
                ..Characteristic::default()
            },
            Characteristic {
                input: 1,
                points: vec![0.2, -0.2],
                other: 0.05,
                missing: 0.3,
                ..Characteristic::default()
            },
        ],
        link: Link::Logistic,
    };
    let shapes = Function::Shapes {
        intercept: -0.2,
        shapes: vec![
            Shape {
                input: 0,
                edges: vec![0.3, 1.7],
                scores: vec![0.01, 0.02, 0.04],
                missing: 0.08,
                ..Shape::default()
            },
            Shape { input: 1, scores: vec![0.1, 0.2], other: 0.3, missing: 0.4, ..Shape::default() },
        ],
        pairs: vec![Pair {
            inputs: (0, 1),
            edges: (vec![1.0], Vec::new()),
            // Below 1, from 1, missing; a, b, another, missing.
            scores: vec![vec![0.001, 0.002, 0.003, 0.004], vec![0.01, 0.02, 0.03, 0.04], vec![0.1, 0.2, 0.3, 0.4]],
        }],
        link: Link::Identity,
    };
    let isotonic = Calibration::Isotonic { raw: vec![0.2, 0.4, 0.5, 0.9], calibrated: vec![0.05, 0.3, 0.3, 0.8] };
    let all = [
        model("constant", Vec::new(), Function::Constant(0.125), Calibration::Identity),
        model("linear", inputs(), linear(Link::Identity), Calibration::Identity),
        model("logistic", inputs(), linear(Link::Logistic), Calibration::Identity),
        model("platt", inputs(), linear(Link::Logistic), Calibration::Platt { slope: 1.7, intercept: -0.4 }),
        model("isotonic", inputs(), linear(Link::Logistic), isotonic),
        // A linear function cannot be evaluated without its inputs: the fallback answers.
        model(
            "incomplete",
            raw(),
            Function::Linear { intercept: 0.0, coefficients: vec![1.0, 1.0, 1.0], link: Link::Identity },
            Calibration::Identity,
        ),
        model("trees", raw(), trees(), Calibration::Identity),
        model("scorecard", tabled(), scorecard, Calibration::Identity),
        model("shapes", tabled(), shapes, Calibration::Identity),
    ];
    let values = [
        vec![Value::Number(0.3), Value::Integer(2), Value::text("a"), Value::Bool(true)],
        vec![Value::Number(0.299_999_999), Value::Integer(3), Value::text("b"), Value::Bool(false)],
        vec![Value::Number(-1e6), Value::Integer(-4), Value::Unknown, Value::Unknown],
        vec![Value::Number(1e6), Value::Integer(400), Value::text(""), Value::Bool(true)],
        vec![Value::Unknown, Value::Unknown, Value::Unknown, Value::Unknown],
        vec![Value::Number(1.7), Value::Unknown, Value::text("a"), Value::Bool(false)],
    ];
    let rows: Vec<(Vec<Value>, f64)> = values.into_iter().map(|values| (values, 0.0)).collect();
    all.map(|model| Vector::Scores(Box::new(Scores { fields: fields.clone(), model, rows: rows.clone() }))).into()
}

/// Three actions on three channels, with constant propensities.
fn policy(id: &str) -> Document {
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

fn ask(name: &str, now: i64, subject: &str, age: i64, history: Vec<Past>) -> Decided {
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

fn past(at: i64, event: EventKind, action: &str, treatment: &str) -> Past {
    Past { at, event, action: action.into(), treatment: treatment.into(), ..Past::default() }
}

fn decisions(policy: Document, asked: Vec<Decided>) -> Vector {
    Vector::Decisions(Box::new(Decisions { policy, asked }))
}

fn contact() -> Vec<Vector> {
    let sent = |at: i64| past(at, EventKind::Sent, "gold", "mail");
    let cap = |id: &str, target, limit, window| Cap {
        id: id.into(),
        name: id.into(),
        target,
        limit: Some(limit),
        window,
        ..Cap::default()
    };
    let day = 24 * HOUR;
    let edges = |window: i64| {
        vec![
            ask("nothing before", NOW, "a", 40, vec![]),
            ask("a moment inside the window", NOW, "a", 40, vec![sent(NOW - window + 1)]),
            ask("on its open edge", NOW, "a", 40, vec![sent(NOW - window)]),
            ask("at the instant of the decision", NOW, "a", 40, vec![sent(NOW)]),
            ask("after it", NOW, "a", 40, vec![sent(NOW + 1)]),
        ]
    };
    let with = |id: &str, change: &dyn Fn(&mut Document)| {
        let mut document = policy(id);
        change(&mut document);
        document
    };
    let calendar = |clock| {
        with("calendar", &|d| d.caps = vec![cap("daily", CapTarget::All, 1, Window::Calendar(Period::Day, clock))])
    };
    // Local midnights in Berlin: 2026-03-28T23:00Z and, an hour of the day missing, 2026-03-29T22:00Z.
    let midnight = NOW - 90 * 60_000;
    let around = |at: i64| {
        vec![
            ask("sent before the midnight", at + HOUR, "a", 40, vec![sent(at - 1)]),
            ask("sent at the midnight", at + HOUR, "a", 40, vec![sent(at)]),
            ask("sent an hour after", at + 2 * HOUR, "a", 40, vec![sent(at + HOUR)]),
        ]
    };
    let accepted =
        |n: i64| (0..n).map(|i| past(NOW - i * HOUR, EventKind::Accept, "gold", "mail")).collect::<Vec<Past>>();
    let budget = |pacing| Budget {
        id: "monthly".into(),
        name: "monthly".into(),
        scope: Scope::Group("cards".into()),
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(10.0),
        min: None,
        reset: Some((Period::Month, Clock::Utc)),
        from: None,
        until: None,
        pacing,
        enabled: true,
    };
    let quiet = |on_hit| {
        with("quiet", &|d| {
            d.quiet_hours = vec![QuietHours {
                id: "night".into(),
                name: "night".into(),
                channel: None,
                when: None,
                weekdays: Vec::new(),
                from: TimeOfDay::at(21, 0),
                until: TimeOfDay::at(8, 0),
                on_hit: on_hit_of(on_hit),
                enabled: true,
            }];
        })
    };
    let hours = || {
        (0..24).step_by(3).map(|h| ask(&format!("hour {h}"), NOW - 30 * 60_000 + h * HOUR, "a", 40, vec![])).collect()
    };
    vec![
        decisions(
            with("rolling", &|d| d.caps = vec![cap("daily", CapTarget::All, 1, Window::Rolling(86_400))]),
            edges(day),
        ),
        decisions(
            with("per_channel", &|d| d.caps = vec![cap("per_channel", CapTarget::Channel, 1, Window::Rolling(86_400))]),
            edges(day),
        ),
        decisions(with("zero", &|d| d.caps = vec![cap("none", CapTarget::Group, 0, Window::Lifetime)]), edges(day)),
        decisions(calendar(Clock::Subject), [around(midnight), around(midnight + 23 * HOUR)].concat()),
        decisions(calendar(Clock::Utc), around(midnight)),
        decisions(
            with("cool_down", &|d| {
                d.cool_downs = vec![CoolDown {
                    id: "gap".into(),
                    name: "gap".into(),
                    target: CapTarget::Action,
                    channel: None,
                    event: EventKind::Sent,
                    gap: 86_400,
                    on_hit: OnHit::Drop,
                    enabled: true,
                }];
            }),
            edges(day),
        ),
        decisions(
            with("suppression", &|d| {
                d.suppressions = vec![Suppression {
                    id: "no_thanks".into(),
                    name: "no_thanks".into(),
                    outcome: EventKind::Reject,
                    times: 2,
                    within: 7 * 86_400,
                    for_: 30 * 86_400,
                    target: CapTarget::Action,
                    channel: None,
                    enabled: true,
                }];
            }),
            vec![
                ask("one rejection", NOW, "a", 40, vec![past(NOW - day, EventKind::Reject, "gold", "mail")]),
                ask(
                    "two in a week",
                    NOW,
                    "a",
                    40,
                    [3, 4].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
                ask(
                    "two in nine days",
                    NOW,
                    "a",
                    40,
                    [1, 9].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
                ask(
                    "long ago",
                    NOW,
                    "a",
                    40,
                    [35, 36].map(|n| past(NOW - n * day, EventKind::Reject, "gold", "mail")).into(),
                ),
            ],
        ),
        decisions(
            with("exclusion", &|d| {
                d.exclusions = vec![Exclusion {
                    id: "one_offer".into(),
                    name: "one_offer".into(),
                    members: vec![Scope::Group("cards".into()), Scope::Group("loans".into())],
                    at_most: 1,
                    event: EventKind::Sent,
                    window: Some(Window::Rolling(7 * 86_400)),
                    enabled: true,
                }];
            }),
            edges(7 * day),
        ),
        decisions(
            with("stock", &|d| {
                let gone = Stock {
                    id: "cards".into(),
                    action: "gold".into(),
                    units: 2,
                    event: EventKind::Accept,
                    since: None,
                };
                d.stocks = vec![gone];
            }),
            (0..4).map(|n| ask(&format!("{n} accepted"), NOW, "a", 40, accepted(n))).collect(),
        ),
        decisions(
            with("budget", &|d| d.budgets = vec![budget(Some(0.0))]),
            // The first minutes of the 29th of March: about 9 of 10 may be spent.
            (7..11)
                .map(|n| ask(&format!("{n} sent"), NOW, "a", 40, (0..n).map(|i| sent(NOW - i * HOUR)).collect()))
                .collect(),
        ),
        decisions(quiet("drop"), hours()),
        decisions(quiet("defer"), hours()),
    ]
}

fn on_hit_of(name: &str) -> OnHit {
    match name {
        "defer" => OnHit::Defer,
        _ => OnHit::Drop,
    }
}

fn arbitration() -> Vec<Vector> {
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

fn exploration() -> Vec<Vector> {
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

fn holdouts() -> Vec<Vector> {
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

fn file() -> Vector {
    Vector::File(Box::new(Canonical { policy: sample(), revision: String::new(), text: String::new() }))
}
