//! Values within parts of the customers: each value of a column, or fifths of a number.

use crate::data::Dataset;
use crate::error::Result;
use crate::simulate::bootstrap::quantile;
use crate::simulate::estimate::{Rounds, snips, snips_difference};
use crate::simulate::log::DecisionLog;
use crate::simulate::replay::{NO_ACTION, Replay};
use crate::simulate::report::{Segment, Segments};
use crate::simulate::support::{refusal, support};
use crate::simulate::values::weights;
use attune_policy::value::Type;

/// Values of a column told apart; the rest are one part.
const MOST_PARTS: usize = 12;
/// A whole-number column with at most this many values is divided by value.
const FEW_VALUES: usize = 8;

/// Values of the policy's goal, and its lift over `nobody` (no action for all), per part of `rows`.
pub(super) fn segments(
    dataset: &Dataset,
    column: &str,
    log: &DecisionLog,
    rows: &[u32],
    (policy, nobody): (&Replay, Option<&Replay>),
) -> Result<Segments> {
    let (names, part_of) = parts(dataset, column, rows)?;
    let Some(outcome) = log.outcomes.first() else {
        return Ok(Segments { column: column.to_owned(), outcome: String::new(), parts: Vec::new() });
    };
    let mut groups: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
    for (row, part) in rows.iter().zip(part_of) {
        groups[part].push(*row);
    }
    let describe = |(name, rows): (String, Vec<u32>)| {
        let positions = policy.positions(&rows);
        let contacted = positions.iter().filter(|p| policy.chosen[**p] != NO_ACTION).count();
        let valued: Vec<u32> = rows
            .iter()
            .copied()
            .filter(|row| log.is_usable(*row as usize) && !outcome.values[*row as usize].is_nan())
            .collect();
        let rewards: Vec<f64> = valued.iter().map(|row| outcome.values[*row as usize]).collect();
        let clusters: Option<Vec<u32>> = log.clusters.as_ref().map(|c| valued.iter().map(|r| c[*r as usize]).collect());
        let weigh = |replay: &Replay| {
            let weights = weights(log, replay, &valued, &replay.positions(&valued));
            refusal(&support(&weights, 0), &[]).is_none().then_some(weights)
        };
        let own = weigh(policy);
        let rounds = own.as_ref().map(|w| Rounds { weights: w, rewards: &rewards, clusters: clusters.as_deref() });
        let none = nobody.and_then(weigh);
        let lift = rounds.zip(none.as_ref()).and_then(|(a, w)| snips_difference(a, Rounds { weights: w, ..a }));
        Segment {
            name,
            n: rows.len() as u64,
            share_contacted: contacted as f64 / rows.len().max(1) as f64,
            value: rounds.and_then(snips),
            lift,
        }
    };
    let parts = names.into_iter().zip(groups).filter(|(_, rows)| !rows.is_empty()).map(describe).collect();
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
