//! Rules of fields: where they are kept, what is refused, and that training and decisions see the same.

use super::super::{
    Access, CUSTOMERS, Parts, Project, assemble, field_rules, import_source, load, set_freshness, set_missing,
    why_idle, with_rules,
};
use crate::data::import::ImportOptions;
use crate::data::{Requests, Role};
use crate::features::events::Declared;
use crate::task::Task;
use attune_policy::recipe::Step;
use attune_policy::schema::{Aggregate, EventFeature, Freshness, Missing};
use attune_policy::{Policy, Value};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Three customers at 2024-06-01: a balance of the day before, one of a month before, and one of nobody knows when.
const PEOPLE: &str = "customer_id,balance,balance_at,plan,news,age\nk1,10.5,2024-05-31,gold,true,30\n\
                      k2,20.5,2024-05-01,,false,41\nk3,30.5,,silver,,\n";

fn project(dir: &Path) -> (Project, Parts) {
    let people = dir.join("people.csv");
    fs::write(&people, PEOPLE).unwrap();
    let (mut project, mut parts) = Project::create_empty(&dir.join("p"), "p").unwrap();
    let (source, _) =
        import_source(&dir.join("p"), CUSTOMERS, &people, ImportOptions::default(), &Task::default()).unwrap();
    Arc::make_mut(&mut parts.sources).push(source);
    let roles = Arc::make_mut(&mut parts.roles);
    for (name, role) in [
        ("customer_id", Role::Subject),
        ("balance", Role::Feature),
        ("balance_at", Role::Context),
        ("plan", Role::Feature),
        ("news", Role::Consent),
        ("age", Role::Feature),
    ] {
        roles.columns.insert(name.into(), role);
    }
    // 2024-06-01T00:00Z.
    roles.as_of = Some(1_717_200_000_000);
    Arc::make_mut(&mut parts.goal).as_of = Some(1_717_200_000_000);
    parts.events = vec![Declared::new("visits", EventFeature::new("web", Aggregate::Count))].into();
    parts.recipe = vec![Step::formula("rich", "balance > 15.0")].into();
    project.save(&parts, "Import").unwrap();
    (project, parts)
}

fn fresh(at: &str, days: u64) -> Option<Freshness> {
    Some(Freshness { at: at.into(), max_age: days * 86_400 })
}

#[test]
fn rules_are_kept_and_reach_training_and_decisions_alike() {
    let dir = tempfile::tempdir().unwrap();
    let (mut project, mut parts) = project(dir.path());
    set_freshness(&mut parts, "visits", fresh("balance_at", 1)).unwrap();
    set_missing(&mut parts, "visits", Missing::Default(Value::Integer(0))).unwrap();
    assert_eq!(parts.events[0].missing, Missing::Default(Value::Integer(0)), "a feature over events keeps its own");
    set_freshness(&mut parts, "balance", fresh("balance_at", 7)).unwrap();
    set_missing(&mut parts, "balance", Missing::Default(Value::Integer(0))).unwrap();
    set_missing(&mut parts, "plan", Missing::Refuse).unwrap();
    assert_eq!(
        field_rules(&parts)["balance"].missing,
        Missing::Default(Value::Number(0.0)),
        "a number as its field is"
    );
    assert_eq!(parts.breaches(), Vec::<String>::new());
    project.save(&parts, "Rules").unwrap();
    drop(project);
    let mut parts = Project::open(&dir.path().join("p"), Access::Read).unwrap().parts;
    assert_eq!(field_rules(&parts).keys().collect::<Vec<_>>(), ["balance", "plan", "visits"]);
    // There is no such table of events here.
    parts.events = Arc::default();

    let loaded = load(&dir.path().join("p"), &parts, &Task::default()).unwrap();
    let learned = with_rules(&loaded.dataset, &parts).unwrap();
    let balances = [10.5, 0.0, 0.0].map(Value::Number);
    assert_eq!(learned.values("balance").unwrap(), balances, "what models learn from");
    assert_eq!(
        loaded.dataset.values("balance").unwrap()[1],
        Value::Number(20.5),
        "the table shows what the file holds"
    );
    let offers = super::sample().draft;
    let draft = Arc::make_mut(&mut parts.draft);
    (draft.issues, draft.channels) = (offers.issues.clone(), offers.channels.clone());
    let mut offer = offers.actions[0].clone();
    (offer.propensity, offer.uplift) = (None, None);
    offer.treatments.iter_mut().for_each(|treatment| (treatment.propensity, treatment.uplift) = (None, None));
    draft.actions = vec![offer];
    let document = assemble(&parts, &loaded, &|_| None, false).document;
    let requests = Requests::new(&loaded.dataset, &parts.roles, &document.schema).unwrap();
    let policy = Policy::compile(document).unwrap();
    for (row, refused) in [false, true, false].into_iter().enumerate() {
        let decision = policy.decide(&requests.get(row), &attune_policy::NoHistory);
        let words = decision.diagnostics.join("; ");
        assert_eq!(words.contains("`plan` is missing: the policy does not decide without it"), refused, "{words}");
        let told = ["", "`balance` is 31 days old and may be 7 days: 0 stands in", "since `balance_at` is unknown: 0"];
        assert!(words.contains(told[row]), "{words}");
    }

    for name in ["balance", "plan", "visits"] {
        let _ = set_freshness(&mut parts, name, None);
        let _ = set_missing(&mut parts, name, Missing::Unknown);
    }
    assert!(parts.fields.is_empty(), "a rule taken out leaves nothing behind");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (_project, mut parts) = project(dir.path());
    set_freshness(&mut parts, "balance", fresh("balance_at", 7)).unwrap();
    set_missing(&mut parts, "plan", Missing::Refuse).unwrap();
    let before = parts.clone();
    for (field, at, days, words) in [
        ("balanc", "balance_at", 7, "there is no feature `balanc`; did you mean `balance`?"),
        ("age", "balance_a", 7, "cannot be read from `balance_a`: there is no feature `balance_a`; did you mean"),
        ("age", "plan", 7, "`plan`: it is a text, not a time; times are balance_at"),
        ("balance_at", "balance_at", 7, "`balance_at` tells how old `balance` is"),
        ("age", "age", 7, "a value does not tell its own age"),
        ("age", "balance_at", 0, "must be 1 second or more"),
        ("age", "balance_at", u64::MAX / 86_400, "less than the calendar is long"),
        ("rich", "balance_at", 7, "`rich` is made of columns by a step of the row recipe"),
        ("customer_id", "balance_at", 7, "has the role subject, so no decision reads it"),
    ] {
        let error = set_freshness(&mut parts, field, fresh(at, days)).unwrap_err().to_string();
        assert!(error.contains(words), "{error:?} does not say {words:?}");
        assert_eq!(parts, before);
    }
    for (field, missing, words) in [
        ("age", Missing::Default(Value::text("old")), "`age` is a whole number, and \"old\" is none"),
        ("balance", Missing::Default(Value::Number(f64::NAN)), "`balance` is a number"),
        ("visits", Missing::Default(Value::Number(0.5)), "`visits` is a whole number"),
        ("news", Missing::Default(Value::Bool(true)), "consent is never assumed; leave it unknown"),
        ("balance_at", Missing::Refuse, "tells how old `balance` is and can have no missing rule"),
        ("Plan", Missing::Refuse, "did you mean `plan`?"),
    ] {
        let error = set_missing(&mut parts, field, missing).unwrap_err().to_string();
        assert!(error.contains(words), "{error:?} does not say {words:?}");
        assert_eq!(parts, before);
    }
    set_missing(&mut parts, "news", Missing::Refuse).unwrap();
}

#[test]
fn a_rule_of_what_no_decision_reads_is_not_in_force_and_can_be_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let (_project, mut parts) = project(dir.path());
    set_freshness(&mut parts, "balance", fresh("balance_at", 7)).unwrap();
    set_missing(&mut parts, "balance", Missing::Default(Value::Integer(0))).unwrap();
    set_missing(&mut parts, "age", Missing::Default(Value::Integer(40))).unwrap();
    set_missing(&mut parts, "visits", Missing::Default(Value::Integer(0))).unwrap();
    for field in ["balance", "age"] {
        assert_eq!(why_idle(&parts, field), None);
    }
    assert!(why_idle(&parts, "visits").unwrap().contains("has no role"));
    let roles = Arc::make_mut(&mut parts.roles);
    roles.columns.insert("balance".into(), Role::Outcome);
    roles.columns.insert("visits".into(), Role::Feature);
    assert_eq!(why_idle(&parts, "visits"), None, "a feature over events is there");
    assert!(why_idle(&parts, "balance").unwrap().contains("`balance` has the role outcome, so no decision reads it"));
    // Its values are what the file holds: an outcome of long ago is one.
    let bare = Parts { events: Arc::default(), ..parts.clone() };
    let loaded = load(&dir.path().join("p"), &bare, &Task::default()).unwrap();
    let learned = with_rules(&loaded.dataset, &bare).unwrap();
    assert_eq!(learned.values("balance").unwrap(), loaded.dataset.values("balance").unwrap());
    assert_eq!(learned.values("age").unwrap()[2], Value::Integer(40));
    // A column that is gone.
    let sources = Arc::make_mut(&mut parts.sources);
    sources[0].columns.retain(|column| column.name != "age");
    assert!(why_idle(&parts, "age").unwrap().contains("no column of the customers any more"));
    // No rule can be given to either, and each can be taken out.
    assert!(set_missing(&mut parts, "balance", Missing::Refuse).is_err());
    for field in ["balance", "age", "visits"] {
        let _ = set_freshness(&mut parts, field, None);
        set_missing(&mut parts, field, Missing::Unknown).unwrap();
    }
    assert_eq!(field_rules(&parts).len(), 0);
}
