//! Replay with state, against a simulator of forty lines that goes through the events of all customers one by one and
//! counts caps by itself.

use super::{DAY, cap, compile, document, only, plain, rule, world};
use crate::simulate::fates::Cause;
use crate::simulate::replay::NO_ACTION;
use crate::simulate::{Options, replay};
use crate::task::Task;
use crate::world::{World, WorldSpec};
use attune_policy::contact::{Budget, CapTarget, EventKind, Measure, OnHit, QuietHours, Stock, TimeOfDay};
use attune_policy::document::Document;
use attune_policy::rule::{Scope, Stage};
use std::collections::HashMap;
use std::sync::Arc;

/// Actions in order of value.
const ACTIONS: [&str; 3] = ["style_email", "home_email", "discount_email"];

fn repeated() -> World {
    world(WorldSpec { customers: 400, decisions: 6, gap_days: 3, ..WorldSpec::default() })
}

fn capped(world: &World) -> Document {
    Document {
        rules: vec![rule("buyers", Stage::Applicability, only("style_email"), "frequency >= 2")],
        caps: vec![
            cap("two_a_week", CapTarget::All, EventKind::Sent, 2, Some(7)),
            cap("same_offer", CapTarget::Action, EventKind::Decision, 1, Some(10)),
            cap("seven_a_month", CapTarget::Channel, EventKind::Sent, 7, Some(28)),
            cap("after_visit", CapTarget::All, EventKind::Custom("visit".into()), 1, None),
        ],
        ..document(world.roles.schema(&world.trial), &[(ACTIONS[0], 3.0), (ACTIONS[1], 2.0), (ACTIONS[2], 1.0)])
    }
}

/// What happened to a customer: time, event, action.
type Seen = Vec<(i64, &'static str, String)>;

/// The choice of every row, and how many candidates caps blocked.
fn naive(world: &World, with_history: bool) -> (Vec<String>, u64) {
    let numbers = |name: &str| world.trial.numbers(name).unwrap();
    let texts = |name: &str| world.trial.texts(name).unwrap();
    let (time, frequency, visit) = (numbers("decided_at"), numbers("frequency"), numbers("visit"));
    let (customer, logged) = (texts("customer_id"), texts("offer"));
    let mut seen: HashMap<String, Seen> = HashMap::new();
    if with_history {
        let events = &world.events;
        let (who, when) = (events.texts("customer_id").unwrap(), events.numbers("time").unwrap());
        let (what, action) = (events.texts("event").unwrap(), events.texts("action_").unwrap());
        for row in 0..events.rows() {
            if what[row].as_deref() == Some("Sent") {
                let mail = action[row].as_deref().unwrap().to_owned();
                seen.entry(who[row].as_deref().unwrap().to_owned()).or_default().push((when[row] as i64, "Sent", mail));
            }
        }
    }
    let mut order: Vec<usize> = (0..world.trial.rows()).collect();
    order.sort_by_key(|row| (time[*row] as i64, *row));
    let mut chosen = vec![String::new(); world.trial.rows()];
    let mut blocked = 0;
    for row in order {
        let now = time[row] as i64;
        let past = seen.entry(customer[row].as_deref().unwrap().to_owned()).or_default();
        let count = |event: &str, action: Option<&str>, days: u64| {
            let after = now - (days * DAY * 1000) as i64;
            past.iter().filter(|(t, e, a)| *t > after && *e == event && action.is_none_or(|x| a == x)).count()
        };
        let free = count("Sent", None, 7) < 2 && count("Sent", None, 28) < 7 && count("visit", None, 10_000) < 1;
        let mut choice = None;
        for action in ACTIONS {
            if action == "style_email" && frequency[row] < 2.0 {
                continue;
            }
            if !free || count("Decision", Some(action), 10) >= 1 {
                blocked += 1;
            } else if choice.is_none() {
                choice = Some(action);
            }
        }
        if let Some(action) = choice {
            past.push((now, "Decision", action.to_owned()));
            past.push((now, "Sent", action.to_owned()));
            if logged[row].as_deref() == Some(action) && visit[row] > 0.0 {
                past.push((now, "visit", action.to_owned()));
            }
        }
        chosen[row] = choice.unwrap_or("NoAction").to_owned();
    }
    (chosen, blocked)
}

#[test]
fn caps_evolve_from_the_policys_own_decisions() {
    let world = repeated();
    let policy = compile(capped(&world));
    for with_history in [false, true] {
        let history = with_history.then(|| Arc::new(world.history()));
        let options = Options { history, ..plain() };
        let replay = replay(&policy, &world.trial, &world.roles, &options, &Task::default()).unwrap();
        let (expected, blocked) = naive(&world, with_history);
        let chosen: Vec<&str> = (0..replay.rows.len()).map(|i| replay.chosen_names(i).0).collect();
        assert_eq!(chosen, expected);
        let is_cap = |cause: u16| matches!(replay.causes.list()[usize::from(cause)], Cause::Cap(_));
        let capped = replay.fates.each().iter().filter(|f| is_cap(f.cause)).count() as u64;
        assert_eq!(capped, blocked);
        let share = blocked as f64 / replay.fates.each().len() as f64;
        assert!(share > 0.05, "caps block {share:.3} of the candidates");
        assert!(replay.stateful);
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_threads_or_the_order_of_rows() {
    let world = repeated();
    let policy = compile(capped(&world));
    let options = Options { history: Some(Arc::new(world.history())), bootstrap: 50, ..Options::default() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            crate::simulate::run(&policy, &[], &world.trial, &world.roles, &options, &Task::default()).unwrap().report
        })
    };
    assert_eq!(run(1), run(3));

    // Backwards, with distinct times: each row's choice stays.
    let rows = world.trial.rows() as u32;
    let backwards = world.trial.select(&(0..rows).rev().collect::<Vec<_>>());
    let a = replay(&policy, &world.trial, &world.roles, &options, &Task::default()).unwrap();
    let b = replay(&policy, &backwards, &world.roles, &options, &Task::default()).unwrap();
    for i in 0..a.rows.len() {
        assert_eq!(a.chosen_names(i), b.chosen_names(a.rows.len() - 1 - i));
    }
}

/// Of a budget the whole world shares, nobody has a part of his own: this is how it once was.
#[test]
fn what_is_counted_over_everybody_is_shared_and_told_by_week() {
    let world = repeated();
    let mut document = document(world.roles.schema(&world.trial), &[("style_email", 1.0)]);
    let rows = world.trial.rows();
    document.budgets = vec![Budget {
        id: "mails".into(),
        name: "Mails".into(),
        scope: Scope::All,
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(300.0),
        min: None,
        reset: None,
        from: Some(world.spec.start - 1),
        until: Some(world.spec.start + 100 * DAY as i64 * 1000),
        pacing: Some(0.0),
        enabled: true,
    }];
    document.stocks = vec![Stock {
        id: "gifts".into(),
        action: "style_email".into(),
        units: 40,
        event: EventKind::Sent,
        since: None,
    }];
    let policy = compile(document);
    let simulation =
        crate::simulate::run(&policy, &[], &world.trial, &world.roles, &plain(), &Task::default()).unwrap();
    let sent = simulation.decisions.replay.chosen.iter().filter(|chosen| **chosen != NO_ACTION).count();
    assert_eq!(sent, 40, "of {rows} decisions");
    let weeks = &simulation.report.weeks;
    assert!(weeks.len() >= 2);
    let mut before = 0.0;
    for week in weeks {
        let budget = &week.budgets[0];
        let line = budget.pace.unwrap();
        assert!(budget.id == "mails" && budget.spent >= before && budget.spent <= line, "{week:?}");
        before = budget.spent;
    }
    assert_eq!(before, 40.0);
    assert!(simulation.report.state.contains("counted over everybody"));
}

#[test]
fn a_choice_that_is_to_be_sent_later_is_decided_again_then() {
    let world = repeated();
    let actions = [("style_email", 2.0), ("home_email", 1.0)];
    let mut document = document(world.roles.schema(&world.trial), &actions);
    document.caps = vec![cap("daily", CapTarget::All, EventKind::Sent, 1, Some(1))];
    let drops =
        crate::simulate::replay(&compile(document.clone()), &world.trial, &world.roles, &plain(), &Task::default());
    let drops = drops.unwrap();
    assert!(drops.deferrals.is_empty());
    // Quiet from 6:00 to 5:45: nearly everybody waits, and everybody is sent something in the end.
    document.quiet_hours = vec![QuietHours {
        id: "night".into(),
        name: "Night".into(),
        channel: None,
        when: None,
        weekdays: Vec::new(),
        from: TimeOfDay::at(6, 0),
        until: TimeOfDay::at(5, 45),
        on_hit: OnHit::Defer,
        enabled: true,
    }];
    let policy = compile(document);
    let simulation =
        crate::simulate::run(&policy, &[], &world.trial, &world.roles, &plain(), &Task::default()).unwrap();
    let replay = &simulation.decisions.replay;
    assert!(replay.deferrals.len() > replay.rows.len() / 2, "{}", replay.deferrals.len());
    let quarter = |ms: i64| ms.div_euclid(60_000).rem_euclid(1440) / 15;
    for deferral in &replay.deferrals {
        assert!(deferral.at < deferral.until && quarter(deferral.until) == 23, "{deferral:?}");
        let cause = &replay.causes.list()[usize::from(deferral.cause.unwrap())];
        assert_eq!(cause.code(), "QuietHours:night");
    }
    let told: u64 = simulation.report.weeks.iter().map(|week| week.deferrals).sum();
    assert_eq!(told, replay.deferrals.len() as u64);
    let by: u64 = simulation.report.weeks.iter().flat_map(|week| &week.deferred_by).map(|(_, n)| n).sum();
    assert_eq!(by, told);
    assert!(replay.chosen.iter().filter(|chosen| **chosen != NO_ACTION).count() > replay.rows.len() / 2);
}

#[test]
fn without_a_time_column_no_decision_sees_another() {
    let world = repeated();
    let mut roles = world.roles.clone();
    roles.columns.remove("decided_at");
    let policy = compile(capped(&world));
    let replay = replay(&policy, &world.trial, &roles, &plain(), &Task::default()).unwrap();
    assert!(!replay.stateful && replay.state.contains("no time column"));
    assert!(replay.times.iter().all(|t| Some(*t) == roles.as_of));
    assert!((0..replay.rows.len()).all(|i| replay.chosen_names(i).0 != "NoAction"));
}

#[test]
fn given_events_after_the_first_decision_are_the_loggers_own_and_left_out() {
    let world = repeated();
    let policy = compile(capped(&world));
    let mut later = attune_policy::history::MemoryHistory::default();
    for i in 0..world.trial.rows() {
        let subject = world.trial.texts("customer_id").unwrap()[i].clone().unwrap();
        for _ in 0..3 {
            later.push(
                &subject,
                attune_policy::history::Event {
                    time: world.spec.start + 86_400_000,
                    kind: EventKind::Sent,
                    action: "style_email".into(),
                    treatment: "email".into(),
                    channel: "email".into(),
                    group: "offers".into(),
                    issue: "sales".into(),
                    tags: Vec::new(),
                    counts: true,
                    ..attune_policy::history::Event::default()
                },
            );
        }
        if i > 50 {
            break;
        }
    }
    let decide = |history| {
        let options = Options { history, ..plain() };
        replay(&policy, &world.trial, &world.roles, &options, &Task::default()).unwrap().chosen
    };
    assert_eq!(decide(Some(Arc::new(later))), decide(None));
}
