//! How much each column tells of an outcome: one number per column, whose definition is named beside it.
//!
//! It ranks columns for a person who looks at data. It selects nothing: what tells much may be the outcome itself in disguise.

use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::value::Type;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The association of a column with an outcome, over the rows in which both are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Association {
    /// Column (identifier).
    pub column: String,
    /// Which measure.
    pub measure: Measure,
    /// Its value.
    pub value: f64,
    /// From 0, nothing, to 1, everything: |2·AUC − 1|, |r|, V or √η².
    pub strength: f64,
    /// Rows in which both are known.
    pub rows: u64,
}

/// A measure of association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// A number and an outcome of two values: the probability that the number is higher in a row with the later value (`1`,
    /// `true`, `yes`), ties counting one half.
    Auc,
    /// A category and an outcome of few values: Cramér's V = √(χ² / (n · (min(r, c) − 1))), without correction for bias.
    CramersV,
    /// Two numbers: Pearson's r.
    Pearson,
    /// A category and a number: η², the share of the number's variance that lies between categories.
    CorrelationRatio,
}

impl Measure {
    /// What it measures, in one sentence.
    pub fn definition(self) -> &'static str {
        match self {
            Measure::Auc => {
                "the probability that the number is higher in a row with the later of the outcome's two values than in one with \
                 the earlier, ties counting one half; 0.5 tells nothing"
            }
            Measure::CramersV => {
                "the root of χ² / (n · (min(rows, columns) − 1)) of the table of counts, without correction for bias"
            }
            Measure::Pearson => "the covariance of two numbers by the product of their standard deviations",
            Measure::CorrelationRatio => "the share of the number's variance that lies between the categories",
        }
    }

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Measure::Auc => "AUC",
            Measure::CramersV => "Cramér's V",
            Measure::Pearson => "Pearson's r",
            Measure::CorrelationRatio => "correlation ratio η²",
        }
    }
}

/// An outcome of numbers with at most this many different values is one of classes.
const MAX_CLASSES: usize = 2;

/// The association of every other column with an outcome (identifier), strongest first. Columns that are constant, or never
/// known together with the outcome, are left out; so are texts of which more than half are different.
///
/// # Errors
/// When there is no such column, or it has fewer than two values. [`Error::Cancelled`] when told to stop.
pub fn associations(dataset: &Dataset, outcome: &str, task: &Task) -> Result<Vec<Association>> {
    task.stage("Looking for associations")?;
    let dictionary = dataset.dictionary(outcome)?;
    let cells = dataset.cells(outcome).ok_or_else(|| Error::new("there is no such column").in_column(outcome))?;
    if dictionary.values.len() < 2 {
        return Err(Error::new("has fewer than two values, so nothing can be associated with it").in_column(outcome));
    }
    let numeric = cells.numbers().filter(|_| dictionary.values.len() > MAX_CLASSES);
    let outcome_of = match &numeric {
        Some(numbers) => Outcome::Number(numbers),
        None => Outcome::Classes(in_order(&dictionary)),
    };
    let others: Vec<_> = dataset.columns().iter().filter(|column| column.name != outcome).collect();
    let each: Vec<Option<Association>> = others
        .par_iter()
        .map(|column| {
            task.tick(0.5)?;
            let found = dataset.cells(&column.name).and_then(|cells| one(cells, &outcome_of));
            Ok(found.map(|(measure, value, rows)| Association {
                column: column.name.clone(),
                measure,
                value,
                strength: match measure {
                    Measure::Auc => (2.0 * value - 1.0).abs(),
                    Measure::CorrelationRatio => value.sqrt(),
                    Measure::CramersV | Measure::Pearson => value.abs(),
                },
                rows,
            }))
        })
        .collect::<Result<_>>()?;
    let mut found: Vec<Association> = each.into_iter().flatten().collect();
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength).then_with(|| a.column.cmp(&b.column)));
    Ok(found)
}

enum Outcome<'a> {
    Number(&'a [f64]),
    Classes(Dictionary),
}

/// A dictionary whose values stand in order, so that of two the later one is the outcome: `no` < `yes`, 0 < 1.
fn in_order(dictionary: &Dictionary) -> Dictionary {
    let mut order: Vec<u32> = (0..dictionary.values.len() as u32).collect();
    let number = |code: u32| dictionary.values[code as usize].parse::<f64>().ok();
    order.sort_by(|a, b| match (number(*a), number(*b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => dictionary.values[*a as usize].cmp(&dictionary.values[*b as usize]),
    });
    let mut rank = vec![0u32; order.len()];
    order.iter().enumerate().for_each(|(place, code)| rank[*code as usize] = place as u32);
    Dictionary {
        codes: dictionary.codes.iter().map(|c| rank.get(*c as usize).copied().unwrap_or(Dictionary::MISSING)).collect(),
        values: order.iter().map(|code| dictionary.values[*code as usize].clone()).collect(),
    }
}

fn one(cells: &Cells, outcome: &Outcome<'_>) -> Option<(Measure, f64, u64)> {
    let categories = matches!(cells.type_(), Type::Text | Type::Bool);
    match (outcome, categories) {
        (Outcome::Number(y), false) => pearson(&cells.numbers()?, y).map(|(r, n)| (Measure::Pearson, r, n)),
        (Outcome::Number(y), true) => {
            let x = few(cells)?;
            correlation_ratio(&x.codes, x.values.len(), y).map(|(eta, n)| (Measure::CorrelationRatio, eta, n))
        }
        (Outcome::Classes(y), false) if y.values.len() == 2 => {
            auc(&cells.numbers()?, &y.codes).map(|(auc, n)| (Measure::Auc, auc, n))
        }
        (Outcome::Classes(y), false) => correlation_ratio(&y.codes, y.values.len(), &cells.numbers()?)
            .map(|(eta, n)| (Measure::CorrelationRatio, eta, n)),
        (Outcome::Classes(y), true) => {
            let x = few(cells)?;
            cramers_v(&x, y).map(|(v, n)| (Measure::CramersV, v, n))
        }
    }
}

/// Categories, unless nearly every cell has one of its own: then any outcome seems to be known from them.
fn few(cells: &Cells) -> Option<Dictionary> {
    let dictionary = cells.dictionary();
    let known = dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING).count();
    (dictionary.values.len() * 2 <= known).then_some(dictionary)
}

/// Area under the ROC curve of `x` for class 1 against class 0, ties counting one half.
fn auc(x: &[f64], classes: &[u32]) -> Option<(f64, u64)> {
    let mut pairs: Vec<(f64, bool)> =
        x.iter().zip(classes).filter(|(x, c)| !x.is_nan() && **c < 2).map(|(x, c)| (*x, *c == 1)).collect();
    let positive = pairs.iter().filter(|(_, is)| *is).count() as u64;
    let negative = pairs.len() as u64 - positive;
    if positive == 0 || negative == 0 {
        return None;
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    if pairs[0].0 == pairs[pairs.len() - 1].0 {
        return None;
    }
    // Twice the number of pairs in order, so that halves stay whole.
    let (mut below, mut twice) = (0u64, 0u128);
    for run in pairs.chunk_by(|a, b| a.0 == b.0) {
        let yes = run.iter().filter(|(_, is)| *is).count() as u64;
        let no = run.len() as u64 - yes;
        twice += u128::from(yes) * u128::from(2 * below + no);
        below += no;
    }
    Some((twice as f64 / 2.0 / (positive as f64 * negative as f64), pairs.len() as u64))
}

fn pearson(x: &[f64], y: &[f64]) -> Option<(f64, u64)> {
    let both: Vec<(f64, f64)> =
        x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan()).map(|(x, y)| (*x, *y)).collect();
    let n = both.len() as f64;
    let (mx, my) = (both.iter().map(|p| p.0).sum::<f64>() / n, both.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| both.iter().map(f).sum::<f64>();
    let (xx, yy) = (sum(&|p| (p.0 - mx).powi(2)), sum(&|p| (p.1 - my).powi(2)));
    let xy = sum(&|p| (p.0 - mx) * (p.1 - my));
    (xx > 0.0 && yy > 0.0).then(|| ((xy / (xx * yy).sqrt()).clamp(-1.0, 1.0), both.len() as u64))
}

fn correlation_ratio(codes: &[u32], categories: usize, y: &[f64]) -> Option<(f64, u64)> {
    let (mut counts, mut sums) = (vec![0u64; categories], vec![0.0; categories]);
    let known = || codes.iter().zip(y).filter(|(c, y)| **c != Dictionary::MISSING && !y.is_nan());
    for (code, y) in known() {
        counts[*code as usize] += 1;
        sums[*code as usize] += y;
    }
    let n: u64 = counts.iter().sum();
    let mean = sums.iter().sum::<f64>() / n as f64;
    let total: f64 = known().map(|(_, y)| (y - mean).powi(2)).sum();
    let seen = || counts.iter().zip(&sums).filter(|(n, _)| **n > 0);
    let between: f64 = seen().map(|(n, sum)| *n as f64 * (sum / *n as f64 - mean).powi(2)).sum();
    (total > 0.0 && seen().count() > 1).then(|| ((between / total).clamp(0.0, 1.0), n))
}

fn cramers_v(x: &Dictionary, y: &Dictionary) -> Option<(f64, u64)> {
    let width = y.values.len();
    let mut table = vec![0u64; x.values.len() * width];
    for (a, b) in x.codes.iter().zip(&y.codes) {
        if *a != Dictionary::MISSING && *b != Dictionary::MISSING {
            table[*a as usize * width + *b as usize] += 1;
        }
    }
    let rows: Vec<u64> = table.chunks(width).map(|row| row.iter().sum()).collect();
    let columns: Vec<u64> = (0..width).map(|c| table.iter().skip(c).step_by(width).sum()).collect();
    let n: u64 = rows.iter().sum();
    let used = |sums: &[u64]| sums.iter().filter(|sum| **sum > 0).count();
    let least = used(&rows).min(used(&columns));
    if least < 2 {
        return None;
    }
    let mut chi = 0.0;
    for (r, row) in rows.iter().enumerate().filter(|(_, sum)| **sum > 0) {
        for (c, column) in columns.iter().enumerate().filter(|(_, sum)| **sum > 0) {
            let expected = *row as f64 * *column as f64 / n as f64;
            chi += (table[r * width + c] as f64 - expected).powi(2) / expected;
        }
    }
    Some(((chi / (n as f64 * (least - 1) as f64)).sqrt().min(1.0), n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Dataset {
        Dataset::from_columns(
            "t",
            vec![
                ("y".into(), Cells::from_texts([Some("no"), Some("no"), Some("yes"), Some("yes"), Some("no"), None])),
                ("x".into(), Cells::Number(vec![1.0, 2.0, 2.0, 4.0, f64::NAN, 9.0])),
                ("g".into(), Cells::from_texts(["a", "a", "b", "b", "a", "b"].map(Some))),
                ("same".into(), Cells::Integer(vec![1; 6])),
                ("z".into(), Cells::Number(vec![2.0, 4.0, 4.0, 8.0, 5.0, 18.0])),
            ],
        )
        .unwrap()
    }

    #[test]
    fn every_measure_is_what_its_definition_says() {
        let find = |outcome: &str, column: &str| {
            let all = associations(&table(), outcome, &Task::default()).unwrap();
            all.into_iter().find(|a| a.column == column).map(|a| (a.measure, a.value, a.rows))
        };
        // Of the 4 pairs of a yes and a no, 3 are in order and 1 is tied.
        assert_eq!(find("y", "x"), Some((Measure::Auc, 3.5 / 4.0, 4)));
        assert_eq!(find("y", "g"), Some((Measure::CramersV, 1.0, 5)));
        assert_eq!(find("y", "same"), None);
        let (measure, r, rows) = find("z", "x").unwrap();
        assert_eq!((measure, rows), (Measure::Pearson, 5));
        assert!((r - 1.0).abs() < 1e-12, "z is twice x wherever x is known: {r}");
        // Means 11/3 and 10, grand mean 41/6: between 3·(19/6)² + 3·(19/6)², total Σz² − n·mean².
        let (measure, eta, rows) = find("z", "g").unwrap();
        let (between, total) = (6.0 * (19.0f64 / 6.0).powi(2), 449.0 - 41.0f64 * 41.0 / 6.0);
        assert_eq!((measure, rows), (Measure::CorrelationRatio, 6));
        assert!((eta - between / total).abs() < 1e-12, "{eta}");
    }

    #[test]
    fn the_strongest_stands_first_and_what_cannot_be_is_refused() {
        let all = associations(&table(), "y", &Task::default()).unwrap();
        assert!(all.windows(2).all(|pair| pair[0].strength >= pair[1].strength), "{all:?}");
        for (outcome, part) in [("same", "fewer than two values"), ("w", "no such column")] {
            let words = associations(&table(), outcome, &Task::default()).unwrap_err().to_string();
            assert!(words.contains(part), "{words}");
        }
        let stopped = Task::default();
        stopped.cancel();
        assert!(associations(&table(), "y", &stopped).unwrap_err().is_cancelled());
    }
}
