//! Columns that a tree may ask: cut into bins by the rows it learns from, and every test as a condition people can read.
//!
//! Numbers are cut between observed values, at the number with the fewest digits; categories are held against all others, one value at a
//! time. Where values are missing a test says on which side they go. A test is decided on any row as its condition is by the engine, also
//! for values that were never seen.

use super::tree::{Binned, Leaf, Test};
use crate::data::cells::{Cells, Dictionary};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use attune_policy::Value;
use attune_policy::language::conditions::{Condition, Conditions, Item, Join, Operator, Subject};

/// Bins of a column at most.
pub const MOST_BINS: usize = 64;

/// Values of a text column that are asked by themselves, most frequent first.
const CATEGORIES: usize = 24;

/// Larger whole numbers are not exact as numbers.
const EXACT: i64 = 1 << 53;

/// A column that a tree may ask.
#[derive(Clone, Debug)]
pub struct Predictor {
    /// Name of the column.
    pub field: String,
    /// What its bins are.
    kind: Kind,
    /// Whether values were missing where it was cut.
    missing: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Cut points, ascending: bin b holds what is above cut b − 1 and at most cut b.
    Number(Vec<f64>),
    /// The same for whole numbers.
    Integer(Vec<i64>),
    /// Values held against all others; the last bin is that of all others.
    Values(Vec<Value>),
}

/// Columns as a tree reads them.
#[derive(Clone, Debug, Default)]
pub struct Predictors {
    /// The columns.
    pub columns: Vec<Predictor>,
    /// Their bins for every row of the dataset.
    pub binned: Vec<Binned>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

impl Predictors {
    /// Cuts columns by `rows`: those `named`, or every feature and fact of the request. At most `cuts` cuts of a number.
    ///
    /// # Errors
    /// When a named column is not there, is not open to rules that choose, or there is nothing to ask.
    pub fn new(dataset: &Dataset, roles: &Roles, rows: &[u32], named: &[String], cuts: usize) -> Result<Predictors> {
        let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
        for name in named {
            let Some(column) = dataset.column(name) else {
                let near = attune_policy::suggest::nearest(name, dataset.columns().iter().map(|c| c.name.as_str()));
                let error = Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(name);
                return Err(near.map_or(error.clone(), |near| error.hint(format!("did you mean `{near}`?"))));
            };
            if !open(&column.name) {
                return Err(Error::new(format!(
                    "has the role {}, which nobody is chosen by",
                    roles.role(name).label()
                ))
                .in_column(name)
                .hint("name columns with the role feature or context"));
            }
        }
        let mut found = Predictors::default();
        let wanted = |name: &str| open(name) && (named.is_empty() || named.iter().any(|own| own == name));
        for column in dataset.columns().iter().filter(|column| wanted(&column.name)) {
            let Some(cells) = dataset.cells(&column.name) else { continue };
            match cut(cells, rows, cuts.clamp(1, MOST_BINS - 1)) {
                Ok(kind) => {
                    let missing = rows.iter().any(|row| cells.is_missing(*row as usize));
                    let predictor = Predictor { field: column.name.clone(), kind, missing };
                    found.binned.push(predictor.bin(cells));
                    found.columns.push(predictor);
                }
                Err(why) => found.notes.push(format!("`{}` was not asked: it {why}", column.source)),
            }
        }
        if found.columns.is_empty() {
            return Err(Error::new("no column differs between the rows, so there is nothing to choose by")
                .hint("give more columns the role feature"));
        }
        Ok(found)
    }

    /// Keeps the columns at some positions, ascending.
    pub fn retain(&mut self, positions: &[usize]) {
        self.columns = positions.iter().map(|at| self.columns[*at].clone()).collect();
        self.binned = positions.iter().map(|at| std::mem::take(&mut self.binned[*at])).collect();
    }

    /// The way to a leaf as conditions, all of which must hold; tests that a later one makes needless are left out.
    pub fn conditions(&self, leaf: &Leaf) -> Conditions {
        let needless = |at: usize| {
            let (column, test, passed) = leaf.path[at];
            let ordered = !matches!(self.columns[column].kind, Kind::Values(_));
            leaf.path[at + 1..].iter().any(|(other, later, way)| {
                let alike = *other == column && *way == passed && later.missing == test.missing;
                let narrower = if passed { later.to <= test.to } else { later.to >= test.to };
                alike && ordered && later.from == 0 && test.from == 0 && narrower
            })
        };
        let items = (0..leaf.path.len()).filter(|at| !needless(*at)).map(|at| {
            let (column, test, passed) = leaf.path[at];
            self.columns[column].condition(test, passed)
        });
        Conditions { join: Join::All, items: items.collect() }.normal()
    }
}

impl Predictor {
    /// The bins of all rows, and the tests that may be made of them.
    fn bin(&self, cells: &Cells) -> Binned {
        let known = self.kind.bins();
        let code = |row: usize| -> u8 {
            if cells.is_missing(row) {
                return known as u8;
            }
            let bin = match (&self.kind, cells) {
                (Kind::Number(cuts), Cells::Number(v)) => cuts.partition_point(|cut| *cut < v[row]),
                (Kind::Integer(cuts), Cells::Integer(v)) => cuts.partition_point(|cut| *cut < v[row]),
                (Kind::Values(values), cells) => {
                    let own = cells.value(row);
                    values.iter().position(|value| *value == own).unwrap_or(values.len())
                }
                _ => known,
            };
            bin as u8
        };
        let codes: Vec<u8> = match cells {
            // Each distinct text is looked up once.
            Cells::Text(dictionary) => {
                let Kind::Values(values) = &self.kind else { return Binned::default() };
                let of = |text: &str| values.iter().position(|value| value.as_text() == Some(text));
                let bins: Vec<u8> =
                    dictionary.values.iter().map(|text| of(text).unwrap_or(values.len()) as u8).collect();
                dictionary.codes.iter().map(|code| bins.get(*code as usize).copied().unwrap_or(known as u8)).collect()
            }
            cells => (0..cells.len()).map(code).collect(),
        };
        match &self.kind {
            Kind::Values(_) => Binned::by_value(codes, known as u8, self.missing),
            _ => Binned::ordered(codes, known as u8, self.missing),
        }
    }

    /// A test of this column as a condition, or as two of which one must hold.
    fn condition(&self, test: Test, passed: bool) -> Item {
        let one = |operator, value: Option<Value>| Condition {
            subject: Subject::Field(self.field.clone()),
            operator,
            values: value.into_iter().collect(),
        };
        let known = self.kind.bins();
        if test.from == 0 && usize::from(test.to) == known {
            return Item::One(one(if passed { Operator::Known } else { Operator::Missing }, None));
        }
        let condition = match &self.kind {
            Kind::Number(cuts) => {
                let value = Value::Number(cuts[usize::from(test.to) - 1]);
                one(if passed { Operator::AtMost } else { Operator::Greater }, Some(value))
            }
            Kind::Integer(cuts) => {
                let cut = cuts[usize::from(test.to) - 1];
                match passed {
                    true => one(Operator::AtMost, Some(Value::Integer(cut))),
                    false => one(Operator::AtLeast, Some(Value::Integer(cut + 1))),
                }
            }
            Kind::Values(values) => match (&values[usize::from(test.from)], passed) {
                (Value::Bool(yes), passed) => one(Operator::Equal, Some(Value::Bool(*yes == passed))),
                (value, true) => one(Operator::Equal, Some(value.clone())),
                (value, false) => one(Operator::NotEqual, Some(value.clone())),
            },
        };
        // A comparison with a missing value is unknown, and keeps nobody: who is missing and belongs here is named.
        match self.missing && test.missing == passed {
            true => Item::Group(vec![one(Operator::Missing, None), condition]),
            false => Item::One(condition),
        }
    }
}

impl Kind {
    /// Number of bins of known values.
    fn bins(&self) -> usize {
        match self {
            Kind::Number(cuts) => cuts.len() + 1,
            Kind::Integer(cuts) => cuts.len() + 1,
            Kind::Values(values) => values.len() + 1,
        }
    }
}

/// What the bins of a column are, by some of its rows; or why it has none.
fn cut(cells: &Cells, rows: &[u32], cuts: usize) -> std::result::Result<Kind, &'static str> {
    const CONSTANT: &str = "does not differ between the rows";
    match cells {
        Cells::Time(_) => Err("is a time; make a feature of the days since then"),
        Cells::Bool(values) => {
            let seen = |value| rows.iter().any(|row| values[*row as usize] == value);
            let differs = [Some(true), Some(false), None].into_iter().filter(|value| seen(*value)).count() > 1;
            if differs { Ok(Kind::Values(vec![Value::Bool(true)])) } else { Err(CONSTANT) }
        }
        Cells::Text(dictionary) => {
            let mut counts = vec![0_u32; dictionary.values.len()];
            for row in rows {
                let code = dictionary.codes[*row as usize];
                if code != Dictionary::MISSING {
                    counts[code as usize] += 1;
                }
            }
            let mut codes: Vec<usize> = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
            if codes.len() > CATEGORIES * 8 {
                return Err("has too many values to be asked one by one");
            }
            codes.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b])));
            let missing = rows.iter().any(|row| cells.is_missing(*row as usize));
            if codes.len() + usize::from(missing) < 2 {
                return Err(CONSTANT);
            }
            // Of two values one says it all: the one that sorts last, as in 0 and 1.
            if codes.len() == 2 && !missing {
                codes.sort_by(|a, b| dictionary.values[*b].cmp(&dictionary.values[*a]));
                codes.truncate(1);
            }
            codes.truncate(CATEGORIES);
            Ok(Kind::Values(codes.into_iter().map(|code| Value::Text(dictionary.values[code].clone())).collect()))
        }
        Cells::Integer(values) => {
            let mut known: Vec<i64> =
                rows.iter().map(|row| values[*row as usize]).filter(|x| *x != Cells::MISSING).collect();
            known.sort_unstable();
            match (known.first(), known.last()) {
                (Some(low), Some(high)) if low == high && known.len() == rows.len() => return Err(CONSTANT),
                (Some(low), Some(high)) if low.abs() > EXACT || high.abs() > EXACT => {
                    return Err("holds numbers too large to be compared exactly");
                }
                (Some(low), Some(high)) if known.iter().all(|x| x == low || x == high) => {
                    return Ok(Kind::Values(vec![Value::Integer(*high)]));
                }
                (None, _) => return Err(CONSTANT),
                _ => {}
            }
            Ok(Kind::Integer(boundaries(&known, cuts).into_iter().map(|(below, _)| below).collect()))
        }
        Cells::Number(values) => {
            let mut known: Vec<f64> = rows.iter().map(|row| values[*row as usize]).filter(|x| !x.is_nan()).collect();
            known.sort_by(f64::total_cmp);
            match (known.first(), known.last()) {
                (Some(low), Some(high)) if low == high && known.len() == rows.len() => return Err(CONSTANT),
                (None, _) => return Err(CONSTANT),
                _ => {}
            }
            Ok(Kind::Number(boundaries(&known, cuts).into_iter().map(|(a, b)| shortest(a, b)).collect()))
        }
    }
}

/// Pairs of neighbouring different values of `sorted` near its quantiles, at most `cuts` of them.
fn boundaries<T: Copy + PartialEq>(sorted: &[T], cuts: usize) -> Vec<(T, T)> {
    let steps: Vec<usize> = (1..sorted.len()).filter(|at| sorted[*at] != sorted[at - 1]).collect();
    let mut chosen: Vec<usize> = match steps.len() <= cuts {
        true => steps,
        false => {
            let near = |i: usize| {
                let at = (i + 1) * sorted.len() / (cuts + 1);
                let next = steps.partition_point(|step| *step < at);
                let before = next.checked_sub(1).map(|i| steps[i]);
                match (before, steps.get(next)) {
                    (Some(a), Some(b)) => Some(if at - a < b - at { a } else { *b }),
                    (a, b) => b.copied().or(a),
                }
            };
            (0..cuts).filter_map(near).collect()
        }
    };
    chosen.dedup();
    chosen.into_iter().map(|at| (sorted[at - 1], sorted[at])).collect()
}

/// The number with the fewest digits that is at least `low` and below `high`.
fn shortest(low: f64, high: f64) -> f64 {
    if low < 0.0 && high > 0.0 {
        return 0.0;
    }
    let magnitude = low.abs().max(high.abs()).log10().floor().clamp(-300.0, 300.0) as i32;
    for digits in 0..17 {
        let power = magnitude - digits;
        let Ok(unit) = format!("1e{power}").parse::<f64>() else { break };
        // Written and read again, so that it is the number a rule would hold.
        let Ok(rounded) = format!("{}e{power}", (low / unit).ceil()).parse::<f64>() else { break };
        if rounded >= low && rounded < high {
            return rounded;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_have_the_fewest_digits_that_tell_their_neighbours_apart() {
        for (low, high, expected) in [
            (1.0, 2.0, 1.0),
            (0.1234, 0.1301, 0.13),
            (1234.5, 1890.2, 1300.0),
            (-3.0, 2.0, 0.0),
            (-0.51, -0.49, -0.5),
            (0.0, 0.3, 0.0),
            (0.2, 0.20000000000000004, 0.2),
            (1e-12, 3e-12, 1e-12),
        ] {
            let found = shortest(low, high);
            assert!(low <= found && found < high, "{low} {high} {found}");
            assert_eq!(found, expected, "between {low} and {high}");
        }
    }

    #[test]
    fn cuts_lie_near_the_quantiles() {
        let sorted: Vec<i64> = (0..100).collect();
        let cuts: Vec<i64> = boundaries(&sorted, 3).into_iter().map(|(a, _)| a).collect();
        assert_eq!(cuts, [24, 49, 74]);
        let skewed = [0, 0, 0, 0, 0, 0, 0, 1, 2, 3];
        assert_eq!(boundaries(&skewed, 9).len(), 3);
        assert_eq!(boundaries(&[1.0, 1.0], 4), []);
    }
}
