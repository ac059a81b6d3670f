//! One weighing for every question: what a report refuses, its segments, comparisons, sweeps and searches refuse too; what explores is
//! valued by its probabilities everywhere; lists are valued as lists or not at all; a log whose arms are off carries no value.

use super::{Memory, cap, compile, document, only, plain, rule};
use crate::data::cells::Cells;
use crate::data::{Arm, Dataset, Logging, Role, Roles};
use crate::random::Random;
use crate::simulate::log::DecisionLog;
use crate::simulate::off_policy::slate::Assumption;
use crate::simulate::questions::compare::{self, CompareReport};
use crate::simulate::questions::sweep::{SweepReport, sweep};
use crate::simulate::questions::{Knob, budgets};
use crate::simulate::replay::pieces::Cut;
use crate::simulate::replay::{NO_ACTION, Stage as Deciding, Want};
use crate::simulate::report::{Method, PolicyReport, Refusal, Report};
use crate::simulate::search::{SearchOptions, Verdict, tree, tune};
use crate::simulate::{KeepNothing, Options, Other, run};
use crate::task::Task;
use attune_policy::arbitration::Floor;
use attune_policy::contact::{Budget, CapTarget, EventKind, Measure};
use attune_policy::document::Document;
use attune_policy::exploration::Exploration;
use attune_policy::policy::Policy;
use attune_policy::rule::{Scope, Stage};

const ROWS: usize = 6_000;

fn email(action: &str) -> Arm {
    Arm::Candidate { action: action.into(), treatment: "email".into() }
}

fn roles_of(roles: &[(&str, Role)], arms: &[&str]) -> Roles {
    let mut all = Roles { as_of: Some(1_700_000_000_000), logging: Logging::Column, ..Roles::default() };
    all.columns = roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
    let arm = |value: &&str| ((*value).to_owned(), if *value == "none" { Arm::NoAction } else { email(value) });
    all.arms = arms.iter().map(arm).collect();
    all
}

fn texts(values: &[String]) -> Cells {
    Cells::from_texts(values.iter().map(|value| Some(value.as_str())))
}

/// None, a and b by chance alike; where x is below 0.075, and `barred`, b was not eligible. The outcome is likelier after a than b.
fn world(barred: bool) -> (Dataset, Roles) {
    let mut random = Random::new(31);
    let (mut x, mut g, mut did, mut p, mut eligible, mut y) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..ROWS {
        let own = random.uniform();
        let arms: &[&str] = if barred && own < 0.075 { &["none", "a"] } else { &["none", "a", "b"] };
        let arm = arms[random.below(arms.len())];
        x.push(own);
        g.push(["u", "v"][random.below(2)].to_owned());
        did.push(arm.to_owned());
        p.push(1.0 / arms.len() as f64);
        eligible.push(arms.join("|"));
        y.push(i64::from(random.chance(if arm == "a" { 0.5 } else { 0.3 })));
    }
    let columns = vec![
        ("x".to_owned(), Cells::Number(x)),
        ("g".to_owned(), texts(&g)),
        ("did".to_owned(), texts(&did)),
        ("p".to_owned(), Cells::Number(p)),
        ("eligible".to_owned(), texts(&eligible)),
        ("y".to_owned(), Cells::Integer(y)),
    ];
    let roles = roles_of(
        &[
            ("x", Role::Feature),
            ("g", Role::Feature),
            ("did", Role::Action),
            ("p", Role::LoggingPropensity),
            ("eligible", Role::Eligible),
            ("y", Role::Outcome),
        ],
        &["none", "a", "b"],
    );
    (Dataset::from_columns("log", columns).unwrap(), roles)
}

fn simulated(policy: &Policy, data: &Dataset, roles: &Roles, options: &Options) -> Report {
    run(policy, &[], data, roles, options, &Task::default()).unwrap().report
}

fn compared(today: &Policy, other: &Policy, data: &Dataset, roles: &Roles, options: &Options) -> CompareReport {
    let others = [Other { name: "other", policy: other }];
    let ask = compare::Ask { today: Other { name: "today", policy: today }, others: &others };
    compare::compare(ask, data, roles, options, &KeepNothing, &Task::default()).unwrap()
}

fn swept(policy: &Policy, knob: &str, data: &Dataset, roles: &Roles, options: &Options) -> SweepReport {
    sweep(policy, &[Knob::parse(knob).unwrap()], data, roles, options, &KeepNothing, &Task::default()).unwrap()
}

/// That this is the refusal of an action where it was not eligible: the reason, the name, and what to do.
fn says_ineligible(refusal: Option<&Refusal>) {
    let Some(Refusal { reasons, advice }) = refusal else { panic!("not refused") };
    assert!(reasons[0].contains("was not eligible in that row of the log (b); the limit is 1 %"), "{reasons:?}");
    assert!(
        !reasons[0].contains("never took") && advice.contains("rule of the stage eligibility"),
        "{reasons:?} {advice}"
    );
}

#[test]
fn what_was_not_eligible_is_refused_by_every_question_with_the_true_reason() {
    let (data, roles) = world(true);
    let all_b = compile(document(roles.schema(&data), &[("b", 1.0)]));
    let with_segments = |column: &str| Options { segment: Some(column.into()), baselines: true, ..plain() };
    let report = simulated(&all_b, &data, &roles, &with_segments("x"));
    let main = report.main().unwrap();
    says_ineligible(main.refusal.as_ref());
    assert!((main.support.unlogged - 0.075).abs() < 0.01 && main.support.ineligible == main.support.unlogged);

    // Where it was eligible the log can answer, elsewhere it cannot; nowhere is a value a mixture of both.
    let parts = &report.segments.as_ref().unwrap().parts;
    assert!(parts.len() == 5 && parts[0].value.is_none() && parts[0].lift.is_none(), "{parts:#?}");
    says_ineligible(parts[0].refusal.as_ref());
    for part in &parts[1..] {
        let value = part.value.unwrap();
        assert!((value.value - 0.3).abs() < 4.0 * value.se && part.refusal.is_none() && part.lift.is_some());
    }
    let report = simulated(&all_b, &data, &roles, &with_segments("g"));
    for part in report.segments.unwrap().parts {
        assert!(part.value.is_none() && part.lift.is_none() && part.refusal.is_some(), "{part:?}");
    }

    let mut fitting = document(roles.schema(&data), &[("b", 2.0), ("a", 1.0)]);
    fitting.rules = vec![rule("possible", Stage::Eligibility, only("b"), "x >= 0.075")];
    let fits = compile(fitting);
    let found = compared(&fits, &all_b, &data, &roles, &plain());
    assert!(found.policies[0].refusal.is_none() && found.policies[0].values[0].is_some());
    says_ineligible(found.policies[1].refusal.as_ref());
    assert!(found.policies[1].values[0].is_none() && found.against[0].differences[0].is_none());
    // From a to b where b was not eligible: refused; where all swaps are taken together, too.
    for swap in &found.against[0].swaps {
        assert!(swap.value.is_none() && swap.refusal.as_ref().unwrap().contains("not eligible"), "{swap:?}");
    }
    let found = swept(&fits, "rule:possible.x=0,0.075,0.5", &data, &roles, &plain());
    let refused: Vec<bool> = found.settings.iter().map(|setting| setting.refusal.is_some()).collect();
    assert_eq!(refused, [false, true, false], "{:?}", found.settings.iter().map(|s| &s.values).collect::<Vec<_>>());
    says_ineligible(found.settings[1].refusal.as_ref());

    // A search proposes b where a rule says that it was possible, and not at all without one.
    let options = SearchOptions { bootstrap: 0, depth: 1, least_support: 50.0, ..SearchOptions::default() };
    let search = |policy: &Policy| tree(policy, &[], &data, &roles, &options, &Task::default()).unwrap().proposal.trial;
    let mut both = document(roles.schema(&data), &[("b", 2.0), ("a", 1.0)]);
    let blind = search(&compile(both.clone()));
    assert!(blind.notes.iter().any(|note| note.starts_with("b is not proposed") && note.contains("not eligible")));
    assert_eq!(blind.verdict, Verdict::Refused, "of the current policy nothing is known");
    says_ineligible(blind.refusal.as_ref());
    assert!(blind.policies[1].value.is_none() && blind.policies[1].support.ineligible > 0.05);
    both.rules = vec![rule("possible", Stage::Eligibility, only("b"), "x >= 0.075")];
    let seeing = search(&compile(both));
    assert!(seeing.refusal.is_none() && !seeing.notes.iter().any(|note| note.contains("not proposed")), "{seeing:#?}");
}

#[test]
fn an_action_that_was_never_logged_is_refused_in_segments_too() {
    let (data, roles) = world(false);
    let mut new = document(roles.schema(&data), &[("new", 2.0), ("a", 1.0)]);
    new.rules = vec![rule("few", Stage::Applicability, only("new"), "x < 0.075")];
    let options = Options { segment: Some("g".into()), ..plain() };
    let report = simulated(&compile(new), &data, &roles, &options);
    let reasons = &report.main().unwrap().refusal.as_ref().unwrap().reasons;
    assert!(reasons[0].contains("never took (new)") && reasons.len() == 1, "{reasons:?}");
    for part in report.segments.unwrap().parts {
        assert!(part.value.is_none() && part.refusal.unwrap().reasons[0].contains("never took (new)"));
    }
}

#[test]
fn a_policy_that_explores_has_one_value_whatever_is_asked() {
    let (data, roles) = world(true);
    let mut explores = document(roles.schema(&data), &[("a", 2.0), ("b", 1.0)]);
    explores.rules = vec![rule("possible", Stage::Eligibility, only("b"), "x >= 0.075")];
    explores.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.5 });
    explores.actions[1].cost = 1.0;
    let greedy = compile(Document { exploration: None, ..explores.clone() });
    let explores = compile(explores);
    let options = Options { bootstrap: 50, ..plain() };
    let report = simulated(&explores, &data, &roles, &options);
    let main = report.main().unwrap();
    let value = main.value("y").unwrap().answer;
    // Of what could be b, a quarter is; the draw would leave twice the weight to half as many rows.
    assert!((value.value - (0.5 - 0.2 * 0.25 * 0.925)).abs() < 4.0 * value.se, "{value:?}");

    let both = run(&explores, &[Other { name: "greedy", policy: &greedy }], &data, &roles, &options, &Task::default());
    let both = both.unwrap().report;
    let expected = both.difference("greedy", "y").unwrap().estimate;
    let found = compared(&greedy, &explores, &data, &roles, &options);
    assert_eq!(found.policies[1].values[0].unwrap(), value, "the same estimate, interval and resamples");
    assert_eq!(found.policies[1].support, main.support);
    assert_eq!(found.against[0].differences[0].unwrap().estimate, expected);
    assert!(found.notes.iter().any(|note| note.term == "chance"));

    let found = swept(&explores, "lever:b=0,-20", &data, &roles, &options);
    assert_eq!(found.settings[0].values_per_decision[0].unwrap(), value);
    // What is kept of it reads back.
    let memory = Memory::new(100);
    let knobs = [Knob::parse("lever:b=0,-20").unwrap()];
    for parts in [0, 2] {
        assert_eq!(*memory.found.borrow(), 0);
        let kept = sweep(&explores, &knobs, &data, &roles, &options, &memory, &Task::default()).unwrap();
        assert_eq!((kept == found, *memory.found.borrow()), (true, parts));
        *memory.found.borrow_mut() = 0;
    }

    // A search weighs it by its probabilities too: every row that got a or b counts, not the half that a draw agrees with.
    let mut floored = explores.document().clone();
    floored.arbitration.floors = vec![Floor { scope: Scope::All, min_propensity: None, min_priority: Some(0.1) }];
    let search = SearchOptions { bootstrap: 0, ..SearchOptions::default() };
    let trial = tune(&compile(floored), &[], &data, &roles, &search, &Task::default()).unwrap().proposal.trial;
    let current = &trial.policies[1];
    let n = current.support.n as f64;
    assert!((current.support.coverage - 2.0 / 3.0).abs() < 4.0 * (2.0 / 9.0 / n).sqrt(), "{:?}", current.support);
    assert!((current.cost - 0.25 * 0.925).abs() < 0.01, "{}", current.cost);
    for value in [current.value.unwrap(), current.snips.unwrap()] {
        assert!((value.value - (0.5 - 0.2 * 0.25 * 0.925)).abs() < 4.0 * value.se, "{value:?}");
    }
}

/// Lists of two of three items, drawn without replacement; `lists` per customer, a week apart. The item matters, and its place.
fn listed(customers: usize, lists: usize) -> (Dataset, Roles) {
    let mut random = Random::new(9);
    let (mut who, mut id, mut at, mut place, mut did, mut p, mut y, mut x) =
        (vec![], vec![], vec![], vec![], vec![], vec![], vec![], vec![]);
    for customer in 0..customers {
        for list in 0..lists {
            let first = random.below(3);
            let second = (first + 1 + random.below(2)) % 3;
            let own = random.uniform();
            for (position, item) in [(1, first), (2, second)] {
                who.push(format!("c{customer}"));
                id.push(format!("c{customer}-{list}"));
                at.push(1_700_000_000_000 + list as i64 * 7 * 86_400_000);
                place.push(position);
                did.push(["a", "b", "c"][item].to_owned());
                p.push(if position == 1 { 1.0 / 3.0 } else { 0.5 });
                y.push(i64::from(random.chance([0.5, 0.3, 0.1][item] / position as f64)));
                x.push(own);
            }
        }
    }
    let columns = vec![
        ("who".to_owned(), texts(&who)),
        ("list".to_owned(), texts(&id)),
        ("at".to_owned(), Cells::Time(at)),
        ("place".to_owned(), Cells::Integer(place)),
        ("did".to_owned(), texts(&did)),
        ("p".to_owned(), Cells::Number(p)),
        ("click".to_owned(), Cells::Integer(y)),
        ("x".to_owned(), Cells::Number(x)),
    ];
    let roles = roles_of(
        &[
            ("who", Role::Subject),
            ("list", Role::Decision),
            ("at", Role::Time),
            ("place", Role::Position),
            ("did", Role::Action),
            ("p", Role::LoggingPropensity),
            ("click", Role::Outcome),
            ("x", Role::Feature),
        ],
        &["a", "b", "c"],
    );
    (Dataset::from_columns("lists", columns).unwrap(), roles)
}

fn two_places(schema: attune_policy::schema::Schema, actions: &[(&str, f64)]) -> Document {
    let mut document = document(schema, actions);
    document.slots.count = 2;
    document
}

fn shares(main: &PolicyReport) -> Vec<(&str, f64)> {
    let mut shares: Vec<(&str, f64)> = main.mix.iter().map(|own| (own.action.as_str(), own.share)).collect();
    shares.sort_by_key(|own| own.0);
    shares
}

#[test]
fn the_value_of_a_log_of_lists_is_that_of_its_lists() {
    let (data, roles) = listed(2_000, 3);
    let schema = || roles.schema(&data);
    let two = compile(two_places(schema(), &[("a", 3.0), ("b", 2.0), ("c", 1.0)]));
    let worse = compile(two_places(schema(), &[("c", 3.0), ("b", 2.0), ("a", 1.0)]));
    let others = [Other { name: "worse", policy: &worse }];
    let options = Options { baselines: true, segment: Some("x".into()), impact_rows: 500, bootstrap: 400, ..plain() };
    let report = run(&two, &others, &data, &roles, &options, &Task::default()).unwrap().report;
    let main = report.main().unwrap();
    // a on top brings 0.5, b below it 0.3 / 2; the rows by themselves would say that a for all is all there is.
    let value = main.value("click").unwrap();
    assert!((value.answer.value - 0.65).abs() < 4.0 * value.answer.se, "{value:?}");
    assert_eq!(value.answer.method, Method::ListsCascade);
    let of_lists = main.lists.iter().find(|own| own.assumption == Assumption::Cascade).unwrap();
    assert_eq!(of_lists.answer.unwrap(), value.answer);
    let shown = of_lists.logged.unwrap();
    assert!((shown.value - 0.45).abs() < 4.0 * shown.se, "{shown:?}");
    assert_eq!(shares(main), [("a", 1.0), ("b", 1.0)], "what it places, one list one decision");
    assert_eq!((main.rows.used, report.funnel[0].decisions_in, report.policies.len()), (6_000, 6_000, 2));
    assert!(
        main.rows.why.contains("lists of up to 2 places") && report.notes.iter().any(|n| n.term == "lists, cascade")
    );
    assert!(report.state.contains("A list is decided once"));
    let difference = report.difference("worse", "click").unwrap();
    // c on top 0.1, b below it 0.15.
    assert!((difference.estimate.value - 0.4).abs() < 4.0 * difference.estimate.se, "{difference:?}");
    assert!(difference.verdict.starts_with("more click than worse") && difference.estimate.se > 0.0);
    // Whole customers are resampled, as the delta method adds within them.
    for own in [value.answer, of_lists.ips.unwrap(), difference.estimate] {
        let (low, high) = own.bootstrap.unwrap();
        let width = (high - low) / (own.high - own.low);
        assert!((0.8..1.25).contains(&width) && low < own.value && own.value < high, "{own:?}");
    }
    for part in &report.segments.as_ref().unwrap().parts {
        let own = part.value.unwrap();
        assert!(own.method == Method::ListsCascade && (own.value - 0.65).abs() < 4.5 * own.se, "{part:?}");
    }
    // The log itself is told of row by row.
    assert_eq!(report.log.rows, 12_000);

    // An item that was never shown, in every seventh list: nothing is known of these, so nothing is said.
    let mut new = two_places(schema(), &[("new", 4.0), ("a", 3.0), ("b", 2.0)]);
    new.rules = vec![rule("few", Stage::Applicability, only("new"), "x < 0.15")];
    let report = simulated(&compile(new), &data, &roles, &plain());
    let main = report.main().unwrap();
    let refusal = main.refusal.as_ref().unwrap();
    assert!(main.values.is_empty() && refusal.reasons[0].starts_with("place 1: 1"), "{refusal:?}");
    assert!(refusal.reasons[0].contains("never took (new)") && main.lists.iter().all(|own| own.answer.is_none()));

    // What values single decisions says that it does not value lists, and what to do.
    let keep = &KeepNothing;
    let ask = compare::Ask { today: others[0], others: &others };
    let refused = [
        compare::compare(ask, &data, &roles, &plain(), keep, &Task::default()).unwrap_err(),
        sweep(&two, &[Knob::parse("lever:a=1").unwrap()], &data, &roles, &plain(), keep, &Task::default()).unwrap_err(),
        tree(&two, &[], &data, &roles, &SearchOptions::default(), &Task::default()).unwrap_err(),
    ];
    for error in refused {
        let said = error.to_string();
        assert!(said.contains("`list`") && said.contains("`place`") && said.contains("--compare"), "{said}");
    }
}

#[test]
fn lists_build_on_each_other_and_survive_in_pieces() {
    let (data, roles) = listed(1_000, 3);
    let mut capped = two_places(roles.schema(&data), &[("a", 3.0), ("b", 2.0), ("c", 1.0)]);
    capped.actions[0].tags = vec!["once".into()];
    capped.caps = vec![cap("once", CapTarget::Tag("once".into()), EventKind::Sent, 1, None)];
    let policy = compile(capped);
    let report = simulated(&policy, &data, &roles, &plain());
    let main = report.main().unwrap();
    // a once, in the first of three lists; then b above c.
    let third = 1.0 / 3.0;
    for ((action, share), expected) in shares(main).into_iter().zip([("a", third), ("b", 1.0), ("c", 2.0 * third)]) {
        assert!(action == expected.0 && (share - expected.1).abs() < 1e-12, "{action} {share}");
    }
    let value = main.value("click").unwrap().answer;
    assert!((value.value - (0.65 + 2.0 * 0.35) / 3.0).abs() < 4.0 * value.se, "{value:?}");
    assert!(main.share_contacted == 1.0 && report.weeks.iter().all(|week| week.decisions == 1_000));

    let log = DecisionLog::new(&data, &roles, None).unwrap();
    let options = plain();
    let stage = Deciding { dataset: &data, roles: &roles, log: &log, options: &options };
    let tops = log.decisions((0..data.rows() as u32).collect());
    let whole = stage.decide(&policy, tops.clone(), &Task::default()).unwrap();
    assert_eq!(whole.lower.len(), tops.len());
    assert!(whole.lower.iter().all(|below| *below != NO_ACTION));
    let memory = Memory::new(100);
    for found in [0, 4] {
        let cut = Cut { keep: &memory, rows: tops.len() / 4, want: Want::Nothing, name: "it" };
        let pieces = stage.decide_in_pieces(&policy, &tops, cut, &Task::default()).unwrap();
        assert_eq!((&pieces.chosen, &pieces.lower), (&whole.chosen, &whole.lower));
        assert_eq!((memory.parts.borrow().len(), *memory.found.borrow()), (4, found));
    }

    // Decisions are counted by list wherever they are counted.
    let mut limited = policy.document().clone();
    limited.budgets = vec![Budget {
        id: "sends".into(),
        name: "Sends".into(),
        scope: Scope::All,
        measure: Measure::Count,
        event: EventKind::Sent,
        max: Some(1e6),
        min: None,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    }];
    let found = budgets::budgets(&compile(limited), &data, &roles, &plain(), &KeepNothing, &Task::default()).unwrap();
    assert_eq!(found.decisions, 3_000);
}

#[test]
fn lists_of_a_policy_that_explores_are_weighed_by_what_it_drew() {
    let (data, roles) = listed(6_000, 1);
    let mut explores = two_places(roles.schema(&data), &[("a", 3.0), ("b", 2.0), ("c", 1.0)]);
    explores.exploration = Some(Exploration::EpsilonGreedy { epsilon: 1.0 });
    let report = simulated(&compile(explores), &data, &roles, &plain());
    let main = report.main().unwrap();
    assert!(main.explored > 0.99);
    // All lists alike, as the logger drew them.
    let value = main.value("click").unwrap().answer;
    assert!((value.value - 0.45).abs() < 4.0 * value.se, "{value:?}");
    assert!(report.notes.iter().any(|note| note.term == "chance" && note.definition.contains("what it drew")));
}

#[test]
fn a_policy_of_several_places_says_what_of_it_is_valued_where_the_log_has_one() {
    let (data, roles) = world(false);
    let policy = compile(two_places(roles.schema(&data), &[("a", 2.0), ("b", 1.0)]));
    let why = simulated(&policy, &data, &roles, &plain()).main().unwrap().rows.why.clone();
    assert!(why.contains("fills up to 2 places") && why.contains("only what it places first"), "{why}");
}

#[test]
fn a_log_whose_arms_are_off_carries_no_value_unless_it_is_asked_for() {
    let (data, mut roles) = world(false);
    roles.columns.remove("p");
    roles.columns.remove("eligible");
    let policy = compile(document(roles.schema(&data), &[("a", 1.0)]));
    let mut half = document(roles.schema(&data), &[("a", 1.0)]);
    half.rules = vec![rule("half", Stage::Applicability, only("a"), "x < 0.5")];
    let today = compile(half);
    // Meant to be a third each, written down as if b were rare.
    let design = |none: f64, a: f64, b: f64| [("none", none), ("a", a), ("b", b)].map(|(arm, p)| (arm.to_owned(), p));
    roles.logging = Logging::Randomised(design(0.37, 0.37, 0.26).into());
    let options = Options { segment: Some("g".into()), baselines: true, ..plain() };
    let search = SearchOptions { bootstrap: 0, depth: 0, ..SearchOptions::default() };
    let told = |why: &Refusal| {
        assert!(why.reasons[0].starts_with("the arms of the log do not have the sizes of the design"), "{why:?}");
        assert!(why.reasons[0].contains("where 26.00 % was meant") && why.advice.contains("Find out why"), "{why:?}");
    };
    let report = simulated(&policy, &data, &roles, &options);
    for own in &report.policies {
        assert!(own.values.is_empty() && own.instead.is_none());
        told(own.refusal.as_ref().unwrap());
    }
    assert!(report.differences.is_empty() && report.log.effects.is_empty() && report.distrusted.is_none());
    assert!(report.segments.as_ref().unwrap().parts.iter().all(|part| part.value.is_none() && part.refusal.is_some()));
    let found = compared(&today, &policy, &data, &roles, &plain());
    told(found.policies[1].refusal.as_ref().unwrap());
    assert!(found.mismatch && found.distrusted.is_none() && found.against[0].differences[0].is_none());
    let found = swept(&policy, "lever:a=5", &data, &roles, &plain());
    told(found.settings[0].refusal.as_ref().unwrap());
    let trial = tree(&policy, &[], &data, &roles, &search, &Task::default()).unwrap().proposal.trial;
    assert_eq!(trial.verdict, Verdict::Refused);
    told(trial.refusal.as_ref().unwrap());

    let even_so = Options { even_so: true, ..options };
    let report = simulated(&policy, &data, &roles, &even_so);
    assert!(report.main().unwrap().value("y").is_some() && !report.log.effects.is_empty());
    assert!(report.distrusted.as_ref().unwrap().contains("do not have the sizes of the design"));
    let found = compared(&today, &policy, &data, &roles, &Options { even_so: true, ..plain() });
    assert!(found.against[0].differences[0].is_some() && found.mismatch && found.distrusted.is_some());
    let found = swept(&policy, "lever:a=5", &data, &roles, &Options { even_so: true, ..plain() });
    assert!(found.settings[0].values_per_decision[0].is_some() && found.distrusted.is_some());

    // By design: nothing of all this.
    roles.logging = Logging::Randomised(design(1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0).into());
    let report = simulated(&policy, &data, &roles, &even_so);
    assert!(report.distrusted.is_none() && report.main().unwrap().refusal.is_none());
}
