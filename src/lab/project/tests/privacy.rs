//! Pseudonyms in every table, and subjects that are erased and stay so.

use super::super::{
    Access, CUSTOMERS, Described, Parts, Project, erasure, import_customers, import_table, load, put_table, refresh,
};
use crate::data::import::ImportOptions;
use crate::data::pseudonym::is_pseudonym;
use crate::data::{Role, TableKind};
use crate::task::Task;
use std::fs;
use std::path::Path;

/// A project whose customers lie inside it and whose sales lie outside.
fn project(dir: &Path, hide: bool) -> (Project, Parts) {
    let (folder, task) = (dir.join("p"), Task::default());
    fs::create_dir_all(folder.join("data")).unwrap();
    let (inside, outside) = (folder.join("data/c.csv"), dir.join("sales.csv"));
    fs::write(&inside, "customer_id,name\n12346,\"Ann\nLee\"\n12350,Bo\n12351,Cy\n").unwrap();
    fs::write(
        &outside,
        "CustomerID,InvoiceDate,amount\n12346.0,2011-01-18,5\n12350,2011-02-01,1\n 012346 ,2011-03-01,2\n",
    )
    .unwrap();
    let (mut project, mut parts) = Project::create_empty(&folder, "p").unwrap();
    let columns = |name: &str| if hide { vec![name.to_owned()] } else { vec![] };
    let described = Described { pseudonymise: columns("customer_id"), ..Described::default() };
    let (source, _) = import_customers(&folder, &described, &inside, ImportOptions::default(), &task).unwrap();
    parts.sources = vec![source].into();
    std::sync::Arc::make_mut(&mut parts.roles).columns.insert("customer_id".into(), Role::Subject);
    let described =
        Described { kind: TableKind::Transactions, pseudonymise: columns("CustomerID"), ..Described::default() };
    let mut options = ImportOptions::default();
    options.types.insert("CustomerID".into(), attune_policy::value::Type::Text);
    let (source, table) = import_table(&folder, &described, &outside, options, &task).unwrap();
    put_table(&mut parts, source, &table).unwrap();
    project.save(&parts, "Import").unwrap();
    (project, parts)
}

#[test]
fn one_person_has_one_pseudonym_in_all_tables_and_the_secret_stays_here() {
    let dir = tempfile::tempdir().unwrap();
    let (_project, parts) = project(dir.path(), true);
    let folder = dir.path().join("p");
    let loaded = load(&folder, &parts, &Task::default()).unwrap();
    let ids = loaded.dataset.texts("customer_id").unwrap();
    assert!(ids.iter().flatten().all(|id| is_pseudonym(id)), "{ids:?}");
    let sales = loaded.table("transactions").unwrap().dataset.texts("CustomerID").unwrap();
    assert_eq!([&sales[0], &sales[1], &sales[2]], [&ids[0], &ids[1], &ids[0]]);
    assert!(loaded.changes.is_empty(), "{:?}", loaded.changes);
    let secret = fs::read_to_string(folder.join(".local/secret")).unwrap();
    assert_eq!(secret.trim().len(), 64);
    assert_eq!(fs::read_to_string(folder.join(".local/.gitignore")).unwrap(), "*\n");
    // Nothing in the project but the file of the customers itself names anybody.
    fs::remove_file(folder.join(".local/secret")).unwrap();
    let words = load(&folder, &parts, &Task::default()).unwrap_err().to_string();
    assert!(words.contains("the project's secret is not there"), "{words}");
}

#[test]
fn a_key_that_is_hidden_in_one_table_is_hidden_in_all() {
    let dir = tempfile::tempdir().unwrap();
    let (mut project, mut parts) = project(dir.path(), true);
    let (folder, task) = (dir.path().join("p"), Task::default());
    let visits = dir.path().join("visits.csv");
    fs::write(&visits, "customer_id,visited_at,pages\n12346,2011-01-18,5\n12351,2011-02-01,1\n").unwrap();
    let shops = dir.path().join("shops.csv");
    fs::write(&shops, "name,size\nBo,5\nCy,1\n").unwrap();
    // Nobody asks for pseudonyms again.
    let described = |parts: &Parts, kind: TableKind, key: &str, on: Option<&str>| Described {
        kind,
        key: Some(key.to_owned()),
        on: on.map(str::to_owned),
        hide_key: super::super::hides_key(parts, kind.label(), kind, on),
        ..Described::default()
    };
    let asked = described(&parts, TableKind::Events, "customer_id", None);
    let (source, table) = import_table(&folder, &asked, &visits, ImportOptions::default(), &task).unwrap();
    assert!(source.pseudonymise.contains("customer_id"));
    assert!(
        table.notes.iter().any(|note| note.starts_with("`customer_id` of `events` is replaced by pseudonyms")),
        "{table:?}"
    );
    put_table(&mut parts, source, &table).unwrap();
    // What is joined by another column keeps its key.
    let asked = described(&parts, TableKind::Lookup, "name", Some("name"));
    let (source, table) = import_table(&folder, &asked, &shops, ImportOptions::default(), &task).unwrap();
    assert!(source.pseudonymise.is_empty() && !table.notes.iter().any(|note| note.contains("pseudonym")));
    put_table(&mut parts, source, &table).unwrap();
    project.save(&parts, "Import").unwrap();
    let loaded = load(&folder, &parts, &task).unwrap();
    let ids = loaded.dataset.texts("customer_id").unwrap();
    let theirs = loaded.table("events").unwrap().dataset.texts("customer_id").unwrap();
    assert_eq!([&theirs[0], &theirs[1]], [&ids[0], &ids[2]]);

    // Customers that are hidden later hide the keys of the tables that are there.
    let other = tempfile::tempdir().unwrap();
    let (_project, mut parts) = self::project(other.path(), false);
    std::sync::Arc::make_mut(&mut parts.sources)[0].pseudonymise.insert("customer_id".into());
    let notes = super::super::carry_pseudonyms(&mut parts);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(parts.sources.iter().all(|source| source.pseudonymise.len() == 1), "{:?}", parts.sources);
    assert!(super::super::carry_pseudonyms(&mut parts).is_empty(), "once is enough");
    // And hidden tables hide customers that are imported after them.
    std::sync::Arc::make_mut(&mut parts.sources)[0].pseudonymise.clear();
    assert!(super::super::hides_key(&parts, CUSTOMERS, TableKind::Customers, None));
}

#[test]
fn an_erased_subject_goes_and_does_not_come_back() {
    for hide in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (mut project, mut parts) = project(dir.path(), hide);
        let (folder, task) = (dir.path().join("p"), Task::default());
        let before = load(&folder, &parts, &task).unwrap();
        let report = erasure::erase(&mut project, &mut parts, "12346", &task).unwrap();
        assert_eq!(report.rows, [(CUSTOMERS.to_owned(), 1), ("transactions".to_owned(), 2)], "hidden: {hide}");
        assert!(is_pseudonym(&report.tombstone));
        assert!(report.removed[0].contains("1 rows of ") && report.removed[0].contains("c.csv"), "{report:?}");
        assert!(report.unreached.iter().any(|line| line.contains("sales.csv: 2 rows of the original")), "{report:?}");
        let inside = fs::read_to_string(folder.join("data/c.csv")).unwrap();
        assert_eq!(inside, "customer_id,name\n12350,Bo\n12351,Cy\n");
        drop(project);
        let tombstones = fs::read_to_string(folder.join("data/erased.ron")).unwrap();
        assert!(tombstones.contains(&report.tombstone) && !tombstones.contains("12346"), "{tombstones}");

        let opened = Project::open(&folder, Access::Read).unwrap();
        assert_eq!((opened.problems, &opened.parts), (vec![], &parts));
        let after = load(&folder, &parts, &task).unwrap();
        assert_eq!((after.dataset.rows(), after.table("transactions").unwrap().dataset.rows()), (2, 1));
        assert_ne!(after.fingerprint, before.fingerprint, "models learn without the subject");
        assert!(after.changes.is_empty(), "{:?}", after.changes);
        // A refresh from a file that has the subject again does not bring it back.
        fs::write(folder.join("data/c.csv"), "customer_id,name\n12346,Ann\n12350,Bo\n").unwrap();
        let (next, _) = refresh(&folder, &parts, true, &task).unwrap();
        assert_eq!(next.sources[0].rows, 1);
        assert_eq!(load(&folder, &next, &task).unwrap().dataset.rows(), 1);
    }
}

#[test]
fn the_unknown_are_kept_out_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (mut project, mut parts) = project(dir.path(), false);
    let report = erasure::erase(&mut project, &mut parts, "99999", &Task::default()).unwrap();
    assert_eq!(report.rows, []);
    assert_eq!(erasure::erased(&dir.path().join("p")).unwrap(), [report.tombstone].into());
    let words = erasure::erase(&mut project, &mut parts, " ", &Task::default()).unwrap_err().to_string();
    assert!(words.contains("no subject is named"), "{words}");
}

#[test]
fn files_of_every_format_inside_the_project_lose_the_rows_and_nothing_else() {
    let lines = "{\"customer_id\":12346,\"note\":\"b\"}\n{\"customer_id\": 12350, \"note\":\"c\"}\n{\"note\":\"d\",\"customer_id\":12346}\n";
    let mut files: Vec<(&str, Vec<u8>)> = crate::data::import::rewrite::tests::files();
    files.push(("c.jsonl", lines.as_bytes().to_vec()));
    for (name, bytes) in files {
        let dir = tempfile::tempdir().unwrap();
        let (folder, task) = (dir.path().join("p"), Task::default());
        fs::create_dir_all(folder.join("data")).unwrap();
        let file = folder.join("data").join(name);
        fs::write(&file, &bytes).unwrap();
        let (mut project, mut parts) = Project::create_empty(&folder, "p").unwrap();
        let (source, _) =
            import_customers(&folder, &Described::default(), &file, ImportOptions::default(), &task).unwrap();
        parts.sources = vec![source].into();
        std::sync::Arc::make_mut(&mut parts.roles).columns.insert("customer_id".into(), Role::Subject);
        project.save(&parts, "Import").unwrap();
        let before = load(&folder, &parts, &task).unwrap();

        let report = erasure::erase(&mut project, &mut parts, "12346", &task).unwrap();
        assert_eq!(report.rows, [(CUSTOMERS.to_owned(), 2)], "{name}");
        assert!(report.removed[0].starts_with("2 rows of ") && report.removed[0].ends_with(name), "{name}: {report:?}");
        assert!(!report.unreached.iter().any(|line| line.contains("of the original")), "{name}: {report:?}");
        let rest: Vec<String> = fs::read_dir(folder.join("data"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|other| other.contains("c."))
            .collect();
        assert!(rest.contains(&name.to_owned()) && !rest.iter().any(|other| other.contains("tmp")), "{rest:?}");
        let after = load(&folder, &parts, &task).unwrap();
        assert!(after.changes.is_empty(), "{name}: {:?}", after.changes);
        assert_eq!(after.dataset.rows(), before.dataset.rows() - 2, "{name}");
        assert_eq!(after.dataset.columns(), before.dataset.columns(), "{name}");
        if name == "c.jsonl" {
            assert_eq!(fs::read_to_string(&file).unwrap(), "{\"customer_id\": 12350, \"note\":\"c\"}\n");
        }
    }
}
