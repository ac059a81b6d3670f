//! The law of replay: over random policies, histories and logs, what the engine decides as state evolves equals a naive simulator's answer event
//! by event, exactly: choices, what ended each candidate, what was put off and until when, what was spent of budgets.
//!
//! The simulator is [`naive`], which imports nothing of this project; this file only makes worlds and translates.

mod naive;

use attune_lab::data::cells::Cells;
use attune_lab::data::{Arm, Dataset, Logging, Role, Roles};
use attune_lab::simulate::{Options, Replay, replay};
use attune_lab::task::Task;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::contact::{self, CapTarget, EventKind, OnHit, TimeOfDay};
use attune_policy::history::Identity;
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::schema::{Field, Schema};
use attune_policy::zones::Zones;
use attune_policy::{Document, Event, MemoryHistory, Policy, Type};
use naive::{DAY, HOUR, Key, MINUTE, Target, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2026-03-20T00:00Z: nine days before the clocks of Europe change.
const START: i64 = 1_773_964_800_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, p: f64) -> bool {
        ((self.next() >> 11) as f64) < p * (1u64 << 53) as f64
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

#[test]
fn replay_equals_the_naive_simulator() {
    let mut random = Random(17);
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    let mut refused = Vec::new();
    for round in 0..400 {
        let policy = a_policy(&mut random);
        let rows = some_rows(&mut random, &policy);
        let given = if random.chance(0.5) { some_events(&mut random, &policy) } else { Vec::new() };
        let (expected, events) = naive::simulate(&policy, &rows, &given);
        let compiled = match Policy::compile(document(&policy)) {
            Ok(compiled) => compiled,
            // A few are refused, such as a budget without anything to bind.
            Err(error) => {
                refused.push(error.to_string());
                continue;
            }
        };
        let (dataset, roles) = dataset(&rows);
        let options = Options {
            history: (!given.is_empty()).then(|| Arc::new(history(&given))),
            baselines: false,
            bootstrap: 0,
            impact_rows: 0,
            ..Options::default()
        };
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| replay(&compiled, &dataset, &roles, &options, &Task::default()).unwrap())
        };
        let found = with(1);
        for (at, expected) in expected.iter().enumerate() {
            let world = || format!("round {round}, row {at} {:#?}\n{policy:#?}", rows[at]);
            assert_eq!(answer(&found, at), *expected, "{}", world());
            for ended in &expected.ended {
                *met.entry(ended.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
            *met.entry("put off".into()).or_default() += expected.put_off.len() as u64;
            *met.entry("sent".into()).or_default() += u64::from(expected.sent.is_some());
            *met.entry("sent later".into()).or_default() +=
                u64::from(expected.sent.is_some() && !expected.put_off.is_empty());
        }
        for cap in &policy.caps {
            let hits =
                expected.iter().flat_map(|answer| &answer.ended).filter(|why| **why == format!("Cap:{}", cap.id));
            *met.entry(format!("{:?} {}", cap.key, window_word(cap.window))).or_default() += hits.count() as u64;
        }
        for look in &found.budgets {
            for (state, budget) in look.budgets.iter().zip(&policy.budgets) {
                assert_eq!(state.spent, naive::spent(&policy, budget, &events, look.at), "round {round}");
            }
        }
        assert_eq!(found.budgets.is_empty(), policy.budgets.is_empty());
        assert_same(&found, &with(2));
    }
    assert!(refused.len() < 64, "{refused:#?}");
    let words = [
        "Budget",
        "Cap",
        "CoolDown",
        "Exclusion",
        "Lost",
        "QuietHours",
        "Rule",
        "Stock",
        "Suppression",
        "Won",
        "put off",
        "sent",
        "sent later",
    ];
    let keys = ["Subject", "Household", "Device", "Everybody"];
    let windows =
        keys.iter().flat_map(|key| ["rolling", "calendar", "lifetime"].map(|window| format!("{key} {window}")));
    for word in words.map(str::to_owned).into_iter().chain(windows) {
        assert!(met.get(&word).is_some_and(|n| *n >= 60), "{word} was hardly met: {met:#?}");
    }
}

#[test]
fn the_naive_simulator_imports_nothing_of_this_project() {
    let text = include_str!("naive.rs");
    let code = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut uses = 0;
    for line in code {
        assert!(!line.contains("attune") && !line.contains("super::") && !line.contains("crate::"), "{line}");
        if let Some(path) = line.strip_prefix("use ") {
            assert!(path.starts_with("std::"), "{line}");
            uses += 1;
        }
    }
    assert!(uses > 0);
}

/// Nothing but the time it took may depend on the number of threads.
fn assert_same(a: &Replay, b: &Replay) {
    assert_eq!((&a.rows, &a.chosen, &a.arm, &a.fates), (&b.rows, &b.chosen, &b.arm, &b.fates));
    assert_eq!((&a.fallback, &a.times, &a.deferrals), (&b.fallback, &b.times, &b.deferrals));
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&a.propensity), bits(&a.priority)), (bits(&b.propensity), bits(&b.priority)));
    assert_eq!((&a.state, a.degraded, &a.diagnostics), (&b.state, b.degraded, &b.diagnostics));
    assert_eq!((a.given_up, &a.budgets), (b.given_up, &b.budgets));
}

/// What replay says of a row, in the naive simulator's words.
fn answer(replay: &Replay, at: usize) -> naive::Answer {
    let names = replay.chosen_names(at);
    let codes = replay.fates_at(at).iter().map(|fate| replay.causes.list()[usize::from(fate.cause)].code());
    let own = replay.deferrals.iter().filter(|deferral| deferral.position as usize == at);
    naive::Answer {
        sent: (names.0 != "NoAction").then(|| (names.0.to_owned(), names.1.to_owned())),
        ended: codes.collect(),
        put_off: own.map(|deferral| (deferral.at, deferral.until)).collect(),
    }
}

fn window_word(window: Window) -> &'static str {
    match window {
        Window::Rolling(_) => "rolling",
        Window::Lifetime => "lifetime",
        Window::Calendar(..) => "calendar",
    }
}

const CHANNELS: [&str; 3] = ["email", "sms", "web"];
const GROUPS: [(&str, &str); 3] = [("g0", "i0"), ("g1", "i0"), ("g2", "i1")];
const KINDS: [&str; 5] = ["sent", "sent", "decision", "impression", "visit"];

fn a_policy(random: &mut Random) -> naive::Policy {
    let mut policy = naive::Policy {
        issues: GROUPS.map(|(group, issue)| (group.to_owned(), issue.to_owned())).into(),
        inbound: vec!["web".into()],
        zone: random.pick(&[naive::Zone::Utc, naive::Zone::Kolkata, naive::Zone::Berlin]),
        ..naive::Policy::default()
    };
    for i in 0..2 + random.below(3) {
        let treatments = (0..1 + random.below(2)).map(|t| naive::Treatment {
            id: format!("t{t}"),
            channel: random.pick(&CHANNELS).into(),
            cost: random.chance(0.3).then_some(0.25),
        });
        let treatments = treatments.collect();
        policy.actions.push(naive::Action {
            id: format!("a{i}"),
            group: random.pick(&GROUPS).0.into(),
            value: random.pick(&[1.0, 2.0, 2.0, 3.5]),
            cost: random.pick(&[0.0, 0.5, 1.0]),
            tags: ["promo", "loud"]
                .iter()
                .filter(|_| i == 0 || random.chance(0.5))
                .map(|tag| (*tag).to_owned())
                .collect(),
            mandatory: random.chance(0.15),
            service: random.chance(0.15),
            obeys: random.chance(0.9),
            counts: random.chance(0.9),
            rule: random.chance(0.5).then(|| (format!("r{i}"), random.below(4) as i64)),
            treatments,
        });
    }
    let scopes = scopes(&policy);
    let on = |random: &mut Random| random.chance(0.25).then(|| random.pick(&CHANNELS).to_owned());
    let hours = |random: &mut Random, most: usize| (1 + random.below(most)) as i64 * HOUR;
    for i in 0..random.below(3) {
        policy.caps.push(naive::Cap {
            id: format!("c{i}"),
            key: random.pick(&[Key::Subject, Key::Subject, Key::Household, Key::Device, Key::Everybody]),
            target: target(random),
            channel: on(random),
            event: random.pick(&KINDS).into(),
            limit: random.pick(&[0, 1, 1, 2, 3, 5]),
            window: window(random),
            bypassable: random.chance(0.5),
            defers: random.chance(0.4),
        });
    }
    if random.chance(0.4) {
        policy.suppressions.push(naive::Suppression {
            id: "s".into(),
            outcome: random.pick(&["visit", "sent"]).into(),
            times: 1 + random.below(2),
            within: hours(random, 200),
            length: hours(random, 200),
            target: target(random),
            channel: on(random),
        });
    }
    if random.chance(0.4) {
        policy.cool_downs.push(naive::CoolDown {
            id: "d".into(),
            target: target(random),
            channel: on(random),
            event: random.pick(&KINDS).into(),
            gap: hours(random, 100),
            defers: random.chance(0.5),
        });
    }
    if random.chance(0.5) {
        policy.exclusions.push(naive::Exclusion {
            id: "e".into(),
            members: (0..1 + random.below(2)).map(|_| random.pick(&scopes)).collect(),
            at_most: 1 + random.below(2),
            event: random.pick(&KINDS).into(),
            window: random.chance(0.9).then(|| window(random)),
        });
    }
    for i in 0..random.below(3) {
        policy.quiet.push(naive::Quiet {
            id: format!("q{i}"),
            channel: on(random),
            weekdays: (1..=7).filter(|_| random.chance(0.2)).collect(),
            from: 15 * random.below(96) as i64,
            until: 15 * random.below(96) as i64,
            defers: random.chance(0.8),
        });
    }
    if random.chance(0.25) {
        let action = random.below(policy.actions.len());
        policy.stocks.push(naive::Stock {
            id: "k".into(),
            action: policy.actions[action].id.clone(),
            units: random.below(12),
            event: random.pick(&KINDS).into(),
        });
    }
    if random.chance(0.35) {
        let reset = random.chance(0.6).then(|| (period(random), random.chance(0.5)));
        let dated = random.chance(0.4);
        policy.budgets.push(naive::Budget {
            id: "b".into(),
            scope: random.pick(&scopes),
            money: random.chance(0.5),
            event: random.pick(&KINDS).into(),
            max: random.chance(0.8).then(|| random.below(12) as f64),
            min: None,
            reset,
            from: dated.then_some(START + 3 * DAY),
            until: dated.then(|| START + (10 + random.below(30) as i64) * DAY),
            slack: None,
        });
        if let Some(budget) = policy.budgets.first_mut() {
            let (paced, lags) = (random.chance(0.6), random.chance(0.4));
            budget.slack = (paced && budget.max.is_some() && (dated || reset.is_some())).then_some(0.25);
            budget.min = budget.max.filter(|_| lags).map(|max| max / 2.0);
        }
    }
    policy
}

fn scopes(policy: &naive::Policy) -> Vec<naive::Scope> {
    let mut scopes = vec![naive::Scope::All, naive::Scope::Issue("i0".into()), naive::Scope::Channel("email".into())];
    for action in &policy.actions {
        scopes.push(naive::Scope::Action(action.id.clone()));
        scopes.push(naive::Scope::Group(action.group.clone()));
        scopes.extend(action.treatments.iter().map(|t| naive::Scope::Treatment(action.id.clone(), t.id.clone())));
    }
    scopes
}

fn target(random: &mut Random) -> Target {
    let tag = Target::Tag("promo".into());
    let few = [Target::Channel, Target::Issue, Target::Group, Target::Action, Target::Treatment, tag];
    if random.chance(0.4) { Target::All } else { random.pick(&few) }
}

fn period(random: &mut Random) -> naive::Period {
    let week = naive::Period::Week(1 + random.below(7) as i64);
    random.pick(&[naive::Period::Day, naive::Period::Day, week, naive::Period::Month])
}

fn window(random: &mut Random) -> Window {
    let calendar = Window::Calendar(period(random), random.chance(0.5));
    random.pick(&[
        Window::Rolling(6 * HOUR),
        Window::Rolling(30 * HOUR),
        Window::Rolling(9 * DAY),
        Window::Lifetime,
        calendar,
        calendar,
    ])
}

fn some_rows(random: &mut Random, policy: &naive::Policy) -> Vec<naive::Row> {
    let shared =
        |random: &mut Random, word: &str, n: usize| random.chance(0.8).then(|| format!("{word}{}", random.below(n)));
    let (few, span) = (3 + random.below(8), random.pick(&[3, 12, 40]));
    // A subject mostly keeps its household; its devices change.
    let households: Vec<Option<String>> = (0..few).map(|_| shared(random, "h", 4)).collect();
    let rows = (0..30 + random.below(40)).map(|_| {
        let who = random.below(few);
        let action = random.pick(&policy.actions);
        let treatment = random.pick(&action.treatments);
        naive::Row {
            subject: format!("s{who}"),
            household: if random.chance(0.9) { households[who].clone() } else { shared(random, "h", 4) },
            device: shared(random, "d", 6),
            time: START + random.below(span * 96) as i64 * 15 * MINUTE,
            n: random.below(5) as i64,
            logged: random.chance(0.7).then(|| (action.id.clone(), treatment.id.clone())),
            visited: random.chance(0.5),
        }
    });
    rows.collect()
}

/// Events from before and during the rows, some of an action that is no more.
fn some_events(random: &mut Random, policy: &naive::Policy) -> Vec<naive::Event> {
    let events = (0..random.below(40)).map(|_| {
        let action = random.pick(&policy.actions);
        let treatment = random.pick(&action.treatments);
        let mut event = naive::Event {
            time: START + (random.below(30 * 96) as i64 - 20 * 96) * 15 * MINUTE,
            kind: random.pick(&KINDS).into(),
            action: action.id.clone(),
            treatment: treatment.id.clone(),
            channel: treatment.channel.clone(),
            group: action.group.clone(),
            issue: policy.issues[&action.group].clone(),
            tags: action.tags.clone(),
            counts: random.chance(0.9),
            cost: treatment.cost.unwrap_or(action.cost),
            ..naive::Event::default()
        };
        if random.chance(0.1) {
            (event.action, event.channel) = (format!("gone{}", random.below(2)), "fax".into());
        }
        match random.below(6) {
            0 => event.household = Some(format!("h{}", random.below(4))),
            1 => event.device = Some(format!("d{}", random.below(6))),
            _ => event.subject = Some(format!("s{}", random.below(8))),
        }
        event
    });
    let mut events: Vec<naive::Event> = events.collect();
    events.sort_by_key(|event| event.time);
    events
}

fn kind(word: &str) -> EventKind {
    EventKind::named(word)
}

fn history(given: &[naive::Event]) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for told in given {
        let event = Event {
            time: told.time,
            kind: kind(&told.kind),
            action: told.action.clone(),
            treatment: told.treatment.clone(),
            channel: told.channel.clone(),
            group: told.group.clone(),
            issue: told.issue.clone(),
            tags: told.tags.clone(),
            counts: told.counts,
            cost: told.cost,
        };
        match (&told.subject, &told.household, &told.device) {
            (Some(id), ..) => history.push(id, event),
            (_, Some(id), _) => history.push_shared(Identity::Household, id, event),
            (_, _, Some(id)) => history.push_shared(Identity::Device, id, event),
            _ => {}
        }
    }
    history
}

fn document(policy: &naive::Policy) -> Document {
    let seconds = |ms: i64| (ms / 1000) as u64;
    let on_hit = |defers: bool| if defers { OnHit::Defer } else { OnHit::Drop };
    let clock = |universal: bool| if universal { contact::Clock::Utc } else { contact::Clock::Project };
    let period = |period: naive::Period| match period {
        naive::Period::Day => contact::Period::Day,
        naive::Period::Week(start) => contact::Period::Week(start as u8),
        naive::Period::Month => contact::Period::Month,
    };
    let window = |window: Window| match window {
        Window::Rolling(length) => contact::Window::Rolling(seconds(length)),
        Window::Lifetime => contact::Window::Lifetime,
        Window::Calendar(of, universal) => contact::Window::Calendar(period(of), clock(universal)),
    };
    let target = |target: &Target| match target {
        Target::All => CapTarget::All,
        Target::Channel => CapTarget::Channel,
        Target::Issue => CapTarget::Issue,
        Target::Group => CapTarget::Group,
        Target::Action => CapTarget::Action,
        Target::Treatment => CapTarget::Treatment,
        Target::Tag(tag) => CapTarget::Tag(tag.clone()),
    };
    let scope = |scope: &naive::Scope| match scope.clone() {
        naive::Scope::All => Scope::All,
        naive::Scope::Issue(id) => Scope::Issue(id),
        naive::Scope::Group(id) => Scope::Group(id),
        naive::Scope::Action(id) => Scope::Action(id),
        naive::Scope::Treatment(action, id) => Scope::Treatment(action, id),
        naive::Scope::Channel(id) => Scope::Channel(id),
    };
    let actions = policy.actions.iter().map(|action| Action {
        id: action.id.clone(),
        name: action.id.clone(),
        group: action.group.clone(),
        value: action.value,
        cost: action.cost,
        tags: action.tags.clone(),
        mandatory: action.mandatory,
        service: action.service,
        obeys_caps: action.obeys,
        counts_toward_caps: action.counts,
        treatments: (action.treatments.iter())
            .map(|t| Treatment { id: t.id.clone(), channel: t.channel.clone(), cost: t.cost, ..Treatment::default() })
            .collect(),
        ..Action::default()
    });
    let group = |id: &str| Group { id: id.into(), weight: 0.0 };
    let rules = policy.actions.iter().filter_map(|action| {
        let (id, most) = action.rule.as_ref()?;
        Some(Rule {
            id: id.clone(),
            name: id.clone(),
            stage: Stage::Eligibility,
            scope: Scope::Action(action.id.clone()),
            expr: format!("n <= {most}"),
            ..Rule::default()
        })
    });
    let zone = match policy.zone {
        naive::Zone::Utc => None,
        naive::Zone::Kolkata => Some("Asia/Kolkata".to_owned()),
        naive::Zone::Berlin => Some("Europe/Berlin".to_owned()),
    };
    Document {
        id: "law".into(),
        name: "Law".into(),
        schema: Schema { fields: vec![Field::new("n", Type::Integer)] },
        issues: vec![
            Issue { id: "i0".into(), weight: 0.0, groups: vec![group("g0"), group("g1")] },
            Issue { id: "i1".into(), weight: 0.0, groups: vec![group("g2")] },
        ],
        channels: CHANNELS
            .map(|id| {
                let inbound = policy.inbound.iter().any(|other| other == id);
                Channel { id: id.into(), direction: if inbound { Direction::Inbound } else { Direction::Outbound } }
            })
            .into(),
        actions: actions.collect(),
        rules: rules.collect(),
        zones: Zones { project: zone, ..Zones::default() },
        caps: (policy.caps.iter())
            .map(|cap| contact::Cap {
                id: cap.id.clone(),
                name: cap.id.clone(),
                target: target(&cap.target),
                channel: cap.channel.clone(),
                event: kind(&cap.event),
                limit: Some(cap.limit as u32),
                window: window(cap.window),
                bypassable: cap.bypassable,
                enabled: true,
                key: match cap.key {
                    Key::Subject => Identity::Subject,
                    Key::Household => Identity::Household,
                    Key::Device => Identity::Device,
                    Key::Everybody => Identity::Global,
                },
                on_hit: on_hit(cap.defers),
            })
            .collect(),
        suppressions: (policy.suppressions.iter())
            .map(|part| contact::Suppression {
                id: part.id.clone(),
                name: part.id.clone(),
                outcome: kind(&part.outcome),
                times: part.times as u32,
                within: seconds(part.within),
                for_: seconds(part.length),
                target: target(&part.target),
                channel: part.channel.clone(),
                enabled: true,
            })
            .collect(),
        cool_downs: (policy.cool_downs.iter())
            .map(|part| contact::CoolDown {
                id: part.id.clone(),
                name: part.id.clone(),
                target: target(&part.target),
                channel: part.channel.clone(),
                event: kind(&part.event),
                gap: seconds(part.gap),
                on_hit: on_hit(part.defers),
                enabled: true,
            })
            .collect(),
        exclusions: (policy.exclusions.iter())
            .map(|part| contact::Exclusion {
                id: part.id.clone(),
                name: part.id.clone(),
                members: part.members.iter().map(scope).collect(),
                at_most: part.at_most as u32,
                event: kind(&part.event),
                window: part.window.map(window),
                enabled: true,
            })
            .collect(),
        quiet_hours: (policy.quiet.iter())
            .map(|part| contact::QuietHours {
                id: part.id.clone(),
                name: part.id.clone(),
                channel: part.channel.clone(),
                when: None,
                weekdays: part.weekdays.iter().map(|day| *day as u8).collect(),
                from: TimeOfDay::at((part.from / 60) as u16, (part.from % 60) as u16),
                until: TimeOfDay::at((part.until / 60) as u16, (part.until % 60) as u16),
                on_hit: on_hit(part.defers),
                enabled: true,
            })
            .collect(),
        stocks: (policy.stocks.iter())
            .map(|stock| contact::Stock {
                id: stock.id.clone(),
                action: stock.action.clone(),
                units: stock.units as u64,
                event: kind(&stock.event),
                since: None,
            })
            .collect(),
        budgets: (policy.budgets.iter())
            .map(|budget| contact::Budget {
                id: budget.id.clone(),
                name: budget.id.clone(),
                scope: scope(&budget.scope),
                measure: if budget.money { contact::Measure::Cost } else { contact::Measure::Count },
                event: kind(&budget.event),
                max: budget.max,
                min: budget.min,
                reset: budget.reset.map(|(of, universal)| (period(of), clock(universal))),
                from: budget.from,
                until: budget.until,
                pacing: budget.slack,
                enabled: true,
            })
            .collect(),
        ..Document::default()
    }
}

fn dataset(rows: &[naive::Row]) -> (Dataset, Roles) {
    let texts = |of: &dyn Fn(&naive::Row) -> Option<String>| {
        let texts: Vec<Option<String>> = rows.iter().map(of).collect();
        Cells::from_texts(texts.iter().map(Option::as_deref))
    };
    let logged = |row: &naive::Row| row.logged.as_ref().map(|(action, treatment)| format!("{action} on {treatment}"));
    let columns = vec![
        ("customer".to_owned(), texts(&|row| Some(row.subject.clone()))),
        ("household".to_owned(), texts(&|row| row.household.clone())),
        ("device".to_owned(), texts(&|row| row.device.clone())),
        ("at".to_owned(), Cells::Time(rows.iter().map(|row| row.time).collect())),
        ("n".to_owned(), Cells::Integer(rows.iter().map(|row| row.n).collect())),
        ("logged".to_owned(), texts(&logged)),
        ("visit".to_owned(), Cells::Bool(rows.iter().map(|row| Some(row.visited)).collect())),
    ];
    let roles = [Role::Subject, Role::Household, Role::Device, Role::Time, Role::Feature, Role::Action, Role::Outcome];
    let arms = rows.iter().filter_map(|row| {
        let (action, treatment) = row.logged.clone()?;
        Some((logged(row)?, Arm::Candidate { action, treatment }))
    });
    let roles = Roles {
        columns: columns.iter().zip(roles).map(|((name, _), role)| (name.clone(), role)).collect(),
        arms: arms.collect(),
        logging: Logging::Unknown,
        ..Roles::default()
    };
    (Dataset::from_columns("law", columns).unwrap(), roles)
}
