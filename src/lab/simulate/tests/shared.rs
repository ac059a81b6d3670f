//! What is counted over several subjects: rows are left out only where the others decide alike, what a rule does is what all rows say,
//! and a sample that cannot say it says so.

use super::shop::{Shop, count, lifetime, shop, stock};
use super::{cap, compile, logistic, only, plain, rule, world};
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::simulate::impact::Compared;
use crate::simulate::log::DecisionLog;
use crate::simulate::questions::compare::{Ask, compare};
use crate::simulate::questions::{Knob, budgets::budgets, sweep::sweep};
use crate::simulate::replay::{NO_ACTION, Replay, Stage as Deciding, sample, thin, thinned};
use crate::simulate::report::{Method, Report, RuleKind};
use crate::simulate::search::{SearchOptions, tree, tune};
use crate::simulate::{KeepNothing, Options, Other, replay, run};
use crate::task::Task;
use crate::world::WorldSpec;
use attune_policy::arbitration::{Floor, Mode};
use attune_policy::contact::{CapTarget, CoolDown, EventKind, Exclusion, OnHit, QuietHours, Suppression, TimeOfDay};
use attune_policy::document::Document;
use attune_policy::history::Identity;
use attune_policy::holdout::Holdout;
use attune_policy::rule::{Scope, Stage};
use std::sync::{Arc, OnceLock};

/// What is counted, by whom, and whether whole subjects may be left out, whole households, or nobody.
fn policies(shop: &Shop) -> Vec<(&'static str, Document, Leaving)> {
    let document = || shop.document();
    vec![
        (
            "a cap of each subject",
            Document { caps: vec![lifetime("one", Identity::Subject, 1)], ..document() },
            Leaving::Subjects,
        ),
        (
            "a cap of households",
            Document { caps: vec![lifetime("home", Identity::Household, 2)], ..document() },
            Leaving::Households,
        ),
        ("a budget", shop.budgeted(0.3), Leaving::Nobody),
        ("a stock", Document { stocks: vec![stock(300)], ..document() }, Leaving::Nobody),
        (
            "a cap over everybody",
            Document { caps: vec![lifetime("all", Identity::Global, 300)], ..document() },
            Leaving::Nobody,
        ),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaving {
    Subjects,
    Households,
    Nobody,
}

#[test]
fn rows_are_left_out_only_where_the_others_decide_alike() {
    let shop = shop(2_000, 0.0, 1);
    let (dataset, roles) = (&shop.trial, &shop.roles);
    let log = DecisionLog::new(dataset, roles, None).unwrap();
    let options = plain();
    let stage = Deciding { dataset, roles, log: &log, options: &options };
    let all: Vec<u32> = (0..2_000).collect();
    // Those that are valued: every third customer, as where a model learned from the others.
    let used: Vec<u32> = all.iter().copied().filter(|row| (row % 1_000).is_multiple_of(3)).collect();
    for (what, document, leaving) in policies(&shop) {
        let policy = compile(document);
        let decide = |rows: &[u32]| stage.decide(&policy, rows.to_vec(), &Task::default()).unwrap();
        let whole = decide(&all);
        let same = |part: &Replay, rows: &[u32]| {
            let pairs = whole.positions(rows).into_iter().zip(part.positions(rows));
            pairs.filter(|(a, b)| whole.chosen[*a] != part.chosen[*b]).count() == 0
        };
        let found = thinned(&policy, (&all, &used), 200, dataset, roles, 9).unwrap();
        assert!(same(&decide(&found.decided), &found.used), "{what}");
        assert_eq!(found.shared.is_some(), leaving == Leaving::Nobody, "{what}");
        let subjects = thin(used.clone(), 200, dataset, roles, 9).unwrap();
        match leaving {
            Leaving::Subjects => assert_eq!((&found.decided, &found.used), (&subjects, &subjects), "{what}"),
            Leaving::Households => {
                assert!(found.used.len() < 300 && found.decided.len() > found.used.len(), "{what}");
                assert!(found.decided.len() < 1_200, "{what}: {}", found.decided.len());
            }
            Leaving::Nobody => assert_eq!((&found.decided, &found.used), (&all, &used), "{what}"),
        }
        // Whole subjects alone would have decided otherwise.
        assert_eq!(same(&decide(&subjects), &subjects), leaving == Leaving::Subjects, "{what}");
    }
    // Of few large households none is left out.
    let mut large = roles.clone();
    large.columns.insert("household".into(), crate::data::Role::Ignored);
    large.columns.insert("arm".into(), crate::data::Role::Household);
    let policy = compile(policies(&shop)[1].1.clone());
    let found = thinned(&policy, (&all, &used), 200, dataset, &large, 9).unwrap();
    assert_eq!((found.decided.len(), found.used.len()), (all.len(), used.len()));
}

/// The report of a simulation.
fn simulated(shop: &Shop, document: Document, options: &Options) -> Report {
    run(&compile(document), &[], &shop.trial, &shop.roles, options, &Task::default()).unwrap().report
}

#[test]
fn what_a_rule_does_under_a_budget_is_what_all_rows_say() {
    let shop = shop(4_000, 0.0, 2);
    let options = Options { impact_rows: 500, baselines: false, bootstrap: 0, rewards: None, ..Options::default() };
    let mut cases = policies(&shop);
    // A model: the rows that are valued are those that it did not learn from, and the budget is spent by all.
    let mut learned = shop.budgeted(0.3);
    learned.models.push(logistic("visits", "x", -1.0, 0.5));
    learned.actions[0].propensity = Some("visits".into());
    learned.arbitration.mode = Mode::Pcvl;
    cases.push(("a budget and a model", learned, Leaving::Nobody));
    for (what, mut document, leaving) in cases {
        // It removes a handful, one in two hundred.
        document.rules = vec![rule("handful", Stage::Eligibility, Scope::All, "x < 0.995")];
        let with = simulated(&shop, document.clone(), &options);
        for impact in &with.rules {
            let told = impact.without.as_ref().unwrap();
            let mut off = document.clone();
            off.rules.retain(|r| r.id != impact.id);
            off.caps.retain(|c| c.id != impact.id);
            off.budgets.retain(|b| b.id != impact.id);
            off.stocks.retain(|s| s.id != impact.id);
            let without = simulated(&shop, off.clone(), &options);
            let contacted = |report: &Report| report.main().unwrap().share_contacted;
            let valued = with.main().unwrap().rows.used;
            assert!(impact.removed > 0, "{what} {}", impact.id);
            if leaving != Leaving::Nobody {
                assert!(told.rows < 1_000 && told.alone_rows == told.rows, "{what}: {}", told.rows);
                let (a, b) = told.share_contacted;
                let truth = contacted(&without) - contacted(&with);
                assert!((b - a - truth).abs() < 0.06, "{what} {}: {}, in truth {truth}", impact.id, b - a);
                continue;
            }
            assert_eq!((told.rows, told.alone_rows), (valued, valued), "{what}");
            assert_eq!(told.share_contacted, (contacted(&with), contacted(&without)), "{what} {}", impact.id);
            let value = |report: &Report| report.main().unwrap().values[0].answer.value;
            let cost = told.value_cost[0].unwrap().value;
            assert!((cost - (value(&without) - value(&with))).abs() < 1e-12, "{what} {}: {cost}", impact.id);
            let decide = |document: Document| {
                replay(&compile(document), &shop.trial, &shop.roles, &plain(), &Task::default()).unwrap().chosen
            };
            let (own, free) = (decide(document.clone()), decide(off));
            let changed = own.iter().zip(&free).filter(|(a, b)| a != b).count() as u64;
            match valued {
                4_000 => assert_eq!(told.choices_changed, changed, "{what} {}", impact.id),
                _ => assert!(told.choices_changed < changed, "{what} {}", impact.id),
            }
            // Nothing else holds these candidates back before they are compared, but for what the rule kept from a limit.
            let least = u64::from(impact.id != "handful" || what.starts_with("a budget"));
            assert!((least..=impact.removed).contains(&told.removed_alone), "{what}: {impact:?}");
        }
        assert_eq!(with.rules.len(), 2, "{what}");
    }
}

/// Everything that can be switched off, in one policy.
fn crowded(world: &crate::world::World) -> Document {
    let names = ["style_email", "home_email", "discount_email"];
    let schema = world.roles.schema(&world.trial);
    let mut document = super::document(schema, &[(names[0], 3.0), (names[1], 2.0), (names[2], 1.0)]);
    document.holdouts = vec![Holdout { id: "tenth".into(), salt: "s".into(), share: 0.1, ..Holdout::default() }];
    document.rules = vec![
        rule("buyers", Stage::Applicability, only(names[0]), "frequency >= 2"),
        rule("lift_home", Stage::Lever, only(names[1]), "1.2"),
        rule("soften", Stage::SoftSuitability, only(names[0]), "0.9"),
        rule("off", Stage::Suitability, only(names[0]), "false"),
    ];
    document.rules[3].enabled = false;
    document.caps = vec![cap("weekly", CapTarget::All, EventKind::Sent, 2, Some(7))];
    document.suppressions = vec![Suppression {
        id: "visited".into(),
        name: "Has visited".into(),
        outcome: EventKind::Custom("visit".into()),
        times: 1,
        within: 30 * 86_400,
        for_: 4 * 86_400,
        target: CapTarget::Action,
        channel: None,
        enabled: true,
    }];
    document.cool_downs = vec![CoolDown {
        id: "rest".into(),
        name: "Rest".into(),
        target: CapTarget::Action,
        channel: None,
        event: EventKind::Sent,
        gap: 4 * 86_400,
        on_hit: OnHit::Drop,
        enabled: true,
    }];
    document.exclusions = vec![Exclusion {
        id: "either".into(),
        name: "Either".into(),
        members: vec![only(names[0]), only(names[2])],
        at_most: 1,
        event: EventKind::Sent,
        window: Some(attune_policy::contact::Window::Rolling(9 * 86_400)),
        enabled: true,
    }];
    document.quiet_hours = vec![QuietHours {
        id: "night".into(),
        name: "Night".into(),
        channel: None,
        when: None,
        weekdays: Vec::new(),
        from: TimeOfDay::at(11, 0),
        until: TimeOfDay::at(8, 0),
        on_hit: OnHit::Drop,
        enabled: true,
    }];
    document.stocks = vec![attune_policy::contact::Stock { action: names[0].into(), ..stock(200) }];
    document.budgets = vec![count("mails", 700.0)];
    document.arbitration.floors.push(Floor { scope: only(names[2]), min_propensity: None, min_priority: Some(1.5) });
    document
}

#[test]
fn everything_that_can_be_switched_off_is_told_by_a_simulation_and_by_a_comparison_alike() {
    let world = world(WorldSpec { customers: 500, decisions: 6, gap_days: 3, ..WorldSpec::default() });
    let policy = compile(crowded(&world));
    let options = Options { impact_rows: 400, baselines: false, bootstrap: 0, rewards: None, ..Options::default() };
    let (dataset, roles, task) = (&world.trial, &world.roles, Task::default());
    let report = run(&policy, &[], dataset, roles, &options, &task).unwrap().report;
    let list: Vec<(&str, &str)> = report.rules.iter().map(|rule| (rule.kind.word(), rule.id.as_str())).collect();
    assert_eq!(
        list,
        [
            ("holdout", "tenth"),
            ("rule", "buyers"),
            ("rule", "off"),
            ("soft rule", "soften"),
            ("lever", "lift_home"),
            ("cap", "weekly"),
            ("suppression", "visited"),
            ("cool-down", "rest"),
            ("exclusion", "either"),
            ("quiet hours", "night"),
            ("stock", "gifts"),
            ("floor", "min_priority"),
            ("budget", "mails"),
        ]
    );
    for rule in &report.rules {
        let removes = rule.kind.removes() && rule.id != "off";
        assert_eq!(rule.removed > 0, removes, "{rule:?}");
        assert_eq!(rule.without.is_some(), rule.id != "off", "{}", rule.id);
        if let Some(without) = rule.without.as_ref().filter(|_| removes) {
            assert!(without.removed_alone <= rule.removed && without.rows == 3_000, "{rule:?}");
        }
    }
    let alone = report.rules.iter().filter(|r| r.without.as_ref().is_some_and(|w| w.removed_alone > 0)).count();
    assert!(alone >= 8, "{alone}");
    // A lever removes nothing and changes choices all the same.
    let lever = report.rules.iter().find(|r| r.kind == RuleKind::Lever).unwrap();
    assert_eq!(lever.without.as_ref().unwrap().removed_alone, 0);

    let ask =
        Ask { today: Other { name: "today", policy: &policy }, others: &[Other { name: "new", policy: &policy }] };
    let compared = compare(ask, dataset, roles, &options, &KeepNothing, &task).unwrap();
    let told: Vec<_> = report.rules.iter().filter(|rule| rule.without.is_some()).collect();
    assert_eq!(compared.rules.len(), told.len());
    assert_eq!((compared.rule_rows, compared.alone_rows), (3_000, 3_000));
    for (loss, rule) in compared.rules.iter().zip(told) {
        let without = rule.without.as_ref().unwrap();
        assert_eq!((loss.kind.as_str(), loss.id.as_str()), (rule.kind.word(), rule.id.as_str()));
        assert_eq!((loss.removed, loss.removed_alone), (rule.removed, without.removed_alone), "{}", loss.id);
        assert!((loss.changed.value - without.choices_changed as f64 / 3_000.0).abs() < 1e-12, "{}", loss.id);
        let (a, b) = without.share_contacted;
        assert!((loss.contacted.value - (b - a)).abs() < 1e-12, "{}", loss.id);
    }
}

#[test]
fn what_each_part_costs_is_said_while_it_is_decided() {
    let shop = shop(600, 0.0, 3);
    let log = DecisionLog::new(&shop.trial, &shop.roles, None).unwrap();
    let options = Options { impact_rows: 100, ..plain() };
    let stage = Deciding { dataset: &shop.trial, roles: &shop.roles, log: &log, options: &options };
    let all: Vec<u32> = (0..600).collect();
    let words =
        |document: Document| Compared::new(&compile(document), &all, &all, &stage).unwrap().stage("Consent", (1, 9));
    assert_eq!(
        words(Document { stocks: vec![stock(9)], ..shop.budgeted(0.3) }),
        "Deciding all 600 rows without Consent (2 of 9): budget mails and stock gifts count over everybody, so each is a whole replay"
    );
    let few = words(shop.document());
    assert!(
        few.starts_with("Deciding ") && few.ends_with(" rows without Consent (2 of 9)") && !few.contains("all"),
        "{few}"
    );
}

#[test]
fn a_sample_that_cannot_tell_says_so() {
    let shop = shop(4_000, 0.0, 4);
    let options = Options { sample: Some(1_000), ..plain() };
    let (dataset, roles) = (&shop.trial, &shop.roles);
    for (what, document, leaving) in policies(&shop) {
        let policy = compile(document.clone());
        let report = run(&policy, &[], dataset, roles, &options, &Task::default()).unwrap().report;
        let caveat = report.main().unwrap().rows.caveat.as_deref();
        let noted = report.notes.iter().find(|note| note.term == "sample").map(|note| note.definition.as_str());
        assert_eq!(caveat, noted, "{what}");
        let ask = Ask { today: Other { name: "a", policy: &policy }, others: &[Other { name: "b", policy: &policy }] };
        let compared = compare(ask, dataset, roles, &options, &KeepNothing, &Task::default()).unwrap();
        let knobs = [Knob::parse("lever:mail=0,10").unwrap()];
        let swept = sweep(&policy, &knobs, dataset, roles, &options, &KeepNothing, &Task::default()).unwrap();
        assert_eq!((compared.rows.caveat.as_deref(), swept.rows.caveat.as_deref()), (caveat, caveat), "{what}");
        for notes in [&compared.notes, &swept.notes] {
            assert_eq!(notes.iter().any(|note| note.term == "sample"), caveat.is_some(), "{what}");
        }
        if leaving == Leaving::Nobody {
            assert!(caveat.is_some_and(|text| text.contains("over the sample alone, 2")), "{what}: {caveat:?}");
            continue;
        }
        // Of subjects, and of whole households, a sample says what all rows say of the same ones.
        assert_eq!(caveat, None, "{what}");
        let drawn = sample(&[&policy], dataset, roles, &options).unwrap().rows;
        let decide = |options: &Options| replay(&policy, dataset, roles, options, &Task::default()).unwrap();
        let (whole, part) = (decide(&plain()), decide(&options));
        assert!(part.rows == drawn && (700..1_300).contains(&drawn.len()), "{what}: {}", drawn.len());
        for (at, place) in whole.positions(&drawn).into_iter().zip(0..) {
            assert_eq!(whole.chosen[at], part.chosen[place], "{what}");
        }
    }
    // Of all rows nothing is said, nor where no row sees another.
    let mut timeless = roles.clone();
    timeless.columns.remove("decided_at");
    timeless.as_of = Some(0);
    for (roles, options) in [(roles, &plain()), (&timeless, &options)] {
        let policy = compile(shop.budgeted(0.3));
        let report = run(&policy, &[], dataset, roles, options, &Task::default()).unwrap().report;
        assert_eq!(report.main().unwrap().rows.caveat, None);
    }
}

#[test]
fn a_value_with_state_says_what_it_assumes() {
    let shop = shop(1_000, 0.0, 5);
    let (policy, options, task) = (compile(shop.budgeted(0.3)), plain(), Task::default());
    let (dataset, roles) = (&shop.trial, &shop.roles);
    let ask = Ask { today: Other { name: "a", policy: &policy }, others: &[Other { name: "b", policy: &policy }] };
    let knobs = [Knob::parse("lever:mail=0,10").unwrap()];
    for notes in [
        run(&policy, &[], dataset, roles, &options, &task).unwrap().report.notes,
        compare(ask, dataset, roles, &options, &KeepNothing, &task).unwrap().notes,
        sweep(&policy, &knobs, dataset, roles, &options, &KeepNothing, &task).unwrap().notes,
    ] {
        let state = notes.iter().find(|note| note.term == "state").unwrap();
        assert!(state.definition.contains("carry nothing over") && state.definition.contains("trajectory weighting"));
    }
}

/// A task that stops at a stage.
fn stops_at(stage: &'static str) -> Task {
    let own: Arc<OnceLock<Task>> = Arc::default();
    let seen = own.clone();
    let task = Task::with_wake(move || {
        if let Some(task) = seen.get()
            && task.progress().stage == stage
        {
            task.cancel();
        }
    });
    let _ = own.set(task.clone());
    task
}

#[test]
fn estimating_how_history_chose_is_a_stage_that_can_be_stopped() {
    let shop = shop(3_000, 0.0, 6);
    let mut roles = shop.roles.clone();
    roles.logging = crate::data::Logging::Unknown;
    let (dataset, roles, options) = (&shop.trial, &roles, Options { impact_rows: 0, ..plain() });
    let policy = compile(shop.budgeted(0.3));
    let ask = Ask { today: Other { name: "a", policy: &policy }, others: &[Other { name: "b", policy: &policy }] };
    let knobs = [Knob::parse("lever:mail=0,10").unwrap()];
    let search = SearchOptions { bootstrap: 0, ..SearchOptions::default() };
    type Question<'a> = (&'a str, Box<dyn Fn(&Task) -> crate::error::Result<()> + 'a>);
    let questions: [Question<'_>; 5] = [
        ("compare", Box::new(|task| compare(ask, dataset, roles, &options, &KeepNothing, task).map(drop))),
        ("sweep", Box::new(|task| sweep(&policy, &knobs, dataset, roles, &options, &KeepNothing, task).map(drop))),
        ("budgets", Box::new(|task| budgets(&policy, dataset, roles, &options, &KeepNothing, task).map(drop))),
        ("tree", Box::new(|task| tree(&policy, &[], dataset, roles, &search, task).map(drop))),
        ("tune", Box::new(|task| tune(&policy, &[], dataset, roles, &search, task).map(drop))),
    ];
    for (what, ask) in questions {
        let task = stops_at("Estimating how history chose");
        let ended = ask(&task);
        assert!(task.is_cancelled() && ended.is_err_and(|error| error.is_cancelled()), "{what}");
    }
}

#[test]
fn any_number_of_threads_compares_sweeps_and_tells_of_budgets_alike() {
    let shop = shop(1_600, 0.1, 7);
    let (dataset, roles, task) = (&shop.trial, &shop.roles, Task::default());
    let options = Options { bootstrap: 60, impact_rows: 200, segment: Some("arm".into()), ..plain() };
    let with = |change: &dyn Fn(&mut Document)| {
        let mut document = shop.budgeted(0.3);
        document.rules = vec![rule("high", Stage::Applicability, Scope::All, "x > 0.4")];
        change(&mut document);
        compile(document)
    };
    let policies = [
        with(&|_| ()),
        with(&|d| d.caps = vec![lifetime("home", Identity::Household, 2)]),
        // Nobody shares anything.
        with(&|d| d.budgets.clear()),
    ];
    let knobs = [Knob::parse("rule:high.x=0.2,0.7").unwrap()];
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let each = policies.iter().enumerate().map(|(at, policy)| {
                let others = [Other { name: "other", policy: &policies[(at + 1) % 3] }];
                let ask = Ask { today: Other { name: "today", policy }, others: &others };
                (
                    compare(ask, dataset, roles, &options, &KeepNothing, &task).unwrap(),
                    sweep(policy, &knobs, dataset, roles, &options, &KeepNothing, &task).unwrap(),
                    budgets(policy, dataset, roles, &options, &KeepNothing, &task).unwrap(),
                )
            });
            each.collect::<Vec<_>>()
        })
    };
    let one = on(1);
    assert!(one == on(2));
    let contacted: Vec<f64> = one.iter().map(|(compared, ..)| compared.policies[0].share_contacted.value).collect();
    assert!((contacted[0] - 0.3).abs() < 1e-9 && contacted[2] > 0.5, "the budget binds: {contacted:?}");
}

/// Rows of no action, so that what a policy does with the budget shows.
#[test]
fn the_budget_of_a_sample_is_told_as_it_is() {
    let shop = shop(4_000, 0.0, 8);
    let policy = compile(shop.budgeted(0.3));
    let contacted = |options: &Options| {
        let replay = replay(&policy, &shop.trial, &shop.roles, options, &Task::default()).unwrap();
        replay.chosen.iter().filter(|chosen| **chosen != NO_ACTION).count() as f64 / replay.rows.len() as f64
    };
    assert!((contacted(&plain()) - 0.3).abs() < 1e-9);
    assert!(contacted(&Options { sample: Some(1_000), ..plain() }) > 0.9, "a limit is not scaled");
}

#[test]
fn weights_are_multiplied_along_all_decisions_whether_or_not_their_outcome_is_known() {
    let shop = shop(6_000, 0.1, 5);
    // Nobody knows what became of every fifth decision of the first half, which are the customers' first.
    let unknown = |row: usize| row.is_multiple_of(5) && row < 3_000;
    let lost = |name: &str, cells: &Cells| match name {
        "bought" => {
            let values = cells.numbers().unwrap();
            Cells::Number((0..values.len()).map(|row| if unknown(row) { f64::NAN } else { values[row] }).collect())
        }
        _ => cells.clone(),
    };
    let columns = shop.trial.columns().iter().map(|own| own.name.clone());
    let columns = columns.map(|name| (name.clone(), lost(&name, shop.trial.cells(&name).unwrap()))).collect();
    let dataset = Dataset::from_columns("shop", columns).unwrap();
    // It mails everybody: the cap is reached by nobody.
    let never = cap("plenty", CapTarget::All, EventKind::Sent, 9, None);
    let policy = compile(Document { caps: vec![never], ..shop.document() });
    let (options, task) = (plain(), Task::default());
    let ask = Ask { today: Other { name: "a", policy: &policy }, others: &[Other { name: "b", policy: &policy }] };
    let knobs = [Knob::parse("lever:mail=0,10").unwrap()];
    let report = run(&policy, &[], &dataset, &shop.roles, &options, &task).unwrap().report;
    let compared = compare(ask, &dataset, &shop.roles, &options, &KeepNothing, &task).unwrap();
    let swept = sweep(&policy, &knobs, &dataset, &shop.roles, &options, &KeepNothing, &task).unwrap();
    // By hand: customer i is decided for in rows i and 3,000 + i, with weight 2 where a mail was logged and 0 elsewhere.
    let mailed: Vec<f64> = shop
        .trial
        .texts("arm")
        .unwrap()
        .iter()
        .map(|arm| f64::from(u8::from(arm.as_deref() == Some("mail"))))
        .collect();
    let bought = shop.trial.numbers("bought").unwrap();
    let (mut total, mut gain) = (0.0, 0.0);
    for row in (0..6_000).filter(|row| !unknown(*row)) {
        let before = if row < 3_000 { 1.0 } else { 2.0 * mailed[row - 3_000] };
        let weight = before * 2.0 * mailed[row];
        total += weight;
        gain += weight * bought[row];
    }
    let main = report.main().unwrap().value("bought").unwrap().by(Method::Trajectory).copied().unwrap();
    let others = compared
        .policies
        .iter()
        .map(|own| &own.trajectory[0])
        .chain(swept.settings.iter().map(|own| &own.trajectory[0]));
    for own in others.map(|own| own.estimate.unwrap()).chain([main]) {
        assert!((own.value - gain / total).abs() < 1e-12, "{own:?} and not {}", gain / total);
        assert_eq!(own.n, 6_000 - 600);
    }
}
