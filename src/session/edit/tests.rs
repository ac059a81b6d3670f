//! Law 4: for every edit, apply and undo is where it started, undo and redo is where it ended; and every edit leaves a whole
//! document or changes nothing.

use super::{DraftPart, Edit};
use crate::{Document, UndoStack};
use attune_lab::data::import::ImportOptions;
use attune_lab::data::{Arm, Column, Logging, Role, Roles, TableKind};
use attune_lab::models::ModelSpec;
use attune_lab::project::{
    Attachment, DataSource, Goal, Learned, LearnedKind, Parts, RowEvent, Scenario, Starter, Usage, samples,
};
use attune_lab::random::Random;
use attune_policy::Value;
use attune_policy::action::{Channel, Direction, Group, Issue, Treatment};
use attune_policy::arbitration::{Arbitration, ContextWeight, Floor, Mode, Slots};
use attune_policy::contact::{CoolDown, EventKind, QuietHours};
use attune_policy::document::{Fallback, Operation, Source};
use attune_policy::exploration::Exploration;
use attune_policy::holdout::{Holdout, HoldoutKind};
use attune_policy::model::{Encode, Input, Model};
use attune_policy::recipe::{Op, Step};
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::schema::{Freshness, Missing};
use attune_policy::value::Type;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

const STAGES: [Stage; 5] =
    [Stage::Guard, Stage::Eligibility, Stage::Applicability, Stage::Suitability, Stage::SoftSuitability];

fn sample() -> Parts {
    static SAMPLE: OnceLock<Parts> = OnceLock::new();
    let with_a_clock = || {
        let mut parts = samples::parts(300).unwrap();
        let column = Column { name: "seen_at".into(), source: "seen_at".into(), type_: Type::Time };
        Arc::make_mut(&mut parts.sources)[0].columns.push(column);
        Arc::make_mut(&mut parts.roles).columns.insert("seen_at".into(), Role::Context);
        parts
    };
    SAMPLE.get_or_init(with_a_clock).clone()
}

/// Number of kinds of edits that [`any_edit`] draws from.
const KINDS: usize = 55;

/// An edit of kind `kind` with arguments at random, some of which do not fit the document.
fn any_edit(kind: usize, parts: &Parts, random: &mut Random) -> Edit {
    let draft = &parts.draft;
    let mut pick = |ids: Vec<String>| -> String {
        // Now and then an id that is not there.
        let n = ids.len() + 1;
        ids.into_iter().nth(random.below(n)).unwrap_or_else(|| "nobody".into())
    };
    let rule = pick(draft.rules.iter().map(|r| r.id.clone()).collect());
    let cap = pick(draft.caps.iter().map(|c| c.id.clone()).collect());
    let action = pick(draft.actions.iter().map(|a| a.id.clone()).collect());
    let model = pick(parts.models.iter().map(|m| m.id.clone()).collect());
    let holdout = pick(draft.holdouts.iter().map(|h| h.id.clone()).collect());
    let scenario = pick(parts.scenarios.iter().map(|s| s.id.clone()).collect());
    let step = pick(parts.recipe.iter().map(|s| s.output.clone()).collect());
    let attached = pick(parts.attached.iter().map(|a| a.id.clone()).collect());
    let column = pick(parts.roles.columns.keys().cloned().collect());
    let n = random.below(6);
    let fresh = format!("new_{}", random.below(8));
    let on = random.below(2) == 0;
    let stage = STAGES[random.below(STAGES.len())];
    let some_rule = |id: &str, stage: Stage| Rule {
        id: id.into(),
        name: format!("Rule {n}"),
        stage,
        scope: Scope::All,
        expr: format!("frequency > {n}"),
        on_missing: Default::default(),
        reason: String::new(),
        enabled: on,
        note: String::new(),
        ..Rule::default()
    };
    let some_step =
        |output: &str| Step { output: output.into(), input: "age".into(), op: Op::Impute(Value::Integer(n as i64)) };
    let some_scenario =
        |id: &str| Scenario { id: id.into(), name: format!("S{n}"), note: String::new(), disabled: BTreeSet::new() };
    let some_holdout = |id: &str| Holdout {
        id: id.into(),
        kind: HoldoutKind::Action(action.clone()),
        salt: format!("s{n}"),
        share: 0.1,
        ..Holdout::default()
    };
    let treatment = |id: &str| Treatment {
        id: id.into(),
        channel: "email".into(),
        template: String::new(),
        propensity: None,
        ..Treatment::default()
    };
    let some_cap = |id: &str| {
        let mut cap = sample().draft.caps[0].clone();
        (cap.id, cap.limit) = (id.into(), Some(n as u32));
        cap
    };
    let some_action = |id: &str| {
        let mut action = sample().draft.actions[0].clone();
        (action.id, action.value) = (id.into(), n as f64);
        action
    };
    match kind {
        0 => Edit::SetGoal(Goal { name: format!("G{n}"), as_of: Some(n as i64), ..Goal::default() }),
        1 => Edit::Import {
            source: parts.sources.first().cloned().unwrap_or_else(|| sample().sources[0].clone()),
            roles: Roles { as_of: Some(99), ..Roles::default() },
            starter: on.then(|| {
                Box::new(Starter {
                    goal: Goal { as_of: Some(5), ..Goal::default() },
                    models: vec![ModelSpec::new("m", "visit")],
                    draft: (*sample().draft).clone(),
                    notes: Vec::new(),
                })
            }),
        },
        2 => Edit::SetImportOptions(ImportOptions { missing: Some(vec![format!("{n}")]), ..ImportOptions::default() }),
        3 => Edit::RemoveSource("customers".into()),
        4 => Edit::SetRoles(Roles { as_of: Some(n as i64), ..Roles::default() }),
        5 => Edit::SetRole { column, role: Role::Ignored },
        6 => Edit::SetArm { value: fresh, arm: on.then_some(Arm::NoAction) },
        7 => Edit::SetLogging(Logging::Column),
        8 => Edit::AddStep { step: some_step(&fresh), at: on.then_some(n) },
        9 => Edit::ReplaceStep { output: step, step: some_step(&fresh) },
        10 => Edit::RemoveStep(step),
        11 => Edit::MoveStep { output: step, to: n },
        12 => Edit::AddModel(ModelSpec::new(fresh, "visit")),
        13 => Edit::ReplaceModel { id: model, spec: ModelSpec::new(fresh, "visit") },
        14 => Edit::RemoveModel(model),
        15 => Edit::SetDraft(sample().draft.as_ref().clone().into()),
        16 => Edit::DescribePolicy { name: format!("P{n}"), note: fresh },
        17 => Edit::AddRule { rule: some_rule(&fresh, stage), at: on.then_some(n) },
        18 => Edit::ReplaceRule { rule: some_rule(if on { &rule } else { &fresh }, stage), id: rule },
        19 => Edit::SetRuleText { id: rule, expr: format!("age > {n}") },
        20 => Edit::RenameRule { id: rule, name: format!("R{n}") },
        21 => Edit::EnableRule { id: rule, enabled: on },
        22 => Edit::MoveRule { id: rule, stage, to: n },
        23 => Edit::RemoveRule(rule),
        24 => Edit::AddCap(some_cap(&fresh)),
        25 => Edit::ReplaceCap { cap: some_cap(if on { &cap } else { &fresh }), id: cap },
        26 => Edit::EnableCap { id: cap, enabled: on },
        27 => Edit::RemoveCap(cap),
        28 => Edit::SetIssues(vec![Issue {
            id: fresh.clone(),
            weight: 0.0,
            groups: vec![
                Group { id: "a".into(), weight: 1.0 },
                Group { id: if on { "a" } else { "b" }.into(), weight: 1.0 },
            ],
        }]),
        29 => Edit::SetChannels(vec![Channel {
            id: if on { "email".into() } else { String::new() },
            direction: Direction::Inbound,
        }]),
        30 => Edit::AddAction(some_action(&fresh)),
        31 => Edit::ReplaceAction { id: action, action: some_action(&fresh).into() },
        32 => Edit::MoveAction { id: action, to: n },
        33 => Edit::RemoveAction(action),
        34 => Edit::AddTreatment { action, treatment: treatment(&fresh) },
        35 => Edit::ReplaceTreatment {
            action,
            id: "email".into(),
            treatment: treatment(if on { "email" } else { "sms" }),
        },
        36 => Edit::RemoveTreatment { action, id: "email".into() },
        37 => Edit::SetArbitration(Arbitration {
            mode: Mode::Expression(format!("value * {n}")),
            ..Arbitration::default()
        }),
        38 => Edit::SetMode(Mode::NetValue),
        39 => Edit::SetFloors(vec![Floor { scope: Scope::All, min_propensity: Some(0.1), min_priority: None }; n]),
        40 => {
            let weight = ContextWeight { id: fresh, scope: Scope::All, when: "newsletter".into(), percent: 5.0 };
            Edit::SetContextWeights(if on { vec![weight] } else { vec![weight.clone(), weight] })
        }
        41 => Edit::SetFallback(vec![Fallback { action, treatment: "email".into() }]),
        42 => Edit::AddHoldout(some_holdout(&fresh)),
        43 => Edit::ReplaceHoldout { holdout: some_holdout(if on { &holdout } else { &fresh }), id: holdout },
        44 => Edit::RemoveHoldout(holdout),
        45 => Edit::AddScenario(some_scenario(&fresh)),
        46 => Edit::ReplaceScenario { scenario: some_scenario(if on { &scenario } else { &fresh }), id: scenario },
        47 => Edit::RemoveScenario(scenario),
        48 => Edit::SetPart(some_part(n, on)),
        49 => Edit::SetEvent { source: if on { "history" } else { "customers" }.into(), event: some_event(n) },
        50 => Edit::Attach(some_attachment(&fresh, [LearnedKind::Segments, LearnedKind::SendTimes][usize::from(on)])),
        51 => Edit::Detach(attached),
        52 => Edit::SetFreshness {
            field: column,
            freshness: on.then(|| Freshness { at: "seen_at".into(), max_age: 3_600 * n as u64 }),
        },
        53 => Edit::SetMissing {
            field: column,
            missing: [Missing::Unknown, Missing::Refuse, Missing::Default(Value::Integer(n as i64))][n % 3].clone(),
        },
        _ => Edit::SetSource(match on {
            true => DataSource { name: "history".into(), kind: TableKind::Contacts, ..sample().sources[0].clone() },
            false => DataSource { name: fresh, ..sample().sources[0].clone() },
        }),
    }
}

#[test]
fn every_edit_can_be_undone_and_redone() {
    let mut applied = BTreeSet::new();
    for seed in 0..60 {
        let mut random = Random::stream(11, seed);
        let start: Document = Arc::new(sample());
        let mut undo = UndoStack::new(start.clone());
        let mut states = vec![start.clone()];
        for _ in 0..60 {
            let kind = random.below(KINDS);
            let edit = any_edit(kind, undo.document(), &mut random);
            let label = edit.label(undo.document());
            assert!(!label.is_empty() && label.len() < 200, "{label}");
            let before = undo.document().clone();
            match edit.clone().apply(&before) {
                Ok(next) => {
                    assert_eq!(next.breaches(), Vec::<String>::new(), "{edit:?}");
                    if undo.push(label.clone(), Arc::new(next)) {
                        applied.insert(kind);
                        assert_eq!(undo.can_undo(), Some(label.as_str()));
                        states.push(undo.document().clone());
                        // Back and forth once at every step.
                        assert_eq!(undo.undo(), Some(label.clone()));
                        assert_eq!(*undo.document(), before);
                        assert_eq!(undo.redo(), Some(label));
                        assert_eq!(undo.document(), states.last().unwrap());
                    } else {
                        assert_eq!(*undo.document(), before);
                    }
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    assert_eq!(*undo.document(), before, "a refused edit changes nothing");
                }
            }
        }
        let end = undo.document().clone();
        for state in states.iter().rev().skip(1) {
            undo.undo().unwrap();
            assert_eq!(undo.document(), state);
        }
        assert_eq!((undo.undo(), undo.document()), (None, &start));
        while undo.redo().is_some() {}
        assert_eq!(*undo.document(), end);
    }
    let never: Vec<usize> = (0..KINDS).filter(|kind| !applied.contains(kind)).collect();
    assert_eq!(never, Vec::<usize>::new(), "kinds of edits that never took effect");
}

#[test]
fn labels_speak_in_the_names_people_gave() {
    let parts = sample();
    let cases = [
        (Edit::RemoveRule("consent".into()), "Remove rule “Has agreed to e-mail”"),
        (
            Edit::MoveRule { id: "adult".into(), stage: Stage::Guard, to: 0 },
            "Move rule “Is 18 or older, where we know the age”",
        ),
        (
            Edit::EnableCap { id: "four_a_month".into(), enabled: false },
            "Switch off cap “At most 4 e-mails in 28 days”",
        ),
        (Edit::RemoveAction("home_email".into()), "Remove action “Home e-mail”"),
        (Edit::SetRole { column: "age".into(), role: Role::Subject }, "Use “age” as subject"),
    ];
    for (edit, label) in cases {
        assert_eq!(edit.label(&parts), label);
    }
}

#[test]
fn rules_move_inside_their_stage_and_between_stages() {
    let ids = |parts: &Parts, stage: Stage| -> Vec<String> {
        parts.draft.rules.iter().filter(|r| r.stage == stage).map(|r| r.id.clone()).collect()
    };
    let parts = sample();
    assert_eq!(ids(&parts, Stage::Eligibility), ["adult", "has_bought"]);
    let to = |stage: Stage, to: usize| Edit::MoveRule { id: "has_bought".into(), stage, to }.apply(&parts).unwrap();
    assert_eq!(ids(&to(Stage::Eligibility, 0), Stage::Eligibility), ["has_bought", "adult"]);
    assert_eq!(ids(&to(Stage::Eligibility, 9), Stage::Eligibility), ["adult", "has_bought"]);
    let moved = to(Stage::Guard, 1);
    assert_eq!(ids(&moved, Stage::Guard), ["consent", "has_bought"]);
    assert_eq!(ids(&moved, Stage::Eligibility), ["adult"]);
    let stages: Vec<Stage> = moved.draft.rules.iter().map(|r| r.stage).collect();
    assert!(stages.is_sorted(), "{stages:?}");
}

#[test]
fn a_new_id_is_taken_over_wherever_it_is_named() {
    let parts = sample();
    let mut action = parts.draft.actions.iter().find(|a| a.id == "discount_email").unwrap().clone();
    action.id = "money_off".into();
    let next = Edit::ReplaceAction { id: "discount_email".into(), action: action.into() }.apply(&parts).unwrap();
    assert!(next.draft.rules.iter().any(|r| r.scope == Scope::Action("money_off".into())));
    assert!(next.roles.arms.values().any(|a| matches!(a, Arm::Candidate { action, .. } if action == "money_off")));
    let left = format!("{:?} {:?} {:?}", next.draft.rules, next.draft.actions, next.draft.fallback);
    assert!(!left.contains("Action(\"discount_email\")"), "{left}");

    let mut spec = parts.model("buys_discount_email_trees").unwrap().clone();
    spec.id = "discount_trees".into();
    let next = Edit::ReplaceModel { id: "buys_discount_email_trees".into(), spec }.apply(&parts).unwrap();
    assert!(next.draft.rules.iter().any(|r| r.expr.contains("score(\"discount_trees\")")));
}

#[test]
fn a_gesture_is_one_step_and_can_be_abandoned() {
    let mut undo = UndoStack::new(Arc::new(sample()));
    let drag = |undo: &mut UndoStack, share: f64| {
        let mut holdout = undo.document().draft.holdouts[0].clone();
        holdout.share = share;
        let edit = Edit::ReplaceHoldout { id: holdout.id.clone(), holdout };
        let next = edit.clone().apply(undo.document()).unwrap();
        undo.push(edit.label(undo.document()), Arc::new(next));
    };
    let start = undo.document().clone();
    undo.begin_gesture();
    (1..20).for_each(|i| drag(&mut undo, f64::from(i) / 100.0));
    undo.end_gesture();
    assert_eq!(undo.history().count(), 1);
    undo.undo().unwrap();
    assert_eq!(*undo.document(), start);
    undo.redo().unwrap();
    assert_eq!(undo.document().draft.holdouts[0].share, 0.19);

    undo.begin_gesture();
    drag(&mut undo, 0.5);
    undo.abandon_gesture();
    assert_eq!(undo.document().draft.holdouts[0].share, 0.19);
    // A drag that comes back to where it began leaves no step.
    undo.begin_gesture();
    drag(&mut undo, 0.5);
    drag(&mut undo, 0.19);
    undo.end_gesture();
    assert_eq!(undo.history().count(), 1);
    // Undo in the middle of a gesture takes back the gesture.
    undo.begin_gesture();
    drag(&mut undo, 0.7);
    assert_eq!(undo.undo().as_deref(), Some("Change holdout “measure_us”"));
    assert_eq!(undo.document().draft.holdouts[0].share, 0.19);
}

#[test]
fn refusals_say_what_to_do() {
    let parts = sample();
    let rule = parts.draft.rules[0].clone();
    let cases = [
        (Edit::RemoveRule("nobody".into()), "there is no rule `nobody`"),
        (Edit::SetEvent { source: "history".into(), event: some_event(2) }, "there is no source `history`"),
        (Edit::SetEvent { source: "customers".into(), event: some_event(2) }, "is a table of customers"),
        (Edit::AddRule { rule: rule.clone(), at: None }, "there is a rule `consent` already; choose another id"),
        (Edit::AddRule { rule: Rule { id: "Très bien".into(), ..rule.clone() }, at: None }, "use lower-case letters"),
        (Edit::ReplaceRule { id: "adult".into(), rule }, "change its name instead"),
        (
            Edit::RemoveTreatment { action: "style_email".into(), id: "email".into() },
            "“Style e-mail” needs at least one treatment; add another one first, or remove the action",
        ),
    ];
    for (edit, expected) in cases {
        let words = edit.apply(&parts).unwrap_err().to_string();
        assert!(words.contains(expected), "{words:?} does not say {expected:?}");
    }
}

/// What the rows of a history are; a column that it has not, now and then.
fn some_event(n: usize) -> RowEvent {
    match n {
        0 => RowEvent::Said { column: "nowhere".into(), words: Default::default() },
        1 => RowEvent::Said { column: "age".into(), words: Default::default() },
        2 => RowEvent::Every(EventKind::Click),
        n => RowEvent::Every(EventKind::Custom(format!("own {n}"))),
    }
}

/// A model of one feature, as a file of learned models has it.
fn some_attachment(id: &str, kind: LearnedKind) -> Attachment {
    let input = Input { field: "age".into(), encode: Encode::Standard { missing: 0.0, center: 0.0, scale: 1.0 } };
    let model = Model { id: id.into(), inputs: vec![input], ..Model::default() };
    let learned = Learned {
        id: id.into(),
        name: "Learned".into(),
        kind,
        source: Source { name: "opens.csv".into(), sha256: "00".into(), rows: 3 },
        family: "constant".into(),
        rows: 3,
        period: None,
        clock: None,
        metrics: Vec::new(),
        uses: vec![Usage { name: "it".into(), expr: format!("score(\"{id}\")") }],
        models: vec![model],
    };
    Attachment::new(learned).unwrap()
}

#[test]
fn attached_send_times_go_as_they_came() {
    let parts = sample();
    let attach = |parts: &Parts, id: &str, kind| Edit::Attach(some_attachment(id, kind)).apply(parts);
    let with = attach(&parts, "hours", LearnedKind::SendTimes).unwrap();
    let hours = |parts: &Parts| parts.draft.send_times.iter().map(|part| part.hour.clone()).collect::<Vec<_>>();
    assert_eq!(hours(&with), ["score(\"hours\")"]);
    assert_eq!(hours(&attach(&with, "hours", LearnedKind::SendTimes).unwrap()).len(), 1, "again takes its place");
    assert_eq!(Edit::Detach("hours".into()).apply(&with).unwrap(), parts);
    assert_eq!(hours(&attach(&parts, "hours", LearnedKind::Segments).unwrap()), Vec::<String>::new());
    assert_eq!(Edit::Detach("hours".into()).label(&with), "Detach “Learned”");

    let trained = parts.models[0].id.clone();
    let words = attach(&parts, &trained, LearnedKind::Segments).unwrap_err().to_string();
    assert!(words.contains("already; attach it under another id"), "{words}");
    let words = Edit::AddModel(ModelSpec::new("hours", "visit")).apply(&with).unwrap_err().to_string();
    assert!(words.contains("there is a model `hours` already"), "{words}");
    let mut parts = parts;
    Arc::make_mut(&mut parts.roles).columns.remove("age");
    let words = attach(&parts, "hours", LearnedKind::Segments).unwrap_err().to_string();
    assert!(words.contains("`hours` reads `age`, which is no feature of the project"), "{words}");
}

/// A part that is edited as a whole; with `twice` one whose ids repeat, where it has ids.
fn some_part(n: usize, twice: bool) -> DraftPart {
    let cool_down = CoolDown {
        id: "gap".into(),
        name: "Gap".into(),
        target: Default::default(),
        channel: None,
        event: Default::default(),
        gap: 3_600 * n as u64,
        on_hit: Default::default(),
        enabled: true,
    };
    match n {
        0 => DraftPart::Operation(Operation::Shadow),
        1 => DraftPart::Slots(Slots { count: 2, ..Slots::default() }),
        2 => DraftPart::Exploration(Some(Exploration::EpsilonGreedy { epsilon: 0.1 })),
        3 => DraftPart::QuietHours(vec![QuietHours::us_telephone("night", "sms", None); 1 + usize::from(twice)]),
        _ => DraftPart::CoolDowns(vec![cool_down; 1 + usize::from(twice)]),
    }
}
