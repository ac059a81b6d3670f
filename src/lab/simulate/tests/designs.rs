//! How history chose, where nobody said: plain history is not taken for a trial, a guess is marked as one, a design that columns belie is
//! told, and effects of arms are weighed where the arms were not drawn alike for everybody.

use super::shared;
use crate::data::cells::Cells;
use crate::data::import::{ImportOptions, import};
use crate::data::roles::design::Design;
use crate::data::{Arm, Dataset, Logging, Role, Roles, Severity};
use crate::random::Random;
use crate::simulate::log::checks::CheckKind;
use crate::simulate::log::propose::propose;
use crate::simulate::log::{DecisionLog, Review, review};
use crate::simulate::report::Method;
use crate::task::Task;

/// Rows of x, what was done and whether a visit followed: its rate depends on x alone, so no action does anything. `mailed` is the
/// probability of the mail at x.
fn history(rows: usize, mailed: impl Fn(f64) -> f64, seed: u64) -> Dataset {
    let mut random = Random::stream(41, seed);
    let (mut x, mut did, mut y) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = random.uniform();
        did.push(Some(if random.chance(mailed(own)) { "mail" } else { "none" }));
        y.push(i64::from(random.chance(0.1 + 0.7 * own)));
        x.push(own);
    }
    let columns = vec![
        ("x".to_owned(), Cells::Number(x)),
        ("offer".to_owned(), Cells::from_texts(did)),
        ("visit".to_owned(), Cells::Integer(y)),
    ];
    Dataset::from_columns("log", columns).unwrap()
}

fn looked_over(log: &Dataset, roles: &Roles) -> Review {
    review(log, roles, &[], &Task::default()).unwrap()
}

#[test]
fn plain_history_is_not_taken_for_a_trial() {
    // Half of the rows got each action, so sizes are those of an even draw; only x tells them apart.
    let log = history(8_000, |x| x, 1);
    let proposal = propose(&log).unwrap();
    assert_eq!((&proposal.roles.logging, &proposal.roles.guess), (&Logging::Unknown, &None));
    assert!(matches!(proposal.roles.design(&log), Design::Chosen(_)));
    let asked = proposal.questions.iter().find(|q| q.contains("drawn by lot")).unwrap();
    assert!(asked.contains("`x`") && asked.contains("plain history"), "{asked}");
    let found = looked_over(&log, &proposal.roles);
    assert!(found.log.exploratory.is_some() && found.log.weighed);
    let told = |message: &str| message.contains("columns tell them apart") && message.contains("`x`");
    assert!(proposal.roles.check(&log).iter().any(|problem| told(&problem.message)));
    // The truth is 0, the plain difference of means 0.23; a logit of the mail errs a little at the ends of x, and most of it is gone.
    let effect = &found.log.effects[0].estimate;
    assert!(effect.value.abs() < 0.06 && effect.method == Method::Snips, "{effect:?}");
    // Where the logit is right, so is the interval.
    let fitting = history(8_000, |x| 1.0 / (1.0 + libm::exp(2.0 - 4.0 * x)), 3);
    let roles = propose(&fitting).unwrap().roles;
    assert_eq!(roles.logging, Logging::Unknown);
    let own = looked_over(&fitting, &roles).log.effects[0].estimate;
    assert!(own.value.abs() < 3.0 * own.se && own.se < 0.02, "{own:?}");
    // Said to be a trial all the same, it is believed, and the balance of its arms is told.
    let mut said = proposal.roles.clone();
    said.set_logging(Logging::Randomised([("mail".into(), 0.5), ("none".into(), 0.5)].into()));
    let found = looked_over(&log, &said);
    let check = found.checks.iter().find(|check| check.kind == CheckKind::Balance).unwrap();
    assert_eq!(check.severity, Some(Severity::Warning));
    assert!(check.message.contains("`x`") && found.log.findings.iter().any(|f| f.contains("`x`")), "{check:?}");
    assert!(found.log.effects[0].estimate.value > 0.2 && !found.log.weighed && !found.failed());
}

#[test]
fn a_design_that_nobody_stated_is_a_guess_and_asked_about() {
    let log = history(8_000, |_| 0.5, 2);
    let proposal = propose(&log).unwrap();
    assert!(matches!(proposal.roles.logging, Logging::Randomised(_)));
    let why = proposal.roles.guess.clone().unwrap();
    assert!(why.contains("even draw") && why.contains("no column tells them apart"), "{why}");
    assert!(proposal.questions.iter().any(|q| q.contains("That is a guess") && q.contains(&why)), "{proposal:?}");
    assert!(
        proposal.roles.check(&log).iter().any(|p| p.severity == Severity::Warning && p.message.contains("a guess"))
    );
    let found = looked_over(&log, &proposal.roles);
    assert!(found.log.logging.contains("a guess") && found.log.findings.iter().any(|f| f.contains("a guess")));
    assert!(found.log.exploratory.is_none() && !found.log.weighed);
    let check = found.checks.iter().find(|check| check.kind == CheckKind::Balance).unwrap();
    assert_eq!(check.severity, None, "{check:?}");
    // Said by a person it is no guess.
    let mut said = proposal.roles.clone();
    said.set_logging(said.logging.clone());
    let found = looked_over(&log, &said);
    assert!(found.log.guess.is_none() && found.log.findings.is_empty() && found.questions.len() == 1, "{found:#?}");
    // A guess is kept with the roles.
    let text = serde_json::to_string(&proposal.roles).unwrap();
    assert_eq!(serde_json::from_str::<Roles>(&text).unwrap(), proposal.roles);
    // What followed the action tells the arms apart; as an outcome it says nothing of the draw.
    let opened: Vec<Option<bool>> = log
        .dictionary("offer")
        .unwrap()
        .codes
        .iter()
        .enumerate()
        .map(|(i, code)| Some(*code == 0 && i % 3 == 0))
        .collect();
    let mut columns: Vec<(String, Cells)> =
        log.columns().iter().map(|c| (c.name.clone(), log.cells(&c.name).unwrap().clone())).collect();
    columns.push(("opened".into(), Cells::Bool(opened)));
    let with = Dataset::from_columns("log", columns).unwrap();
    let mut roles = propose(&with).unwrap().roles;
    assert_eq!(roles.logging, Logging::Unknown);
    roles.columns.insert("opened".into(), Role::Outcome);
    roles.suggest_logging(&with);
    assert!(roles.guess.is_some() && matches!(roles.logging, Logging::Randomised(_)));
}

#[test]
fn guesses_are_right_far_more_often_than_not() {
    // Of draws by lot one in fifty or so is missed (each test at 1 %); of histories that followed x none is taken for a draw.
    let guessed = |by_lot: bool| {
        (0..60)
            .filter(|seed| {
                propose(&history(800, |x| if by_lot { 0.5 } else { x }, 100 + seed)).unwrap().roles.guess.is_some()
            })
            .count()
    };
    assert!(guessed(true) >= 55, "{}", guessed(true));
    assert_eq!(guessed(false), 0);
}

#[test]
fn hillstrom_is_balanced() {
    let Some(file) = shared("data/hillstrom/hillstrom.csv") else { return };
    let log = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let proposal = propose(&log).unwrap();
    assert!(proposal.roles.guess.is_some());
    let found = looked_over(&log, &proposal.roles);
    let check = found.checks.iter().find(|check| check.kind == CheckKind::Balance).unwrap();
    assert_eq!(check.severity, None, "{check:?}");
    let balance = found.log.balance.unwrap();
    assert!(balance.p > 0.01 && balance.rows == 64_000 && balance.columns == 8, "{balance:?}");
}

fn roles_of(columns: &[(&str, Role)], arms: &[&str], logging: Logging) -> Roles {
    let mut roles = Roles { as_of: Some(1_700_000_000_000), logging, ..Roles::default() };
    roles.columns = columns.iter().map(|(name, role)| ((*name).to_owned(), *role)).collect();
    roles.arms = arms
        .iter()
        .map(|arm| {
            let candidate = || Arm::Candidate { action: (*arm).to_owned(), treatment: "default".to_owned() };
            ((*arm).to_owned(), if *arm == "none" { Arm::NoAction } else { candidate() })
        })
        .collect();
    roles
}

#[test]
fn effects_are_weighed_by_what_each_row_was_logged_with() {
    // Propensities of each row are known and follow x; the effect of the mail is 0.1 everywhere. In half of the rows a second action was
    // eligible too, where it is 0.2; elsewhere rates are higher.
    let mut random = Random::new(8);
    let n = 30_000;
    let (mut did, mut p, mut sets, mut y, mut who) = (vec![], vec![], vec![], vec![], vec![]);
    for row in 0..n {
        let x = random.uniform();
        let (chances, set, base) = match random.chance(0.5) {
            true => ([0.5 - 0.3 * x, 0.2 + 0.3 * x, 0.3], "none|mail|call", 0.1 + 0.3 * x),
            false => ([0.8 - 0.6 * x, 0.2 + 0.6 * x, 0.0], "none|mail", 0.4 + 0.3 * x),
        };
        let at = random.pick(&chances);
        did.push(Some(["none", "mail", "call"][at]));
        p.push(chances[at]);
        sets.push(Some(set));
        y.push(i64::from(random.chance(base + [0.0, 0.1, 0.2][at])));
        who.push(row as i64);
    }
    let log = Dataset::from_columns(
        "log",
        vec![
            ("did".to_owned(), Cells::from_texts(did)),
            ("p".to_owned(), Cells::Number(p.clone())),
            ("eligible".to_owned(), Cells::from_texts(sets)),
            ("y".to_owned(), Cells::Integer(y)),
            ("who".to_owned(), Cells::Integer(who)),
        ],
    )
    .unwrap();
    let columns =
        [("did", Role::Action), ("p", Role::LoggingPropensity), ("eligible", Role::Eligible), ("y", Role::Outcome)];
    let roles = roles_of(&columns, &["none", "mail", "call"], Logging::Column);
    let found = looked_over(&log, &roles);
    assert!(found.log.weighed && found.log.exploratory.is_none());
    let effect = |found: &Review, arm: &str| found.log.effects.iter().find(|e| e.arm == arm).unwrap().estimate;
    for (arm, truth) in [("mail", 0.1), ("call", 0.2)] {
        let own = effect(&found, arm);
        assert!((own.value - truth).abs() < 3.0 * own.se && own.se < 0.02, "{arm}: {own:?}");
    }
    // Every row five times, of one subject: the same numbers with the same error.
    let five = |rows: usize| (0..rows as u32 * 5).map(|i| i / 5).collect::<Vec<u32>>();
    let few: Vec<u32> = (0..2_000).collect();
    let once = log.select(&few);
    let copies = once.select(&five(2_000));
    let mut by_subject = roles.clone();
    by_subject.columns.insert("who".into(), Role::Subject);
    let (once, copies, rows) =
        (looked_over(&once, &by_subject), looked_over(&copies, &by_subject), looked_over(&copies, &roles));
    for arm in ["mail", "call"] {
        let (a, b, c) = (effect(&once, arm), effect(&copies, arm), effect(&rows, arm));
        assert!((a.value - b.value).abs() < 1e-12 && (b.se / a.se - 1.0).abs() < 0.01, "{a:?} {b:?}");
        assert!(c.se < 0.5 * a.se, "{c:?}");
    }
}

#[test]
fn probabilities_of_the_eligible_are_logging_propensities() {
    let mut random = Random::new(9);
    let n = 4_000;
    let (mut did, mut y, mut sets, mut lists, mut named, mut truth) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..n {
        let high = random.chance(0.5);
        let share = if high { 0.75 } else { 0.25 };
        let mail = random.chance(share);
        did.push(Some(if mail { "mail" } else { "none" }));
        sets.push(Some("mail|none"));
        lists.push(Some(if high { "0.75|0.25" } else { "0.25|0.75" }));
        named.push(Some(if high { "{none: 0.25, mail: 0.75}" } else { "{none: 0.75, mail: 0.25}" }));
        truth.push(if mail { share } else { 1.0 - share });
        y.push(i64::from(random.chance(if high { 0.6 } else { 0.2 })));
    }
    let log = Dataset::from_columns(
        "log",
        vec![
            ("offer".to_owned(), Cells::from_texts(did)),
            ("eligible".to_owned(), Cells::from_texts(sets)),
            ("lists".to_owned(), Cells::from_texts(lists)),
            ("named".to_owned(), Cells::from_texts(named)),
            ("visit".to_owned(), Cells::Integer(y)),
        ],
    )
    .unwrap();
    for (column, with_sets) in [("lists", true), ("named", true), ("named", false)] {
        let mut columns = vec![("offer", Role::Action), (column, Role::Probabilities), ("visit", Role::Outcome)];
        columns.extend(with_sets.then_some(("eligible", Role::Eligible)));
        let mut roles = roles_of(&columns, &["none", "mail"], Logging::Unknown);
        roles.suggest_logging(&log);
        assert_eq!(roles.logging, Logging::Column, "{column}");
        assert!(
            roles.check(&log).iter().all(|problem| problem.severity < Severity::Warning),
            "{:?}",
            roles.check(&log)
        );
        let read = DecisionLog::new(&log, &roles, None).unwrap();
        assert_eq!(read.propensity, truth, "{column}");
        assert!(read.logging.contains(column) && read.exploratory.is_none() && read.findings.is_empty(), "{read:?}");
        // Nothing was done by the mail; the means of those who got it say 0.2.
        let effect = looked_over(&log, &roles).log.effects[0].estimate;
        assert!(effect.value.abs() < 3.0 * effect.se, "{effect:?}");
    }
    // Lists without names and without the eligible say nothing, and it is said what is missing.
    let columns = [("offer", Role::Action), ("lists", Role::Probabilities), ("visit", Role::Outcome)];
    let mut roles = roles_of(&columns, &["none", "mail"], Logging::Unknown);
    roles.suggest_logging(&log);
    assert_eq!(roles.logging, Logging::Unknown);
    roles.set_logging(Logging::Column);
    let said = DecisionLog::new(&log, &roles, None).unwrap_err().to_string();
    assert!(said.contains("`lists`") && said.contains("a:0.5|b:0.5"), "{said}");
}
