//! Refreshing: what changed is told by column and row, and nothing that was decided is lost.

use super::super::{Access, Project, create_from_file, load, refresh, remember_rows};
use crate::data::Role;
use crate::data::import::ImportOptions;
use crate::task::Task;
use std::fs;

const BEFORE: &str = "customer_id,age,city\na,30,Bonn\nb,41,Ulm\nc,50,Kiel\nd,60,Ulm\n";

#[test]
fn rows_and_columns_that_changed_are_told() {
    // What the file holds now; new, gone and changed rows by number; new and vanished columns.
    type Case<'a> = (&'a str, [&'a [u64]; 3], &'a [&'a str], &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (BEFORE, [&[], &[], &[]], &[], &[]),
        ("customer_id,age,city\nb,41,Ulm\na,31,Bonn\ne,1,Ulm\nd,60,Ulm\n", [&[3], &[3], &[2]], &[], &[]),
        ("customer_id,age,city,pets\na,30,Bonn,1\nb,41,Ulm,1\nc,50,Kiel,0\n", [&[], &[4], &[]], &["pets"], &[]),
        ("customer_id,city\na,Bonn\nb,Ulm\nc,Kiel\nd,Ulm\n", [&[], &[], &[]], &[], &["age"]),
        ("customer_id,age,city\na,30,Bonn\nb,41,\nc,50,Kiel\nd,60,Ulm\n", [&[], &[], &[2]], &[], &[]),
    ];
    for (text, rows, new_columns, vanished) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder, task) = (dir.path().join("c.csv"), dir.path().join("p"), Task::default());
        fs::write(&file, BEFORE).unwrap();
        let (mut project, mut parts, loaded) =
            create_from_file(&folder, "p", &file, &ImportOptions::default(), &task).unwrap();
        let roles = &mut std::sync::Arc::make_mut(&mut parts.roles).columns;
        roles.insert("customer_id".into(), Role::Subject);
        roles.insert("age".into(), Role::Context);
        project.save(&parts, "Roles").unwrap();
        remember_rows(&folder, "customers", &loaded.dataset, Some("customer_id")).unwrap();
        fs::write(&file, text).unwrap();
        let (next, changes) = refresh(&folder, &parts, false, &task).unwrap();
        let change = &changes[0];
        assert_eq!(change.changed, text != BEFORE);
        let told = change.rows.as_ref().unwrap();
        assert_eq!([&told.new.numbers[..], &told.gone.numbers, &told.changed.numbers], rows, "{text}");
        assert_eq!(
            (&change.new_columns[..], &change.vanished[..]),
            (&strings(new_columns)[..], &strings(vanished)[..])
        );
        assert_eq!(next.roles.role("age"), Role::Context, "roles are kept, also those of columns that vanished");
        assert_eq!(next.roles.columns.contains_key("pets"), new_columns.contains(&"pets"));
        project.save(&next, "Refresh").unwrap();
        drop(project);
        // From now on this is how the file is.
        let opened = Project::open(&folder, Access::Read).unwrap();
        assert!(load(&folder, &opened.parts, &task).unwrap().changes.is_empty());
        refresh(&folder, &opened.parts, true, &task).unwrap();
        let (_, again) = refresh(&folder, &opened.parts, false, &task).unwrap();
        let rows = again[0].rows.as_ref().unwrap();
        assert_eq!((again[0].changed, rows.new.count + rows.gone.count + rows.changed.count), (false, 0));
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
