//! Rows to measure on that stand among the rows to learn from as well: the same features again, or the same subject. A model can
//! look good on them by remembering.

use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::data::roles::Subjects;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Share of twins from which measured quality is in doubt.
pub const MANY: f64 = 0.01;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twins {
    /// Rows to measure on.
    pub rows: u64,
    /// Of these, rows whose features stand, all alike, in a row to learn from.
    pub twins: u64,
    /// Of these, twins whose outcome is that of most of their likes.
    pub same_outcome: u64,
    /// Row numbers of the first twins.
    pub examples: Vec<u64>,
    /// Rows to measure on whose subject has rows to learn from.
    pub subjects: u64,
}

/// Most examples named.
const EXAMPLES: usize = 20;

/// Looks for twins of the rows `test` (positions in the dataset) among `train`, by the columns `fields`; labels stand beside rows.
pub fn twins(
    dataset: &Dataset,
    fields: &[String],
    subjects: &Subjects,
    (train, train_labels): (&[u32], &[bool]),
    (test, test_labels): (&[u32], &[bool]),
) -> Twins {
    let columns: Vec<&Cells> = fields.iter().filter_map(|field| dataset.cells(field)).collect();
    // Rows with and without the outcome, by features.
    let mut seen: HashMap<u128, (u32, u32)> = HashMap::with_capacity(train.len());
    for (&row, &label) in train.iter().zip(train_labels) {
        let counts = seen.entry(fingerprint(&columns, row as usize)).or_default();
        if label { counts.0 += 1 } else { counts.1 += 1 }
    }
    let known: HashSet<usize> = train.iter().map(|&row| subjects.code(row as usize)).collect();
    let mut out = Twins { rows: test.len() as u64, ..Twins::default() };
    for (&row, &label) in test.iter().zip(test_labels) {
        out.subjects += u64::from(known.contains(&subjects.code(row as usize)));
        if let Some((with, without)) = seen.get(&fingerprint(&columns, row as usize)) {
            out.twins += 1;
            out.same_outcome += u64::from(if label { with >= without } else { without >= with });
            if out.examples.len() < EXAMPLES {
                out.examples.push(dataset.row_number(row as usize));
            }
        }
    }
    out
}

/// 128 bits of the cells of a row; texts by their place in the dictionary of their column.
fn fingerprint(columns: &[&Cells], row: usize) -> u128 {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for cells in columns {
        let bits = match cells {
            Cells::Bool(v) => v.get(row).copied().flatten().map_or(2, u64::from),
            Cells::Integer(v) | Cells::Time(v) => v.get(row).map_or(0, |x| *x as u64),
            Cells::Number(v) => v.get(row).map_or(0, |x| if x.is_nan() { u64::MAX } else { (x + 0.0).to_bits() }),
            Cells::Text(d) => d.codes.get(row).map_or(0, |code| u64::from(*code)),
        };
        // FNV-1a over eight bytes at a time, with a rotation so that high bits reach low ones.
        hash = (hash ^ u128::from(bits)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b).rotate_left(31);
        hash = (hash ^ (hash >> 64)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Role, Roles};

    #[test]
    fn twins_are_counted_and_named_by_row() {
        // Rows 8 and 9 repeat row 1 and the missing cells of row 2; row 10 differs from row 3 in one cell.
        let xs = [1.0, f64::NAN, 3.0, 4.0, 5.0, 6.0, 7.0, 1.0, f64::NAN, 3.0];
        let ts = ["a", "b", "c", "d", "e", "f", "g", "a", "b", "x"];
        let ids = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u2", "u10"];
        let texts = |v: &[&str]| Cells::from_texts(v.iter().map(|t| Some(*t)));
        let columns =
            vec![("x".into(), Cells::Number(xs.to_vec())), ("t".into(), texts(&ts)), ("id".into(), texts(&ids))];
        let dataset = Dataset::from_columns("d", columns).unwrap();
        let mut roles = Roles::default();
        roles.columns.insert("id".into(), Role::Subject);
        let subjects = roles.subjects(&dataset).unwrap();
        let (train, test): (Vec<u32>, Vec<u32>) = ((0..7).collect(), (7..10).collect());
        let fields = ["x", "t"].map(String::from);
        let labels = [true, false, true, false, true, false, true];
        let out = twins(&dataset, &fields, &subjects, (&train, &labels), (&test, &[true, true, true]));
        assert_eq!((out.rows, out.twins, out.same_outcome, out.subjects), (3, 2, 1, 1));
        assert_eq!(out.examples, [8, 9]);
    }
}
