//! Values within parts of the customers: each value of a column, or fifths of a number.

use crate::data::Dataset;
use crate::error::Result;
use crate::simulate::Options;
use crate::simulate::bootstrap::quantile;
use crate::simulate::replay::{NO_ACTION, Replay, Stage};
use crate::simulate::report::{Segment, Segments};
use crate::simulate::values::{Parts, ValueSet};
use crate::task::Task;
use attune_policy::value::Type;

/// Values of a column told apart; the rest are one part.
const MOST_PARTS: usize = 12;
/// A whole-number column with at most this many values is divided by value.
const FEW_VALUES: usize = 8;

/// Values of the policy's goal, and its lift over `nobody` (no action for all), per part of `rows`: each part is weighed and judged by
/// itself, as a whole log is.
pub(super) fn segments(
    stage: &Stage<'_>,
    column: &str,
    rows: &[u32],
    (policy, nobody): (&Replay, Option<&Replay>),
    task: &Task,
) -> Result<Segments> {
    let Stage { dataset, log, options, .. } = *stage;
    let (names, part_of) = parts(dataset, column, rows)?;
    let Some(outcome) = log.outcomes.first() else {
        return Ok(Segments { column: column.to_owned(), outcome: String::new(), parts: Vec::new() });
    };
    let mut groups: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
    for (row, part) in rows.iter().zip(part_of) {
        groups[part].push(*row);
    }
    let options = Options { bootstrap: 0, ..options.clone() };
    let replays: Vec<&Replay> = std::iter::once(policy).chain(nobody).collect();
    let known = |row: &u32| log.lists.is_some() || !outcome.values[*row as usize].is_nan();
    let describe = |(name, rows): (String, Vec<u32>)| -> Result<Segment> {
        let positions = policy.positions(&rows);
        let contacted = positions.iter().filter(|p| policy.chosen[**p] != NO_ACTION).count();
        let valued: Vec<u32> = rows.iter().copied().filter(known).collect();
        let set = ValueSet::new(log, &valued, &replays, &options, Parts::none(), task)?;
        Ok(Segment {
            name,
            n: rows.len() as u64,
            share_contacted: contacted as f64 / rows.len().max(1) as f64,
            refusal: set.judgement(0).1,
            value: set.answer(0, 0),
            lift: nobody.and_then(|_| set.difference(0, 1, 0)).map(|(.., lift)| lift),
        })
    };
    let parts =
        names.into_iter().zip(groups).filter(|(_, rows)| !rows.is_empty()).map(describe).collect::<Result<_>>()?;
    Ok(Segments { column: column.to_owned(), outcome: outcome.name.clone(), parts })
}

/// Names of the parts and the part of each row.
pub(super) fn parts(dataset: &Dataset, column: &str, rows: &[u32]) -> Result<(Vec<String>, Vec<usize>)> {
    let dictionary = dataset.dictionary(column)?;
    let number = dataset.column(column).is_some_and(|c| matches!(c.type_, Type::Number | Type::Integer | Type::Time));
    if number && dictionary.values.len() > FEW_VALUES {
        return fifths(&dataset.numbers(column)?, rows);
    }
    let mut counts = vec![0u64; dictionary.values.len()];
    for row in rows {
        if let Some(count) = counts.get_mut(dictionary.codes[*row as usize] as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] > 0).collect();
    order.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then(a.cmp(b)));
    order.truncate(MOST_PARTS);
    let mut names: Vec<String> = order.iter().map(|i| dictionary.values[*i].to_string()).collect();
    let (rest, missing) = (names.len(), names.len() + 1);
    names.extend(["other".to_owned(), "missing".to_owned()]);
    let mut slot = vec![rest; counts.len()];
    for (part, i) in order.into_iter().enumerate() {
        slot[i] = part;
    }
    let part = |row: &u32| slot.get(dictionary.codes[*row as usize] as usize).copied().unwrap_or(missing);
    Ok((names, rows.iter().map(part).collect()))
}

fn fifths(numbers: &[f64], rows: &[u32]) -> Result<(Vec<String>, Vec<usize>)> {
    let mut sorted: Vec<f64> = rows.iter().map(|r| numbers[*r as usize]).filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> = [0.2, 0.4, 0.6, 0.8].iter().map(|q| quantile(&sorted, *q)).collect();
    edges.retain(|e| e.is_finite());
    edges.dedup();
    let mut names = Vec::new();
    for i in 0..=edges.len() {
        names.push(match (i.checked_sub(1).and_then(|i| edges.get(i)), edges.get(i)) {
            (None, Some(high)) => format!("below {}", short(*high)),
            (Some(low), Some(high)) => format!("{} to below {}", short(*low), short(*high)),
            (Some(low), None) => format!("{} and above", short(*low)),
            (None, None) => "all".to_owned(),
        });
    }
    names.push("missing".to_owned());
    let missing = names.len() - 1;
    let part = |row: &u32| {
        let x = numbers[*row as usize];
        if x.is_nan() { missing } else { edges.partition_point(|e| *e <= x) }
    };
    Ok((names, rows.iter().map(part).collect()))
}

fn short(x: f64) -> String {
    let text = format!("{x:.2}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
