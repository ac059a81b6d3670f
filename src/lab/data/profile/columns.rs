//! Statistics of single columns.

use super::{Bin, ColumnProfile, MAX_BINS, TOP_VALUES};
use crate::data::cells::{Cells, Dictionary};
use crate::data::dataset::{Column, Dataset};
use crate::error::Result;
use crate::task::Task;
use attune_policy::value::Type;
use rayon::prelude::*;

const LEVELS: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// Profiles every column.
pub fn profile(dataset: &Dataset, task: &Task) -> Result<Vec<ColumnProfile>> {
    task.stage("Profiling columns")?;
    let done = std::sync::atomic::AtomicUsize::new(0);
    dataset
        .columns()
        .par_iter()
        .map(|column| {
            let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            task.tick(n as f32 / dataset.columns().len() as f32)?;
            let cells = dataset.cells(&column.name);
            Ok(cells.map(|cells| of(column, cells)))
        })
        .collect::<Result<Vec<_>>>()
        .map(|columns| columns.into_iter().flatten().collect())
}

fn of(column: &Column, cells: &Cells) -> ColumnProfile {
    let dictionary = cells.dictionary();
    let mut counts = vec![0u64; dictionary.values.len()];
    let mut missing = 0;
    for code in &dictionary.codes {
        match *code {
            Dictionary::MISSING => missing += 1,
            code => counts[code as usize] += 1,
        }
    }
    let distinct = counts.iter().filter(|count| **count > 0).count() as u64;
    let mut order: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] > 0).collect();
    let by_count =
        |a: &usize, b: &usize| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b]));
    // Columns of ids have as many values as rows: only the head is put in order.
    if order.len() > TOP_VALUES {
        order.select_nth_unstable_by(TOP_VALUES, by_count);
        order.truncate(TOP_VALUES);
    }
    order.sort_unstable_by(by_count);
    let mut profile = ColumnProfile {
        name: column.name.clone(),
        source: column.source.clone(),
        type_: column.type_,
        missing,
        distinct,
        min: None,
        max: None,
        mean: None,
        sd: None,
        quantiles: Vec::new(),
        histogram: Vec::new(),
        top: order.into_iter().map(|i| (dictionary.values[i].to_string(), counts[i])).collect(),
    };
    if let Some(numbers) = cells.numbers() {
        measure(&mut profile, numbers, distinct);
    }
    profile
}

fn measure(profile: &mut ColumnProfile, numbers: Vec<f64>, distinct: u64) {
    let mut known: Vec<f64> = numbers.into_iter().filter(|x| !x.is_nan()).collect();
    if known.is_empty() {
        return;
    }
    known.sort_unstable_by(f64::total_cmp);
    let n = known.len() as f64;
    // Shifted by the first value: times in milliseconds would lose their digits otherwise.
    let shift = known[0];
    let mean = shift + known.iter().map(|x| x - shift).sum::<f64>() / n;
    let squares: f64 = known.iter().map(|x| (x - mean).powi(2)).sum();
    profile.min = known.first().copied();
    profile.max = known.last().copied();
    profile.mean = Some(mean);
    profile.sd = (known.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    profile.quantiles = LEVELS.iter().map(|level| (*level, quantile(&known, *level))).collect();
    profile.histogram = histogram(&known, profile.type_, distinct);
}

/// Quantile of sorted numbers: linear between order statistics (Hyndman and Fan's type 7).
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let at = level * (sorted.len() - 1) as f64;
    let below = at.floor();
    let low = sorted[below as usize];
    let high = sorted[(below as usize + 1).min(sorted.len() - 1)];
    low + (at - below) * (high - low)
}

/// Bins of equal width over sorted numbers; whole numbers with few values have a bin each, centred on them.
fn histogram(sorted: &[f64], type_: Type, distinct: u64) -> Vec<Bin> {
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    let whole = matches!(type_, Type::Integer | Type::Bool);
    let (low, width, bins) = if whole && max - min < MAX_BINS as f64 {
        (min - 0.5, 1.0, (max - min) as usize + 1)
    } else if min == max {
        (min, 0.0, 1)
    } else {
        let bins = (MAX_BINS as u64).min(distinct.max(2)) as usize;
        (min, (max - min) / bins as f64, bins)
    };
    let mut histogram: Vec<Bin> = (0..bins)
        .map(|i| {
            let edge = |i: usize| if i == bins && !whole { max } else { low + width * i as f64 };
            Bin { low: edge(i), high: edge(i + 1), count: 0 }
        })
        .collect();
    let mut bin = 0;
    for x in sorted {
        while bin + 1 < bins && *x >= histogram[bin].high {
            bin += 1;
        }
        histogram[bin].count += 1;
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile_of(cells: Cells) -> ColumnProfile {
        let dataset = Dataset::from_columns("t", vec![("x".into(), cells)]).unwrap();
        profile(&dataset, &Task::default()).unwrap().remove(0)
    }

    #[test]
    fn numbers_have_moments_quantiles_and_bins_that_add_up() {
        let p = profile_of(Cells::Number(vec![1.0, 2.0, 3.0, 4.0, f64::NAN]));
        assert_eq!((p.missing, p.distinct, p.min, p.max, p.mean), (1, 4, Some(1.0), Some(4.0), Some(2.5)));
        assert!((p.sd.unwrap() - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(p.quantiles[3], (0.5, 2.5));
        assert_eq!(p.histogram.iter().map(|b| b.count).sum::<u64>(), 4);
        assert_eq!(p.histogram.last().unwrap().high, 4.0);
        let many = profile_of(Cells::Number((0..10_000).map(f64::from).collect()));
        assert_eq!(many.histogram.len(), MAX_BINS);
        assert!(many.histogram.iter().all(|b| b.count == 250));
    }

    #[test]
    fn whole_numbers_with_few_values_have_a_bin_each() {
        let p = profile_of(Cells::Integer(vec![0, 1, 1, Cells::MISSING, 3]));
        let bins: Vec<(f64, u64)> = p.histogram.iter().map(|b| (b.low, b.count)).collect();
        assert_eq!(bins, [(-0.5, 1), (0.5, 2), (1.5, 0), (2.5, 1)]);
        let extreme = profile_of(Cells::Integer(vec![i64::MAX, -i64::MAX]));
        assert_eq!(extreme.histogram.iter().map(|b| b.count).sum::<u64>(), 2);
    }

    #[test]
    fn top_values_stand_by_count_and_then_by_text() {
        let p = profile_of(Cells::from_texts([Some("b"), Some("a"), Some("c"), Some("c"), None]));
        assert_eq!(p.top, [("c".to_owned(), 2), ("a".to_owned(), 1), ("b".to_owned(), 1)]);
        assert_eq!((p.missing, p.distinct, p.min), (1, 3, None));
        let ids: Vec<String> = (0..500).map(|i| format!("{i:03}")).collect();
        let p = profile_of(Cells::from_texts(ids.iter().map(|s| Some(s.as_str()))));
        assert_eq!((p.top.len(), p.top[0].0.as_str(), p.distinct), (TOP_VALUES, "000", 500));
    }

    #[test]
    fn an_empty_column_has_no_statistics() {
        let p = profile_of(Cells::Number(vec![f64::NAN; 3]));
        assert_eq!((p.missing, p.distinct, p.min, p.histogram.len()), (3, 0, None, 0));
    }
}
