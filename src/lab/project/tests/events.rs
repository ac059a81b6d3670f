//! Features over events in a project: declared in features.ron, columns of the customers, definitions in the policy's schema.

use super::super::{
    Access, CUSTOMERS, Described, Loaded, Parts, Project, assemble, import_source, import_table, load, put_table,
};
use crate::data::import::ImportOptions;
use crate::data::{Role, TableKind};
use crate::features::events::Declared;
use crate::task::Task;
use attune_policy::schema::{Aggregate, EventFeature, Freshness, Missing, Window};
use attune_policy::value::Value;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const SALES: &str =
    "customer_id,day,amount\nk1,2024-03-01,5.5\nk1,2024-05-30,2\nk2,2024-05-01,4\nk1,2024-06-01,100\nk9,2024-05-01,1\n";
const PEOPLE: &str = "customer_id,age,computed\nk1,30,2024-06-01\nk2,41,2024-06-01\nk3,50,2024-06-01\n";

fn features() -> Vec<Declared> {
    let sum = EventFeature::new("transactions", Aggregate::Sum("amount".into())).within(Window::Days(30));
    let last = EventFeature::new("transactions", Aggregate::Recency).only("amount < 50.0");
    let mut recency = Declared::new("last_seen", last);
    recency.missing = Missing::Default(Value::Integer(999));
    recency.freshness = Some(Freshness { at: "computed".into(), max_age: 7 * 86_400 });
    vec![Declared::new("spent_30d", sum), recency]
}

/// A project `p` of people and their sales, standing at 2024-06-01.
fn project(dir: &Path) -> (Project, Parts) {
    let (sales, people) = (dir.join("sales.csv"), dir.join("people.csv"));
    fs::write(&sales, SALES).unwrap();
    fs::write(&people, PEOPLE).unwrap();
    let (folder, task) = (dir.join("p"), Task::default());
    let (project, mut parts) = Project::create_empty(&folder, "p").unwrap();
    let (source, _) = import_source(&folder, CUSTOMERS, &people, ImportOptions::default(), &task).unwrap();
    Arc::make_mut(&mut parts.sources).push(source);
    let described = Described { kind: TableKind::Transactions, ..Described::default() };
    let (source, table) = import_table(&folder, &described, &sales, ImportOptions::default(), &task).unwrap();
    put_table(&mut parts, source, &table).unwrap();
    let roles = Arc::make_mut(&mut parts.roles);
    roles.columns.insert("customer_id".into(), Role::Subject);
    roles.columns.insert("age".into(), Role::Feature);
    roles.columns.insert("computed".into(), Role::Context);
    // 2024-06-01T00:00Z.
    roles.as_of = Some(1_717_200_000_000);
    Arc::make_mut(&mut parts.goal).as_of = Some(1_717_200_000_000);
    (project, parts)
}

fn loaded(dir: &Path, parts: &Parts) -> crate::error::Result<Loaded> {
    load(&dir.join("p"), parts, &Task::default())
}

#[test]
fn declared_features_are_columns_and_the_policy_carries_their_definitions() {
    let dir = tempfile::tempdir().unwrap();
    let (mut project, mut parts) = project(dir.path());
    project.save(&parts, "Import").unwrap();
    let before = fs::read_to_string(dir.path().join("p/features.ron")).unwrap();
    assert!(before.ends_with("body: [],\n)\n"), "without features over events the file is as it always was: {before}");
    let bare = loaded(dir.path(), &parts).unwrap();
    parts.events = Arc::new(features());
    project.save(&parts, "Features").unwrap();
    drop(project);
    let opened = Project::open(&dir.path().join("p"), Access::Read).unwrap();
    assert_eq!(opened.problems, []);
    assert_eq!(opened.parts.events, parts.events);
    assert_eq!(opened.parts.roles.role("spent_30d"), Role::Feature, "what is declared is a feature");

    let loaded = loaded(dir.path(), &opened.parts).unwrap();
    // The sale of June 1st happened at the instant, not before it.
    assert_eq!(loaded.dataset.values("spent_30d").unwrap(), [2.0, 0.0, 0.0].map(Value::Number));
    assert_eq!(loaded.dataset.values("last_seen").unwrap(), [2, 31, 999].map(Value::Integer));
    assert_ne!(loaded.fingerprint, bare.fingerprint, "models follow the definitions");
    let document = assemble(&opened.parts, &loaded, &|_| None, false).document;
    let field = |name: &str| document.schema.field(name).unwrap();
    let from = field("spent_30d").from.as_deref().unwrap();
    assert_eq!((from.key.as_str(), from.time.as_str(), from.window), ("customer_id", "day", Window::Days(30)));
    assert_eq!(field("last_seen").missing, Missing::Default(Value::Integer(999)));
    assert_eq!(field("last_seen").freshness, features()[1].freshness);
    assert_eq!(field("age").from, None);
}

#[test]
fn features_that_cannot_be_are_named_when_the_project_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let (_project, parts) = project(dir.path());
    let count = |table: &str| EventFeature::new(table, Aggregate::Count);
    let table: Vec<(&str, EventFeature, &str)> = vec![
        ("n", count("sales"), "feature `n`: there is no table of events `sales`"),
        ("n", count("transactions").only("amuont > 1.0"), "did you mean `amount`"),
        ("n", count("transactions").within(Window::Between { from: 30, to: -30 }), "not known then"),
        ("age", count("transactions"), "column `age`: is a column already"),
    ];
    for (name, feature, words) in table {
        let mut parts = parts.clone();
        parts.events = Arc::new(vec![Declared::new(name, feature)]);
        let error = loaded(dir.path(), &parts).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let mut nobody = parts.clone();
    nobody.events = Arc::new(features());
    Arc::make_mut(&mut nobody.roles).columns.remove("customer_id");
    let error = loaded(dir.path(), &nobody).unwrap_err().to_string();
    assert!(error.contains("role subject"), "{error}");
    let mut twice = parts;
    twice.events = Arc::new([features(), features()].concat());
    assert!(
        twice.breaches().iter().any(|breach| breach == "feature id `spent_30d` stands twice"),
        "{:?}",
        twice.breaches()
    );
}

#[test]
fn an_outcome_of_a_decision_log_is_no_feature() {
    let dir = tempfile::tempdir().unwrap();
    let (project, mut parts) = project(dir.path());
    let log = dir.path().join("log.csv");
    fs::write(&log, "customer_id,sent_at,bought\nk1,2024-05-01,1\nk2,2024-05-02,0\n").unwrap();
    let described = Described { kind: TableKind::DecisionLog, ..Described::default() };
    let task = Task::default();
    let (source, table) = import_table(project.dir(), &described, &log, ImportOptions::default(), &task).unwrap();
    put_table(&mut parts, source, &table).unwrap();
    Arc::make_mut(&mut parts.roles).columns.insert("bought".into(), Role::Outcome);
    let sum = |of: &str| EventFeature::new("decisions", Aggregate::Sum(of.into()));
    parts.events = Arc::new(vec![Declared::new("wins", sum("bought"))]);
    let error = loaded(dir.path(), &parts).unwrap_err().to_string();
    assert!(error.contains("feature `wins`: it reads `bought`, which is an outcome"), "{error}");
    parts.events = Arc::new(vec![Declared::new("sent", EventFeature::new("decisions", Aggregate::Count))]);
    let loaded = loaded(dir.path(), &parts).unwrap();
    assert_eq!(loaded.dataset.values("sent").unwrap(), [1, 1, 0].map(Value::Integer));
    assert!(loaded.notes.iter().any(|note| note.contains("holds an outcome")), "{:?}", loaded.notes);
}
