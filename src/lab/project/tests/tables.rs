//! Tables beside the customers: keys and times, customers known by their purchases alone, files of the time before kinds.

use super::super::{
    Access, CUSTOMERS, Described, HISTORY, Origin, Parts, Project, apply_repair, import_source, import_table, load,
    profile, put_table,
};
use crate::data::import::ImportOptions;
use crate::data::{Role, TableKind};
use crate::task::Task;
use std::fs;
use std::path::Path;

const SALES: &str = "invoice,CustomerID,InvoiceDate,amount\n1,12346,2011-01-18 10:01,5.5\n2,,2011-02-01 09:00,1\n\
                     3,12350,2011-02-02 16:01,2\n4,12346,2011-03-18 10:17,7\n";
const CUSTOMER_FILE: &str = "customer_id,age\n12346,30\n12350,41\n12351,50\n";

fn described(kind: TableKind) -> Described {
    Described { kind, ..Described::default() }
}

/// A project `p` with what is imported into it, saved and opened again.
fn project(dir: &Path, customers: bool) -> Parts {
    let (sales, customer_file) = (dir.join("sales.csv"), dir.join("customers.csv"));
    fs::write(&sales, SALES).unwrap();
    fs::write(&customer_file, CUSTOMER_FILE).unwrap();
    let (folder, task) = (dir.join("p"), Task::default());
    let (mut project, mut parts) = Project::create_empty(&folder, "p").unwrap();
    if customers {
        let (source, _) = import_source(&folder, CUSTOMERS, &customer_file, ImportOptions::default(), &task).unwrap();
        std::sync::Arc::make_mut(&mut parts.sources).push(source);
    }
    let (source, table) =
        import_table(&folder, &described(TableKind::Transactions), &sales, ImportOptions::default(), &task).unwrap();
    put_table(&mut parts, source, &table).unwrap();
    project.save(&parts, "Import").unwrap();
    drop(project);
    let opened = Project::open(&folder, Access::Read).unwrap();
    assert_eq!((opened.problems, &opened.parts), (vec![], &parts));
    opened.parts
}

#[test]
fn a_table_stands_beside_the_customers_with_its_key_and_time() {
    let dir = tempfile::tempdir().unwrap();
    let parts = project(dir.path(), true);
    let names: Vec<&str> = parts.sources.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["customers", "transactions"]);
    assert_eq!(parts.source().unwrap().name, CUSTOMERS);
    let loaded = load(&dir.path().join("p"), &parts, &Task::default()).unwrap();
    let sales = loaded.table("transactions").unwrap();
    assert_eq!((sales.kind, sales.dataset.rows(), loaded.dataset.rows()), (TableKind::Transactions, 4, 3));
    assert_eq!((sales.key.as_deref(), sales.time.as_deref()), (Some("CustomerID"), Some("InvoiceDate")));
    // What is made from the customers may look into the sales, so it is stale when they change.
    let mut alone = parts.clone();
    std::sync::Arc::make_mut(&mut alone.sources).truncate(1);
    let alone = load(&dir.path().join("p"), &alone, &Task::default()).unwrap();
    assert_ne!(alone.fingerprint, loaded.fingerprint);
    fs::write(dir.path().join("sales.csv"), format!("{SALES}5,12350,2011-05-01 10:00,1\n")).unwrap();
    let changed = load(&dir.path().join("p"), &parts, &Task::default()).unwrap();
    assert_ne!(changed.fingerprint, loaded.fingerprint);
    assert!(changed.changes[0].to_string().contains("sales.csv: changed since it was imported"));
}

#[test]
fn customers_are_the_subjects_of_their_purchases_where_no_file_lists_them() {
    let dir = tempfile::tempdir().unwrap();
    let parts = project(dir.path(), false);
    assert_eq!(parts.source().unwrap().origin, Origin::SubjectsOf("transactions".into()));
    assert_eq!(parts.roles.first(Role::Subject), Some("CustomerID"));
    // 2011-03-19T00:00Z, the midnight after the last sale.
    assert_eq!((parts.goal.as_of, parts.roles.as_of), (Some(1_300_492_800_000), Some(1_300_492_800_000)));
    let loaded = load(&dir.path().join("p"), &parts, &Task::default()).unwrap();
    assert_eq!(
        loaded.dataset.texts("CustomerID").unwrap().into_iter().flatten().collect::<Vec<_>>(),
        ["12346".into(), "12350".into()]
    );
    assert!(loaded.notes.iter().any(|n| n.starts_with("1 rows of `transactions` have no")), "{:?}", loaded.notes);
    let mut orphaned = parts;
    std::sync::Arc::make_mut(&mut orphaned.sources).truncate(1);
    let words = load(&dir.path().join("p"), &orphaned, &Task::default()).unwrap_err().to_string();
    assert!(words.contains("the subjects of the table `transactions`"), "{words}");
}

#[test]
fn who_only_brought_something_back_is_no_customer() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, task) = (dir.path().join("p"), Task::default());
    let (_project, mut parts) = Project::create_empty(&folder, "p").unwrap();
    let file = dir.path().join("sales.csv");
    let rows = "who,at,amount\na,2024-01-01,5\nb,2024-01-02,-5\nc,2024-01-03,-1\nc,2024-01-04,2\nb,2024-03-01,9\n";
    fs::write(&file, rows).unwrap();
    let sales = Described { key: Some("who".into()), time: Some("at".into()), ..described(TableKind::Transactions) };
    let (source, table) = import_table(&folder, &sales, &file, ImportOptions::default(), &task).unwrap();
    put_table(&mut parts, source, &table).unwrap();
    assert_eq!(parts.source().unwrap().rows, 3, "all of them buy at some time");
    // 2024-02-01T00:00Z: b has a past, and bought nothing in it.
    let mut at = |instant: i64| {
        std::sync::Arc::make_mut(&mut parts.goal).as_of = Some(instant);
        let loaded = load(&folder, &parts, &task).unwrap();
        (loaded.dataset.texts("who").unwrap().into_iter().flatten().collect::<Vec<_>>(), loaded)
    };
    let (customers, loaded) = at(1_706_745_600_000);
    assert_eq!(customers, ["a".into(), "c".into()]);
    let told =
        loaded.notes.iter().any(|note| note.contains("1 subject of `transactions` is no customer: nothing was bought"));
    assert!(told, "{:?}", loaded.notes);
    let (later, after) = at(1_711_929_600_000);
    assert_eq!(later, ["a".into(), "b".into(), "c".into()]);
    assert_ne!(loaded.fingerprint, after.fingerprint);
}

#[test]
fn tables_with_a_row_per_key_are_joined_and_stay_joined() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = project(dir.path(), true);
    let (folder, task) = (dir.path().join("p"), Task::default());
    let import = |parts: &mut Parts, described: &Described, text: &str| {
        let file = dir.path().join(format!("{}.csv", described.table_name()));
        fs::write(&file, text).unwrap();
        let (source, table) = import_table(&folder, described, &file, ImportOptions::default(), &task)?;
        put_table(parts, source, &table)
    };
    std::sync::Arc::make_mut(&mut parts.roles).columns =
        [("customer_id".to_owned(), Role::Subject), ("age".to_owned(), Role::Feature)].into();
    let key = Some("customer_id".to_owned());
    let people = Described { name: "people".into(), key, ..described(TableKind::Customers) };
    import(&mut parts, &people, "customer_id,age,city,gender\n 012346,31,Bonn,f\n12351,52,Ulm,m\n9,1,Kiel,f\n")
        .unwrap();
    let places = Described { name: "places".into(), on: Some("city".into()), ..described(TableKind::Lookup) };
    import(&mut parts, &places, "place,population\nBonn,330000\nUlm,128000\n").unwrap();
    let loaded = load(&folder, &parts, &task).unwrap();
    let names: Vec<&str> = loaded.dataset.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["customer_id", "age", "people_age", "city", "gender", "population"]);
    assert_eq!(loaded.dataset.texts("population").unwrap(), [Some("330000".into()), None, Some("128000".into())]);
    assert_eq!((parts.roles.role("gender"), parts.roles.role("people_age")), (Role::Protected, Role::Feature));
    let rates: Vec<(&str, u64, u64)> =
        loaded.joins.iter().map(|j| (j.table.as_str(), j.matched, j.keys_used)).collect();
    assert_eq!(rates, [("people", 2, 2), ("places", 2, 2)]);
    // The same table with another column: what was joined keeps its name and its role.
    std::sync::Arc::make_mut(&mut parts.roles).columns.insert("city".into(), Role::Ignored);
    import(&mut parts, &people, "customer_id,age,city,gender,pets\n12346,31,Bonn,f,2\n").unwrap();
    let again = load(&folder, &parts, &task).unwrap();
    assert!(again.dataset.column("people_age").is_some() && again.dataset.column("pets").is_some());
    assert_eq!(parts.roles.role("city"), Role::Ignored);
    assert_ne!(again.fingerprint, loaded.fingerprint);
    let words = import(&mut parts, &people, "customer_id,age\n1,2\n1,3\n").unwrap_err().to_string();
    assert!(words.contains("several different rows for 1 of its 1 keys"), "{words}");
}

#[test]
fn a_table_is_profiled_with_what_the_project_knows_and_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = project(dir.path(), true);
    let (folder, task) = (dir.path().join("p"), Task::default());
    std::sync::Arc::make_mut(&mut parts.roles).columns = [("customer_id".to_owned(), Role::Subject)].into();
    fs::write(dir.path().join("customers.csv"), "customer_id,age\n12346,30\n12351,50\n").unwrap();
    let look = |parts: &Parts| {
        let loaded = load(&folder, parts, &task).unwrap();
        profile(parts, &loaded, Some("transactions"), &task).unwrap()
    };
    let found = look(&parts);
    let ids: Vec<String> = found.profile.problems.iter().map(|p| p.id()).collect();
    assert_eq!(ids, ["missing:CustomerID", "broken-keys:CustomerID"]);
    apply_repair(&mut parts, Some("transactions"), &found.profile.problems[0].repair).unwrap();
    let after = look(&parts);
    assert_eq!((found.dataset.rows(), after.dataset.rows(), after.dataset.row_number(1)), (4, 3, 3));
    let words = apply_repair(&mut parts, Some("sales"), &found.profile.problems[0].repair).unwrap_err().to_string();
    assert!(words.contains("no table `sales`; it has customers, transactions"), "{words}");
}

#[test]
fn what_cannot_be_a_table_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path(), true);
    let folder = dir.path().join("p");
    let import = |described: Described, text: &str| {
        let file = dir.path().join("t.csv");
        fs::write(&file, text).unwrap();
        import_table(&folder, &described, &file, ImportOptions::default(), &Task::default()).unwrap_err().to_string()
    };
    let events = || described(TableKind::Events);
    for (described, text, part) in [
        (Described { name: "Big Sales".into(), ..events() }, SALES, "cannot name a table"),
        (Described { name: CUSTOMERS.into(), ..events() }, SALES, "the customer table itself"),
        (
            Described { key: Some("client".into()), ..events() },
            SALES,
            "t.csv, column `client`: there is no such column",
        ),
        (Described { time: Some("amount".into()), ..events() }, SALES, "where the time of a row is needed"),
        (events(), "a,b\n1,2\n1,2\n", "looks like the key"),
        (events(), "customer_id,b\n1,2\n2,2\n", "looks like the time"),
    ] {
        let words = import(described, text);
        assert!(words.contains(part), "{words}");
    }
    let mut empty = Parts::default();
    let file = dir.path().join("products.csv");
    fs::write(&file, "sku,price\na,1\nb,2\n").unwrap();
    let (source, table) =
        import_table(&folder, &described(TableKind::Lookup), &file, ImportOptions::default(), &Task::default())
            .unwrap();
    let words = put_table(&mut empty, source, &table).unwrap_err().to_string();
    assert!(words.contains("import customers or transactions first"), "{words}");
}

#[test]
fn a_history_written_before_kinds_reads_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, task) = (dir.path().join("p"), Task::default());
    let file = dir.path().join("events.csv");
    fs::write(&file, "subject,time,event,action\n12346,2026-01-01T00:00:00Z,Sent,x\n").unwrap();
    fs::write(dir.path().join("customers.csv"), CUSTOMER_FILE).unwrap();
    let (mut project, mut parts) = Project::create_empty(&folder, "p").unwrap();
    let customers = dir.path().join("customers.csv");
    for (name, file) in [(CUSTOMERS, &customers), (HISTORY, &file)] {
        let (source, _) = import_source(&folder, name, file, ImportOptions::default(), &task).unwrap();
        std::sync::Arc::make_mut(&mut parts.sources).push(source);
    }
    project.save(&parts, "Import").unwrap();
    drop(project);
    let path = folder.join("data/history.source.ron");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("kind: Contacts"), "{text}");
    fs::write(&path, text.replace("    kind: Contacts,\n", "")).unwrap();
    let opened = Project::open(&folder, Access::Read).unwrap();
    assert_eq!((opened.problems, &opened.parts), (vec![], &parts));
    assert_eq!(load(&folder, &opened.parts, &task).unwrap().history.unwrap().len(), 1);
}
