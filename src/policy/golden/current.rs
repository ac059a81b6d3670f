//! The golden file of format 1.1: every part of the format in one policy. Until the format is released it is made from this code
//! (`UPDATE=1` writes it anew); after that the file stands and this code goes.

use crate::action::Treatment;
use crate::approval::{Approval, Verdict};
use crate::arbitration::{Bundle, ColdStart, LowConfidence, Mode, Per, Prior, SlotLimit, Slots};
use crate::cases::{Case, Chosen, Expected, Past, Question};
use crate::clock::Unit;
use crate::codec;
use crate::contact::{
    self, Budget, Cap, CapTarget, Clock, CoolDown, EventKind, Exclusion, Measure, OnHit, Period, QuietHours, Stock,
    Suppression,
};
use crate::document::{Document, Fallback};
use crate::exploration::Exploration;
use crate::history::Identity;
use crate::holdout::{Arm, Holdout, HoldoutKind};
use crate::limits::Limits;
use crate::model::{Calibration, Characteristic, Encode, Function, Input, Link, Model, Shape, Spread};
use crate::overrides::{Override, OverrideKind};
use crate::property::Property;
use crate::recipe::{DatePart, Op, Step};
use crate::rule::{Protects, Rule, Scope, Stage};
use crate::schema::{Aggregate, EventFeature, Freshness, Missing, Window};
use crate::table::{HitPolicy, Table, TableRow};
use crate::testing::{HOUR, sample};
use crate::value::{Type, Value};
use crate::version::Version;
use crate::zones::{SendTime, Zones};
use crate::{Policy, Verification};

/// 2008-03-25T00:00:00Z.
const NOW: i64 = 1_206_403_200_000;

fn path() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/golden/policy-1.1.ron")
}

/// The sample of format 1.0, and every part that came after.
fn document() -> Document {
    let mut d = sample();
    d.limits = Limits { rules: Some(100), operations: Some(50_000), ..Limits::default() };
    d.baseline = Some(Fallback { action: "newsletter".into(), treatment: "plain".into() });
    d.zones = Zones {
        region: Some("segment".into()),
        regions: [("women".to_owned(), vec!["Europe/Berlin".into(), "Europe/Lisbon".into()])].into(),
        project: Some("Europe/Berlin".into()),
        strict: true,
    };
    d.actions[0].boosted = true;
    d.actions[0].uplift = Some("lift".into());
    d.actions[0].evidence = Some(400.0);
    d.actions[0].treatments.push(Treatment {
        id: "deep".into(),
        channel: "web".into(),
        uplift: Some("lift".into()),
        evidence: Some(25.0),
        value: Some(4.0),
        cost: Some(0.5),
        attributes: [("discount".to_owned(), Value::Number(0.3))].into(),
        standby: true,
        ..Treatment::default()
    });
    let holdout = |id: &str, kind, share| Holdout { id: id.into(), kind, salt: id.into(), share, ..Holdout::default() };
    d.holdouts.extend([
        holdout("program", HoldoutKind::Program, 0.01),
        holdout("random_score", HoldoutKind::ModelControl, 0.01),
        holdout("no_levers", HoldoutKind::Ablation(Arm::NoLevers), 0.01),
        Holdout { unit: Identity::Household, ..holdout("households", HoldoutKind::Action("womens".into()), 0.05) },
    ]);
    let from = NOW - 30 * 24 * HOUR;
    let person = |kind, id: &str, when: Option<&str>| Override {
        id: id.into(),
        kind,
        when: when.map(str::to_owned),
        reason: "Agreed in the weekly meeting.".into(),
        author: "campaign owner".into(),
        approver: "compliance".into(),
        from,
        until: from + 24 * HOUR,
    };
    d.overrides = vec![
        person(OverrideKind::Deny(Scope::Channel("sms".into())), "no_sms", None),
        person(OverrideKind::Force(Scope::Action("recall".into())), "recall_now", Some("recalled ?? false")),
    ];
    let rule = |id: &str, stage, expr: &str| Rule {
        id: id.into(),
        name: id.replace('_', " "),
        stage,
        expr: expr.into(),
        ..Rule::default()
    };
    d.rules[0].protects = Protects::Consent;
    d.rules.extend([
        Rule { scope: Scope::Group("apparel".into()), ..rule("by_band", Stage::Lever, r#"table("bands") ?? 1.0"#) },
        rule("last_resort", Stage::Fallback, r#"if consent { "newsletter" } else { () }"#),
    ]);
    let row = |test: &str, output, note: &str| TableRow {
        tests: vec![test.into()],
        output: Value::Number(output),
        note: note.into(),
    };
    d.tables = vec![Table {
        id: "bands".into(),
        name: "Levers by recency".into(),
        inputs: vec!["recency".into()],
        output: Type::Number,
        hit: HitPolicy::First,
        rows: vec![row("< 3", 1.2, "fresh"), row("[3..6]", 1.0, "")],
        otherwise: Value::Number(0.9),
    }];
    d.caps.extend([
        Cap {
            id: "household".into(),
            name: "Three a month per household".into(),
            limit: Some(3),
            window: contact::Window::Calendar(Period::Month, Clock::Project),
            key: Identity::Household,
            on_hit: OnHit::Defer,
            ..Cap::default()
        },
        Cap {
            id: "mail_daily".into(),
            name: "One e-mail a day, then the web".into(),
            target: CapTarget::Channel,
            channel: Some("email".into()),
            limit: Some(1),
            window: contact::Window::Calendar(Period::Day, Clock::Subject),
            on_hit: OnHit::Reroute(vec!["web".into()]),
            ..Cap::default()
        },
    ]);
    d.suppressions = vec![Suppression {
        id: "no_thanks".into(),
        name: "Twice refused".into(),
        outcome: EventKind::Reject,
        times: 2,
        within: 30 * 86_400,
        for_: 90 * 86_400,
        target: CapTarget::Action,
        channel: Some("email".into()),
        enabled: true,
    }];
    d.cool_downs = vec![CoolDown {
        id: "breath".into(),
        name: "A day between e-mails".into(),
        target: CapTarget::Channel,
        channel: Some("email".into()),
        event: EventKind::Sent,
        gap: 86_400,
        on_hit: OnHit::Defer,
        enabled: true,
    }];
    d.exclusions = vec![Exclusion {
        id: "either".into(),
        name: "Men's or women's".into(),
        members: vec![Scope::Action("mens".into()), Scope::Action("womens".into())],
        at_most: 1,
        event: EventKind::Sent,
        window: Some(contact::Window::Rolling(604_800)),
        enabled: true,
    }];
    d.quiet_hours = vec![QuietHours {
        weekdays: vec![6, 7],
        ..QuietHours::us_telephone("night", "sms", Some(r#"segment == "men""#.into()))
    }];
    d.stocks = vec![Stock {
        id: "vouchers".into(),
        action: "womens".into(),
        units: 5_000,
        event: EventKind::Accept,
        since: Some(from),
    }];
    d.cold_start = ColdStart {
        priors: vec![Prior { scope: Scope::Group("apparel".into()), propensity: 0.1, weight: 50.0 }],
        min_evidence: Some(10.0),
        max_width: Some(0.9),
        on_low: LowConfidence::UsePrior,
    };
    d.arbitration.mode = Mode::GeometricMean { p: 1.0, c: 1.0, v: 0.5, l: 1.0 };
    d.slots = Slots {
        count: 2,
        limits: vec![SlotLimit { per: Per::Channel, limit: 1 }],
        bundles: vec![Bundle { id: "pair".into(), actions: vec!["womens".into(), "newsletter".into()] }],
    };
    d.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.05 });
    d.budgets = vec![Budget {
        id: "mail".into(),
        name: "E-mail budget".into(),
        scope: Scope::Channel("email".into()),
        measure: Measure::Cost,
        event: EventKind::Sent,
        max: Some(10_000.0),
        min: Some(1.0),
        reset: Some((Period::Month, Clock::Project)),
        from: None,
        until: None,
        pacing: Some(0.1),
        enabled: true,
    }];
    d.send_times =
        vec![SendTime { id: "evening".into(), channel: Some("email".into()), hour: "18".into(), within: 24 }];
    d.properties = vec![Property {
        id: "consent_first".into(),
        name: "no e-mail without consent".into(),
        when: "!(consent ?? false)".into(),
        never: Scope::Channel("email".into()),
    }];
    d.schema.fields[1].masked = true;
    d.models.extend(models());
    d.cases = vec![Case {
        id: "no_consent".into(),
        name: "Without consent nothing goes out by e-mail".into(),
        request: Question {
            subject: "ben".into(),
            now: NOW,
            zone: Some("Europe/Berlin".into()),
            decision_id: "1".into(),
            household: Some("h-1".into()),
            device: Some("d-1".into()),
            fields: [("consent".to_owned(), Value::Bool(false)), ("recency".to_owned(), Value::Integer(9))].into(),
        },
        history: vec![Past {
            at: NOW - HOUR,
            event: EventKind::Custom("visit".into()),
            of: Identity::Household,
            action: "mens".into(),
            treatment: "plain".into(),
            channel: Some("web".into()),
            group: Some("apparel".into()),
            issue: Some("sales".into()),
            tags: Some(vec!["promo".into()]),
            counts: Some(false),
            cost: Some(0.25),
        }],
        expect: Expected { chosen: Chosen::NoAction, ..Expected::default() },
    }];
    fields(&mut d);
    d
}

/// Where fields come from, how old they may be and what is done without them; and the steps that came later.
fn fields(d: &mut Document) {
    for field in &mut d.schema.fields {
        match field.name.as_str() {
            "recency" => field.missing = Missing::Default(Value::Integer(12)),
            "spend" => {
                let spent = EventFeature::new("orders", Aggregate::Sum("price * quantity".into()));
                let spent = spent.within(Window::Last { count: 12, of: Unit::Month }).only("quantity > 0");
                let located = EventFeature { key: "customer".into(), time: "ordered_at".into(), ..spent };
                field.from = Some(Box::new(located.in_zone("Europe/Berlin")));
                // Of the day on which the customer joined, as it were: a hundred years are enough for the cases.
                field.freshness = Some(Freshness { at: "joined".into(), max_age: 100 * 366 * 24 * 3_600 });
            }
            "consent" => field.missing = Missing::Refuse,
            _ => {}
        }
    }
    d.recipe.extend([
        Step::new("place", "segment", Op::Ordinal(vec!["men".into(), "women".into()])),
        Step::new("rate", "segment", Op::TargetMean { means: vec![("men".into(), 0.18)], otherwise: 0.15 }),
        Step::new("years", "joined", Op::DatePart { part: DatePart::Year, zone: Some("Europe/Berlin".into()) }),
        Step::new("per_month", "spend", Op::Ratio { over: "recency".into() }),
        Step::new("spend_log", "spend", Op::Log1p),
        Step::new("spend_cut", "spend", Op::Clip { low: Some(0.0), high: Some(500.0) }),
        Step::formula("is_new", "recency < 3 && spend > 0.0"),
    ]);
}

fn models() -> Vec<Model> {
    let input = |field: &str, encode| Input { field: field.into(), encode };
    let model = |id: &str, inputs, function| Model {
        id: id.into(),
        name: id.into(),
        target: "difference in the probability of a visit".into(),
        inputs,
        function,
        calibration: Calibration::Identity,
        fallback: 0.0,
        evidence: Some(1_000.0),
        spread: Some(Spread::Constant(0.02)),
    };
    let categories = || Encode::Category { categories: vec!["men".into(), "women".into()] };
    vec![
        model(
            "lift",
            vec![input("recency", Encode::Number), input("segment", categories())],
            Function::Shapes {
                intercept: 0.01,
                shapes: vec![
                    Shape { input: 0, edges: vec![3.0, 6.0], scores: vec![0.03, 0.02, 0.0], other: 0.0, missing: 0.0 },
                    Shape { input: 1, edges: Vec::new(), scores: vec![0.01, -0.01], other: 0.002, missing: 0.0 },
                ],
                pairs: Vec::new(),
                link: Link::Identity,
            },
        ),
        model(
            "card",
            vec![input("recency", Encode::Number)],
            Function::Scorecard {
                base: -1.0,
                characteristics: vec![Characteristic {
                    input: 0,
                    edges: vec![3.0],
                    points: vec![0.5, -0.5],
                    other: 0.0,
                    missing: -0.1,
                    reason: "Not bought for long".into(),
                }],
                link: Link::Logistic,
            },
        ),
    ]
}

fn approvals() -> Vec<Approval> {
    let approval = |author: &str, role: &str, note: &str, verdict| Approval {
        author: author.into(),
        role: role.into(),
        at: NOW,
        note: note.into(),
        verdict,
    };
    vec![
        approval("first reader", "compliance", "The cap on text messages first.", Verdict::Refused),
        approval("second reader", "compliance", "", Verdict::Signed),
    ]
}

#[test]
fn it_holds_every_part_and_loads() {
    let text = codec::write_approved(&document(), &approvals()).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path(), &text).unwrap();
    }
    let golden = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(golden == text, "the golden file of format 1.1 is not what the code makes; UPDATE=1 writes it");
    let policy = Policy::load(golden.as_bytes(), &Verification::none()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((policy.format(), policy.approvals().len()), (Version::CURRENT, 2));
    assert_eq!(*policy.document(), document());
    // Every part is written: none is at its default, but the mode, which is live.
    let parts = golden
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
        .filter_map(|line| line.trim().split_once(':').map(|(name, _)| name));
    let parts: Vec<&str> = parts.filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect();
    assert!(parts.len() >= 35, "{} parts: {parts:?}", parts.len());
}

/// Whatever is lost of it, what is left is refused.
#[test]
fn cut_anywhere_it_is_refused() {
    let golden = std::fs::read(path()).unwrap();
    for end in (0..golden.len()).step_by(5) {
        assert!(codec::open(&golden[..end]).is_err(), "cut after {end} bytes");
    }
}
