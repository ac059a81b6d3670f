//! Logs of decisions: every mistake is named by row, later outcomes are credited by the rule that is stated, propensities that nobody
//! wrote down are found again, and lists are valued place by place.

use super::{compile, document, only, plain, rule, shared};
use crate::data::cells::Cells;
use crate::data::import::{ImportOptions, import};
use crate::data::roles::{Credit, Delayed};
use crate::data::{Arm, Dataset, Logging, Role, Roles, Severity, Table, TableKind};
use crate::random::Random;
use crate::simulate::log::checks::{CheckKind, checks};
use crate::simulate::log::delayed::attach;
use crate::simulate::log::propose::propose;
use crate::simulate::log::{DecisionLog, review};
use crate::simulate::off_policy::slate::Assumption;
use crate::simulate::report::Method;
use crate::simulate::{Options, RewardModels, run};
use crate::task::Task;
use attune_policy::document::Document;
use attune_policy::rule::Stage;

const DAY: i64 = 86_400_000;

fn texts(values: &[&str]) -> Cells {
    Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)))
}

fn dataset(columns: Vec<(&str, Cells)>) -> Dataset {
    Dataset::from_columns("log", columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect()).unwrap()
}

fn email(action: &str) -> Arm {
    Arm::Candidate { action: action.into(), treatment: "email".into() }
}

fn roles_of(roles: &[(&str, Role)], arms: &[(&str, Arm)], logging: Logging) -> Roles {
    let mut all = Roles { as_of: Some(1_700_000_000_000), logging, ..Roles::default() };
    all.columns = roles.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
    all.arms = arms.iter().map(|(value, arm)| ((*value).to_owned(), arm.clone())).collect();
    all
}

/// A log in which each kind of mistake stands in a row of its own.
fn faulty() -> (Dataset, Roles) {
    let day = |d: i64| 1_700_000_000_000 + d * DAY;
    let log = dataset(vec![
        ("decision_id", texts(&["d1", "d1", "d2", "d2", "d3", "d3", "d4", "d5"])),
        ("position", Cells::Integer(vec![1, 2, 1, 1, 1, 3, 1, 1])),
        ("at", Cells::Time(vec![day(1), day(1), day(2), day(2), day(1), day(1), Cells::MISSING, day(3)])),
        ("did", texts(&["a", "b", "a", "a", "b", "", "zz", "a"])),
        ("p", Cells::Number(vec![0.5, 0.5, 0.0, 1.5, 0.3, 0.5, 0.5, f64::NAN])),
        ("eligible", texts(&["a|b", "a|b", "a|b", "a|b", "a|c", "a|b", "a|b", ""])),
        ("probabilities", texts(&["0.5|0.5", "0.5|0.4", "0.5", "a:0.5|b:0.5", "0.3|0.7", "x|y", "0.5|0.5", ""])),
        ("visit", Cells::Integer(vec![1, 0, 0, 0, 1, 0, 0, Cells::MISSING])),
        ("visit_at", Cells::Time(vec![day(0), Cells::MISSING, day(3), day(3), day(2), day(2), day(9), day(4)])),
    ]);
    let roles = roles_of(
        &[
            ("decision_id", Role::Decision),
            ("position", Role::Position),
            ("at", Role::Time),
            ("did", Role::Action),
            ("p", Role::LoggingPropensity),
            ("eligible", Role::Eligible),
            ("probabilities", Role::Probabilities),
            ("visit", Role::Outcome),
        ],
        &[("a", email("a")), ("b", email("b"))],
        Logging::Column,
    );
    (log, roles)
}

#[test]
fn every_mistake_is_named_by_its_rows_and_all_at_once() {
    let (log, roles) = faulty();
    let read = DecisionLog::new(&log, &roles, None).unwrap();
    let found = checks(&log, &roles, &read).unwrap();
    let expected: &[(CheckKind, Severity, &str, &[u64])] = &[
        (CheckKind::Actions, Severity::Error, "no `did`", &[6]),
        (CheckKind::Actions, Severity::Error, "`zz`", &[7]),
        (CheckKind::NeverLogged, Severity::Warning, "`c`", &[]),
        (CheckKind::Propensities, Severity::Error, "no logging propensity", &[8]),
        (CheckKind::Propensities, Severity::Error, "of 0 or less", &[3]),
        (CheckKind::Propensities, Severity::Error, "above 1", &[4]),
        (CheckKind::Eligible, Severity::Error, "not in `eligible`", &[5]),
        (CheckKind::Eligible, Severity::Note, "no `eligible`", &[8]),
        (CheckKind::Probabilities, Severity::Error, "no list of probabilities", &[6]),
        (CheckKind::Probabilities, Severity::Error, "as many probabilities", &[3]),
        (CheckKind::Probabilities, Severity::Error, "add up to 1", &[2]),
        (CheckKind::Probabilities, Severity::Error, "another probability", &[2, 4]),
        (CheckKind::Duplicates, Severity::Error, "`decision_id`, `position`", &[4]),
        (CheckKind::Positions, Severity::Warning, "a gap or a place twice", &[4, 6]),
        (CheckKind::Times, Severity::Error, "no `at`", &[7]),
        (CheckKind::Times, Severity::Note, "after a later decision", &[5, 6]),
        (CheckKind::Outcomes, Severity::Note, "no `visit`", &[8]),
        (CheckKind::OutcomeTimes, Severity::Error, "`visit_at` before their `at`", &[1]),
    ];
    for (kind, severity, words, rows) in expected {
        let hit = found.iter().find(|c| c.kind == *kind && c.message.contains(words));
        let hit = hit.unwrap_or_else(|| panic!("{kind:?} `{words}` is not among {found:#?}"));
        assert_eq!((hit.severity, hit.rows.as_slice()), (Some(*severity), *rows), "{hit:?}");
        assert!(!hit.hint.is_empty() && (rows.is_empty() || hit.count == rows.len() as u64), "{hit:?}");
    }
    let told = found.iter().filter(|c| c.severity.is_some() && c.kind != CheckKind::MeanWeights).count();
    assert_eq!(told, expected.len(), "{found:#?}");
    assert!(
        read.findings.iter().any(|f| f.contains("not in their eligible set (first: row 5)")),
        "{:?}",
        read.findings
    );
}

#[test]
fn a_sound_log_passes_every_check() {
    let mut random = Random::new(2);
    let n = 600;
    let (mut id, mut place, mut did, mut p, mut y) = (vec![], vec![], vec![], vec![], vec![]);
    for list in 0..n / 2 {
        for position in 1..=2 {
            id.push(format!("d{list}"));
            place.push(position);
            let a = random.chance(0.4);
            did.push(if a { "a" } else { "b" });
            p.push(if a { 0.4 } else { 0.6 });
            y.push(i64::from(random.chance(0.3)));
        }
    }
    let ids: Vec<&str> = id.iter().map(String::as_str).collect();
    let log = dataset(vec![
        ("decision_id", texts(&ids)),
        ("position", Cells::Integer(place)),
        ("chosen_action", texts(&did)),
        ("pscore", Cells::Number(p)),
        ("candidates", texts(&vec!["a|b"; n])),
        ("probabilities", texts(&vec!["0.4|0.6"; n])),
        ("click", Cells::Integer(y)),
    ]);
    // The lists are the same in every row, so they are named, not proposed.
    let mut proposal = propose(&log).unwrap();
    for (name, role) in [
        ("decision_id", Role::Decision),
        ("position", Role::Position),
        ("chosen_action", Role::Action),
        ("pscore", Role::LoggingPropensity),
        ("click", Role::Outcome),
    ] {
        assert_eq!(proposal.roles.role(name), role, "{:?}", proposal.reasons);
    }
    assert_eq!(proposal.roles.logging, Logging::Column);
    proposal.roles.columns.insert("candidates".into(), Role::Eligible);
    proposal.roles.columns.insert("probabilities".into(), Role::Probabilities);
    let found = review(&log, &proposal.roles, &[], &Task::default()).unwrap();
    assert!(!found.failed() && found.checks.iter().all(|c| c.severity.is_none()), "{:#?}", found.checks);
    assert!(found.questions.iter().any(|q| q.contains("no action")), "{:?}", found.questions);
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<crate::simulate::log::Review>(&text).unwrap(), found);
}

#[test]
fn the_open_bandit_log_is_understood_without_a_word() {
    let Some(file) = shared("data/open_bandit/random/men/men.csv") else { return };
    let log = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let roles = propose(&log).unwrap().roles;
    for (name, role) in [
        ("item_id", Role::Action),
        ("click", Role::Outcome),
        ("propensity_score", Role::LoggingPropensity),
        ("position", Role::Context),
        ("timestamp", Role::Time),
    ] {
        assert_eq!(roles.role(name), role, "{name}");
    }
    assert!(roles.arms.values().all(|arm| *arm != Arm::NoAction), "item 0 is an item");
    let found = review(&log, &roles, &[], &Task::default()).unwrap();
    assert_eq!((found.rows, found.log.arms.len(), found.failed()), (10_000, 34, false), "{:#?}", found.checks);
}

/// Decisions about three customers, and what they bought.
fn later(credit: Credit, value: Option<&str>) -> (Dataset, Roles, Table) {
    let day = |d: i64| 1_700_000_000_000 + d * DAY;
    let log = dataset(vec![
        ("customer", texts(&["1", "1", "2", "3", "3"])),
        ("at", Cells::Time(vec![day(0), day(5), day(0), day(10), Cells::MISSING])),
        ("did", texts(&["mail", "none", "mail", "mail", "none"])),
    ]);
    let orders = dataset(vec![
        ("buyer", texts(&["01", "1", "1", "2", "9", "3", "3", ""])),
        ("when", Cells::Time(vec![day(1), day(6), day(-1), day(8), day(1), day(17), day(12), day(1)])),
        ("amount", Cells::Number(vec![10.0, 20.0, 40.0, 80.0, 160.0, 320.0, f64::NAN, 640.0])),
    ]);
    let mut roles = roles_of(
        &[("customer", Role::Subject), ("at", Role::Time), ("did", Role::Action)],
        &[("none", Arm::NoAction), ("mail", email("mail"))],
        Logging::Unknown,
    );
    let (table, value) = ("orders".to_owned(), value.map(str::to_owned));
    roles.delayed =
        vec![Delayed { name: "later".into(), table, window_days: 7.0, value, only: None, absent: false, credit }];
    (log, roles, Table::new("orders", TableKind::Events, Some("buyer"), Some("when"), orders))
}

/// A rule, a column to add up, the outcome of each decision with a time, and counts.
type Case = (Credit, Option<&'static str>, [f64; 4], [u64; 6]);

#[test]
fn later_outcomes_are_credited_by_the_rule_that_is_stated() {
    // Keys of both sides are text, so `01` is another customer than `1`.
    // Counts: credited, before, late, strangers, unusable, decisions.
    let cases: [Case; 4] = [
        (Credit::LastDecision, None, [0.0, 1.0, 0.0, 1.0], [3, 1, 1, 2, 1, 2]),
        (Credit::LastContact, None, [1.0, 0.0, 0.0, 1.0], [3, 1, 1, 2, 1, 2]),
        (Credit::EveryDecision, None, [1.0, 1.0, 0.0, 1.0], [3, 1, 1, 2, 1, 3]),
        (Credit::LastContact, Some("amount"), [20.0, 0.0, 0.0, 320.0], [2, 1, 1, 2, 2, 2]),
    ];
    for (credit, value, expected, counts) in cases {
        let (log, roles, orders) = later(credit, value);
        let (with, matched) = attach(&log, &roles, &[orders], &Task::default()).unwrap();
        let values = with.numbers("later").unwrap();
        assert_eq!(values[..4], expected, "{credit:?} {value:?}");
        assert!(values[4].is_nan(), "a decision without a time has no window");
        let m = &matched[0];
        assert_eq!([m.credited, m.before, m.late, m.strangers, m.unusable, m.decisions], counts, "{m:?}");
        assert_eq!(m.credited + m.before + m.late + m.strangers + m.unusable, m.events);
        assert!(m.words().contains(credit.words()) && m.words().contains("7 days"), "{}", m.words());
        // Only the window of the decision of day 10 ends no later than the last event, on day 17.
        assert_eq!(m.open, 0);
    }
    let (log, mut roles, orders) = later(Credit::LastDecision, None);
    let missing = attach(&log, &roles, &[], &Task::default()).unwrap_err().to_string();
    assert!(missing.contains("`orders`") && missing.contains("--as events"), "{missing}");
    roles.delayed[0].name = "did".into();
    let taken = attach(&log, &roles, &[orders], &Task::default()).unwrap_err().to_string();
    assert!(taken.contains("column `did`"), "{taken}");
}

/// A history that leaned on x without writing down how, and the true propensities.
fn confounded(rows: usize) -> (Dataset, Roles, Vec<[f64; 3]>) {
    let mut random = Random::new(11);
    let (mut x, mut did, mut y, mut truth) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = random.uniform();
        let odds = [1.0, libm::exp(-1.0 + 2.5 * own), libm::exp(-0.5 - own)];
        let total: f64 = odds.iter().sum();
        let p = odds.map(|o| o / total);
        let at = random.pick(&p);
        x.push(own);
        did.push(["none", "a", "b"][at]);
        y.push(i64::from(random.chance([0.2 + 0.2 * own, 0.1 + 0.8 * own, 0.3][at])));
        truth.push(p);
    }
    let log = dataset(vec![("x", Cells::Number(x)), ("did", texts(&did)), ("y", Cells::Integer(y))]);
    let roles = roles_of(
        &[("x", Role::Feature), ("did", Role::Action), ("y", Role::Outcome)],
        &[("none", Arm::NoAction), ("a", email("a")), ("b", email("b"))],
        Logging::Unknown,
    );
    (log, roles, truth)
}

#[test]
fn propensities_that_nobody_wrote_down_are_found_again_where_shares_are_wrong() {
    let (log, roles, truth) = confounded(12_000);
    let policy = compile(document(roles.schema(&log), &[("a", 1.0)]));
    let options = Options { rewards: Some(RewardModels::default()), ..plain() };
    let simulation = run(&policy, &[], &log, &roles, &options, &Task::default()).unwrap();
    let own = &simulation.decisions.log;
    // Arms stand in the order none, a, b, as the truth does.
    let off: f64 = (0..own.rows()).map(|row| (own.propensity[row] - truth[row][usize::from(own.arm[row])]).abs()).sum();
    assert!(off / (own.rows() as f64) < 0.02, "{}", off / own.rows() as f64);
    let report = &simulation.report;
    assert!(report.log.exploratory.as_ref().unwrap().contains("exploratory"));
    assert!(report.log.logging.contains("cross-fitted"));
    assert_eq!(report.log.overlap.len(), 3);
    assert!(report.log.overlap.iter().all(|arm| (arm.mean_weight - 1.0).abs() < 0.05 && arm.rare == 0.0));
    // a for all brings 0.1 + 0.8 / 2; those who got it brought more.
    let value = report.main().unwrap().value("y").unwrap();
    for estimate in [&value.answer, value.by(Method::Dml).unwrap(), value.by(Method::Ips).unwrap()] {
        assert!((estimate.value - 0.5).abs() < 3.0 * estimate.se, "{estimate:?}");
    }
    assert!(value.by(Method::Dr).is_none(), "with estimated propensities DR is called by its name");
    // Weighed, the arm's mean is that of a for all; as it is it would be that of those who got it.
    let weighed = report.log.arms.iter().find(|arm| arm.name == "a").unwrap().means[0].unwrap();
    assert!((weighed.value - 0.5).abs() < 3.0 * weighed.se, "{weighed:?}");
    let got: Vec<usize> = (0..own.rows()).filter(|row| own.arms[usize::from(own.arm[*row])].name == "a").collect();
    let plain = got.iter().map(|row| own.outcomes[0].values[*row]).sum::<f64>() / got.len() as f64;
    assert!(plain > 0.53, "{plain}");
    // Nothing to tell rows apart by: shares stand in, and it is said.
    let mut blind = roles.clone();
    blind.columns.insert("x".into(), Role::Ignored);
    let blind = DecisionLog::new(&log, &blind, None).unwrap();
    assert!(blind.logging.contains("share of the rows") && blind.overlap.is_empty() && blind.exploratory.is_some());
}

#[test]
fn what_was_not_eligible_counts_as_never_logged() {
    let mut random = Random::new(4);
    let n = 2_000;
    let (mut did, mut p, mut eligible, mut y, mut x) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..n {
        let both = random.chance(0.5);
        let b = both && random.chance(0.5);
        did.push(if b { "b" } else { "a" });
        p.push(if both { 0.5 } else { 1.0 });
        eligible.push(if both { "[a, b]" } else { "[a]" });
        x.push(f64::from(u8::from(both)));
        y.push(i64::from(random.chance(0.4)));
    }
    let log = dataset(vec![
        ("x", Cells::Number(x)),
        ("did", texts(&did)),
        ("p", Cells::Number(p)),
        ("eligible", texts(&eligible)),
        ("y", Cells::Integer(y)),
    ]);
    let roles = roles_of(
        &[
            ("x", Role::Feature),
            ("did", Role::Action),
            ("p", Role::LoggingPropensity),
            ("eligible", Role::Eligible),
            ("y", Role::Outcome),
        ],
        &[("a", email("a")), ("b", email("b"))],
        Logging::Column,
    );
    let read = DecisionLog::new(&log, &roles, None).unwrap();
    // b was possible in half of the rows, where its mean weight is 1; over all rows it would look like ½.
    assert!(read.findings.is_empty(), "{:?}", read.findings);
    let value = |document: Document| {
        let report = run(&compile(document), &[], &log, &roles, &plain(), &Task::default()).unwrap().report;
        report.main().unwrap().clone()
    };
    let schema = roles.schema(&log);
    let all_b = value(document(schema.clone(), &[("b", 1.0)]));
    assert!((all_b.support.unlogged - 0.5).abs() < 0.05 && all_b.refusal.is_some());
    let region = &all_b.instead.unwrap().regions[0];
    assert_eq!((region.column.as_str(), region.part.as_str()), ("x", "1"));
    let mut fitting = document(schema, &[("b", 2.0), ("a", 1.0)]);
    fitting.rules = vec![rule("where_it_can", Stage::Eligibility, only("b"), "x > 0.5")];
    let fitting = value(fitting);
    assert_eq!((fitting.support.unlogged, fitting.refusal), (0.0, None));
}

/// Lists of two of three items, drawn without replacement; `given_above` writes the second place's propensity given the first.
fn listed(lists: usize, given_above: bool) -> (Dataset, Roles) {
    let mut random = Random::new(21);
    let (mut id, mut place, mut did, mut p, mut y, mut x) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for list in 0..lists {
        let first = random.below(3);
        let second = (first + 1 + random.below(2)) % 3;
        for (position, item) in [(1, first), (2, second)] {
            id.push(format!("d{list}"));
            place.push(position);
            did.push(["a", "b", "c"][item]);
            p.push(if position == 2 && given_above { 0.5 } else { 1.0 / 3.0 });
            let chance = [0.5, 0.3, 0.1][item] / position as f64;
            y.push(i64::from(random.chance(chance)));
            x.push(random.uniform());
        }
    }
    let ids: Vec<&str> = id.iter().map(String::as_str).collect();
    let log = dataset(vec![
        ("decision_id", texts(&ids)),
        ("position", Cells::Integer(place)),
        ("did", texts(&did)),
        ("p", Cells::Number(p)),
        ("click", Cells::Integer(y)),
        ("x", Cells::Number(x)),
    ]);
    let roles = roles_of(
        &[
            ("decision_id", Role::Decision),
            ("position", Role::Position),
            ("did", Role::Action),
            ("p", Role::LoggingPropensity),
            ("click", Role::Outcome),
            ("x", Role::Feature),
        ],
        &[("a", email("a")), ("b", email("b")), ("c", email("c"))],
        Logging::Column,
    );
    (log, roles)
}

#[test]
fn lists_are_valued_place_by_place_under_the_assumption_their_propensities_fit() {
    for given_above in [true, false] {
        let (log, roles) = listed(12_000, given_above);
        let mut two = document(roles.schema(&log), &[("a", 3.0), ("b", 2.0), ("c", 1.0)]);
        two.slots.count = 2;
        let report = run(&compile(two), &[], &log, &roles, &plain(), &Task::default()).unwrap().report;
        let lists = &report.main().unwrap().lists;
        assert_eq!(lists.len(), 3);
        // a on top brings 0.5, b below it 0.3 / 2.
        let truth = 0.65;
        for list in lists {
            assert_eq!((list.lists, list.dropped, list.places), (12_000, 0, 2));
            let fits = (list.assumption == Assumption::Independent) != given_above;
            match (list.answer, list.ips, fits) {
                (Some(answer), Some(ips), true) => {
                    assert!((answer.value - truth).abs() < 4.0 * answer.se, "{list:?}");
                    assert!((ips.value - truth).abs() < 4.0 * ips.se && answer.se < 1.1 * ips.se, "{list:?}");
                }
                (None, None, false) => assert!(list.refused.iter().any(|why| why.contains("mean weight")), "{list:?}"),
                _ => panic!("{given_above}: {list:?}"),
            }
        }
    }
    // A list whose top is missing cannot be valued as one, and is counted.
    let (log, roles) = listed(400, true);
    let rows: Vec<u32> = (1..800).collect();
    let short = log.select(&rows);
    let mut two = document(roles.schema(&short), &[("a", 3.0), ("b", 2.0)]);
    two.slots.count = 2;
    let report = run(&compile(two), &[], &short, &roles, &plain(), &Task::default()).unwrap().report;
    assert_eq!((report.main().unwrap().lists[0].lists, report.main().unwrap().lists[0].dropped), (399, 1));
    // Who fills fewer places than the log is told how to fill them all.
    let one = compile(document(roles.schema(&short), &[("a", 3.0), ("b", 2.0)]));
    let report = run(&one, &[], &short, &roles, &plain(), &Task::default()).unwrap().report;
    let why = &report.main().unwrap().rows.why;
    assert!(why.contains("fills 1 of them: give it 2 slots"), "{why}");
}
