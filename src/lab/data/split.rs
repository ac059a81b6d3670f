//! The split that keeps models honest: 30 % of subjects never train, chosen by a hash of the subject.
//!
//! All rows of a subject fall on one side; the split depends on nothing but the subject's key.

use super::dataset::Dataset;
use super::roles::Roles;
use crate::error::Result;
use attune_policy::fingerprint::bucket;

/// Share of subjects that no model learns from.
pub const HELD_OUT_SHARE: f64 = 0.3;

/// Salt of the split's hash.
pub const SALT: &str = "attune-split";

/// Whether rows of this subject are held out from training.
pub fn is_held_out(subject: &str) -> bool {
    bucket(SALT, subject) < HELD_OUT_SHARE
}

/// Positions of the rows that models may learn from.
///
/// # Errors
/// When the roles name a subject column that is not there.
pub fn train_rows(dataset: &Dataset, roles: &Roles) -> Result<Vec<u32>> {
    rows(dataset, roles, false)
}

/// Positions of the rows that no model learns from.
///
/// # Errors
/// When the roles name a subject column that is not there.
pub fn held_out_rows(dataset: &Dataset, roles: &Roles) -> Result<Vec<u32>> {
    rows(dataset, roles, true)
}

fn rows(dataset: &Dataset, roles: &Roles, held_out: bool) -> Result<Vec<u32>> {
    let subjects = roles.subjects(dataset)?;
    let sides: Vec<bool> = subjects.values().map(is_held_out).collect();
    Ok((0..dataset.rows()).filter(|row| sides[subjects.code(*row)] == held_out).map(|row| row as u32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use crate::data::roles::Role;

    fn world(rows: usize) -> Dataset {
        let ids: Vec<String> = (0..rows).map(|i| format!("c{}", i / 2)).collect();
        let cells = Cells::from_texts(ids.iter().map(|s| Some(s.as_str())));
        Dataset::from_columns("world", vec![("id".into(), cells), ("x".into(), Cells::Number(vec![1.0; rows]))])
            .unwrap()
    }

    #[test]
    fn every_row_is_on_one_side_and_a_subject_on_one_side_only() {
        let dataset = world(10_000);
        let mut roles = Roles::default();
        roles.columns.insert("id".into(), Role::Subject);
        let train = train_rows(&dataset, &roles).unwrap();
        let held_out = held_out_rows(&dataset, &roles).unwrap();
        let mut all: Vec<u32> = train.iter().chain(&held_out).copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..10_000).collect::<Vec<u32>>());
        for pair in train.windows(2).filter(|w| w[0] % 2 == 0) {
            assert_eq!(pair[1], pair[0] + 1, "both rows of a subject train");
        }
        let share = held_out.len() as f64 / 10_000.0;
        assert!((share - HELD_OUT_SHARE).abs() < 0.02, "{share}");
    }

    #[test]
    fn without_a_subject_column_the_row_number_is_the_subject() {
        let dataset = world(1_000);
        let held_out = held_out_rows(&dataset, &Roles::default()).unwrap();
        let by_number: Vec<u32> = (0..1_000).filter(|row| is_held_out(&(row + 1).to_string())).collect();
        assert_eq!(held_out, by_number);
    }
}
