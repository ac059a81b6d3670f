//! What is said of how the times of a table were read: order of day and month, zone, century. It decides nothing.

use super::infer::Evidence;
use super::{DateOrder, ImportOptions, dates};

/// Why dates are read with the day or the month first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// The options say so.
    Asked,
    /// A column allows no other order.
    Column(&'a str),
    /// Nothing decides it.
    Open,
}

/// One sentence for each thing that the texts of time columns, each with what its cells look like, left open. `options` are those the
/// cells were read by.
pub fn notes(columns: &[(&str, &Evidence)], options: &ImportOptions, why: Why<'_>) -> Vec<String> {
    let mut notes: Vec<String> =
        columns.iter().filter_map(|(source, about)| order(source, about, options, why)).collect();
    notes.extend(zones(columns, options));
    let short: Vec<_> = columns.iter().filter(|(_, about)| about.short_years > 0).collect();
    if !short.is_empty() {
        let pivot = options.pivot.unwrap_or(dates::PIVOT);
        let count: u64 = short.iter().map(|(_, about)| about.short_years).sum();
        let those = match pivot {
            99 => "all are of 20xx".to_owned(),
            0..99 => format!("00 to {pivot:02} are of 20xx, {:02} to 99 of 19xx", pivot + 1),
            _ => String::new(),
        };
        notes.push(format!(
            "Years of two digits ({}; {count} cells): {those}; choose another pivot (--pivot) if that is wrong.",
            named(&short.iter().map(|(source, _)| *source).collect::<Vec<_>>())
        ));
    }
    notes
}

/// Whether the order of day and month matters in a column.
pub fn is_ordered(about: &Evidence) -> bool {
    about.ambiguous > 0 || about.day_first != about.month_first
}

fn order(source: &str, about: &Evidence, options: &ImportOptions, why: Why<'_>) -> Option<String> {
    if !is_ordered(about) {
        return None;
    }
    let (day_first, word, fit, other) = match options.dates.unwrap_or(DateOrder::DayFirst) {
        DateOrder::DayFirst => (true, "day first", about.day_first, about.month_first),
        DateOrder::MonthFirst => (false, "month first", about.month_first, about.day_first),
    };
    Some(match why {
        Why::Asked => format!("`{source}`: dates are read {word}, as the options say."),
        _ if fit > other => {
            let turned = if day_first { "month first" } else { "day first" };
            format!("`{source}`: dates are read {word}: {fit} cells are dates so, {other} would be {turned}.")
        }
        Why::Column(column) if column != source => {
            format!("`{source}`: dates are read {word}, as `{column}` needs it.")
        }
        _ => format!(
            "`{source}`: dates like 03/04/2024 are taken as {word}; nothing in the file decides it. Choose the order (--dates) if that \
             is wrong."
        ),
    })
}

fn zones(columns: &[(&str, &Evidence)], options: &ImportOptions) -> Vec<String> {
    let only_naive = columns.iter().filter(|(_, about)| about.naive > 0 && about.zoned == 0);
    let only_naive: Vec<String> = only_naive.map(|(source, _)| (*source).to_owned()).collect();
    let mut notes: Vec<String> = naive_columns(&only_naive, options).into_iter().collect();
    let (zone, rest) = zone_words(options);
    for (source, about) in columns.iter().filter(|(_, about)| about.zoned > 0) {
        notes.push(match about.naive {
            0 => format!("`{source}`: {} times name their zone; all are kept as UTC.", about.zoned),
            naive => format!(
                "`{source}` mixes {} times that name their zone with {naive} that do not: these are read as {zone}; {rest}.",
                about.zoned
            ),
        });
    }
    notes
}

/// What is said of columns whose times name no zone.
pub fn naive_columns(sources: &[String], options: &ImportOptions) -> Option<String> {
    let (zone, rest) = zone_words(options);
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    (!sources.is_empty()).then(|| format!("Times without a zone ({}) are read as {zone}; {rest}.", named(&sources)))
}

/// The zone of times that name none, and what a person should know of it.
fn zone_words(options: &ImportOptions) -> (&str, &'static str) {
    match options.zone.as_deref() {
        None | Some("UTC") => ("UTC", "choose another zone (--zone) if they are the clocks of a place"),
        Some(zone) => (
            zone,
            "an hour that its clocks skip is read an hour later, one that they show twice is the first of the two",
        ),
    }
}

/// Names of columns, the first few of many.
fn named(sources: &[&str]) -> String {
    const FEW: usize = 4;
    let some: Vec<String> = sources.iter().take(FEW).map(|source| format!("`{source}`")).collect();
    match sources.len().saturating_sub(FEW) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
