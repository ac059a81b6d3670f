//! Every repair that is suggested, applied: the finding is gone, and what takes the column's place has none of its kind.

use super::super::{apply_repair, create_from_file, load, profile};
use crate::data::import::ImportOptions;
use crate::data::profile::profile_table;
use crate::data::quality::{CheckId, Known, Problem, Range, Repair};
use crate::data::{Role, Roles};
use crate::features::recipe;
use crate::task::Task;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::sync::Arc;

/// Customers with something wrong in every column.
fn customers() -> String {
    let mut text = String::from(
        "customer_id,age,discount_percent,spend,height,plan,city,visits,flag,rating,joined,share,bought\n",
    );
    for i in 0..400 {
        let age = if i == 7 { 430 } else { 20 + i * 7 % 60 };
        let percent = if i == 9 { 140 } else { i * 3 % 100 };
        let spend = if i % 97 == 5 { 90_000.0 } else { f64::from(i * 37 % 100) };
        let height = f64::from(160 + i * 7 % 29) / if i % 10 == 0 { 100.0 } else { 1.0 };
        let plan = ["basic", "Basic", "gold", "gold"][i as usize % 4];
        let city = ["Bonn", "Ulm", "Kiel"][i as usize % 3];
        let visits = if i % 20 == 0 { 999 } else { i % 9 };
        let rating = if i % 11 == 0 { String::new() } else { (i % 5).to_string() };
        let joined = if i == 30 { "1850-01-01" } else { "2024-03-01" };
        let share = if i % 50 == 0 { "many".to_owned() } else { format!("0.{}", 10 + i % 80) };
        let id = if i == 399 { 398 } else { i };
        let _ = writeln!(
            text,
            "c{id},{age},{percent},{spend},{height},{plan},{city},{visits},yes,{rating},{joined},{share},{}",
            i % 3 % 2
        );
    }
    text
}

fn find<'p>(problems: &'p [Problem], of: &Problem) -> Option<&'p Problem> {
    problems.iter().find(|other| other.id() == of.id() && other.message == of.message)
}

#[test]
fn every_repair_that_is_suggested_removes_its_finding() {
    let dir = tempfile::tempdir().unwrap();
    let (file, folder, task) = (dir.path().join("c.csv"), dir.path().join("p"), Task::default());
    fs::write(&file, customers()).unwrap();
    let (_, mut parts, loaded) = create_from_file(&folder, "p", &file, &ImportOptions::default(), &task).unwrap();
    let mut roles = Roles { as_of: parts.roles.as_of, ..Roles::default() };
    for column in loaded.dataset.columns() {
        let role = match column.name.as_str() {
            "customer_id" => Role::Subject,
            "bought" => Role::Outcome,
            _ => Role::Feature,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    parts.roles = Arc::new(roles);
    let source = &mut Arc::make_mut(&mut parts.sources)[0];
    source.ranges.insert("rating".into(), Range { low: Some(1.0), high: None });
    let problems = profile(&parts, &loaded, None, &task).unwrap().profile.problems;
    let seen: BTreeSet<&str> = problems.iter().map(|problem| problem.check.name()).collect();
    for check in [
        "missing",
        "constant",
        "mixed-types",
        "impossible",
        "out-of-range",
        "mixed-units",
        "sentinel",
        "outliers",
        "similar-categories",
        "repeated-keys",
    ] {
        assert!(seen.contains(check), "{check} is not among {seen:?}");
    }
    let (mut by_step, mut applied) = (BTreeSet::new(), 0);
    for problem in problems.iter().filter(|problem| problem.repair.is_applicable()) {
        let mut repaired = parts.clone();
        apply_repair(&mut repaired, None, &problem.repair).unwrap();
        let again = load(&folder, &repaired, &task).unwrap();
        let left = profile(&repaired, &again, None, &task).unwrap().profile.problems;
        assert!(find(&left, problem).is_none(), "{problem:#?}");
        applied += 1;
        let Repair::Steps(steps) = &problem.repair else { continue };
        // What the step makes has nothing of the kind, and no row without need.
        let (dataset, roles) = recipe::apply(&again.dataset, &repaired.roles, steps).unwrap();
        let output = &steps[0].output;
        let ranges = [(output.clone(), repaired.sources[0].ranges.get("rating").copied().unwrap_or_default())];
        let ranges = if problem.check == CheckId::OutOfRange { ranges.into() } else { Default::default() };
        let known = Known { ranges, ..Known::default() };
        let of_output = profile_table(&dataset, &roles, &known, &task).unwrap().problems;
        let same = |p: &&Problem| p.check == problem.check && p.column.as_deref() == Some(output.as_str());
        assert_eq!(of_output.iter().find(same), None, "{output}");
        let known_cells = |name: &str| {
            let cells = dataset.cells(name).unwrap();
            (0..dataset.rows()).filter(|row| !cells.is_missing(*row)).count()
        };
        let before = known_cells(problem.column.as_deref().unwrap());
        assert!(known_cells(output) >= before, "{output} knows fewer rows");
        by_step.insert(problem.check.name());
    }
    assert!(applied >= 9, "{applied}");
    let steps = ["impossible", "missing", "mixed-units", "out-of-range", "outliers", "similar-categories"];
    assert_eq!(by_step, BTreeSet::from(steps));

    // All at once: the reading changes, the recipe has every step, and nothing that a program can do is left.
    let mut whole = parts.clone();
    for problem in problems.iter().filter(|problem| problem.repair.is_applicable()) {
        apply_repair(&mut whole, None, &problem.repair).unwrap();
    }
    let again = load(&folder, &whole, &task).unwrap();
    let left = profile(&whole, &again, None, &task).unwrap().profile.problems;
    assert!(problems.iter().filter(|p| p.repair.is_applicable()).all(|p| find(&left, p).is_none()), "{left:#?}");
    // In one unit all heights are in centimetres.
    let (dataset, _) = recipe::apply(&again.dataset, &whole.roles, &whole.recipe).unwrap();
    assert!(dataset.numbers("height_one_unit").unwrap().iter().all(|x| (160.0..190.0).contains(x)));
}
