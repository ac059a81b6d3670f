//! Event features against a naive model that looks at every event of every row, against the future, at the edges of windows,
//! and on two public data sets whose values were worked out by another program.

use super::*;
use crate::random::Random;
use attune_policy::clock::{DAY, Unit};
use attune_policy::schema::{Aggregate, Window};
use attune_policy::value::Value;

mod naive;
mod real;
mod suggested;

const HOUR: i64 = 3_600_000;

/// Key, time, amount, kind, whether it was good; `None` and NaN are missing.
type Event = (Option<&'static str>, Option<i64>, f64, Option<&'static str>, Option<bool>);

fn dataset(events: &[Event]) -> Dataset {
    Dataset::from_columns(
        "sales",
        vec![
            ("who".into(), Cells::from_texts(events.iter().map(|e| e.0))),
            ("at".into(), Cells::Time(events.iter().map(|e| e.1.unwrap_or(Cells::MISSING)).collect())),
            ("amount".into(), Cells::Number(events.iter().map(|e| e.2).collect())),
            ("kind".into(), Cells::from_texts(events.iter().map(|e| e.3))),
            ("good".into(), Cells::Bool(events.iter().map(|e| e.4).collect())),
        ],
    )
    .unwrap()
}

fn table(dataset: &Dataset) -> EventTable<'_> {
    EventTable { name: "sales", dataset, key: "who", time: "at" }
}

fn moments(rows: &[(Option<&str>, i64)]) -> Moments {
    let Cells::Text(keys) = Cells::from_texts(rows.iter().map(|r| r.0)) else { unreachable!() };
    Moments { keys, as_of: rows.iter().map(|r| r.1).collect() }
}

fn feature(aggregate: Aggregate, window: Window) -> EventFeature {
    EventFeature::new("sales", aggregate).within(window)
}

fn declared(features: Vec<EventFeature>) -> Vec<Declared> {
    features.into_iter().enumerate().map(|(i, of)| Declared::new(format!("f{i}"), of)).collect()
}

fn computed(features: &[Declared], dataset: &Dataset, moments: &Moments) -> Computed {
    compute(features, &[table(dataset)], moments, &Task::default()).unwrap()
}

/// Every aggregate over every kind of window that it takes, plain and filtered, in two zones.
fn every() -> Vec<Declared> {
    let windows = [
        Window::All,
        Window::Days(7),
        Window::Between { from: 30, to: 7 },
        Window::Current(Unit::Month),
        Window::Current(Unit::Week),
        Window::Last { count: 2, of: Unit::Week },
        Window::Last { count: 1, of: Unit::Quarter },
    ];
    let amount = || "amount".to_owned();
    let aggregates = [
        Aggregate::Count,
        Aggregate::Sum(amount()),
        Aggregate::Sum("amount * 2.0 - 1.0".into()),
        Aggregate::Mean(amount()),
        Aggregate::Min(amount()),
        Aggregate::Max(amount()),
        Aggregate::Distinct("kind".into()),
        Aggregate::Top("kind".into()),
        Aggregate::TopShare("kind".into()),
        Aggregate::DaysSinceLast,
        Aggregate::DaysSinceFirst,
        Aggregate::Recency,
        Aggregate::Tenure,
        Aggregate::ActiveDays,
        Aggregate::IntervalMean,
        Aggregate::IntervalSd,
        Aggregate::IntervalCv,
        Aggregate::Share { of: r#"kind == "a""#.into(), by: None },
        Aggregate::Share { of: "good".into(), by: Some(amount()) },
        Aggregate::Hour,
        Aggregate::HourShare,
        Aggregate::Weekday,
        Aggregate::WeekdayShare,
    ];
    let trends = [
        Aggregate::Slope { of: None, periods: 4 },
        Aggregate::Slope { of: Some(amount()), periods: 3 },
        Aggregate::Change(None),
        Aggregate::Change(Some(amount())),
    ];
    let mut features = Vec::new();
    for (i, window) in windows.into_iter().enumerate() {
        let bounded = matches!(window, Window::Days(_) | Window::Between { .. } | Window::Last { .. });
        for aggregate in aggregates.iter().chain(trends.iter().filter(|_| bounded)) {
            let plain = feature(aggregate.clone(), window);
            features.push(match (i + features.len()) % 4 {
                0 => plain.clone().only("amount > 2.0"),
                1 => plain.clone().in_zone("America/New_York"),
                2 => plain.clone().only(r#"good || kind == "b""#).in_zone("Pacific/Auckland"),
                _ => plain.clone(),
            });
            features.push(plain);
        }
    }
    declared(features)
}

/// Events of few subjects on few instants, so that many fall together and on the edges of windows.
fn random_events(random: &mut Random, count: usize) -> Vec<Event> {
    let subjects = ["ann", "bob", "cid", "dora", "nobody"];
    (0..count)
        .map(|_| {
            let time = START + (random.uniform() * 120.0) as i64 * DAY + (random.uniform() * 4.0) as i64 * 6 * HOUR;
            let missing = |random: &mut Random| random.uniform() < 0.1;
            (
                (!missing(random)).then(|| subjects[random.below(subjects.len())]),
                (!missing(random)).then_some(time),
                if missing(random) { f64::NAN } else { (random.uniform() * 1_000.0).round() / 100.0 - 1.0 },
                (!missing(random)).then(|| ["a", "b", "c", "d"][random.below(4)]),
                (!missing(random)).then(|| random.chance(0.5)),
            )
        })
        .collect()
}

/// 2024-01-15T00:00:00Z.
const START: i64 = 1_705_276_800_000;

fn random_rows(random: &mut Random, count: usize) -> Vec<(Option<&'static str>, i64)> {
    let subjects = [Some("ann"), Some("bob"), Some("cid"), Some("dora"), Some("eve"), None];
    let row = |random: &mut Random| {
        let at = START + (random.uniform() * 140.0 - 10.0) as i64 * DAY + (random.uniform() * 4.0) as i64 * 6 * HOUR;
        (subjects[random.below(subjects.len())], if random.chance(0.03) { Cells::MISSING } else { at })
    };
    (0..count).map(|_| row(random)).collect()
}

#[test]
fn every_feature_is_what_looking_at_every_event_gives() {
    let features = every();
    let mut random = Random::new(11);
    for count in [0, 1, 3, 40, 400] {
        let events = random_events(&mut random, count);
        let rows = random_rows(&mut random, 60);
        let data = dataset(&events);
        let found = computed(&features, &data, &moments(&rows));
        for (feature, cells) in features.iter().zip(&found.cells) {
            assert_eq!(cells.type_(), feature.of.type_());
            for (row, (key, as_of)) in rows.iter().enumerate() {
                let expected = naive::value(&feature.of, &events, *key, *as_of);
                let value = cells.value(row);
                // Bits, so that nothing is nearly right.
                assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{} for {key:?} at {as_of}", feature.of);
            }
        }
    }
}

#[test]
fn what_happens_later_changes_nothing() {
    let features = every();
    let mut random = Random::new(12);
    let past = random_events(&mut random, 300);
    for as_of in [START, START + 30 * DAY, START + 61 * DAY + 6 * HOUR, START + 200 * DAY] {
        let rows: Vec<_> = ["ann", "bob", "cid", "dora", "eve"].iter().map(|key| (Some(*key), as_of)).collect();
        let moments = moments(&rows);
        let known: Vec<Event> = past.iter().copied().filter(|e| e.1.is_none_or(|time| time < as_of)).collect();
        let mut wild = past.clone();
        for (i, key) in ["ann", "bob", "cid", "dora"].into_iter().cycle().take(40).enumerate() {
            let later = as_of + (i as i64 % 5) * DAY * 400;
            wild.push((Some(key), Some(later), 1e300, Some(["a", "zz"][i % 2]), Some(i % 2 == 0)));
        }
        let values = |events: &[Event]| {
            // Texts are compared as texts: their places in a dictionary are nobody's.
            let cells = computed(&features, &dataset(events), &moments).cells;
            cells.iter().map(|c| (0..rows.len()).map(|row| format!("{:?}", c.value(row))).collect()).collect()
        };
        let [with, without, beyond]: [Vec<Vec<String>>; 3] = [values(&past), values(&known), values(&wild)];
        for (i, feature) in features.iter().enumerate() {
            assert_eq!(with[i], without[i], "{} at {as_of}", feature.of);
            assert_eq!(beyond[i], without[i], "{} at {as_of}", feature.of);
        }
    }
}

#[test]
fn events_count_up_to_the_instant_and_within_the_window() {
    let at = START + 100 * DAY;
    let count = |window| feature(Aggregate::Count, window);
    let last = |days| Window::Days(days);
    // Times of events before `at` in ms, feature, value.
    let one = Value::Integer(1);
    let none = Value::Integer(0);
    let table: Vec<(&[i64], EventFeature, Value)> = vec![
        (&[0], count(Window::All), none.clone()),
        (&[1], count(Window::All), one.clone()),
        (&[-1], count(Window::All), none.clone()),
        (&[7 * DAY], count(last(7)), one.clone()),
        (&[7 * DAY + 1], count(last(7)), none.clone()),
        (&[7 * DAY], count(Window::Between { from: 30, to: 7 }), none.clone()),
        (&[7 * DAY + 1], count(Window::Between { from: 30, to: 7 }), one.clone()),
        (&[30 * DAY], count(Window::Between { from: 30, to: 7 }), one.clone()),
        (&[30 * DAY + 1], count(Window::Between { from: 30, to: 7 }), none.clone()),
        // `at` is 2024-04-24T00:00Z, a Wednesday.
        (&[2 * DAY], count(Window::Current(Unit::Week)), one.clone()),
        (&[2 * DAY + 1], count(Window::Current(Unit::Week)), none.clone()),
        (&[2 * DAY], count(Window::Last { count: 1, of: Unit::Week }), none.clone()),
        (&[2 * DAY + 1], count(Window::Last { count: 1, of: Unit::Week }), one.clone()),
        (&[23 * DAY], count(Window::Current(Unit::Month)), one.clone()),
        (&[23 * DAY + 1], count(Window::Last { count: 1, of: Unit::Month }), one),
        (&[], count(Window::All), none.clone()),
        (&[], feature(Aggregate::Sum("amount".into()), Window::All), Value::Number(0.0)),
        (&[], feature(Aggregate::Mean("amount".into()), Window::All), Value::Unknown),
        (&[], feature(Aggregate::Max("amount".into()), Window::All), Value::Unknown),
        (&[], feature(Aggregate::Distinct("kind".into()), Window::All), none.clone()),
        (&[], feature(Aggregate::DaysSinceLast, Window::All), Value::Unknown),
        (&[], feature(Aggregate::ActiveDays, Window::All), none),
        (&[], feature(Aggregate::Top("kind".into()), Window::All), Value::Unknown),
        (&[], feature(Aggregate::Hour, Window::All), Value::Unknown),
        (&[], feature(Aggregate::Share { of: "good".into(), by: None }, Window::All), Value::Unknown),
        (&[], feature(Aggregate::Slope { of: None, periods: 3 }, last(30)), Value::Number(0.0)),
        (&[], feature(Aggregate::Change(None), last(30)), Value::Unknown),
        (&[DAY / 2], feature(Aggregate::DaysSinceLast, Window::All), Value::Number(0.5)),
        (&[DAY / 2], feature(Aggregate::Recency, Window::All), Value::Integer(1)),
        (&[DAY / 2], feature(Aggregate::IntervalMean, Window::All), Value::Unknown),
        (&[DAY, 3 * DAY], feature(Aggregate::IntervalMean, Window::All), Value::Number(2.0)),
        (&[DAY, 3 * DAY], feature(Aggregate::IntervalSd, Window::All), Value::Unknown),
        (&[DAY, 3 * DAY, 3 * DAY, 9 * DAY], feature(Aggregate::IntervalSd, Window::All), Value::Number(8f64.sqrt())),
        (&[DAY, 2 * DAY, 40 * DAY], feature(Aggregate::Change(None), last(30)), Value::Number(2.0)),
        // Periods of ten days from the oldest: 1, 0, 2.
        (&[DAY, 2 * DAY, 25 * DAY], feature(Aggregate::Slope { of: None, periods: 3 }, last(30)), Value::Number(0.5)),
    ];
    for (before, feature, expected) in table {
        let events: Vec<Event> =
            before.iter().map(|ago| (Some("ann"), Some(at - ago), 2.0, Some("a"), Some(true))).collect();
        let words = feature.to_string();
        let found = computed(&declared(vec![feature]), &dataset(&events), &moments(&[(Some("ann"), at)]));
        assert_eq!(found.cells[0].value(0), expected, "{words}, events {before:?} before");
    }
}

#[test]
fn what_cannot_be_placed_is_counted_and_said() {
    let at = START + DAY;
    let events: Vec<Event> = vec![
        (Some("ann"), Some(START), 1.0, None, None),
        (Some("ann"), Some(at), 1.0, None, None),
        (Some("bob"), Some(START), 1.0, None, None),
        (None, Some(START), 1.0, None, None),
        (Some("ann"), None, 1.0, None, None),
    ];
    let data = dataset(&events);
    let features = declared(vec![feature(Aggregate::Count, Window::All)]);
    let rows = moments(&[(Some("ann"), at), (None, at), (Some("eve"), at), (Some("ann"), Cells::MISSING)]);
    let found = compute(&features, &[table(&data)], &rows, &Task::default()).unwrap();
    let used = Used { table: "sales".into(), events: 5, unplaced: 2, others: 1, later: 1 };
    assert_eq!(found.used, [used]);
    assert_eq!(found.notes, ["`sales`: 2 events have no key or no time and count nowhere"]);
    let values: Vec<Value> = (0..4).map(|row| found.cells[0].value(row)).collect();
    assert_eq!(values, [Value::Integer(1), Value::Unknown, Value::Integer(0), Value::Unknown]);
    let failing = declared(vec![feature(Aggregate::Sum("amount / 0.0".into()), Window::All)]);
    let found = computed(&failing, &data, &rows);
    assert!(found.notes.iter().any(|note| note.contains("failed for 5 events")), "{:?}", found.notes);
}

#[test]
fn every_bad_feature_is_named() {
    let data = dataset(&[(Some("ann"), Some(START), 1.0, Some("a"), Some(true))]);
    let sum = |of: &str| feature(Aggregate::Sum(of.into()), Window::All);
    let table_of = |name: &str| EventFeature::new(name, Aggregate::Count);
    let bad = [
        (table_of("sale"), "feature `f0`: there is no table of events `sale`; the tables of events are sales"),
        (sum("amuont"), "`amuont` over `sales`: `amuont` is not a column of it; did you mean `amount`?"),
        (sum("kind"), "`kind` over `sales`"),
        (sum("amount +"), "`amount +` over `sales`"),
        (sum("now()"), "a number is needed"),
        (sum("hour()"), "no clock"),
        (sum("contacts(3)"), "no history"),
        (sum("let s = 0; for i in 0..3 { s += i } s"), "must be one expression"),
        (feature(Aggregate::Count, Window::All).only("amount"), "true or false is needed"),
        (feature(Aggregate::Count, Window::Between { from: 5, to: -1 }), "not known then"),
        (feature(Aggregate::Count, Window::All).in_zone("Mars"), "not a time zone"),
    ];
    let rows = moments(&[(Some("ann"), START)]);
    for (feature, words) in bad {
        let error = compute(&declared(vec![feature.clone()]), &[table(&data)], &rows, &Task::default()).unwrap_err();
        assert!(error.to_string().contains(words), "{feature}: {error}");
    }
    let broken = EventTable { time: "amount", ..table(&data) };
    let count = declared(vec![feature(Aggregate::Count, Window::All)]);
    let error = compute(&count, &[broken], &rows, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("column `amount`: is not the time of an event in `sales`"), "{error}");
    let task = Task::default();
    task.cancel();
    assert_eq!(compute(&count, &[table(&data)], &rows, &task), Err(Error::Cancelled));
}

#[test]
fn what_could_know_the_future_is_told() {
    let events: Vec<Event> = vec![(Some("ann"), Some(START), 1.0, Some("a"), Some(true))];
    let data = dataset(&events);
    let rows = moments(&[(Some("ann"), START + 6 * HOUR)]);
    let features = declared(vec![
        feature(Aggregate::Count, Window::All),
        feature(Aggregate::Sum("amount * 2.0".into()), Window::All),
        feature(Aggregate::Count, Window::All).only("good"),
        feature(Aggregate::Count, Window::Between { from: 9, to: -9 }),
    ]);
    let told = |outcomes: &[(&str, &str)]| {
        let leaks = leaks(&features, &[table(&data)], outcomes, &rows);
        leaks.into_iter().map(|leak| (leak.feature, leak.refused)).collect::<Vec<_>>()
    };
    let whole_days = (String::new(), false);
    let past = ("f3".to_owned(), true);
    assert_eq!(told(&[]), [past.clone(), whole_days.clone()]);
    assert_eq!(told(&[("", "amount")]), [("f1".into(), true), past.clone(), whole_days.clone()]);
    let from_the_table = told(&[("sales", "good")]);
    let flagged = |name: &str| (name.to_owned(), false);
    assert_eq!(from_the_table, [flagged("f0"), flagged("f1"), ("f2".into(), true), past, flagged("f3"), whole_days]);
}

#[test]
fn features_become_columns_with_the_role_feature() {
    let customers =
        Dataset::from_columns("c", vec![("id".into(), Cells::from_texts([Some("bob"), Some("ann")]))]).unwrap();
    let data = dataset(&[(Some("ann"), Some(START), 1.5, Some("a"), Some(true))]);
    let mut features =
        declared(vec![feature(Aggregate::Sum("amount".into()), Window::All), feature(Aggregate::Recency, Window::All)]);
    features[1].missing = Missing::Default(Value::Integer(9_999));
    let roles = Roles { as_of: Some(START + DAY), ..Roles::default() };
    let rows = Moments::of(&customers, "id", None, roles.as_of).unwrap();
    let cells = computed(&features, &data, &rows).cells;
    let (with, roles) = join(&customers, &roles, &features, cells.clone()).unwrap();
    assert_eq!(with.values("f0").unwrap(), [Value::Number(0.0), Value::Number(1.5)]);
    assert_eq!(with.values("f1").unwrap(), [Value::Integer(9_999), Value::Integer(1)], "as the policy will have it");
    assert_eq!(roles.role("f0"), Role::Feature);
    for (name, words) in [("id", "is a column already"), ("a b", "call the feature `a_b`")] {
        let mut renamed = features.clone();
        renamed[0].name = name.into();
        let error = join(&customers, &roles, &renamed, cells.clone()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let error = Moments::of(&customers, "id", None, None).unwrap_err().to_string();
    assert!(error.contains("no `as_of`"), "{error}");
}
