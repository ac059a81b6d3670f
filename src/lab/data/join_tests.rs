//! Joins against a naive loop over all pairs of rows, and what cannot be joined.

use super::join::{Join, SAMPLED, canonical, duplicate_keys, join};
use super::{Dataset, Table, TableKind};
use crate::data::cells::Cells;
use crate::random::Random;
use crate::task::Task;

fn customers(keys: Cells) -> Dataset {
    let rows = keys.len() as i64;
    Dataset::from_columns("customers", vec![("k".into(), keys), ("n".into(), Cells::Integer((0..rows).collect()))])
        .unwrap()
}

fn table(key: Cells, values: Vec<f64>) -> Table {
    let dataset = Dataset::from_columns("t", vec![("id".into(), key), ("v".into(), Cells::Number(values))]).unwrap();
    Table::new("t", TableKind::Lookup, Some("id"), None, dataset)
}

fn by(on: &str, columns: &[(&str, &str)]) -> Join {
    let columns = columns.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    Join { on: on.to_owned(), columns }
}

fn texts(values: &[&str]) -> Cells {
    Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)))
}

#[test]
fn a_join_is_what_a_loop_over_all_pairs_finds() {
    let mut random = Random::new(3);
    for round in 0..20 {
        let left: Vec<Option<i64>> = (0..60).map(|_| (!random.chance(0.1)).then(|| random.below(30) as i64)).collect();
        // One row per key, in any order, some written with zeros or blanks in front where they are text.
        let mut keys: Vec<i64> = (0..40).filter(|_| random.chance(0.6)).collect();
        keys.sort_by_key(|key| (key * 7919 + round) % 41);
        let values: Vec<f64> = keys.iter().map(|key| *key as f64 * 1.5).collect();
        let as_text: Vec<String> =
            keys.iter().map(|key| [format!(" {key}"), format!("00{key}")][(*key % 2) as usize].clone()).collect();
        let right = match round % 2 {
            0 => Cells::Integer(keys.clone()),
            _ => Cells::from_texts(as_text.iter().map(|text| Some(text.as_str()))),
        };
        let cells = Cells::Integer(left.iter().map(|key| key.unwrap_or(Cells::MISSING)).collect());
        let table = table(right, values);
        let on = by("k", &[("v", "t_v")]);
        let (view, reports) = join(&customers(cells), &[(&table, &on)], &Task::default()).unwrap();
        assert_eq!(view.rows(), 60, "no row is multiplied or lost");
        let found = view.numbers("t_v").unwrap();
        for (row, key) in left.iter().enumerate() {
            let expected = key.filter(|key| keys.contains(key)).map(|key| key as f64 * 1.5);
            assert_eq!((!found[row].is_nan()).then_some(found[row]), expected, "row {row}");
        }
        let report = &reports[0];
        let known = |key: &&Option<i64>| key.is_some_and(|key| keys.contains(&key));
        assert_eq!(report.matched, left.iter().filter(known).count() as u64);
        assert_eq!(report.without, left.iter().filter(|key| key.is_none()).count() as u64);
        assert_eq!(report.keys, keys.len() as u64);
        assert_eq!(report.keys_used, keys.iter().filter(|key| left.contains(&Some(**key))).count() as u64);
        let first_unknown = left.iter().position(|key| key.is_some_and(|key| !keys.contains(&key)));
        assert_eq!(report.unknown.first().map(|(_, row)| *row), first_unknown.map(|row| row as u64 + 1));
        assert!(report.unknown.len() <= SAMPLED && report.unused.len() <= SAMPLED);
    }
}

#[test]
fn a_join_may_lead_on_to_another() {
    let view = customers(texts(&["a", "b", "", "z"]));
    let shops = Dataset::from_columns(
        "shops",
        vec![("shop".into(), texts(&["a", "b"])), ("region".into(), Cells::Integer(vec![1, 2]))],
    )
    .unwrap();
    let regions = Dataset::from_columns(
        "regions",
        vec![("id".into(), texts(&["01", "02"])), ("name".into(), texts(&["north", "south"]))],
    )
    .unwrap();
    let shops = Table::new("shops", TableKind::Lookup, Some("shop"), None, shops);
    let regions = Table::new("regions", TableKind::Lookup, Some("id"), None, regions);
    let (to_shops, to_regions) = (by("k", &[("region", "region")]), by("region", &[("name", "region_name")]));
    // Declared the wrong way round.
    let (view, reports) = join(&view, &[(&regions, &to_regions), (&shops, &to_shops)], &Task::default()).unwrap();
    let names: Vec<Option<String>> = (0..4).map(|row| view.cells("region_name").unwrap().text(row)).collect();
    assert_eq!(names, [Some("north".into()), Some("south".into()), None, None]);
    assert_eq!(reports.iter().map(|r| r.table.as_str()).collect::<Vec<_>>(), ["regions", "shops"]);
    assert_eq!((reports[1].match_rate(), reports[1].use_rate()), (0.5, 1.0));
}

#[test]
fn several_rows_for_a_key_are_refused_with_their_rows_and_copies_are_not() {
    let twice = table(texts(&["a", "b", "a", "a "]), vec![1.0, 2.0, 1.0, 9.0]);
    let words = join(&customers(texts(&["a"])), &[(&twice, &by("k", &[("v", "v")]))], &Task::default())
        .unwrap_err()
        .to_string();
    for part in ["several different rows for 1 of its 2 keys", "`a` in rows 1, 3, 4", "make features of them"] {
        assert!(words.contains(part), "{words}");
    }
    let listed = duplicate_keys(&twice.dataset, "id").unwrap();
    assert_eq!((listed.len(), &listed[0].rows[..], listed[0].count), (1, &[1, 3, 4][..], 3));
    let copies = table(texts(&["a", "b", "a"]), vec![1.0, 2.0, 1.0]);
    let (view, reports) =
        join(&customers(texts(&["a"])), &[(&copies, &by("k", &[("v", "v")]))], &Task::default()).unwrap();
    assert_eq!((view.rows(), reports[0].repeated, reports[0].keys), (1, 1, 2));
}

#[test]
fn what_cannot_be_joined_is_named() {
    let view = customers(texts(&["a"]));
    let good = table(texts(&["a"]), vec![1.0]);
    let keyless = Table { key: None, ..good.clone() };
    for (table, join_by, part) in [
        (&good, by("gone", &[]), "column `gone`: the table `t` is joined by this column"),
        (&good, by("k", &[("w", "w")]), "column `w`: is joined from the table `t` and is not in it"),
        (&good, by("k", &[("v", "n")]), "column `n`: is a column already"),
        (&keyless, by("k", &[("v", "v")]), "has no key column"),
    ] {
        let words = join(&view, &[(table, &join_by)], &Task::default()).unwrap_err().to_string();
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn keys_are_compared_as_people_write_them() {
    for (text, numeric, expected) in [
        (" a ", false, "a"),
        ("007", false, "007"),
        ("007", true, "7"),
        ("7.0", true, "7"),
        ("7.50", true, "7.50"),
        ("-07", true, "-7"),
        ("+7", true, "7"),
        ("000", true, "0"),
        ("a7", true, "a7"),
        (".0", true, ".0"),
        ("", true, ""),
        ("-", true, "-"),
    ] {
        assert_eq!(canonical(text, numeric), expected, "{text:?} {numeric}");
    }
}
