//! Limits that run dry when the rows say so, and the calendar of their periods.

use super::*;
use crate::data::import::{DateOrder, dates};
use crate::simulate::KeepNothing;
use crate::simulate::tests::{compile, document, plain, world};
use crate::world::{World, WorldSpec};
use attune_policy::contact::{Clock, Stock};

fn instant(text: &str) -> i64 {
    dates::parse(text, DateOrder::DayFirst).unwrap()
}

#[test]
fn periods_begin_where_the_calendar_says() {
    for (period, of, expected, next) in [
        (Period::Day, "2026-03-02T09:00:00Z", "2026-03-02", "2026-03-03"),
        (Period::Week(1), "2026-03-02T00:00:00Z", "2026-03-02", "2026-03-09"),
        (Period::Week(1), "2026-03-01T23:00:00Z", "2026-02-23", "2026-03-02"),
        (Period::Week(7), "2026-03-02T09:00:00Z", "2026-03-01", "2026-03-08"),
        (Period::Month, "2024-02-29T12:00:00Z", "2024-02-01", "2024-03-01"),
        (Period::Month, "2025-12-31T23:59:59Z", "2025-12-01", "2026-01-01"),
    ] {
        let found = begin(period, instant(of));
        assert_eq!(found, instant(expected), "{period:?} {of}");
        assert_eq!(following(period, found), instant(next), "{period:?} {of}");
    }
}

fn budget(id: &str, max: f64, reset: Option<Period>) -> Budget {
    Budget {
        id: id.into(),
        name: String::new(),
        scope: Scope::All,
        measure: Measure::Cost,
        event: EventKind::Sent,
        max: Some(max),
        min: None,
        reset: reset.map(|p| (p, Clock::Utc)),
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    }
}

/// Everybody gets the first action at every decision, at a cost of 0.5.
fn asked(world: &World, change: impl FnOnce(&mut Document)) -> BudgetReport {
    let mut document = document(world.roles.schema(&world.trial), &[("style_email", 3.0), ("home_email", 2.0)]);
    document.actions.iter_mut().for_each(|a| a.cost = 0.5);
    change(&mut document);
    let options = Options { bootstrap: 200, ..plain() };
    budgets(&compile(document), &world.trial, &world.roles, &options, &KeepNothing, &Task::default()).unwrap()
}

#[test]
fn limits_run_dry_when_the_rows_say_so() {
    let world = world(WorldSpec { customers: 400, decisions: 8, gap_days: 5, ..WorldSpec::default() });
    let mut times: Vec<f64> = world.trial.numbers("decided_at").unwrap();
    times.sort_by(f64::total_cmp);
    let budgets = [
        budget("half", 800.0, None),
        budget("ample", 3_200.0, None),
        budget("weekly", 300.0, Some(Period::Week(1))),
        Budget { event: EventKind::Click, ..budget("clicks", 1.0, None) },
        Budget { enabled: false, ..budget("off", 1.0, None) },
    ];
    let stock =
        Stock { id: "gifts".into(), action: "style_email".into(), units: 1_000, event: EventKind::Sent, since: None };
    // One limit at a time: where several are declared, the others still bind while one is taken away.
    let mut report = asked(&world, |d| d.stocks = vec![stock.clone()]);
    for budget in &budgets {
        report.limits.extend(asked(&world, |d| d.budgets = vec![budget.clone()]).limits);
    }
    let both = asked(&world, |d| {
        d.stocks = vec![stock.clone()];
        d.budgets = vec![budgets[0].clone()];
    });
    let spent = |id: &str| both.limits.iter().find(|l| l.id == id).unwrap().spent.value;
    // 1,000 gifts and then the other action; 1,600 of either when the budget binds, and no end of gifts.
    assert!((spent("half") - 1_600.0).abs() < 1e-9 && (spent("gifts") - 1_600.0).abs() < 1e-9);
    let of = |id: &str| report.limits.iter().find(|l| l.id == id).unwrap();
    assert_eq!(report.limits.len(), 5);
    // 3,200 decisions at 0.5: half is gone with number 1,601, the stock with number 1,001.
    assert!((of("half").spent.value - 1_600.0).abs() < 1e-9);
    for (id, number) in [("half", 1_600), ("gifts", 1_000)] {
        let dry = of(id).dry.as_ref().unwrap();
        assert_eq!((dry.at, dry.beyond_the_log), (times[number] as i64, false), "{id}");
        assert!(dry.low <= dry.at && dry.at <= dry.high.unwrap() && dry.probability == 1.0, "{dry:?}");
        assert_eq!(i64::from(dry.week), 1 + (dry.at - report.span.0) / (7 * DAY));
    }
    // Twice what the log spends: as many days again, at the same pace.
    let ample = of("ample").dry.as_ref().unwrap();
    assert!(ample.beyond_the_log && ample.probability == 0.0);
    let days = (ample.at - report.span.0) as f64 / DAY as f64;
    let logged = (report.span.1.div_euclid(DAY) - report.span.0.div_euclid(DAY) + 1) as f64;
    assert!((days - 2.0 * logged).abs() < 1e-6, "{days} days, the log has {logged}");
    // Weeks counted again by hand.
    let mut spent = std::collections::BTreeMap::new();
    times.iter().for_each(|t| *spent.entry(begin(Period::Week(1), *t as i64)).or_insert(0.0) += 0.5);
    let weekly = of("weekly").periods.as_ref().unwrap();
    assert_eq!(weekly.periods as usize, spent.len());
    assert_eq!(weekly.dry as usize, spent.values().filter(|s| **s > 300.0).count());
    assert!(of("clicks").not_answered.as_ref().is_some_and(|why| why.contains("Click")));
    assert!(of("weekly").dry.is_none() && of("half").periods.is_none());
}

/// Worlds that differ by chance alone: the interval of one holds the date of most others.
#[test]
fn the_interval_holds_the_date_of_other_worlds() {
    let date = |seed: u64| {
        let world = world(WorldSpec { customers: 300, decisions: 6, gap_days: 6, seed, ..WorldSpec::default() });
        let report = asked(&world, |d| {
            d.budgets = vec![budget("spring", 200.0, None)];
            d.rules = vec![crate::simulate::tests::rule(
                "known",
                attune_policy::rule::Stage::Eligibility,
                Scope::All,
                "frequency >= 2",
            )];
        });
        let dry = report.limits[0].dry.clone().unwrap();
        (dry.at, dry.low, dry.high.unwrap_or(i64::MAX))
    };
    let found: Vec<(i64, i64, i64)> = (1..=12).map(date).collect();
    // Two worlds both vary: their difference is √2 as wide as either, so about 83 % of pairs agree.
    let pairs = || (0..12).flat_map(|a| (0..12).map(move |b| (a, b))).filter(|(a, b)| a != b);
    let held = pairs().filter(|(a, b)| found[*a].1 <= found[*b].0 && found[*b].0 <= found[*a].2).count();
    let share = held as f64 / pairs().count() as f64;
    assert!((0.62..=0.97).contains(&share), "{share} of the pairs: {found:?}");
    assert!(found.iter().any(|f| f.1 < f.2));
}

#[test]
fn without_times_nothing_says_when() {
    let world = world(WorldSpec { customers: 200, ..WorldSpec::default() });
    let mut roles = world.roles.clone();
    roles.columns.remove("decided_at");
    let policy = compile(document(roles.schema(&world.trial), &[("style_email", 3.0)]));
    let found = budgets(&policy, &world.trial, &roles, &plain(), &KeepNothing, &Task::default()).unwrap_err();
    assert!(found.to_string().contains("no column has the role time"), "{found}");
}
