//! Numbers and times that cannot be, stand for something else, or lie far from the others.

use super::{CheckId, LeaveOut, Problem, Repair, Severity, Subject};
use crate::data::cells::Cells;
use crate::data::table::TableKind;
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
    mixed_units(subject, problems);
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
    let text: String = match about.type_ {
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
            let why = "read the dates as missing by the spelling they have in the file, with --missing-in";
            Repair::ByHand(why.to_owned())
        }
        _ => Repair::MissingText { column: about.source.clone(), text: text.clone() },
    };
    let problem = subject.problem(CheckId::Sentinel, Severity::Warning, message, hint).about(text);
    problems.push(problem.at_rows(rows).repaired_by(repair));
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
    // What a person declared counts, and is told by itself.
    let declared = subject.known.ranges.get(&about.name).copied().unwrap_or_default();
    let low = if declared.low.is_some() { f64::NEG_INFINITY } else { low };
    let high = if declared.high.is_some() { f64::INFINITY } else { high };
    let is_out = |x: f64| (x < low || x > high) && !sentinels.contains(&x);
    if !about.min.is_some_and(is_out) && !about.max.is_some_and(is_out) && sentinels.is_empty() {
        return;
    }
    let rows = rows_with(subject, is_out);
    let Some(first) = rows.first().and_then(|number| subject.dataset.row_at(*number)) else { return };
    let example = subject.cells.text(first).unwrap_or_default();
    let message = format!("`{}` holds values such as {example}, which {why}", about.source);
    let parts_of_sales = ["quantity", "count", "orders", "price"];
    let returned = subject.known.kind == TableKind::Transactions && high == f64::INFINITY && has(&parts_of_sales);
    let hint = match (clips(subject), returned) {
        (true, _) => "correct the source; until then read the number within its bounds",
        (false, true) => {
            "returns or corrections, as a rule: features over events count returns apart and leave them out of what was bought; where \
             they are mistakes, correct the source"
        }
        (false, false) => "correct the source, or leave such rows out",
    };
    // Whoever leaves returns out has bought what came back.
    let severity = if returned { Severity::Note } else { Severity::Warning };
    let finite = |x: f64| x.is_finite().then_some(x);
    let repair = match returned {
        true => Repair::ByHand(hint.to_owned()),
        false => within(subject, "possible", finite(low), finite(high)),
    };
    problems.push(subject.problem(CheckId::Impossible, severity, message, hint).at_rows(rows).repaired_by(repair));
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
    let hint = match clips(subject) {
        true => "correct the source or the range; until then read the number within its range",
        false => "correct the source or the range, or leave such rows out",
    };
    let repair = within(subject, "in_range", range.low, range.high);
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
    // An end that nothing crosses is no bound of interest: of what is never negative it lies below 0.
    let crossed = |end: Option<f64>, fence: f64| end.is_some_and(|x| (x - fence) * (fence - q1) > 0.0);
    let (below, above) = (crossed(about.min, low).then_some(low), crossed(about.max, high).then_some(high));
    let beyond = match (below, above) {
        (Some(low), None) => format!("below {}", short(low)),
        (None, Some(high)) => format!("above {}", short(high)),
        _ => format!("outside {} to {}", short(low), short(high)),
    };
    let message = format!(
        "`{}` lies {beyond} in {} rows ({:.2} %); it runs from {} to {}",
        about.source,
        rows.len(),
        rows.len() as f64 / subject.dataset.rows() as f64 * 100.0,
        short(about.min.unwrap_or(low)),
        short(about.max.unwrap_or(high)),
    );
    let hint = "trees do not mind; for linear models and segments read the number within these bounds";
    let repair = match clips(subject) {
        true => within(subject, "clipped", Some(low), Some(high)),
        false => Repair::ByHand("look whether the largest are true; nothing reads this column as a model input".into()),
    };
    problems.push(subject.problem(CheckId::Outliers, Severity::Note, message, hint).at_rows(rows).repaired_by(repair));
}

/// Whether a step of the recipe can keep the column within bounds: models and rules read it, and it holds numbers.
fn clips(subject: &Subject<'_>) -> bool {
    subject.is_input() && matches!(subject.about.type_, Type::Integer | Type::Number)
}

/// What keeps values within bounds: of an input a step that makes them its bounds, so that no row is lost and requests are
/// read alike; else rows left out.
fn within(subject: &Subject<'_>, called: &str, low: Option<f64>, high: Option<f64>) -> Repair {
    let column = subject.about.name.clone();
    match clips(subject) {
        true => Repair::Steps(vec![Step::new(format!("{column}_{called}"), column, Op::Clip { low, high })]),
        false => Repair::LeaveOut(LeaveOut::Outside { column, low, high }),
    }
}

/// What one unit is of another: cents and euros, grams and kilograms, percentages and shares.
const FACTORS: [f64; 2] = [100.0, 1_000.0];

/// Least share of the known cells in either unit, and least different values.
const IN_EITHER: (f64, usize) = (0.1, 10);

/// Least factor between the largest number of the lower group and the smallest of the upper.
const GAP: f64 = 5.0;

/// Numbers of which a part is written in another unit.
fn mixed_units(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let about = subject.about;
    let at = |wanted: f64| about.quantiles.iter().find(|(level, _)| *level == wanted).map(|(_, x)| *x);
    if !matches!(about.type_, Type::Integer | Type::Number) {
        return;
    }
    // Both groups reach over these quantiles.
    let (Some(low), Some(high)) = (at(0.05), at(0.95)) else { return };
    if low <= 0.0 || high / low < GAP {
        return;
    }
    let mut sorted: Vec<f64> = subject.cells.numbers().unwrap_or_default().into_iter().filter(|x| *x > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let Some((cut, gap)) = sorted
        .windows(2)
        .enumerate()
        .map(|(at, pair)| (at + 1, pair[1] / pair[0]))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, gap)| *gap >= GAP)
    else {
        return;
    };
    let (lower, upper) = sorted.split_at(cut);
    let median = |values: &[f64]| values[values.len() / 2];
    let distinct = |values: &[f64]| 1 + values.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let least = (IN_EITHER.0 * subject.filled() as f64).max(1.0);
    let enough = |values: &[f64]| values.len() as f64 >= least && distinct(values) >= IN_EITHER.1;
    let ratio = median(upper) / median(lower);
    let Some(factor) = FACTORS.into_iter().find(|factor| (ratio / factor - 1.0).abs() <= 0.2) else { return };
    if !enough(lower) || !enough(upper) {
        return;
    }
    let between = lower[lower.len() - 1] * gap.sqrt();
    // The unit of most rows stays.
    let upper_is_rare = upper.len() < lower.len();
    let rows = rows_with(subject, |x| x > 0.0 && (x > between) == upper_is_rare);
    let (rare, most) = if upper_is_rare { (upper, lower) } else { (lower, upper) };
    let message = format!(
        "`{}` is around {} in {} rows and around {} in the others, {factor} times as {}, with nothing between: two units",
        about.source,
        short(median(rare)),
        rare.len(),
        short(median(most)),
        if upper_is_rare { "little" } else { "much" },
    );
    let hint = "correct the source; until then read all in the unit of most rows";
    let repair = match subject.is_input() {
        true => {
            let name = &about.name;
            let formula = match upper_is_rare {
                true => format!("if {name} > {between:?} {{ {name} / {factor:?} }} else {{ {name} * 1.0 }}"),
                false => format!("if {name} < {between:?} {{ {name} * {factor:?} }} else {{ {name} * 1.0 }}"),
            };
            Repair::Steps(vec![Step::formula(format!("{name}_one_unit"), formula)])
        }
        false => Repair::ByHand("write all in one unit at the source".to_owned()),
    };
    problems
        .push(subject.problem(CheckId::MixedUnits, Severity::Warning, message, hint).at_rows(rows).repaired_by(repair));
}

/// A number for people: whole ones as they are, others with about five digits that count.
fn short(x: f64) -> String {
    if x.fract() == 0.0 {
        return x.to_string();
    }
    let decimals = (4 - x.abs().log10().floor().clamp(-4.0, 4.0) as i32).max(0) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
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
