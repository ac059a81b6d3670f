//! What sets a segment apart, in numbers and in words.

use super::report::{Difference, Segment};
use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use crate::task::Task;

/// Effects smaller than this go unsaid: Cohen's "small".
const SMALL: f64 = 0.2;
/// Categories of one text column that are looked at, the most frequent.
const CATEGORIES: usize = 12;
/// Differences kept per segment.
const KEPT: usize = 24;
/// Differences named in a sentence.
const NAMED: usize = 4;

/// Profiles of the segments of `rows`; `of` has one segment per row, below `k`.
///
/// # Errors
/// When a column is not there, or the task was cancelled.
pub fn profile(
    dataset: &Dataset,
    rows: &[u32],
    of: &[u32],
    k: usize,
    features: &[String],
    describe: &[String],
    task: &Task,
) -> Result<Vec<Segment>> {
    let mut counts = vec![0_u64; k];
    of.iter().for_each(|own| counts[*own as usize] += 1);
    let mut segments: Vec<Segment> = (0..k)
        .map(|at| Segment {
            number: at + 1,
            n: counts[at],
            share: counts[at] as f64 / rows.len().max(1) as f64,
            ..Segment::default()
        })
        .collect();
    let fields: Vec<&String> =
        features.iter().chain(describe.iter().filter(|field| !features.contains(field))).collect();
    for (done, field) in fields.iter().enumerate() {
        task.tick(done as f32 / fields.len() as f32)?;
        let is_feature = features.contains(field);
        let cells = dataset.cells(field).ok_or_else(|| {
            Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(field.as_str())
        })?;
        let mut add = |category: Option<String>, values: &[f64]| {
            for (segment, found) in segments.iter_mut().zip(differences(values, of, k, category.is_some())) {
                let Some((inside, outside, effect, n)) = found else { continue };
                let (field, category) = ((*field).clone(), category.clone());
                segment.differences.push(Difference { field, category, inside, outside, effect, n, is_feature });
            }
        };
        match cells {
            Cells::Time(_) => {}
            Cells::Text(dictionary) => {
                for (category, values) in shares(dictionary, rows) {
                    add(Some(category), &values);
                }
            }
            Cells::Bool(values) => {
                let value = |row: &u32| values[*row as usize].map_or(f64::NAN, |b| f64::from(u8::from(b)));
                add(Some("true".into()), &rows.iter().map(value).collect::<Vec<f64>>());
            }
            cells => {
                let numbers = cells.numbers().unwrap_or_default();
                add(None, &rows.iter().map(|row| numbers[*row as usize]).collect::<Vec<f64>>());
            }
        }
    }
    for segment in &mut segments {
        segment.differences.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
        segment.differences.truncate(KEPT);
        segment.name = name(segment);
        segment.words = sentence(segment);
    }
    Ok(segments)
}

/// Per frequent category, whether each row has it; NaN where the text is missing.
fn shares(dictionary: &Dictionary, rows: &[u32]) -> Vec<(String, Vec<f64>)> {
    let mut counts = vec![0_usize; dictionary.values.len()];
    for row in rows {
        if let Some(count) = counts.get_mut(dictionary.codes[*row as usize] as usize) {
            *count += 1;
        }
    }
    let mut codes: Vec<usize> = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
    codes.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b])));
    codes.truncate(CATEGORIES);
    let value = |row: &u32, code: usize| match dictionary.codes[*row as usize] {
        Dictionary::MISSING => f64::NAN,
        own => f64::from(u8::from(own as usize == code)),
    };
    codes
        .into_iter()
        .map(|code| (dictionary.values[code].to_string(), rows.iter().map(|row| value(row, code)).collect()))
        .collect()
}

/// Per segment (mean inside, mean outside, effect, rows with a value inside); `None` without a value on either side.
fn differences(values: &[f64], of: &[u32], k: usize, are_shares: bool) -> Vec<Option<(f64, f64, f64, u64)>> {
    let (mut sums, mut counts) = (vec![0.0; k], vec![0.0_f64; k]);
    for (x, own) in values.iter().zip(of).filter(|(x, _)| !x.is_nan()) {
        sums[*own as usize] += x;
        counts[*own as usize] += 1.0;
    }
    let (sum, count): (f64, f64) = (sums.iter().sum(), counts.iter().sum());
    let mean = sum / count;
    let known = values.iter().filter(|x| !x.is_nan());
    let deviation = (known.map(|x| (x - mean) * (x - mean)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
    (0..k)
        .map(|at| {
            let (inside, outside) = (sums[at] / counts[at], (sum - sums[at]) / (count - counts[at]));
            let effect = if are_shares {
                let angle = |p: f64| 2.0 * libm::asin(p.clamp(0.0, 1.0).sqrt());
                angle(inside) - angle(outside)
            } else if deviation > 0.0 {
                (inside - outside) / deviation
            } else {
                0.0
            };
            effect.is_finite().then_some((inside, outside, effect, counts[at] as u64))
        })
        .collect()
}

/// `high history, low recency`.
fn name(segment: &Segment) -> String {
    let parts: Vec<String> = said(segment)
        .take(2)
        .map(|d| {
            let (field, more) = (&d.field, d.effect > 0.0);
            match &d.category {
                None => format!("{} {field}", if more { "high" } else { "low" }),
                Some(category) if category == "true" => format!("{}{field}", if more { "" } else { "not " }),
                Some(category) => format!("{field} {}{category}", if more { "" } else { "not " }),
            }
        })
        .collect();
    if parts.is_empty() { "near the average".into() } else { parts.join(", ") }
}

/// The differences worth saying, one per column.
fn said(segment: &Segment) -> impl Iterator<Item = &Difference> {
    let differences = &segment.differences;
    differences
        .iter()
        .enumerate()
        .filter(|(at, d)| d.effect.abs() >= SMALL && differences[..*at].iter().all(|before| before.field != d.field))
        .map(|(_, d)| d)
}

fn sentence(segment: &Segment) -> String {
    let parts: Vec<String> = said(segment)
        .take(NAMED)
        .map(|d| {
            let strength = match d.effect.abs() {
                e if e >= 0.8 => "much ",
                e if e >= 0.5 => "",
                _ => "slightly ",
            };
            let more = d.effect > 0.0;
            match &d.category {
                None => {
                    let word = if more { "higher" } else { "lower" };
                    format!("{strength}{word} {} ({} against {})", d.field, short(d.inside), short(d.outside))
                }
                Some(category) => {
                    let word = if more { "more often" } else { "less often" };
                    let (inside, outside) = (100.0 * d.inside, 100.0 * d.outside);
                    format!("{strength}{word} {} {category} ({inside:.0} % against {outside:.0} %)", d.field)
                }
            }
        })
        .collect();
    let rows = format!("{} rows, {:.1} % of all", segment.n, 100.0 * segment.share);
    if parts.is_empty() {
        format!("{rows}: near the average in everything")
    } else {
        format!("{rows}: {}", parts.join(", "))
    }
}

/// Three digits or so.
fn short(x: f64) -> String {
    match x.abs() {
        m if m >= 100.0 => format!("{x:.0}"),
        m if m >= 10.0 => format!("{x:.1}"),
        _ => format!("{x:.2}"),
    }
}
