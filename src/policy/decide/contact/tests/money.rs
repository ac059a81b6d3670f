//! Stock and budgets: what is left, and how evenly it is spent.

use super::*;
use crate::contact::{Budget, Clock, Measure, Period, Stock};
use crate::decide::contact::budget::{check, lags};
use crate::outcome::Cause;
use crate::rule::Scope;

fn budget() -> Budget {
    Budget {
        id: "b".into(),
        name: "B".into(),
        scope: Scope::Group("cards".into()),
        measure: Measure::Count,
        event: EventKind::Sent,
        max: None,
        min: None,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    }
}

fn spend(desk: &Desk, now: i64, history: &dyn History, slot: u32, reserved: &[u32]) -> Result<(), Cause> {
    desk.on(&anna(now), history, |scene, memory| check(scene, memory, slot, reserved)).0
}

#[test]
fn stock_runs_out_for_everybody() {
    let mut document = document();
    document.stocks = vec![Stock {
        id: "s".into(),
        action: "gold".into(),
        units: 3,
        event: EventKind::Accept,
        since: Some(NOW - 10 * HOUR),
    }];
    let desk = Desk::new(document);
    let mut history = MemoryHistory::default();
    history.push("ben", desk.event(NOW - 10 * HOUR, EventKind::Accept, 0));
    history.push("ben", desk.event(NOW - 9 * HOUR, EventKind::Accept, 0));
    history.push("carl", desk.event(NOW - 8 * HOUR, EventKind::Accept, 1));
    history.push("carl", desk.event(NOW - 8 * HOUR, EventKind::Accept, 2));
    history.push("carl", desk.event(NOW - 8 * HOUR, EventKind::Sent, 0));
    assert_eq!(desk.verdict(NOW, &history, 0, &[]), Verdict::Pass);
    let out = Verdict::Block(Cause::OutOfStock(0));
    assert_eq!(desk.verdict(NOW, &history, 0, &[1]), out);
    assert_eq!(desk.verdict(NOW, &history, 0, &[2]), Verdict::Pass);
    history.push("dora", desk.event(NOW, EventKind::Accept, 0));
    assert_eq!((desk.verdict(NOW, &history, 0, &[]), desk.verdict(NOW, &history, 1, &[])), (out, out));
    assert_eq!(desk.verdict(NOW, &history, 2, &[]), Verdict::Pass);
    assert_eq!(desk.verdict(NOW - 1, &history, 0, &[]), Verdict::Pass);
}

#[test]
fn a_maximum_counts_what_was_spent_and_what_is_reserved() {
    let desk = |budget: Budget| Desk::new(Document { budgets: vec![budget], ..document() });
    let spent_by = |desk: &Desk, slots: &[u32]| {
        let mut history = MemoryHistory::default();
        for (slot, name) in slots.iter().zip(["ben", "anna", "carl", "dora"]) {
            history.push(name, desk.event(NOW - HOUR, EventKind::Sent, *slot));
        }
        history
    };
    let block = |spent, allowed| Err(Cause::Budget { budget: 0, spent, allowed, paced: false });
    let count = desk(Budget { max: Some(3.0), ..budget() });
    assert_eq!(spend(&count, NOW, &spent_by(&count, &[0, 4]), 0, &[]), Ok(()));
    assert_eq!(spend(&count, NOW, &spent_by(&count, &[0, 4]), 0, &[1]), block(3.0, 3.0));
    assert_eq!(spend(&count, NOW, &spent_by(&count, &[0, 4]), 0, &[2]), Ok(()));
    assert_eq!(spend(&count, NOW, &spent_by(&count, &[0, 4, 1]), 4, &[]), block(3.0, 3.0));
    assert_eq!(spend(&count, NOW, &spent_by(&count, &[0, 4, 1]), 2, &[]), Ok(()));
    // Two per contact.
    let cost = desk(Budget { max: Some(5.0), measure: Measure::Cost, scope: Scope::Channel("sms".into()), ..budget() });
    assert_eq!(spend(&cost, NOW, &spent_by(&cost, &[1, 0]), 1, &[]), Ok(()));
    assert_eq!(spend(&cost, NOW, &spent_by(&cost, &[1, 2]), 1, &[]), block(4.0, 5.0));
    assert_eq!(spend(&cost, NOW, &spent_by(&cost, &[1]), 1, &[2]), block(4.0, 5.0));
    // Sums of money that are equal but for their last bit are equal.
    let mut tenths =
        Document { budgets: vec![Budget { max: Some(0.3), ..cost.document.budgets[0].clone() }], ..document() };
    tenths.actions[0].cost = 0.1;
    let tenths = Desk::new(tenths);
    assert_eq!(spend(&tenths, NOW, &spent_by(&tenths, &[1, 1]), 1, &[]), Ok(()));
    assert!(spend(&tenths, NOW, &spent_by(&tenths, &[1, 1, 1]), 1, &[]).is_err());
    // Before it begins and from its end on nothing is spent.
    let dated = desk(Budget { max: Some(3.0), from: Some(NOW), until: Some(NOW + HOUR), ..budget() });
    for (now, open) in [(NOW - 1, false), (NOW, true), (NOW + HOUR - 1, true), (NOW + HOUR, false)] {
        // What was sent before it began is not its own.
        let history = spent_by(&dated, &[0, 0, 0, 0]);
        assert_eq!(spend(&dated, now, &history, 0, &[]).is_ok(), open, "{now}");
    }
    let off = desk(Budget { max: Some(0.0), enabled: false, ..budget() });
    assert_eq!(spend(&off, NOW, &spent_by(&off, &[0]), 0, &[]), Ok(()));
}

/// One a day on average may be spent of 31, no faster: the n-th passes from the n-th part of the month on, by the clock there.
#[test]
fn pacing_follows_the_share_of_the_period_that_is_over() {
    let mut document = document();
    document.zones.project = Some("Europe/Berlin".into());
    document.budgets =
        vec![Budget { max: Some(30.0), reset: Some((Period::Month, Clock::Project)), pacing: Some(0.2), ..budget() }];
    let desk = Desk::new(document);
    // March has an hour less: 743 hours.
    let (start, end) = (instant("2025-02-28T23:00:00Z"), instant("2025-03-31T22:00:00Z"));
    assert_eq!((end - start) / HOUR, 743);
    for spent in 0..30 {
        let mut history = MemoryHistory::default();
        for i in 0..spent {
            history.push("ben", desk.event(start + i, EventKind::Sent, 0));
        }
        // Spent before midnight is spent last month.
        history.push("ben", desk.event(start - 1, EventKind::Sent, 0));
        // (spent + 1) ≤ 30 × share × 1.2, and never more than 30.
        let from = start + ((spent + 1) * (end - start) + 35) / 36;
        for (now, open) in [(from + 2, true), (from - 2, false)] {
            let found = spend(&desk, now, &history, 0, &[]);
            assert_eq!(found.is_ok(), open, "{spent}");
            if let Err(Cause::Budget { spent: told, allowed, paced, .. }) = found {
                assert!(told == spent as f64 && paced && (allowed - (spent + 1) as f64).abs() < 1e-6, "{allowed}");
            }
        }
    }
}

#[test]
fn a_budget_behind_its_minimum_boosts() {
    let mut document = document();
    document.budgets = vec![Budget { min: Some(24.0), reset: Some((Period::Day, Clock::Utc)), ..budget() }];
    let desk = Desk::new(document);
    let midnight = instant("2025-06-01T00:00:00Z");
    let mut history = MemoryHistory::default();
    for hour in 0..10 {
        history.push("ben", desk.event(midnight + hour, EventKind::Sent, 0));
    }
    for hour in 0..24 {
        let at = midnight + hour * HOUR + 10;
        let found = |slot| desk.on(&anna(at), &history, |scene, memory| lags(scene, memory, slot)).0;
        // One an hour: ten last until ten o'clock.
        assert_eq!((found(0), found(4), found(2)), (hour >= 10, hour >= 10, false), "{hour}");
        assert_eq!(spend(&desk, at, &history, 0, &[]), Ok(()));
    }
}
