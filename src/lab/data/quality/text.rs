//! Text columns: numbers and dates among text, marks for missing, blanks around text, categories written in several ways.

use super::columns::counts;
use super::{CheckId, Problem, Repair, Severity, Subject};
use crate::data::cells::{Cells, Dictionary};
use crate::data::import::CellParser;
use attune_policy::recipe::Step;
use attune_policy::value::Type;
use std::collections::HashMap;
use std::sync::Arc;

/// Texts that stand for a missing value in many exports and are not read as one unless asked.
const MARKS: [&str; 14] = [
    "unknown",
    "?",
    "-",
    "--",
    "n.a.",
    "not available",
    "not applicable",
    "not known",
    "undefined",
    "missing",
    "tbd",
    "(blank)",
    "(empty)",
    "#n/a",
];

/// Columns with more different values than this are no categories.
const MAX_COMPARED: usize = 20_000;

pub fn check(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let Cells::Text(dictionary) = subject.cells else { return };
    mixed(subject, dictionary, problems);
    marks(subject, dictionary, problems);
    blanks(subject, dictionary, problems);
    similar(subject, dictionary, problems);
}

/// Text columns most of whose cells are numbers, or dates.
fn mixed(subject: &Subject<'_>, dictionary: &Dictionary, problems: &mut Vec<Problem>) {
    let parser = CellParser::new(&Default::default());
    let is_number = |text: &str| parser.number(text.trim()).is_some();
    let is_time = |text: &str| parser.time(text.trim()).is_some();
    let counts = counts(dictionary);
    // The values that fill half of the cells decide; rare texts need not be read.
    let known = subject.filled();
    for (what, type_, fits) in
        [("numbers", Type::Number, &is_number as &dyn Fn(&str) -> bool), ("dates", Type::Time, &is_time)]
    {
        if !may_be_half(dictionary, &counts, known, fits) {
            continue;
        }
        let fits: Vec<bool> = dictionary.values.iter().map(|text| fits(text)).collect();
        let fitting: u64 = fits.iter().zip(&counts).filter(|(fits, _)| **fits).map(|(_, n)| n).sum();
        if fitting * 2 < known || fitting == known {
            continue;
        }
        let odd = |row: usize| fits.get(dictionary.codes[row] as usize) == Some(&false);
        let first = (0..dictionary.codes.len()).find(|row| odd(*row));
        let example = first.and_then(|row| dictionary.get(row)).cloned().unwrap_or_default();
        let message =
            format!("`{}` mixes {what} ({fitting} cells) with text such as `{example}`", subject.about.source);
        // Numbers with a letter or two, such as `C536379` and `85123A`, are written on purpose: all of the column are codes.
        let is_code = |text: &str| {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            digits >= 3 && text.len() <= digits + 3 && !text.contains(char::is_whitespace)
        };
        let coded =
            fits.iter().zip(&counts).zip(dictionary.values.iter()).filter(|((fits, _), text)| !**fits && is_code(text));
        let coded: u64 = coded.map(|((_, n), _)| n).sum();
        if type_ == Type::Number && coded * 10 >= 9 * (known - fitting) {
            let hint = "these are codes: leave the column as text; what the letters mean (a cancellation, a variant) may be worth a feature";
            let problem = subject.problem(CheckId::MixedTypes, Severity::Note, message, hint);
            problems.push(problem.at_rows(subject.rows_where(odd)));
            return;
        }
        let hint = format!(
            "if it is a {}, set its type to {}: the text cells are then listed and count as missing",
            if type_ == Type::Time { "date" } else { "quantity" },
            if type_ == Type::Time { "time" } else { "number" },
        );
        let repair = Repair::Type { column: subject.about.source.clone(), type_ };
        let problem = subject.problem(CheckId::MixedTypes, Severity::Warning, message, &hint);
        problems.push(problem.at_rows(subject.rows_where(odd)).repaired_by(repair));
        return;
    }
}

/// Whether texts that fit can fill half of the known cells, judged by the first values until it is impossible.
fn may_be_half(dictionary: &Dictionary, counts: &[u64], known: u64, fits: &dyn Fn(&str) -> bool) -> bool {
    let mut unfit = 0;
    for (text, count) in dictionary.values.iter().zip(counts) {
        if !fits(text) {
            unfit += count;
            if unfit * 2 > known {
                return false;
            }
        }
    }
    known > 0
}

/// Texts that stand for missing.
fn marks(subject: &Subject<'_>, dictionary: &Dictionary, problems: &mut Vec<Problem>) {
    for (code, text) in dictionary.values.iter().enumerate().filter(|(_, text)| text.len() <= 16) {
        if !MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text.trim())) {
            continue;
        }
        let rows = subject.rows_where(|row| dictionary.codes[row] as usize == code);
        let message = format!("`{text}` of `{}` may stand for a missing value", subject.about.source);
        let hint = "keep it as a category if not knowing tells something; else read it as missing";
        let problem = subject.problem(CheckId::Sentinel, Severity::Note, message, hint).at_rows(rows);
        if problem.count > 0 {
            let repair = Repair::MissingText { column: subject.about.source.clone(), text: text.to_string() };
            problems.push(problem.about(&**text).repaired_by(repair));
        }
    }
}

fn blanks(subject: &Subject<'_>, dictionary: &Dictionary, problems: &mut Vec<Problem>) {
    let padded: Vec<bool> = dictionary.values.iter().map(|text| text.trim().len() != text.len()).collect();
    if !padded.contains(&true) {
        return;
    }
    let is_padded = |row: usize| padded.get(dictionary.codes[row] as usize) == Some(&true);
    let problem = subject
        .problem(
            CheckId::Blanks,
            Severity::Warning,
            format!("`{}` holds texts that begin or end with blanks", subject.about.source),
            "rules compare texts exactly: read the trimmed feature in their place, or correct the source",
        )
        .at_rows(subject.rows_where(is_padded));
    if problem.count > 0 {
        let name = &subject.about.name;
        problems.push(match subject.is_input() {
            true => {
                let step = Step::formula(format!("{name}_trimmed"), format!("trim({name})"));
                problem.repaired_by(Repair::Steps(vec![step]))
            }
            false => problem,
        });
    }
}

/// A text whose double blanks are seen, which terminals and screens show as one.
fn visible(text: &str) -> String {
    text.replace("  ", "␣␣")
}

/// Categories that differ in writing alone.
fn similar(subject: &Subject<'_>, dictionary: &Dictionary, problems: &mut Vec<Problem>) {
    if dictionary.values.len() > MAX_COMPARED {
        return;
    }
    let counts = counts(dictionary);
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (code, text) in dictionary.values.iter().enumerate().filter(|(code, _)| counts[*code] > 0) {
        let folded: String =
            text.chars().filter(|c| !c.is_whitespace() && !"-_.".contains(*c)).flat_map(char::to_lowercase).collect();
        if !folded.is_empty() {
            groups.entry(folded).or_default().push(code);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|group| group.len() > 1).collect();
    if groups.is_empty() {
        return;
    }
    // In each group the most frequent writing leads.
    let by_count =
        |a: &usize, b: &usize| counts[*b].cmp(&counts[*a]).then(dictionary.values[*a].cmp(&dictionary.values[*b]));
    for group in &mut groups {
        group.sort_unstable_by(by_count);
    }
    groups.sort_unstable_by(|a, b| by_count(&a[0], &b[0]));
    let mut rare = vec![false; dictionary.values.len()];
    groups.iter().flat_map(|group| &group[1..]).for_each(|code| rare[*code] = true);
    let examples: Vec<String> = groups
        .iter()
        .take(3)
        .map(|group| {
            let each: Vec<String> = group
                .iter()
                .take(4)
                .map(|c| format!("`{}` ({})", visible(&dictionary.values[*c]), counts[*c]))
                .collect();
            each.join(" and ")
        })
        .collect();
    let more = if groups.len() > 3 { format!("; {} more", groups.len() - 3) } else { String::new() };
    let message = format!("`{}` writes values in several ways: {}{more}", subject.about.source, examples.join("; "));
    let hint = "they count as different categories; make them one";
    let is_rare = |row: usize| rare.get(dictionary.codes[row] as usize) == Some(&true);
    let pairs: Vec<(Arc<str>, Arc<str>)> = groups
        .iter()
        .flat_map(|group| {
            group[1..].iter().map(|code| (dictionary.values[*code].clone(), dictionary.values[group[0]].clone()))
        })
        .collect();
    let repair = super::repair::one_writing(subject, &pairs);
    let problem = subject.problem(CheckId::SimilarCategories, Severity::Warning, message, hint);
    problems.push(problem.at_rows(subject.rows_where(is_rare)).repaired_by(repair));
}
