//! What `attune features` prints: features over events, the row recipe, and the inputs that models get.

use super::steps::words;
use super::{Computing, Found};
use crate::cli::table::{Table, count, number, percent, wrap};
use attune_lab::data::import::dates;
use attune_lab::features::events::Described;
use attune_lab::features::overview::Overview;
use attune_policy::recipe::Step;
use serde_json::{Value, json};

/// Width of running text.
const WIDTH: usize = 110;

/// Characters shown of a text in a table.
const CELL: usize = 24;

/// The steps, the inputs, what is left out and what would help. `project` is how the command names what it looks at.
pub fn text(overview: &Overview, steps: &[Step], project: Option<&str>) -> String {
    let mut text = String::new();
    if !steps.is_empty() {
        let mut table = Table::new(&["step", "what it is"]);
        for step in steps {
            table.row(vec![step.output.clone(), words(step)]);
        }
        text.push_str(&format!("\nSteps of the row recipe: {}\n{}", steps.len(), table.text(2)));
    }
    let read = || overview.columns.iter().filter(|column| column.left_out.is_empty());
    let total: u64 = read().map(|column| column.inputs).sum();
    text.push_str(&format!(
        "\nInputs of models: {} from {} columns, fitted on the {} rows that models learn from\n",
        count(total),
        read().count(),
        count(overview.rows)
    ));
    let mut table = Table::new(&[
        "column",
        "type",
        "how linear models read it",
        "inputs",
        "in trees",
        "missing",
        "a missing value becomes",
        "values",
    ]);
    for column in read() {
        let values: Vec<String> = column.values.iter().map(|value| short(value)).collect();
        table.row(vec![
            if column.made { format!("{} *", column.column) } else { column.column.clone() },
            column.type_.to_string(),
            column.encoding.clone(),
            count(column.inputs),
            count(column.inputs_of_trees),
            count(column.missing),
            column.when_missing.clone(),
            values.join(", "),
        ]);
    }
    text.push_str(&table.text(2));
    if read().any(|column| column.made) {
        text.push_str("  * made by a step or by a feature over events\n");
    }
    let left: Vec<String> = overview
        .columns
        .iter()
        .filter(|column| !column.left_out.is_empty())
        .map(|column| format!("{} ({})", column.column, column.left_out))
        .collect();
    if !left.is_empty() {
        text.push_str(&wrap(&format!("Not read by models: {}.", left.join("; ")), 2, WIDTH));
    }
    if !overview.suggestions.is_empty() {
        text.push_str("\nSuggestions\n");
        for suggestion in &overview.suggestions {
            let argument = match suggestion.argument.is_empty() {
                true => suggestion.column.clone(),
                false => suggestion.argument.clone(),
            };
            text.push_str(&wrap(
                &format!("- {argument}: `{}` {}.", suggestion.column, reason(&suggestion.why)),
                2,
                WIDTH,
            ));
        }
        if let (Some(project), true) = (project, overview.suggestions.iter().any(|s| s.step.is_some())) {
            text.push_str(&format!("  `attune features {project} --step …` adds a step to the project.\n"));
        }
    }
    text
}

/// A reason as it follows the name of the column.
fn reason(why: &str) -> String {
    match why.starts_with("has ") {
        true => why.to_owned(),
        false => format!("– {why}"),
    }
}

/// The same for programs.
fn overview_value(overview: &Overview, steps: &[Step]) -> Vec<(&'static str, Value)> {
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| json!({ "output": step.output, "input": step.input, "op": step.op, "what": words(step) }))
        .collect();
    vec![
        ("steps", json!(steps)),
        ("inputs", json!(overview.columns)),
        ("inputs_fitted_on", json!(overview.rows)),
        ("suggestions", json!(overview.suggestions)),
    ]
}

fn short(text: &str) -> String {
    // Nobody reads the sixteenth digit of a mean.
    if let (true, Ok(x)) = (text.contains('.') && text.len() > 9, text.parse::<f64>()) {
        return number(x);
    }
    match text.chars().count() > CELL {
        true => text.chars().take(CELL - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Features over events in a table, with what was used of the tables.
pub fn events_text(events: &Computing, described: &[Described]) -> String {
    let Computing { moments, computed, leaks, .. } = events;
    let mut text = String::new();
    for used in &computed.used {
        text.push_str(&format!("{}: {} events", used.table, count(used.events)));
        let left = [
            (used.unplaced, "without key or time"),
            (used.others, "of nobody here"),
            (used.later, "at or after the instant"),
        ];
        let left: Vec<String> =
            left.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect();
        if !left.is_empty() {
            text.push_str(&format!(", of which {} count nowhere", left.join(", ")));
        }
        text.push_str(".\n");
    }
    text.push_str(&format!("{} rows, as of {}.\n\n", count(moments.len() as u64), instants(&moments.as_of)));
    let mut table = Table::new(&["feature", "known", "least", "mean", "greatest", "what it is"]);
    for feature in described {
        let share = feature.known as f64 / (moments.len() as f64).max(1.0);
        let cell = |x: Option<f64>| x.map(number).unwrap_or_default();
        let (least, mean, greatest) = match &feature.top {
            Some(top) => (String::new(), String::new(), top.clone()),
            None => (cell(feature.min), cell(feature.mean), cell(feature.max)),
        };
        let what = feature.definition.clone();
        table.row(vec![feature.name.clone(), percent(share), least, mean, greatest, what]);
    }
    text.push_str(&table.text(0));
    for note in leaks.iter().map(|leak| &leak.message).chain(&computed.notes) {
        text.push_str(&wrap(note, 0, 100));
    }
    text
}

/// The instants of the rows in words.
fn instants(as_of: &[i64]) -> String {
    let known = || as_of.iter().copied().filter(|t| *t != i64::MIN);
    match (known().min(), known().max()) {
        (Some(first), Some(last)) if first == last => dates::render(first),
        (Some(first), Some(last)) => format!("{} to {}", dates::render(first), dates::render(last)),
        _ => "no instant".to_owned(),
    }
}

/// All that was found, for programs.
pub fn value(found: &Found, described: &[Described]) -> Value {
    let mut value = match &found.events {
        Some(Computing { moments, computed, leaks, .. }) => json!({
            "rows": moments.len(),
            "as_of": instants(&moments.as_of),
            "tables": computed.used,
            "features": described,
            "leaks": leaks,
            "notes": computed.notes,
        }),
        None => json!({ "rows": found.rows, "as_of": null, "tables": [], "features": [], "leaks": [], "notes": [] }),
    };
    let outcomes: Vec<Value> = found
        .outcomes
        .iter()
        .map(|(put, matched)| {
            json!({
                "outcome": put.delayed,
                "what": put.words(),
                "as_of": put.as_of.map(dates::render),
                "model": put.model,
                "matched": matched,
            })
        })
        .collect();
    value["outcomes"] = json!(outcomes);
    value["written"] = json!(found.saved);
    value["rules"] = super::rules::value(&found.rules);
    for (name, part) in found.overview.iter().flat_map(|overview| overview_value(overview, &found.steps)) {
        value[name] = part;
    }
    value
}
