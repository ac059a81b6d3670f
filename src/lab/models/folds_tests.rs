//! Folds: subjects stay together, classes keep their share, the seed decides.

use super::*;
use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles};

fn subjects(per_subject: usize, rows: usize) -> Subjects {
    let ids: Vec<String> = (0..rows).map(|i| format!("c{}", i / per_subject)).collect();
    let cells = Cells::from_texts(ids.iter().map(|id| Some(id.as_str())));
    let dataset = Dataset::from_columns("folds", vec![("id".into(), cells)]).unwrap();
    let mut roles = Roles::default();
    roles.columns.insert("id".into(), Role::Subject);
    roles.subjects(&dataset).unwrap()
}

#[test]
fn each_part_gets_its_share_of_both_classes() {
    let rows: Vec<u32> = (0..1003).collect();
    let labels: Vec<bool> = rows.iter().map(|row| row % 9 == 0).collect();
    let subjects = subjects(1, 1003);
    let of = folds(&rows, &labels, &subjects, 5, 1);
    for part in 0..5 {
        let count = |class: bool| (0..1003).filter(|&i| of[i] == part && labels[i] == class).count();
        assert!((22..=23).contains(&count(true)) && (178..=179).contains(&count(false)));
    }
    assert_ne!(of, folds(&rows, &labels, &subjects, 5, 2), "the seed matters");
    assert!(!repeats(&rows, &subjects));
}

#[test]
fn a_subjects_rows_stay_together() {
    let rows: Vec<u32> = (0..900).collect();
    let subjects = subjects(3, 900);
    let of = folds(&rows, &[true; 900], &subjects, 5, 1);
    assert!(of.chunks(3).all(|of| of[0] == of[1] && of[1] == of[2]));
    assert!((0..5).all(|part| (120..240).contains(&of.iter().filter(|&&of| of == part).count())));
    assert!(repeats(&rows, &subjects));
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let subjects = subjects(1, 200);
    let forward: Vec<u32> = (0..200).collect();
    let backward: Vec<u32> = (0..200).rev().collect();
    let labels = |rows: &[u32]| rows.iter().map(|row| row % 3 == 0).collect::<Vec<_>>();
    let a = folds(&forward, &labels(&forward), &subjects, 4, 9);
    let mut b = folds(&backward, &labels(&backward), &subjects, 4, 9);
    b.reverse();
    assert_eq!(a, b);
}
