//! Columns that tell too little or too much: missing cells, constants, identifiers, too many categories.

use super::{CheckId, Problem, Repair, Severity, Subject};
use crate::data::cells::Dictionary;
use crate::data::roles::{MAX_CATEGORIES, Role};
use attune_policy::recipe::{Op, Step};
use attune_policy::value::{Type, Value};

/// A column with more known cells than this, all different, is an identifier.
const FEW: u64 = 20;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    missing(subject, problems);
    constant(subject, problems);
    categories(subject, problems);
}

fn missing(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let (about, rows) = (subject.about, subject.dataset.rows() as u64);
    if about.missing == 0 {
        return;
    }
    let share = about.missing as f64 / rows as f64;
    let (severity, hint) = match subject.role {
        Role::Action | Role::Outcome | Role::LoggingPropensity => {
            (Severity::Error, "rows without it cannot be learned from or valued; leave them out")
        }
        Role::Subject if subject.known.kind.is_timed() => (Severity::Warning, "such rows belong to no customer"),
        Role::Subject => (Severity::Warning, "each such row counts as a subject of its own"),
        Role::Time if subject.known.kind.is_timed() => {
            (Severity::Warning, "such rows stand at no time and are not used")
        }
        Role::Time => (Severity::Warning, "such rows stand at the project's date"),
        Role::Consent => (Severity::Warning, "who never answered has not agreed; the guard takes unknown as no"),
        Role::Feature | Role::Context if subject.is_input() => (
            if share > 0.5 { Severity::Warning } else { Severity::Note },
            "models fill it in with the typical value; rules see it as unknown",
        ),
        _ => (Severity::Note, "such cells are unknown to whatever reads them"),
    };
    let message = match about.missing == rows {
        true => format!("`{}` has no value at all", about.source),
        false => format!("`{}` is missing in {} of {rows} rows ({:.1} %)", about.source, about.missing, share * 100.0),
    };
    let repair = match subject.role {
        _ if about.missing == rows => Repair::role(&about.name, Role::Ignored, subject.known.kind),
        Role::Action | Role::Outcome | Role::LoggingPropensity | Role::Subject | Role::Time => {
            Repair::LeaveOut(super::LeaveOut::Without { column: about.name.clone() })
        }
        Role::Feature | Role::Context if subject.is_input() => impute(subject),
        _ => Repair::ByHand(hint.to_owned()),
    };
    let listed = subject.rows_where(|row| subject.cells.is_missing(row)).take(super::LISTED_ROWS);
    let mut problem = subject.problem(CheckId::Missing, severity, message, hint).at_rows(listed).repaired_by(repair);
    problem.count = about.missing;
    problems.push(problem);
}

/// A step that fills in the median of numbers, the most frequent text or truth value.
fn impute(subject: &Subject<'_>) -> Repair {
    let about = subject.about;
    let median = about.quantiles.iter().find(|(level, _)| *level == 0.5).map(|(_, x)| *x);
    let value = match (about.type_, median, about.top.first()) {
        (Type::Number, Some(median), _) => Value::number(median),
        (Type::Integer, Some(median), _) => Value::Integer(median.round() as i64),
        (Type::Text, _, Some((text, _))) => Value::text(text.as_str()),
        (Type::Bool, _, Some((text, _))) => Value::Bool(text == "true"),
        _ => {
            let why = "a time that is not known has no typical value; count from another time, or leave it unknown";
            return Repair::ByHand(why.to_owned());
        }
    };
    let output = format!("{}_known", about.name);
    Repair::Steps(vec![Step { output, input: about.name.clone(), op: Op::Impute(value) }])
}

fn constant(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let about = subject.about;
    if about.distinct != 1 || subject.dataset.rows() < 2 {
        return;
    }
    let severity = match subject.role {
        Role::Action | Role::Outcome => Severity::Error,
        Role::Feature | Role::Context if subject.is_input() => Severity::Warning,
        _ => Severity::Note,
    };
    let value = about.top.first().map_or("", |(value, _)| value.as_str());
    let message = format!("`{}` is {value} in every row where it is known", about.source);
    let repair = Repair::role(&about.name, Role::Ignored, subject.known.kind);
    let problem = subject.problem(CheckId::Constant, severity, message, "it tells nothing; ignore the column");
    problems.push(problem.repaired_by(repair));
}

fn categories(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let about = subject.about;
    if !subject.is_input() || !matches!(about.type_, Type::Text | Type::Integer) {
        return;
    }
    let filled = subject.filled();
    let unique = about.distinct == filled && filled > FEW;
    let text = about.type_ == Type::Text;
    let ignored = Repair::role(&about.name, Role::Ignored, subject.known.kind);
    if unique && (text || is_counter(subject)) {
        let message = format!("`{}` has another value in every row", about.source);
        let hint = "it is an id, not a feature: give it the role subject, or ignore it";
        problems.push(subject.problem(CheckId::Identifier, Severity::Warning, message, hint).repaired_by(ignored));
    } else if text && about.distinct > MAX_CATEGORIES as u64 {
        let message = format!("`{}` has {} different values, more than {MAX_CATEGORIES}", about.source, about.distinct);
        let many = about.distinct * 2 > filled;
        let hint = match many {
            true => "nearly every row has a value of its own, as identifiers do; ignore the column",
            false => "models learn little from rare values; group them, or ignore the column",
        };
        let check = if many { CheckId::Identifier } else { CheckId::ManyCategories };
        problems.push(subject.problem(check, Severity::Warning, message, hint).repaired_by(ignored));
    }
}

/// Whether whole numbers count the rows up by one.
fn is_counter(subject: &Subject<'_>) -> bool {
    let (Some(min), Some(max)) = (subject.about.min, subject.about.max) else { return false };
    max - min + 1.0 == subject.filled() as f64
}

/// Rows per value of a text column.
pub(super) fn counts(dictionary: &Dictionary) -> Vec<u64> {
    let mut counts = vec![0u64; dictionary.values.len()];
    for code in dictionary.codes.iter().filter(|code| **code != Dictionary::MISSING) {
        counts[*code as usize] += 1;
    }
    counts
}
