//! Rows by the values of a column, for numbers that are told group by group.

use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};

/// Most groups of a column; the values of the rest count as one.
pub const MOST: usize = 12;

/// Groups of a column of numbers with many values: quantiles.
const QUANTILES: usize = 5;

/// The group of each row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// Names for people, in the order they are shown in.
    pub names: Vec<String>,
    /// Per row, its place in `names`.
    pub of: Vec<u32>,
}

/// Groups rows (positions) by a column of any type: few values each on their own, numbers of many values by fifths, the most
/// frequent texts on their own. Missing is a group.
///
/// # Errors
/// When there is no such column.
pub fn groups(dataset: &Dataset, field: &str, rows: &[u32]) -> Result<Groups> {
    let Some(cells) = dataset.cells(field) else {
        let names = dataset.columns().iter().map(|c| c.name.as_str());
        let error = Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(field);
        return Err(match attune_policy::suggest::nearest(field, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        });
    };
    let Dictionary { codes, values } = cells.dictionary();
    let mut counts = vec![0_u64; values.len()];
    rows.iter().for_each(|&row| {
        if let Some(count) = codes.get(row as usize).and_then(|&code| counts.get_mut(code as usize)) {
            *count += 1;
        }
    });
    let distinct = counts.iter().filter(|count| **count > 0).count();
    let many = distinct > MOST && matches!(cells, Cells::Integer(_) | Cells::Number(_) | Cells::Time(_));
    let mut groups = if many { by_quantile(cells, rows) } else { by_value(cells, &codes, &values, &counts, rows) };
    // Groups that no row is in are none.
    let missing = groups.names.len() as u32;
    if groups.of.contains(&u32::MAX) {
        groups.names.push("missing".to_owned());
        groups.of.iter_mut().filter(|group| **group == u32::MAX).for_each(|group| *group = missing);
    }
    Ok(groups)
}

fn by_value(cells: &Cells, codes: &[u32], values: &[std::sync::Arc<str>], counts: &[u64], rows: &[u32]) -> Groups {
    let mut kept: Vec<usize> = (0..values.len()).filter(|&code| counts[code] > 0).collect();
    kept.sort_by(|&a, &b| counts[b].cmp(&counts[a]).then_with(|| values[a].cmp(&values[b])));
    let rest = kept.len() > MOST;
    kept.truncate(if rest { MOST - 1 } else { MOST });
    let number = |code: usize| values[code].parse::<f64>().unwrap_or(f64::NAN);
    match cells {
        Cells::Integer(_) | Cells::Number(_) => kept.sort_by(|&a, &b| number(a).total_cmp(&number(b))),
        _ => kept.sort_by(|&a, &b| values[a].cmp(&values[b])),
    }
    let mut place = vec![kept.len() as u32; values.len()];
    kept.iter().zip(0..).for_each(|(&code, at)| place[code] = at);
    let mut names: Vec<String> = kept.iter().map(|&code| values[code].to_string()).collect();
    if rest {
        names.push("all others".to_owned());
    }
    let of =
        |&row: &u32| codes.get(row as usize).and_then(|&code| place.get(code as usize)).copied().unwrap_or(u32::MAX);
    Groups { of: rows.iter().map(of).collect(), names }
}

fn by_quantile(cells: &Cells, rows: &[u32]) -> Groups {
    let numbers = cells.numbers().unwrap_or_default();
    let number = |row: u32| numbers.get(row as usize).copied().unwrap_or(f64::NAN);
    let mut known: Vec<(f64, u32)> = rows.iter().map(|&row| (number(row), row)).filter(|(x, _)| !x.is_nan()).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The last value of each fifth; equal numbers stay together.
    let mut ends: Vec<f64> =
        (1..=QUANTILES).filter_map(|k| Some(known.get((k * known.len() / QUANTILES).checked_sub(1)?)?.0)).collect();
    ends.dedup();
    let group = |x: f64| ends.partition_point(|end| *end < x);
    let mut spans: Vec<Option<(u32, u32)>> = vec![None; ends.len()];
    for &(x, row) in &known {
        if let Some(span) = spans.get_mut(group(x)) {
            *span = Some((span.map_or(row, |(first, _)| first), row));
        }
    }
    let text = |row: u32| cells.text(row as usize).unwrap_or_default();
    let name = |span: &Option<(u32, u32)>| {
        span.map_or_else(String::new, |(a, b)| match (text(a), text(b)) {
            (a, b) if a == b => a,
            (a, b) => format!("{a} to {b}"),
        })
    };
    let of = rows.iter().map(|&row| match number(row) {
        x if x.is_nan() => u32::MAX,
        x => group(x) as u32,
    });
    Groups { of: of.collect(), names: spans.iter().map(name).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_stand_alone_many_numbers_in_fifths_rare_texts_together() {
        let texts: Vec<String> = (0..100).map(|i| if i < 40 { "a".into() } else { format!("t{}", i % 20) }).collect();
        let columns = vec![
            (
                "few".into(),
                Cells::Integer((0..100).map(|i| if i == 7 { Cells::MISSING } else { [10, 9][i % 2] }).collect()),
            ),
            ("many".into(), Cells::Number((0..100).map(|i| if i < 10 { f64::NAN } else { f64::from(i) }).collect())),
            ("texts".into(), Cells::from_texts(texts.iter().map(|t| Some(t.as_str())))),
        ];
        let dataset = Dataset::from_columns("d", columns).unwrap();
        let rows: Vec<u32> = (0..100).collect();
        let of = |field: &str| groups(&dataset, field, &rows).unwrap();
        assert_eq!((of("few").names, of("few").of[7]), (vec!["9".to_owned(), "10".into(), "missing".into()], 2));
        let many = of("many");
        assert_eq!(many.names, ["10 to 27", "28 to 45", "46 to 63", "64 to 81", "82 to 99", "missing"]);
        assert_eq!((many.of[0], many.of[27], many.of[28], many.of[99]), (5, 0, 1, 4));
        let texts = of("texts");
        assert_eq!((texts.names.len(), texts.names[11].as_str(), texts.names[0].as_str()), (12, "all others", "a"));
        let error = groups(&dataset, "fex", &rows).unwrap_err().to_string();
        assert!(error.contains("did you mean `few`"), "{error}");
    }
}
