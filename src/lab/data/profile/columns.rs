//! Statistics of single columns.

use super::{Bin, ColumnProfile, Gap, MAX_BINS, MAX_GAPS, Span, TOP_VALUES};
use crate::data::cells::{Cells, Dictionary, render};
use crate::data::dataset::{Column, Dataset};
use crate::data::quality::Ends;
use crate::error::Result;
use crate::task::Task;
use attune_policy::value::{Type, Value};
use rayon::prelude::*;
use std::cmp::Ordering;

const LEVELS: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// Profiles every column; beside each profile the ends of its numbers, which the checks judge by.
pub fn profile(dataset: &Dataset, task: &Task) -> Result<Vec<(ColumnProfile, Ends)>> {
    task.stage("Profiling columns")?;
    let done = std::sync::atomic::AtomicUsize::new(0);
    dataset
        .columns()
        .par_iter()
        .with_max_len(1)
        .map(|column| {
            let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            task.tick(n as f32 / dataset.columns().len() as f32)?;
            let cells = dataset.cells(&column.name);
            Ok(cells.map(|cells| of(column, cells)))
        })
        .collect::<Result<Vec<_>>>()
        .map(|columns| columns.into_iter().flatten().collect())
}

fn of(column: &Column, cells: &Cells) -> (ColumnProfile, Ends) {
    let mut profile = ColumnProfile {
        name: column.name.clone(),
        source: column.source.clone(),
        type_: column.type_,
        missing: 0,
        distinct: 0,
        min: None,
        max: None,
        mean: None,
        sd: None,
        quantiles: Vec::new(),
        histogram: Vec::new(),
        top: Vec::new(),
        span: None,
    };
    let mut ends = Ends::default();
    match cells {
        Cells::Text(dictionary) => texts(&mut profile, dictionary),
        Cells::Bool(values) => {
            let whole = values.iter().flatten().map(|b| i64::from(*b)).collect();
            ends = wholes(&mut profile, whole, &|x| Value::Bool(x == 1));
        }
        Cells::Integer(values) => ends = wholes(&mut profile, known(values), &Value::Integer),
        Cells::Time(values) => {
            ends = wholes(&mut profile, known(values), &Value::Time);
        }
        Cells::Number(values) => {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let runs: Vec<(f64, u64)> = sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
            ends = finish(&mut profile, &sorted, &runs, |x| Value::number(*x), |x| *x);
        }
    }
    // Until here the known cells were counted.
    profile.missing = cells.len() as u64 - profile.missing;
    (profile, ends)
}

fn known(values: &[i64]) -> Vec<i64> {
    values.iter().copied().filter(|x| *x != Cells::MISSING).collect()
}

/// Whole numbers: different values are told apart as such, everything else as numbers.
fn wholes(profile: &mut ColumnProfile, mut whole: Vec<i64>, value: &dyn Fn(i64) -> Value) -> Ends {
    let runs = sort(&mut whole);
    if profile.type_ == Type::Time {
        profile.span = span(&whole);
    }
    let sorted: Vec<f64> = whole.iter().map(|x| *x as f64).collect();
    finish(profile, &sorted, &runs, |x| value(*x), |x| *x as f64)
}

/// Puts whole numbers in order and gives each different one with its count. Numbers that lie close together are counted
/// instead of compared.
fn sort(whole: &mut [i64]) -> Vec<(i64, u64)> {
    let (Some(min), Some(max)) = (whole.iter().min().copied(), whole.iter().max().copied()) else { return Vec::new() };
    let close = max.checked_sub(min).filter(|range| *range < 1 << 20 && *range < 4 * whole.len() as i64);
    let Some(range) = close else {
        whole.sort_unstable();
        return whole.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
    };
    let mut counts = vec![0u64; range as usize + 1];
    whole.iter().for_each(|x| counts[(x - min) as usize] += 1);
    let runs: Vec<(i64, u64)> =
        counts.into_iter().enumerate().filter(|(_, n)| *n > 0).map(|(i, n)| (min + i as i64, n)).collect();
    let mut at = 0;
    for (value, count) in &runs {
        whole[at..at + *count as usize].fill(*value);
        at += *count as usize;
    }
    runs
}

fn texts(profile: &mut ColumnProfile, dictionary: &Dictionary) {
    let mut counts = vec![0u64; dictionary.values.len()];
    for code in dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING) {
        counts[*code as usize] += 1;
    }
    profile.missing = counts.iter().sum();
    let mut order: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] > 0).collect();
    profile.distinct = order.len() as u64;
    let by_count =
        |a: &usize, b: &usize| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b]));
    head(&mut order, by_count);
    profile.top = order.into_iter().map(|i| (dictionary.values[i].to_string(), counts[i])).collect();
}

/// Keeps the first [`TOP_VALUES`] in order; columns of ids have as many values as rows, and only the head is needed.
fn head<T>(items: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    if items.len() > TOP_VALUES {
        items.select_nth_unstable_by(TOP_VALUES, &order);
        items.truncate(TOP_VALUES);
    }
    items.sort_unstable_by(order);
}

/// What sorted numbers and their runs tell.
fn finish<T: Copy>(
    profile: &mut ColumnProfile,
    sorted: &[f64],
    runs: &[(T, u64)],
    value: impl Fn(&T) -> Value,
    number: impl Fn(&T) -> f64,
) -> Ends {
    profile.missing = sorted.len() as u64;
    profile.distinct = runs.len() as u64;
    let mut order: Vec<u32> = (0..runs.len() as u32).collect();
    head(&mut order, |a, b| runs[*b as usize].1.cmp(&runs[*a as usize].1).then(a.cmp(b)));
    let text = |i: u32| render(&value(&runs[i as usize].0)).unwrap_or_default();
    profile.top = order.into_iter().map(|i| (text(i), runs[i as usize].1)).collect();
    measure(profile, sorted, runs.len() as u64);
    let end = |run: &(T, u64)| (number(&run.0), run.1);
    Ends { low: runs.iter().take(2).map(end).collect(), high: runs.iter().rev().take(2).map(end).collect() }
}

/// Days and pauses of sorted times (ms).
fn span(sorted: &[i64]) -> Option<Span> {
    const DAY: i64 = 86_400_000;
    /// Fewest days with rows from which pauses are judged, and the shortest pause that is a gap.
    const ENOUGH: usize = 20;
    const SHORTEST: u32 = 3;
    let mut days = 1u64;
    let mut pauses: Vec<Gap> = Vec::new();
    for pair in sorted.windows(2) {
        let apart = pair[1].div_euclid(DAY) - pair[0].div_euclid(DAY);
        if apart > 0 {
            days += 1;
            pauses.push(Gap { after: pair[0], before: pair[1], days: u32::try_from(apart).unwrap_or(u32::MAX) });
        }
    }
    sorted.first()?;
    let mut lengths: Vec<u32> = pauses.iter().map(|pause| pause.days).collect();
    lengths.sort_unstable();
    // The least pause that 95 % do not exceed.
    let usual = lengths.get((lengths.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    let judged = pauses.len() + 1 >= ENOUGH;
    pauses.retain(|pause| judged && pause.days > (4 * usual).max(SHORTEST));
    pauses.sort_by_key(|pause| std::cmp::Reverse(pause.days));
    pauses.truncate(MAX_GAPS);
    Some(Span { days, usual_pause: usual, gaps: pauses })
}

fn measure(profile: &mut ColumnProfile, known: &[f64], distinct: u64) {
    if known.is_empty() {
        return;
    }
    let n = known.len() as f64;
    // Shifted by the first value: times in milliseconds would lose their digits otherwise.
    let shift = known[0];
    let mean = shift + known.iter().map(|x| x - shift).sum::<f64>() / n;
    let squares: f64 = known.iter().map(|x| (x - mean).powi(2)).sum();
    profile.min = known.first().copied();
    profile.max = known.last().copied();
    profile.mean = Some(mean);
    profile.sd = (known.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    profile.quantiles = LEVELS.iter().map(|level| (*level, quantile(known, *level))).collect();
    profile.histogram = histogram(known, profile.type_, distinct);
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
        profile(&dataset, &Task::default()).unwrap().remove(0).0
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
