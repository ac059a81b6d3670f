//! What the policy lets everybody have: a tree and better numbers are found with it, not in spite of it.

use super::*;
use crate::simulate::search::limits::limits;
use crate::simulate::search::report::Verdict;
use crate::simulate::search::settings::knobs::Knob;
use crate::simulate::search::stage::Ground;
use crate::simulate::tests::shop::{HELPED, START, Shop, count, lifetime, shop, stock};
use crate::simulate::tests::{compile, only, rule};
use crate::task::Task;
use attune_policy::contact::{Budget, Cap, CapTarget, Clock, EventKind, Measure, Period, Window};
use attune_policy::history::{Event, Identity, MemoryHistory};
use attune_policy::rule::Stage;

fn found(shop: &Shop, current: &Document, options: &SearchOptions) -> FoundTree {
    tree(&compile(current.clone()), &[], &shop.trial, &shop.roles, options, &Task::default()).unwrap()
}

fn options() -> SearchOptions {
    SearchOptions { columns: vec!["x".into()], bootstrap: 300, ..SearchOptions::default() }
}

#[test]
fn a_tree_waits_for_those_whom_the_budget_is_for() {
    let shop = shop(6_000, 0.0, 11);
    let n = shop.trial.rows() as f64;
    // Who comes late has nothing left: of every ten who would be helped seven.
    let limited: [(&str, Document); 4] = [
        ("budget", shop.budgeted(0.3)),
        (
            "money",
            Document {
                budgets: vec![Budget { measure: Measure::Cost, ..count("money", 0.15 * n) }],
                ..shop.document()
            },
        ),
        ("stock", Document { stocks: vec![stock(1_800)], ..shop.document() }),
        ("cap", Document { caps: vec![lifetime("all", Identity::Global, 1_800)], ..shop.document() }),
    ];
    for (what, current) in limited {
        for contacts in [None, Some(0.3)] {
            let FoundTree { proposal, document } = found(&shop, &current, &SearchOptions { contacts, ..options() });
            assert_eq!(proposal.trial.verdict, Verdict::Better, "{what} {contacts:?}: {proposal:#?}");
            let cut = proposal.rules[0].expr.strip_prefix("x > ").and_then(|x| x.parse::<f64>().ok()).unwrap();
            assert!((HELPED - 0.03..0.85).contains(&cut), "{what}: {:?}", proposal.rules);
            let gap = proposal.trial.differences[0].difference;
            let truth = shop.worth(&document) - shop.worth(&current);
            assert!(truth > 0.05 && (gap.value - truth).abs() < 4.0 * gap.se, "{what}: {gap:?}, in truth {truth}");
            let own = proposal.trial.budgets.last().unwrap();
            assert_eq!(proposal.trial.budgets.len(), 1 + usize::from(contacts.is_some()), "{what}");
            assert!(own.what.starts_with("the policy's ") && own.learned <= own.limit * (1.0 + 1e-9), "{own:?}");
            assert!(own.held_out > 0.6 * own.limit, "{own:?}");
            assert!(proposal.trial.notes.iter().any(|note| note.contains(&own.what) && note.contains("binds")));
        }
    }
}

#[test]
fn a_limit_that_does_not_bind_changes_nothing() {
    let shop = shop(3_000, -0.1, 12);
    let free = found(&shop, &shop.document(), &options()).proposal;
    let wide = found(&shop, &shop.budgeted(1.0), &options()).proposal;
    assert_eq!(free.rules[0].expr, wide.rules[0].expr);
    assert_eq!((wide.trial.budgets.len(), wide.price), (0, None));
    // What is closed stays closed: nobody is mailed after the budget's end.
    let half = START + 1_500 * 60_000;
    let ends = Document { budgets: vec![Budget { until: Some(half), ..count("mails", 2_000.0) }], ..shop.document() };
    let proposal = found(&shop, &ends, &options()).proposal;
    let leaf = proposal.leaves.iter().find(|leaf| leaf.action == "mail").unwrap();
    let effect = leaf.effect.unwrap();
    assert!((effect.value - 0.2).abs() < 4.0 * effect.se, "0.4 in the first half of the rows: {effect:?}");
}

/// A threshold that would be widened if there were mails for everybody.
#[test]
fn numbers_are_tried_on_all_rows_where_all_share_a_budget() {
    let shop = shop(4_000, 0.15, 13);
    let current =
        Document { rules: vec![rule("high", Stage::Applicability, only("mail"), "x > 0.7")], ..shop.budgeted(0.3) };
    let policy = compile(current.clone());
    let tuned = |document: &Document| {
        let rules = ["high".to_owned()];
        tune(&compile(document.clone()), &rules, &shop.trial, &shop.roles, &options(), &Task::default()).unwrap()
    };
    let threshold = |found: &FoundSettings| {
        let own = found.proposal.settings.iter().find(|setting| matches!(setting.knob, Knob::Literal(..))).unwrap();
        assert!(own.tried.len() > 5, "{own:?}");
        own.to
    };
    let (own, free) = (tuned(&current), tuned(&Document { budgets: Vec::new(), ..current.clone() }));
    // With mails for everybody it is widened, and right so.
    assert_eq!(free.proposal.trial.verdict, Verdict::Better);
    assert!(threshold(&free) < 0.3, "{:?}", free.proposal.settings);
    assert!(threshold(&own) > 0.55, "{:?}", own.proposal.settings);
    assert!(shop.worth(&own.document) > shop.worth(policy.document()) - 0.005);
}

#[test]
fn limits_are_what_a_decision_may_use_of_them() {
    let shop = shop(2_880, 0.0, 14);
    // Two days, one row a minute.
    let day = 86_400_000;
    let mut history = MemoryHistory::default();
    for at in 0..10 {
        let event = Event {
            time: START - 1_000 - at,
            kind: EventKind::Sent,
            action: "mail".into(),
            treatment: "email".into(),
            channel: "email".into(),
            group: "offers".into(),
            issue: "sales".into(),
            counts: true,
            cost: 0.5,
            ..Event::default()
        };
        history.push("c1", event);
    }
    let search = SearchOptions { history: Some(std::sync::Arc::new(history)), ..options() };
    let asked = |change: &dyn Fn(&mut Document)| {
        let mut document = shop.document();
        change(&mut document);
        let policy = compile(document);
        let ground = Ground::new(&policy, &shop.trial, &shop.roles, &search, &Task::default()).unwrap();
        let mail = ground.log.arm_of("mail", "email");
        let row = (0..2_880).find(|row| ground.log.arm[*row] == mail && ground.log.outcomes[0].values[*row] > 0.0);
        let other = (0..2_880).find(|row| ground.log.arm[*row] != mail);
        let used = |limit: &crate::simulate::search::limits::Limit, row: Option<usize>, arm: u16| {
            limit.used(&ground.log, row.unwrap(), arm)
        };
        let told = limits(&ground, &policy).unwrap();
        told.iter()
            .map(|limit| {
                let none = used(limit, row, ground.log.no_action());
                (limit.limit * 2_880.0, used(limit, row, mail), used(limit, other, mail), none)
            })
            .collect::<Vec<_>>()
    };
    let near = |found: Vec<(f64, f64, f64, f64)>, expected: &[(f64, f64, f64, f64)], what: &str| {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (a, b) in found.iter().zip(expected) {
            assert!((a.0 - b.0).abs() < 1e-6 && (a.1, a.2, a.3) == (b.1, b.2, b.3), "{what}: {a:?}, expected {b:?}");
        }
    };
    let daily = Some((Period::Day, Clock::Utc));
    let days = ((START + 2_879 * 60_000).div_euclid(day) - START.div_euclid(day) + 1) as f64;
    let rolling = |hours: u64| Cap { window: Window::Rolling(hours * 3_600), ..lifetime("all", Identity::Global, 9) };
    // Ten mails were sent before, at 0.5 each.
    near(asked(&|d| d.budgets = vec![count("b", 100.0)]), &[(90.0, 1.0, 1.0, 0.0)], "a budget");
    let money = Budget { measure: Measure::Cost, ..count("b", 100.0) };
    near(asked(&|d| d.budgets = vec![money.clone()]), &[(95.0, 0.5, 0.5, 0.0)], "of money");
    let reset = Budget { reset: daily, ..count("b", 100.0) };
    near(asked(&|d| d.budgets = vec![reset.clone()]), &[(100.0 * days - 10.0, 1.0, 1.0, 0.0)], "of each day");
    near(asked(&|d| d.stocks = vec![stock(40)]), &[(30.0, 1.0, 1.0, 0.0)], "a stock");
    near(asked(&|d| d.caps = vec![rolling(24)]), &[(18.0, 1.0, 1.0, 0.0)], "a cap of a day");
    near(asked(&|d| d.caps = vec![lifetime("own", Identity::Subject, 9)]), &[], "a cap of each subject");
    // Spent by what follows: known only where the log did the same.
    let bought = Budget { event: EventKind::Custom("bought".into()), ..count("b", 50.0) };
    near(asked(&|d| d.budgets = vec![bought.clone()]), &[(50.0, 1.0, 0.0, 0.0)], "of purchases");
    let unknown = Budget { event: EventKind::Click, ..count("b", 50.0) };
    near(asked(&|d| d.budgets = vec![unknown.clone()]), &[], "of what no outcome is");
    // Each group of a cap has its own limit.
    let by_action = Cap { target: CapTarget::Action, ..lifetime("each", Identity::Global, 9) };
    let two = asked(&|d| {
        let mut other = d.actions[0].clone();
        other.id = "letter".into();
        d.actions.push(other);
        d.caps = vec![by_action.clone()];
    });
    near(two, &[(9.0, 0.0, 0.0, 0.0), (0.0, 1.0, 1.0, 0.0)], "a cap of each action: of mails none are left");
    assert!(asked(&|d| d.budgets = vec![count("b", 0.0)]).is_empty(), "what is closed is for the engine to say");
}
