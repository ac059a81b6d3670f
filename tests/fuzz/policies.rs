//! Variations of the golden policy, and requests and histories for them. Most variations are policies that may decide; some are not,
//! and must be refused in words.

use crate::choices::Choices;
use crate::rows::{NOW, value};
use attune_policy::arbitration::{
    Bundle, ColdStart, ContextWeight, Floor, LowConfidence, Mode, Per, Prior, SlotLimit, Slots,
};
use attune_policy::contact::{
    Budget, Cap, CapTarget, Clock, CoolDown, EventKind, Exclusion, Measure, OnHit, Period, QuietHours, Stock,
    Suppression, TimeOfDay, Window,
};
use attune_policy::document::{Document, Fallback, Operation};
use attune_policy::exploration::Exploration;
use attune_policy::history::Identity;
use attune_policy::holdout::{Arm, Holdout, HoldoutKind};
use attune_policy::overrides::{Override, OverrideKind};
use attune_policy::rule::{OnMissing, Protects, Rule, Scope, Stage};
use attune_policy::zones::{SendTime, Zones};
use attune_policy::{Event, MemoryHistory, Request};

const HOUR: u64 = 3_600;

/// Conditions over the golden policy's names.
const CONDITIONS: [&str; 20] = [
    "consent",
    "!consent",
    "is_known(recalled) && recalled",
    "recency <= 6",
    "recency / spend_scaled > 0",
    "10 / recency > 1",
    "spend > 100.0 || segment == \"women\"",
    "device != \"till\"",
    "score(\"visit\") > 0.1",
    "score(\"boosted\") < score(\"base\")",
    "contacts(7) < 2",
    "days_since(\"sent\") > 1.0",
    "outcomes(\"reject\", \"*\", 30) == 0",
    "action.channel == \"email\"",
    "action.discount > 0.1",
    "hour() >= 8 && hour() < 22",
    "joined < now()",
    "age == \"new\" || months > 9",
    "recency + 9223372036854775800 > 0",
    "let n = 0; for x in [1, 2, 3] { n += x; } n > recency",
];

/// Numbers over the same names.
const NUMBERS: [&str; 6] =
    ["0.5", "1.0 / (recency ?? 1)", "spend", "if contacts(7) > 0 { 0.5 } else { 1.0 }", "score(\"visit\")", "action.value"];

/// A variation of the golden document.
pub fn document(choices: &mut Choices<'_>) -> Document {
    let mut document = crate::golden().clone();
    document.mode = choices.one(&[Operation::Live, Operation::Live, Operation::Live, Operation::Shadow, Operation::Off]);
    if choices.flag() {
        document.rules.clear();
        document.caps.clear();
    }
    for action in &mut document.actions {
        let flags = choices.byte();
        (action.mandatory, action.service, action.boosted) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0);
        (action.obeys_caps, action.counts_toward_caps) = (flags & 8 == 0, flags & 16 == 0);
        if flags & 32 > 0 {
            (action.value, action.cost, action.weight) = (choices.number(), choices.number(), choices.number());
        }
        if flags & 64 > 0 {
            action.uplift = Some(choices.pick(&["visit", "boosted", "base"]).to_owned());
            action.evidence = Some(choices.number());
        }
        if flags & 128 > 0 {
            let treatment = &mut action.treatments[0];
            treatment.standby = choices.flag();
            treatment.value = Some(choices.number());
            treatment.channel = choices.pick(&["email", "sms", "web"]).to_owned();
        }
    }
    // Parts in any number and order, as long as there are bytes.
    for i in 0..24 {
        if !choices.left() {
            break;
        }
        part(choices, &mut document, i);
    }
    document
}

/// Adds a part, or changes one.
fn part(choices: &mut Choices<'_>, document: &mut Document, i: usize) {
    let id = format!("p{i}");
    match choices.below(20) {
        0..=3 => {
            let stage = choices.one(&[
                Stage::Guard,
                Stage::Guard,
                Stage::Eligibility,
                Stage::Applicability,
                Stage::Suitability,
                Stage::SoftSuitability,
                Stage::Lever,
                Stage::Fallback,
            ]);
            let expr = match stage {
                Stage::SoftSuitability | Stage::Lever => choices.pick(&NUMBERS),
                Stage::Fallback => choices.pick(&["\"newsletter\"", "if consent { \"mens\" } else { () }", "()"]),
                _ => choices.pick(&CONDITIONS),
            };
            document.rules.push(Rule {
                id,
                stage,
                scope: if stage == Stage::Fallback { Scope::All } else { scope(choices) },
                expr: expr.to_owned(),
                on_missing: if stage == Stage::Applicability && choices.flag() {
                    OnMissing::Keep
                } else {
                    OnMissing::Remove
                },
                enabled: choices.below(8) > 0,
                protects: choices.one(&[Protects::Law, Protects::Consent, Protects::OptOut]),
                ..Rule::default()
            });
        }
        4 | 5 => document.caps.push(Cap {
            id,
            target: target(choices),
            channel: channel(choices),
            event: kind(choices),
            limit: choices.one(&[None, Some(0), Some(1), Some(2), Some(u32::MAX)]),
            window: window(choices),
            bypassable: choices.flag(),
            enabled: true,
            key: identity(choices),
            on_hit: on_hit(choices),
            ..Cap::default()
        }),
        6 => document.cool_downs.push(CoolDown {
            id,
            name: String::new(),
            target: target(choices),
            channel: channel(choices),
            event: kind(choices),
            gap: seconds(choices),
            on_hit: on_hit(choices),
            enabled: true,
        }),
        7 => document.suppressions.push(Suppression {
            id,
            name: String::new(),
            outcome: kind(choices),
            times: choices.below(4) as u32,
            within: seconds(choices),
            for_: seconds(choices),
            target: target(choices),
            channel: channel(choices),
            enabled: true,
        }),
        8 => document.exclusions.push(Exclusion {
            id,
            name: String::new(),
            members: (0..choices.below(4)).map(|_| scope(choices)).collect(),
            at_most: choices.below(3) as u32,
            event: kind(choices),
            window: choices.flag().then(|| window(choices)),
            enabled: true,
        }),
        9 => document.quiet_hours.push(QuietHours {
            id,
            name: String::new(),
            channel: channel(choices),
            when: choices.flag().then(|| choices.pick(&CONDITIONS).to_owned()),
            weekdays: (0..choices.below(3)).map(|_| choices.below(9) as u8).collect(),
            from: time(choices),
            until: time(choices),
            on_hit: on_hit(choices),
            enabled: true,
        }),
        10 => document.stocks.push(Stock {
            id,
            action: action(choices).to_owned(),
            units: choices.below(4) as u64,
            event: kind(choices),
            since: choices.flag().then_some(NOW - 86_400_000),
        }),
        11 => document.budgets.push(Budget {
            id,
            name: String::new(),
            scope: scope(choices),
            measure: choices.one(&[Measure::Count, Measure::Cost]),
            event: kind(choices),
            max: choices.flag().then(|| choices.number()),
            min: choices.flag().then(|| choices.number()),
            reset: choices.flag().then(|| (period(choices), clock(choices))),
            from: choices.flag().then_some(NOW - 86_400_000),
            until: choices.flag().then_some(NOW + 86_400_000),
            pacing: choices.flag().then(|| choices.number()),
            enabled: true,
        }),
        12 => document.holdouts.push(Holdout {
            id: id.clone(),
            kind: match choices.below(8) {
                0 => HoldoutKind::Global,
                1 => HoldoutKind::Program,
                2 => HoldoutKind::Action(action(choices).to_owned()),
                3 => HoldoutKind::ModelControl,
                4 => HoldoutKind::Ablation(Arm::RandomEligible),
                5 => HoldoutKind::Ablation(Arm::PropensityOnly),
                6 => HoldoutKind::Ablation(Arm::NoLevers),
                _ => HoldoutKind::Ablation(Arm::EligibilityOnly),
            },
            salt: id,
            share: choices.one(&[0.0, 0.3, 0.7, 1.0]),
            unit: identity(choices),
        }),
        13 => document.overrides.push(Override {
            id,
            kind: if choices.flag() { OverrideKind::Deny(scope(choices)) } else { OverrideKind::Force(scope(choices)) },
            when: choices.flag().then(|| choices.pick(&CONDITIONS).to_owned()),
            reason: "asked for".into(),
            author: "A. Author".into(),
            approver: "B. Approver".into(),
            from: NOW - 1_000,
            until: choices.one(&[NOW + 1_000, NOW + 1_000, NOW]),
        }),
        14 => {
            document.slots = Slots {
                count: choices.below(5) as u32,
                limits: (0..choices.below(3))
                    .map(|_| SlotLimit {
                        per: choices.one(&[Per::Action, Per::Group, Per::Issue, Per::Channel]),
                        limit: choices.below(3) as u32,
                    })
                    .collect(),
                bundles: (0..choices.below(2))
                    .map(|_| Bundle { id: id.clone(), actions: vec![action(choices).to_owned(), action(choices).to_owned()] })
                    .collect(),
            }
        }
        15 => {
            document.exploration = match choices.below(4) {
                0 => None,
                1 => Some(Exploration::EpsilonGreedy { epsilon: choices.one(&[0.0, 0.1, 1.0]) }),
                2 => Some(Exploration::Softmax { temperature: choices.one(&[0.01, 1.0, 1e-300, 1e300]) }),
                _ => Some(Exploration::Thompson { draws: 1 + choices.below(40) as u32 }),
            }
        }
        16 => {
            let number = |choices: &mut Choices<'_>| choices.one(&[0.0, 0.25, 1.0, 2.0]);
            document.arbitration.mode = match choices.below(6) {
                0 => Mode::Pcvl,
                1 => Mode::NetValue,
                2 => Mode::Uplift,
                3 => Mode::GeometricMean {
                    p: number(choices),
                    c: number(choices),
                    v: number(choices),
                    l: number(choices),
                },
                4 => Mode::Expression("propensity * context_weight * value - cost".into()),
                _ => Mode::Expression("spend / recency".into()),
            };
            document.arbitration.context_weights.push(ContextWeight {
                id,
                scope: scope(choices),
                when: choices.pick(&CONDITIONS).to_owned(),
                percent: choices.number(),
            });
            document.arbitration.floors.push(Floor {
                scope: scope(choices),
                min_propensity: choices.flag().then(|| choices.one(&[0.0, 0.1, 0.9])),
                min_priority: choices.flag().then(|| choices.one(&[-1.0, 0.0, 1.0])),
            });
        }
        17 => {
            document.cold_start = ColdStart {
                priors: (0..choices.below(3))
                    .map(|_| Prior {
                        scope: scope(choices),
                        propensity: choices.one(&[0.0, 0.1, 1.0]),
                        weight: choices.one(&[0.0, 10.0, 1e6]),
                    })
                    .collect(),
                min_evidence: choices.flag().then_some(50.0),
                max_width: choices.flag().then_some(0.2),
                on_low: choices.one(&[
                    LowConfidence::UsePrior,
                    LowConfidence::RulesRank,
                    LowConfidence::Explore,
                    LowConfidence::Abstain,
                ]),
            }
        }
        18 => {
            document.send_times.push(SendTime {
                id,
                channel: channel(choices),
                hour: choices.pick(&["18", "recency", "hour() + 1", "spend"]).to_owned(),
                within: choices.one(&[0, 1, 24, 24 * 14]),
            });
            document.zones = Zones {
                region: choices.flag().then(|| choices.pick(&["segment", "device"]).to_owned()),
                regions: [("men", "America/New_York"), ("women", "Australia/Lord_Howe")]
                    .map(|(region, zone)| (region.to_owned(), vec![zone.to_owned(), "Asia/Kathmandu".to_owned()]))
                    .into(),
                project: choices.flag().then(|| "Europe/Berlin".to_owned()),
                strict: choices.flag(),
            };
        }
        _ => {
            let fallback = Fallback { action: action(choices).to_owned(), treatment: "plain".into() };
            if choices.flag() {
                document.baseline = Some(fallback);
            } else {
                document.fallback.push(fallback);
            }
        }
    }
}

/// A request; fields may be missing, of the wrong type, too many or too few.
pub fn request(choices: &mut Choices<'_>, document: &Document) -> Request {
    let fields = document.schema.fields.iter().map(|field| {
        let type_ = if choices.below(32) == 31 { attune_policy::Type::Text } else { field.type_ };
        value(choices, type_, &field.categories)
    });
    let mut fields: Vec<_> = fields.collect();
    if choices.below(32) == 31 {
        fields.truncate(3);
    }
    Request {
        decision_id: format!("d{}", choices.below(8)),
        subject: subject(choices).to_owned(),
        now: match choices.below(16) {
            0 => choices.integer(),
            hours => NOW + hours as i64 * 1_800_000,
        },
        zone: match choices.below(4) {
            0 => Some(choices.pick(&["Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo", "Nowhere", ""]).to_owned()),
            _ => None,
        },
        household: choices.flag().then(|| "h".to_owned()),
        device: choices.flag().then(|| "d".to_owned()),
        fields,
    }
}

/// What had happened.
pub fn history(choices: &mut Choices<'_>, document: &Document) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for _ in 0..choices.below(24) {
        let action = &document.actions[choices.below(document.actions.len())];
        let treatment = &action.treatments[choices.below(action.treatments.len())];
        let issue = document.issues.iter().find(|issue| issue.groups.iter().any(|group| group.id == action.group));
        let event = Event {
            time: NOW - choices.below(200) as i64 * 1_800_000 + 7_200_000,
            kind: kind(choices),
            action: action.id.clone(),
            treatment: treatment.id.clone(),
            channel: treatment.channel.clone(),
            group: action.group.clone(),
            issue: issue.map(|issue| issue.id.clone()).unwrap_or_default(),
            tags: action.tags.clone(),
            counts: action.counts_toward_caps,
            cost: choices.one(&[0.0, 0.05, 1.0, -1.0, 1e300]),
        };
        match choices.below(8) {
            0 => history.push_shared(Identity::Household, "h", event),
            1 => history.push_shared(Identity::Device, "d", event),
            _ => history.push(subject(choices), event),
        }
    }
    history
}

fn subject(choices: &mut Choices<'_>) -> &'static str {
    choices.pick(&["ben", "anna", "nora", ""])
}

fn action(choices: &mut Choices<'_>) -> &'static str {
    choices.pick(&["mens", "womens", "newsletter", "recall", "mens", "unheard_of"])
}

fn channel(choices: &mut Choices<'_>) -> Option<String> {
    choices.flag().then(|| choices.pick(&["email", "sms", "web"]).to_owned())
}

fn kind(choices: &mut Choices<'_>) -> EventKind {
    match choices.below(8) {
        0..=3 => EventKind::Sent,
        4 => EventKind::Decision,
        5 => EventKind::Reject,
        6 => EventKind::Click,
        _ => EventKind::Custom("return".into()),
    }
}

fn identity(choices: &mut Choices<'_>) -> Identity {
    choices.one(&[Identity::Subject, Identity::Subject, Identity::Household, Identity::Device, Identity::Global])
}

fn scope(choices: &mut Choices<'_>) -> Scope {
    match choices.below(9) {
        0..=2 => Scope::All,
        3 => Scope::Issue(choices.pick(&["sales", "service"]).to_owned()),
        4 => Scope::Group(choices.pick(&["apparel", "loyalty", "account"]).to_owned()),
        5 | 6 => Scope::Action(action(choices).to_owned()),
        7 => Scope::Treatment(action(choices).to_owned(), "plain".into()),
        _ => Scope::Channel(choices.pick(&["email", "sms", "web"]).to_owned()),
    }
}

fn target(choices: &mut Choices<'_>) -> CapTarget {
    match choices.below(8) {
        0 | 1 => CapTarget::All,
        2 => CapTarget::Channel,
        3 => CapTarget::Issue,
        4 => CapTarget::Group,
        5 => CapTarget::Action,
        6 => CapTarget::Treatment,
        _ => CapTarget::Tag("promo".into()),
    }
}

fn period(choices: &mut Choices<'_>) -> Period {
    match choices.below(4) {
        0 => Period::Day,
        1 => Period::Month,
        _ => Period::Week(choices.below(9) as u8),
    }
}

fn clock(choices: &mut Choices<'_>) -> Clock {
    choices.one(&[Clock::Subject, Clock::Project, Clock::Utc])
}

fn seconds(choices: &mut Choices<'_>) -> u64 {
    choices.one(&[HOUR, 24 * HOUR, 168 * HOUR, 1, 0, u64::MAX, 8_000 * HOUR])
}

fn window(choices: &mut Choices<'_>) -> Window {
    match choices.below(4) {
        0 | 1 => Window::Rolling(seconds(choices)),
        2 => Window::Lifetime,
        _ => Window::Calendar(period(choices), clock(choices)),
    }
}

fn on_hit(choices: &mut Choices<'_>) -> OnHit {
    match choices.below(4) {
        0 | 1 => OnHit::Drop,
        2 => OnHit::Defer,
        _ => OnHit::Reroute(vec![choices.pick(&["email", "sms", "web"]).to_owned()]),
    }
}

fn time(choices: &mut Choices<'_>) -> TimeOfDay {
    TimeOfDay::at(choices.below(24) as u16, choices.one(&[0, 0, 30, 59]))
}
