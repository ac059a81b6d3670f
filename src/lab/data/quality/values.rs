//! Numbers and times that cannot be, stand for something else, or lie far from the others.

use super::{CheckId, LeaveOut, Problem, Repair, Severity, Subject};
use crate::data::cells::Cells;
use attune_policy::recipe::{Op, Step};
use attune_policy::value::Type;

/// Numbers that stand for "not known" or "never" in many systems.
const SENTINELS: [f64; 16] = [
    -9.0,
    -99.0,
    -999.0,
    -9_999.0,
    -99_999.0,
    -999_999.0,
    9.0,
    99.0,
    999.0,
    9_999.0,
    99_999.0,
    999_999.0,
    9_999_999.0,
    99_999_999.0,
    2_147_483_647.0,
    -2_147_483_648.0,
];

/// 1900-01-01 and 2100-01-01, in ms.
const CENTURIES: (f64, f64) = (-2_208_988_800_000.0, 4_102_444_800_000.0);

/// Dates that stand for "not known" or "never" wherever they occur: 0001-01-01, 2999-12-31, 9999-12-31.
const NEVER: [f64; 3] = [-62_135_596_800_000.0, 32_503_593_600_000.0, 253_402_214_400_000.0];

/// Dates that a missing date turns into: 1900-01-01, 1970-01-01.
const ORIGINS: [f64; 2] = [-2_208_988_800_000.0, 0.0];

const DAY: f64 = 86_400_000.0;

/// Interquartile ranges from the quartiles to the far-out fences.
const FENCE: f64 = 3.0;

/// Fewest different values among which some can be called far out.
const ENOUGH: u64 = 20;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    if subject.about.min.is_none() {
        return;
    }
    let sentinels = sentinels(subject);
    for value in &sentinels {
        stands_for(subject, *value, problems);
    }
    impossible(subject, &sentinels, problems);
    out_of_range(subject, problems);
    outliers(subject, &sentinels, problems);
}

/// Values of the column that stand for something else.
fn sentinels(subject: &Subject<'_>) -> Vec<f64> {
    let ends = subject.ends;
    let day = |x: f64| (x / DAY).floor() * DAY;
    if subject.about.type_ == Type::Time {
        let never = ends.low.iter().chain(&ends.high).map(|(x, _)| *x).filter(|x| NEVER.contains(&day(*x)));
        let origin = ends.low.first().filter(|(x, count)| *count > 1 && ORIGINS.contains(x)).map(|(x, _)| *x);
        let mut found: Vec<f64> = never.chain(origin).collect();
        found.sort_by(f64::total_cmp);
        found.dedup();
        return found;
    }
    if !matches!(subject.about.type_, Type::Integer | Type::Number) {
        return Vec::new();
    }
    // At an end of the column, and farther from the next value than all the others lie apart.
    let lonely = |end: &[(f64, u64)], other: &[(f64, u64)]| {
        let [(value, count), (next, _), ..] = end else { return None };
        let span = (other.first()?.0 - next).abs();
        (*count > 1 && SENTINELS.contains(value) && (value - next).abs() > span.max(1.0)).then_some(*value)
    };
    lonely(&ends.low, &ends.high).into_iter().chain(lonely(&ends.high, &ends.low)).collect()
}

fn stands_for(subject: &Subject<'_>, value: f64, problems: &mut Vec<Problem>) {
    let about = subject.about;
    let rows: Vec<u64> = rows_with(subject, |x| x == value);
    let text = match about.type_ {
        Type::Time => crate::data::import::dates::render(value as i64).chars().take(10).collect(),
        _ => value.to_string(),
    };
    let message = format!(
        "`{}` is {text} in {} rows, far from all other values: a mark, not a quantity",
        about.source,
        rows.len()
    );
    let hint = "say that it stands for missing, and what it means in a column of its own if that matters";
    let repair = match about.type_ {
        Type::Time => {
            let why = "read the dates as missing by the spelling they have in the file, with --missing";
            Repair::ByHand(why.to_owned())
        }
        _ => Repair::MissingText(text),
    };
    problems
        .push(subject.problem(CheckId::Sentinel, Severity::Warning, message, hint).at_rows(rows).repaired_by(repair));
}

/// Values that cannot be, judged by the words of the column's name.
fn impossible(subject: &Subject<'_>, sentinels: &[f64], problems: &mut Vec<Problem>) {
    let about = subject.about;
    let parts = words(&about.name);
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
    let ((low, high), why) = match about.type_ {
        Type::Time => (CENTURIES, "lies before 1900 or after 2099"),
        Type::Integer | Type::Number if has(&["age"]) => ((0.0, 120.0), "is no age in years"),
        Type::Integer | Type::Number if has(&["probability", "propensity"]) => ((0.0, 1.0), "is no probability"),
        Type::Integer | Type::Number if has(&["percent", "percentage", "pct"]) => ((0.0, 100.0), "is no percentage"),
        Type::Integer | Type::Number if has(&NOT_NEGATIVE) => ((0.0, f64::INFINITY), "is negative"),
        _ => return,
    };
    let is_out = |x: f64| (x < low || x > high) && !sentinels.contains(&x);
    if !about.min.is_some_and(is_out) && !about.max.is_some_and(is_out) && sentinels.is_empty() {
        return;
    }
    let rows = rows_with(subject, is_out);
    let Some(first) = rows.first().and_then(|number| subject.dataset.row_at(*number)) else { return };
    let example = subject.cells.text(first).unwrap_or_default();
    let message = format!("`{}` holds values such as {example}, which {why}", about.source);
    let hint = "correct the source, or leave such rows out";
    let finite = |x: f64| x.is_finite().then_some(x);
    let column = about.name.clone();
    let repair = Repair::LeaveOut(LeaveOut::Outside { column, low: finite(low), high: finite(high) });
    problems
        .push(subject.problem(CheckId::Impossible, Severity::Warning, message, hint).at_rows(rows).repaired_by(repair));
}

/// Words of names whose numbers are not negative.
const NOT_NEGATIVE: [&str; 11] =
    ["recency", "tenure", "count", "visits", "clicks", "orders", "price", "quantity", "frequency", "duration", "stock"];

fn out_of_range(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let about = subject.about;
    let Some(range) = subject.known.ranges.get(&about.name) else { return };
    let (low, high) = (range.low.unwrap_or(f64::NEG_INFINITY), range.high.unwrap_or(f64::INFINITY));
    let rows = rows_with(subject, |x| x < low || x > high);
    if rows.is_empty() {
        return;
    }
    let message = format!("`{}` lies outside its declared range {low} to {high} in {} rows", about.source, rows.len());
    let hint = "correct the source or the range, or leave such rows out";
    let column = about.name.clone();
    let repair = Repair::LeaveOut(LeaveOut::Outside { column, low: range.low, high: range.high });
    problems
        .push(subject.problem(CheckId::OutOfRange, Severity::Error, message, hint).at_rows(rows).repaired_by(repair));
}

fn outliers(subject: &Subject<'_>, sentinels: &[f64], problems: &mut Vec<Problem>) {
    let about = subject.about;
    if !matches!(about.type_, Type::Integer | Type::Number) || about.distinct < ENOUGH {
        return;
    }
    let at = |wanted: f64| about.quantiles.iter().find(|(level, _)| *level == wanted).map(|(_, x)| *x);
    let (Some(q1), Some(q3)) = (at(0.25), at(0.75)) else { return };
    let (low, high) = (q1 - FENCE * (q3 - q1), q3 + FENCE * (q3 - q1));
    if q1 == q3 || (about.min >= Some(low) && about.max <= Some(high)) {
        return;
    }
    let rows = rows_with(subject, |x| (x < low || x > high) && !sentinels.contains(&x));
    if rows.is_empty() {
        return;
    }
    let ends = format!("{} to {}", about.min.unwrap_or(low), about.max.unwrap_or(high));
    let message = format!(
        "`{}` lies outside {} to {} in {} rows ({:.2} %); it runs from {ends}",
        about.source,
        short(low),
        short(high),
        rows.len(),
        rows.len() as f64 / subject.dataset.rows() as f64 * 100.0
    );
    let hint = "trees do not mind; for linear models and segments put the number into buckets, or clip it";
    let repair = match subject.is_input() {
        true => buckets(subject),
        false => Repair::ByHand("look whether the largest are true; nothing reads this column as a model input".into()),
    };
    problems.push(subject.problem(CheckId::Outliers, Severity::Note, message, hint).at_rows(rows).repaired_by(repair));
}

/// A step that puts the number into the fifths-like bins between its quantiles, where far-out values weigh no more than others.
fn buckets(subject: &Subject<'_>) -> Repair {
    let about = subject.about;
    let mut edges: Vec<f64> =
        about.quantiles.iter().filter(|(level, _)| (0.05..=0.95).contains(level)).map(|(_, x)| *x).collect();
    edges.dedup();
    let labels = (0..=edges.len()).map(|i| match (i.checked_sub(1).map(|i| edges[i]), edges.get(i)) {
        (None, Some(high)) => format!("below {}", short(*high)),
        (Some(low), None) => format!("from {}", short(low)),
        (Some(low), Some(high)) => format!("{} to {}", short(low), short(*high)),
        (None, None) => String::new(),
    });
    let labels = labels.collect();
    let output = format!("{}_bucket", about.name);
    Repair::Steps(vec![Step { output, input: about.name.clone(), op: Op::Bucket { edges, labels } }])
}

/// A number for people: as many digits as it takes up to 6.
fn short(x: f64) -> String {
    if x.fract() == 0.0 { x.to_string() } else { format!("{x:.4}").trim_end_matches('0').to_owned() }
}

/// Numbers of the rows whose number (times in ms) is such; missing cells never are.
fn rows_with(subject: &Subject<'_>, holds: impl Fn(f64) -> bool) -> Vec<u64> {
    fn positions<T: Copy>(values: &[T], holds: impl Fn(T) -> bool) -> Vec<usize> {
        values.iter().enumerate().filter(|(_, x)| holds(**x)).map(|(row, _)| row).collect()
    }
    let rows = match subject.cells {
        Cells::Number(values) => positions(values, |x| !x.is_nan() && holds(x)),
        Cells::Integer(values) | Cells::Time(values) => positions(values, |x| x != Cells::MISSING && holds(x as f64)),
        Cells::Bool(_) | Cells::Text(_) => Vec::new(),
    };
    rows.into_iter().map(|row| subject.dataset.row_number(row)).collect()
}

/// The words of an identifier in lower case: `UnitPrice` and `unit_price` are `unit` and `price`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_ascii_uppercase() && after_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.push(c.to_ascii_lowercase());
        }
        after_lower = c.is_ascii_lowercase();
    }
    words
}
